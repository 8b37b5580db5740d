//! A server that runs, and a client that says exactly what it is told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command};

use serde_json::Value;

use super::Dir;

/// `upshift-cells notebook`, ended with this.
pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) port: u16,
    pub(crate) token: String,
    output: BufReader<ChildStdout>,
}

impl Served {
    /// Starts the server in a folder, with these words behind its verb.
    pub(crate) fn start(dir: &Dir, args: &[&str]) -> Served {
        Served::spawn(&mut dir.command(&[&["notebook", "--port", "0"], args].concat()))
    }

    /// Starts the server by a command.
    pub(crate) fn spawn(command: &mut Command) -> Served {
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("Page: ") {
            line.clear();
            assert!(output.read_line(&mut line).unwrap() > 0, "the server has ended");
        }
        let (address, token) = line.trim().rsplit_once("/?token=").unwrap();
        let port = address.rsplit_once(':').unwrap().1.parse().unwrap();
        Served { child, port, token: token.into(), output }
    }

    /// Asks with the token; a body that is not empty is sent by POST, unless the path begins with a method.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        self.ask_with(method, path, &[("X-Upshift-Token", &self.token)], body.as_bytes())
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, &body.to_string())
    }

    /// Runs a cell, whose result is returned.
    pub(crate) fn execute(&self, cell: &str, source: &str) -> Value {
        self.post("/api/execute", serde_json::json!({ "cell": cell, "source": source })).json()
    }

    /// Has a cell run, or wait for its turn, by the time that this returns.
    pub(crate) fn begin(&self, cell: &str, source: &str) -> Lines {
        let body = serde_json::json!({ "cell": cell, "source": source }).to_string();
        let headers = [("X-Upshift-Token", self.token.as_str()), ("Accept", "application/x-ndjson")];
        let mut lines = Lines(BufReader::new(self.send("POST", "/api/execute", &headers, body.as_bytes())));
        // The head of the answer comes when the cell has been handed on.
        while !lines.line().expect("the server has not answered").trim_end().is_empty() {}
        lines
    }

    /// Posts, and does not wait for the answer.
    pub(crate) fn begin_post(&self, path: &str, body: &Value) -> TcpStream {
        let headers = [("X-Upshift-Token", self.token.as_str())];
        self.send("POST", path, &headers, body.to_string().as_bytes())
    }

    /// Has a cell loop until it is cancelled; it has begun when this returns.
    pub(crate) fn begin_loop(&self, cell: &str) -> Lines {
        let mut lines = self.begin(cell, "print(\"begun\"); loop { }");
        assert_eq!(lines.next().unwrap()["output"], "begun\n");
        lines
    }

    /// Asks with headers of the test's choice. Without one of that name, `Host` is as it should be.
    pub(crate) fn ask_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        Answer::read(self.send(method, path, headers, body))
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head += &format!("Host: 127.0.0.1:{}\r\n", self.port);
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        // A server that refuses does not wait for the end of what it will not read.
        let _ = stream.write_all(body);
        stream
    }

    /// What the server prints from here to its end.
    pub(crate) fn rest(&mut self) -> String {
        let mut text = String::new();
        self.output.read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn read(stream: TcpStream) -> Answer {
        let mut stream = BufReader::new(stream);
        let mut line = || {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        };
        let status = line().split(' ').nth(1).expect("the server has not answered").parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = line();
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.push((name.to_lowercase(), value.to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        let mut body = Vec::new();
        let _ = stream.read_to_end(&mut body);
        answer.body =
            if answer.header("transfer-encoding") == Some("chunked") { unchunked(&body) } else { body };
        answer
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(there, _)| there == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body of an answer that is well.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Is refused with a status, and an error that contains `part`.
    #[track_caller]
    pub(crate) fn is_refused(&self, status: u16, part: &str) {
        assert_eq!(self.status, status, "{}", self.text());
        let error: Value = serde_json::from_slice(&self.body).unwrap();
        let error = error["error"].as_str().unwrap();
        assert!(error.contains(part), "no `{part}` in: {error}");
    }
}

/// What is answered line by line, each of which is JSON in a chunk of its own.
pub(crate) struct Lines(BufReader<TcpStream>);

impl Lines {
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        (self.0.read_line(&mut line).unwrap() > 0).then_some(line)
    }

    /// The result, behind all that is printed.
    pub(crate) fn result(mut self) -> Value {
        self.find_map(|mut line| line.get_mut("result").map(Value::take)).expect("there is no result")
    }
}

impl Iterator for Lines {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        loop {
            let line = self.line()?;
            // Between them are the lengths of chunks.
            if line.starts_with('{') {
                return Some(serde_json::from_str(&line).unwrap());
            }
        }
    }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|pair| pair == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        whole.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 2 + size + 2..];
    }
    whole
}
