//! The kernel as clients see it, by its sockets, with an engine that does what the source says in a few words.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jupyter_protocol::{
    CommInfoRequest, CompleteRequest, ConnectionInfo, ExecuteReply, ExecuteRequest, ExecutionState,
    HistoryRequest, InspectRequest, InterruptRequest, IsCompleteReplyStatus, IsCompleteRequest,
    JupyterMessage, JupyterMessageContent, KernelInfoRequest, MediaType, ReplyStatus, ShutdownRequest, Stdio,
    Transport, UnknownMessage,
};
use jupyter_zmq_client::{
    ClientControlConnection, ClientIoPubConnection, ClientShellConnection, Connection,
    create_client_control_connection, create_client_heartbeat_connection, create_client_iopub_connection,
    create_client_shell_connection_with_identity, peek_ports, peer_identity_for_session,
};
use serde_json::{Value, json};
use tokio::time::timeout;
use upshift_cells_jupyter::{
    Completeness, Completion, Engine, Error, Failure, Inspection, Interrupt, Item, Outcome, Started, run_with,
};

/// Far more than anything takes here.
const PATIENCE: Duration = Duration::from_secs(20);

/// Does what each line says: `print TEXT`, `value TEXT TYPE`, `time MS`, `fail KIND`, `loop`, `flood BYTES`, `cell`, `stale CELL`, `panic`.
struct Words {
    cells: Vec<String>,
    stop: Arc<Stop>,
}

#[derive(Default)]
struct Stop(AtomicBool);

impl Interrupt for Stop {
    fn interrupt(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn clear(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Engine for Words {
    fn execute(&mut self, cell: &str, source: &str, mut print: Box<dyn FnMut(&str)>) -> Outcome {
        self.cells.push(cell.to_owned());
        let mut outcome = Outcome::default();
        let fail = |kind: &str| {
            Some(Failure {
                kind: kind.to_owned(),
                message: format!("{kind}!"),
                rendered: format!("error: {kind}!\n  |\n1 | {source}\n  | ^"),
            })
        };
        for line in source.lines() {
            let words: Vec<_> = line.split(' ').collect();
            match words[..] {
                ["print", text] => print(text),
                ["time", ms] => outcome.performance = json!({ "run_ms": ms.parse::<u64>().unwrap() }),
                ["value", text, ty] => {
                    (outcome.value, outcome.ty) = (Some(text.to_owned()), Some(ty.to_owned()))
                }
                ["fail", kind] => outcome.failure = fail(kind),
                ["loop"] => {
                    print("looping");
                    while !self.stop.0.load(Ordering::SeqCst) {
                        thread::sleep(Duration::from_millis(1));
                    }
                    outcome.failure = fail("cancelled");
                }
                ["flood", bytes] => {
                    for _ in 0..bytes.parse::<usize>().unwrap() / 10 {
                        print("012345678\n");
                    }
                }
                ["cell"] => outcome.value = Some(cell.to_owned()),
                ["stale", cell] => outcome.stale.push(cell.to_owned()),
                ["panic"] => panic!("as the test wants"),
                _ => outcome.failure = fail("compile"),
            }
        }
        outcome
    }

    fn complete(&mut self, source: &str, offset: usize) -> Completion {
        let start = source[..offset].rfind(' ').map_or(0, |at| at + 1);
        let item = Item { label: "print".into(), kind: "function".into(), detail: "fun(String)".into() };
        Completion { start, end: offset, items: vec![item] }
    }

    fn inspect(&mut self, source: &str, offset: usize) -> Option<Inspection> {
        source[offset..].starts_with('p').then(|| Inspection { markdown: "`print`: prints".to_owned() })
    }

    fn is_complete(&mut self, source: &str) -> Completeness {
        match source.chars().last() {
            Some('{') => Completeness::Incomplete { indent: "    ".to_owned() },
            Some('}') => Completeness::Invalid,
            _ => Completeness::Complete,
        }
    }
}

/// A kernel and a client of it.
struct Client {
    info: ConnectionInfo,
    shell: ClientShellConnection,
    control: ClientControlConnection,
    iopub: ClientIoPubConnection,
    kernel: JoinHandle<Result<(), Error>>,
}

/// What came of a request: the reply, and what was published on its behalf, without the states.
struct Answer {
    reply: JupyterMessage,
    published: Vec<JupyterMessage>,
}

impl Client {
    async fn start() -> Self {
        let ports = peek_ports(IpAddr::V4(Ipv4Addr::LOCALHOST), 5).await.unwrap();
        let info = ConnectionInfo {
            ip: "127.0.0.1".to_owned(),
            transport: Transport::TCP,
            shell_port: ports[0],
            iopub_port: ports[1],
            stdin_port: ports[2],
            control_port: ports[3],
            hb_port: ports[4],
            key: "secret".to_owned(),
            signature_scheme: "hmac-sha256".to_owned(),
            kernel_name: None,
        };
        let connection = info.clone();
        let kernel = thread::spawn(move || {
            run_with(&connection, || {
                let stop = Arc::new(Stop::default());
                let engine = Box::new(Words { cells: Vec::new(), stop: stop.clone() });
                Ok(Started { engine, interrupt: stop })
            })
        });
        let mut beat = create_client_heartbeat_connection(&info).await.unwrap();
        timeout(PATIENCE, beat.single_heartbeat()).await.unwrap().unwrap();
        let identity = peer_identity_for_session("test").unwrap();
        let shell = create_client_shell_connection_with_identity(&info, "test", identity).await.unwrap();
        let control = create_client_control_connection(&info, "test").await.unwrap();
        let iopub = create_client_iopub_connection(&info, "", "test").await.unwrap();
        let mut client = Self { info, shell, control, iopub, kernel };
        client.subscribe().await;
        client
    }

    /// A subscription takes effect some time after it has been made.
    async fn subscribe(&mut self) {
        loop {
            self.shell.send(KernelInfoRequest {}.into()).await.unwrap();
            let reply = timeout(PATIENCE, self.shell.read()).await.unwrap().unwrap();
            let of_reply =
                |message: &JupyterMessage| is_child(message, &reply.parent_header.as_ref().unwrap().msg_id);
            while let Ok(message) = timeout(Duration::from_millis(100), self.iopub.read()).await {
                let message = message.unwrap();
                if of_reply(&message) && state(&message) == Some(ExecutionState::Idle) {
                    return;
                }
            }
        }
    }

    async fn send(&mut self, content: impl Into<JupyterMessage>) -> String {
        let message = content.into();
        let id = message.header.msg_id.clone();
        self.shell.send(message).await.unwrap();
        id
    }

    async fn ask(&mut self, content: impl Into<JupyterMessage>) -> Answer {
        let id = self.send(content).await;
        let answer = self.answer(&id).await;
        let states: Vec<_> = answer.published.iter().filter_map(state).collect();
        assert_eq!(states, [ExecutionState::Busy, ExecutionState::Idle]);
        Answer {
            published: answer.published.into_iter().filter(|message| state(message).is_none()).collect(),
            ..answer
        }
    }

    async fn answer(&mut self, id: &str) -> Answer {
        let reply = timeout(PATIENCE, self.shell.read()).await.unwrap().unwrap();
        assert!(is_child(&reply, id));
        Answer { reply, published: self.published(id).await }
    }

    /// What is published on behalf of the message `id`, until the kernel is idle.
    async fn published(&mut self, id: &str) -> Vec<JupyterMessage> {
        let mut published = Vec::new();
        while published.last().and_then(state) != Some(ExecutionState::Idle) {
            let message = self.publication().await;
            if is_child(&message, id) {
                published.push(message);
            }
        }
        published
    }

    async fn publication(&mut self) -> JupyterMessage {
        timeout(PATIENCE, self.iopub.read()).await.unwrap().unwrap()
    }

    async fn command(&mut self, content: impl Into<JupyterMessage>) -> JupyterMessage {
        self.control.send(content.into()).await.unwrap();
        timeout(PATIENCE, self.control.read()).await.unwrap().unwrap()
    }

    async fn execute(&mut self, code: &str) -> (ExecuteReply, Vec<JupyterMessage>) {
        let answer = self.ask(ExecuteRequest::new(code.to_owned())).await;
        (execute_reply(answer.reply), answer.published)
    }

    async fn shut_down(mut self) {
        self.command(ShutdownRequest { restart: false }).await;
        self.kernel.join().unwrap().unwrap();
    }
}

fn is_child(message: &JupyterMessage, id: &str) -> bool {
    message.parent_header.as_ref().is_some_and(|header| header.msg_id == id)
}

fn state(message: &JupyterMessage) -> Option<ExecutionState> {
    match &message.content {
        JupyterMessageContent::Status(status) => Some(status.execution_state.clone()),
        _ => None,
    }
}

fn execute_reply(message: JupyterMessage) -> ExecuteReply {
    match message.content {
        JupyterMessageContent::ExecuteReply(reply) => reply,
        other => panic!("not a reply to an execution: {other:?}"),
    }
}

/// The kinds of messages, and the text of those that have one.
fn summary(published: &[JupyterMessage]) -> Vec<String> {
    let text = |message: &JupyterMessage| match &message.content {
        JupyterMessageContent::StreamContent(stream) => {
            let name = if matches!(stream.name, Stdio::Stdout) { "stdout" } else { "stderr" };
            format!(" {name} {}", stream.text)
        }
        JupyterMessageContent::ExecuteInput(input) => format!(" {} {}", input.execution_count, input.code),
        JupyterMessageContent::ExecuteResult(result) => {
            let plain = result.data.content.iter().find_map(|media| match media {
                MediaType::Plain(text) => Some(text.clone()),
                _ => None,
            });
            format!(" {} {}", result.execution_count, plain.unwrap())
        }
        JupyterMessageContent::ErrorOutput(error) => format!(" {} {}", error.ename, error.evalue),
        _ => String::new(),
    };
    published.iter().map(|message| format!("{}{}", message.message_type(), text(message))).collect()
}

fn test(body: impl AsyncFnOnce(Client)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { body(Client::start().await).await });
}

#[test]
fn executes() {
    test(async |mut client| {
        let (reply, published) = client.execute("print one\nprint two\nvalue 42 Int").await;
        assert_eq!((reply.status, reply.execution_count.value()), (ReplyStatus::Ok, 1));
        assert_eq!(
            summary(&published),
            [
                "execute_input 1 print one\nprint two\nvalue 42 Int",
                "stream stdout onetwo",
                "execute_result 1 42"
            ]
        );
        let JupyterMessageContent::ExecuteResult(result) = &published[2].content else { unreachable!() };
        assert_eq!(result.metadata["type"], json!("Int"));
        let html = "<pre>42<span style=\"opacity:0.6\"> : Int</span></pre>";
        assert!(result.data.content.contains(&MediaType::Html(html.to_owned())));

        let answer = client.ask(ExecuteRequest::new("fail trap\ntime 5".to_owned())).await;
        assert_eq!(answer.reply.metadata, json!({"performance": {"run_ms": 5}}));
        let (reply, published) = (execute_reply(answer.reply), answer.published);
        assert_eq!((reply.status, reply.execution_count.value()), (ReplyStatus::Error, 2));
        assert_eq!(summary(&published), ["execute_input 2 fail trap\ntime 5", "error RuntimeError trap!"]);
        let error = reply.error.unwrap();
        assert_eq!((&*error.ename, &*error.evalue, error.traceback.len()), ("RuntimeError", "trap!", 5));

        let (reply, published) = client.execute("").await;
        assert_eq!((reply.status, reply.execution_count.value()), (ReplyStatus::Ok, 3));
        assert_eq!(summary(&published), ["execute_input 3 "]);

        let (_, published) = client.execute("stale 1\nstale 3").await;
        let note = "stream stderr cells [1], [3] use what this cell has replaced: run again\n";
        assert_eq!(summary(&published)[1..], [note]);
        // That is known now.
        let (_, published) = client.execute("stale 1").await;
        assert_eq!(published.len(), 1);
        client.shut_down().await;
    });
}

#[test]
fn executes_silently_and_by_the_names_of_cells() {
    test(async |mut client| {
        let quiet = |code: &str, silent, store_history| ExecuteRequest {
            silent,
            store_history,
            ..ExecuteRequest::new(code.to_owned())
        };
        let answer = client.ask(quiet("print x\nvalue 1 Int", true, true)).await;
        assert_eq!(summary(&answer.published), [""; 0]);
        assert_eq!(execute_reply(answer.reply).execution_count.value(), 0);
        // Does not take the name of a cell that comes later.
        let answer = client.ask(quiet("cell", false, false)).await;
        assert_eq!(summary(&answer.published)[1..], ["execute_result 0 silent 2"]);
        let (_, published) = client.execute("cell").await;
        assert_eq!(summary(&published)[1..], ["execute_result 1 1"]);
        let named = JupyterMessage::from(ExecuteRequest::new("cell".to_owned()));
        let answer = client.ask(named.with_metadata(json!({"cellId": "abc"}))).await;
        assert_eq!(summary(&answer.published)[1..], ["execute_result 2 abc"]);

        let mut request = ExecuteRequest::new("value 1 Int".to_owned());
        request.user_expressions =
            Some([("good", "value 2 Int"), ("bad", "fail trap")].map(|(k, v)| (k.into(), v.into())).into());
        let reply = execute_reply(client.ask(request).await.reply);
        let results = serde_json::to_value(reply.user_expressions.unwrap()).unwrap();
        assert_eq!(results["good"]["data"]["text/plain"], "2");
        assert_eq!(results["bad"]["evalue"], "trap!");
        client.shut_down().await;
    });
}

#[test]
fn answers_questions() {
    test(async |mut client| {
        // Jupyter counts characters, and these have more bytes.
        let request = CompleteRequest { code: "é😀 pri + 1".to_owned(), cursor_pos: 6 };
        match client.ask(request).await.reply.content {
            JupyterMessageContent::CompleteReply(reply) => {
                assert_eq!(
                    (reply.matches, reply.cursor_start, reply.cursor_end),
                    (vec!["print".to_owned()], 3, 6)
                );
                assert_eq!(
                    reply.metadata["_jupyter_types_experimental"][0]["signature"],
                    json!("fun(String)")
                );
            }
            other => panic!("{other:?}"),
        }
        let mut inspect = async |cursor_pos| {
            let request = InspectRequest { code: "é print".to_owned(), cursor_pos, detail_level: None };
            match client.ask(request).await.reply.content {
                JupyterMessageContent::InspectReply(reply) => {
                    (reply.found, serde_json::to_value(reply.data).unwrap())
                }
                other => panic!("{other:?}"),
            }
        };
        let found = json!({"text/plain": "print: prints", "text/markdown": "`print`: prints"});
        assert_eq!(inspect(2).await, (true, found));
        assert_eq!(inspect(0).await, (false, json!({})));
        assert_eq!(inspect(usize::MAX).await, (false, json!({})));

        let cases = [
            ("fun f() {", IsCompleteReplyStatus::Incomplete, "    "),
            ("1", IsCompleteReplyStatus::Complete, ""),
            ("}", IsCompleteReplyStatus::Invalid, ""),
        ];
        for (code, status, indent) in cases {
            let request = IsCompleteRequest { code: code.to_owned() };
            match client.ask(request).await.reply.content {
                JupyterMessageContent::IsCompleteReply(reply) => {
                    assert_eq!((reply.status, &*reply.indent), (status, indent));
                }
                other => panic!("{other:?}"),
            }
        }
        match client.ask(KernelInfoRequest {}).await.reply.content {
            JupyterMessageContent::KernelInfoReply(reply) => {
                assert_eq!(reply.language_info.file_extension.as_deref(), Some(".cells"));
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(
            client.command(KernelInfoRequest {}).await.content,
            JupyterMessageContent::KernelInfoReply(_)
        ));
        let comms = CommInfoRequest { target_name: None };
        assert!(matches!(client.ask(comms).await.reply.content, JupyterMessageContent::CommInfoReply(_)));
        let history = HistoryRequest::Tail { n: 10, output: false, raw: true };
        assert!(matches!(client.ask(history).await.reply.content, JupyterMessageContent::HistoryReply(_)));
        client.shut_down().await;
    });
}

#[test]
fn interrupts_a_cell_and_aborts_what_follows() {
    test(async |mut client| {
        let running = client.send(ExecuteRequest::new("loop".to_owned())).await;
        let second = client.send(ExecuteRequest::new("value 2 Int".to_owned())).await;
        let question = client.send(IsCompleteRequest { code: "1".to_owned() }).await;
        // What it prints is there while it runs.
        loop {
            let message = client.publication().await;
            if summary(&[message]) == ["stream stdout looping"] {
                break;
            }
        }
        let reply = client.command(InterruptRequest {}).await;
        assert!(matches!(reply.content, JupyterMessageContent::InterruptReply(_)));
        let answer = client.answer(&running).await;
        let failed = execute_reply(answer.reply);
        assert_eq!((failed.status, &*failed.error.unwrap().ename), (ReplyStatus::Error, "Interrupted"));
        let aborted = client.answer(&second).await;
        assert_eq!(execute_reply(aborted.reply).status, ReplyStatus::Aborted);
        assert!(aborted.published.iter().all(|message| state(message).is_some()));
        let answer = client.answer(&question).await;
        assert!(matches!(answer.reply.content, JupyterMessageContent::IsCompleteReply(_)));

        // An interrupt while nothing runs is none for what comes next.
        client.command(InterruptRequest {}).await;
        let (reply, _) = client.execute("value 3 Int").await;
        assert_eq!((reply.status, reply.execution_count.value()), (ReplyStatus::Ok, 2));

        // A client that wants to go on after errors does.
        let request =
            |code: &str| ExecuteRequest { stop_on_error: false, ..ExecuteRequest::new(code.to_owned()) };
        let first = client.send(request("fail trap")).await;
        let second = client.send(request("value 4 Int")).await;
        assert_eq!(execute_reply(client.answer(&first).await.reply).status, ReplyStatus::Error);
        assert_eq!(execute_reply(client.answer(&second).await.reply).status, ReplyStatus::Ok);
        client.shut_down().await;
    });
}

#[test]
fn goes_on_after_broken_messages() {
    test(async |mut client| {
        let identity = peer_identity_for_session("stranger").unwrap();
        let info = ConnectionInfo { key: "guess".to_owned(), ..client.info.clone() };
        let mut stranger =
            create_client_shell_connection_with_identity(&info, "stranger", identity).await.unwrap();
        stranger.send(ExecuteRequest::new("print stolen".to_owned()).into()).await.unwrap();
        stranger.send(ShutdownRequest { restart: false }.into()).await.unwrap();
        // Rightly signed, but not what the protocol has.
        let unknown =
            |msg_type: &str, content: Value| UnknownMessage { msg_type: msg_type.to_owned(), content };
        for content in [
            unknown("execute_request", json!({"code": 1})),
            unknown("execute_request", json!({})),
            unknown("complete_request", json!({"code": "x", "cursor_pos": -1})),
            unknown("history_request", json!({"hist_access_type": "none"})),
            unknown("no_request", json!({"a": [1, {"b": null}]})),
            unknown("", json!({})),
        ] {
            client.send(content.clone()).await;
            client.control.send(content.into()).await.unwrap();
        }
        // Not even frames of a message.
        let mut raw: Connection<_> = create_client_control_connection(&client.info, "raw").await.unwrap();
        raw.mac = None;
        raw.send(InterruptRequest {}.into()).await.unwrap();
        let (reply, published) = client.execute("print x\nvalue 1 Int").await;
        assert_eq!((reply.status, reply.execution_count.value()), (ReplyStatus::Ok, 1));
        assert_eq!(summary(&published)[1..], ["stream stdout x", "execute_result 1 1"]);
        client.shut_down().await;
    });
}

#[test]
fn gathers_what_a_cell_prints() {
    test(async |mut client| {
        let (reply, published) = client.execute("flood 1000000").await;
        assert_eq!(reply.status, ReplyStatus::Ok);
        let text: String = streams(&published).concat();
        assert_eq!(text, "012345678\n".repeat(100_000));
        assert!(published.len() < 1000, "{} messages", published.len());
        client.shut_down().await;
    });
}

fn streams(published: &[JupyterMessage]) -> Vec<String> {
    let text = |message: &JupyterMessage| match &message.content {
        JupyterMessageContent::StreamContent(stream) => Some(stream.text.clone()),
        _ => None,
    };
    published.iter().filter_map(text).collect()
}

#[test]
fn says_that_the_engine_has_ended() {
    test(async |mut client| {
        for _ in 0..2 {
            let (reply, _) = client.execute("panic").await;
            assert_eq!(&*reply.error.unwrap().ename, "InternalError");
        }
        client.shut_down().await;
    });
}

#[test]
fn shuts_down_while_a_cell_runs_and_by_the_shell() {
    test(async |mut client| {
        client.send(ExecuteRequest::new("loop".to_owned())).await;
        loop {
            let message = client.publication().await;
            if summary(&[message]) == ["stream stdout looping"] {
                break;
            }
        }
        let reply = client.command(ShutdownRequest { restart: true }).await;
        assert!(matches!(&reply.content, JupyterMessageContent::ShutdownReply(reply) if reply.restart));
        client.kernel.join().unwrap().unwrap();
    });
    test(async |mut client| {
        let answer = client.ask(ShutdownRequest { restart: false }).await;
        assert!(matches!(answer.reply.content, JupyterMessageContent::ShutdownReply(_)));
        assert_eq!(summary(&answer.published), ["shutdown_reply"]);
        client.kernel.join().unwrap().unwrap();
    });
}

#[test]
fn refuses_to_start_without_sockets_or_engine() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut info = runtime.block_on(async { Client::start().await }).info;
    let taken = run_with(&info, || Err("never asked for".to_owned()));
    assert!(matches!(taken, Err(Error::Socket(_))));
    let ports = runtime.block_on(peek_ports(IpAddr::V4(Ipv4Addr::LOCALHOST), 5)).unwrap();
    (info.shell_port, info.iopub_port, info.stdin_port) = (ports[0], ports[1], ports[2]);
    (info.control_port, info.hb_port) = (ports[3], ports[4]);
    match run_with(&info, || Err("no engine".to_owned())) {
        Err(error) => assert_eq!(error.to_string(), "cannot run cells: no engine"),
        Ok(()) => panic!("ran without an engine"),
    }
}
