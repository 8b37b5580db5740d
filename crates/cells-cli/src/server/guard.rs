//! Who may ask: only who has the token may have anything done, and only pages of this server may ask in a browser.
//!
//! A page of somebody else can send requests to this server, but not with the header that carries the token, since no answer of ours
//! allows that; and where it has its own name lead to this machine, the `Host` header gives that name away.

use std::net::IpAddr;
use std::sync::Arc;

use anyhow::Result;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use subtle::ConstantTimeEq;

use crate::server::{Refusal, Server};

/// The header that carries the token.
const TOKEN: HeaderName = HeaderName::from_static("x-upshift-token");

/// What the page may do: load what this server has, compile WebAssembly, and nothing else: an image
/// elsewhere would tell its owner who opens a notebook. Styles
/// may stand within it, as the editor makes some.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; \
                      base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/// 128 bits by chance, as text.
pub(super) struct Token(String);

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// If the system has none to give.
    pub(super) fn new() -> Result<Token> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
        Ok(Token(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Whether this is what was given. How long that takes does not tell how much of it is right.
    pub(super) fn is(&self, given: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(given).into()
    }
}

/// Refuses who calls this server by a name that is not its own, and has every answer say what a browser may do with it.
pub(super) async fn guard(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let is_ours = host(request.headers()).is_some_and(|host| is_own_name(host, server.address.ip()));
    let mut response = if is_ours {
        next.run(request).await
    } else {
        let message = "this server answers to its address and to `localhost` only";
        Refusal::new(StatusCode::FORBIDDEN, message).into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Refuses who has not the token.
pub(super) async fn authenticate(
    State(server): State<Arc<Server>>,
    request: Request,
    next: Next,
) -> Response {
    match request.headers().get(TOKEN) {
        Some(token) if server.token.is(token.as_bytes()) => next.run(request).await,
        Some(_) => {
            Refusal::new(StatusCode::FORBIDDEN, "the token is not that of this server").into_response()
        }
        None => Refusal::new(StatusCode::FORBIDDEN, "the header X-Upshift-Token is missing").into_response(),
    }
}

/// The name by which a server is called, without the port.
fn host(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(HOST).iter();
    let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
    // An address of IPv6 stands in brackets.
    let end =
        if value.starts_with('[') { value.find(']')? + 1 } else { value.find(':').unwrap_or(value.len()) };
    let (host, port) = value.split_at(end);
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    is_port.then_some(host)
}

/// Whether a name can lead to this server only: others cannot have addresses and `localhost` mean something else. A server that
/// listens on this machine alone has no other address than those of this machine.
fn is_own_name(host: &str, listens: IpAddr) -> bool {
    let address =
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).parse::<IpAddr>();
    match address {
        Ok(address) => address == listens || address.is_loopback() || !listens.is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::HOST;
    use axum::http::{HeaderMap, HeaderValue};

    use super::{Token, host, is_own_name};

    #[test]
    fn tokens_are_long_and_differ() {
        let (a, b) = (Token::new().unwrap(), Token::new().unwrap());
        assert!(a.text().len() == 32 && a.text() != b.text());
        assert!(a.is(a.text().as_bytes()));
        assert!(!a.is(b.text().as_bytes()) && !a.is(b"") && !a.is(&a.text().as_bytes()[..31]));
    }

    #[test]
    fn a_host_is_named_once_and_its_port_does_not_count() {
        let named = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(HOST, HeaderValue::from_static(value));
            }
            host(&headers).map(str::to_owned)
        };
        assert_eq!(named(&["localhost:8888"]).as_deref(), Some("localhost"));
        assert_eq!(named(&["127.0.0.1"]).as_deref(), Some("127.0.0.1"));
        assert_eq!(named(&["[::1]:1"]).as_deref(), Some("[::1]"));
        for wrong in [&["a", "a"][..], &[], &["a:b"], &["[::1"], &["localhost:1.evil.example"]] {
            assert_eq!(named(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn names_of_others_are_not_ours() {
        let local = "127.0.0.1".parse().unwrap();
        let everywhere = "0.0.0.0".parse().unwrap();
        for ours in ["localhost", "LOCALHOST", "127.0.0.1", "[::1]"] {
            assert!(is_own_name(ours, local) && is_own_name(ours, everywhere), "{ours}");
        }
        assert!(is_own_name("192.168.1.5", everywhere) && !is_own_name("192.168.1.5", local));
        for other in ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "2130706433"] {
            assert!(!is_own_name(other, local) && !is_own_name(other, everywhere), "{other}");
        }
    }
}
