//! The shape of our own addresses, and whether one of them is alive.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// What a living loopback answers to a ping.
pub const PONG: &str = "gosteady";

/// A loopback base `http://127.0.0.1:PORT/TOKEN/N` taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Loopback {
    port: u16,
    token: String,
}

impl Loopback {
    fn parse(entry: &str) -> Option<Loopback> {
        let rest = entry.trim().strip_prefix("http://127.0.0.1:")?;
        let (port, path) = rest.split_once('/')?;
        let (token, number) = path.split_once('/')?;
        let number = number.split(['/', '?']).next()?;
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let right = token.len() == 32 && token.bytes().all(hex);
        let counted = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        Some(Loopback {
            port: port.parse().ok()?,
            token: token.to_owned(),
        })
        .filter(|_| right && counted)
    }
}

fn first(goproxy: &str) -> Option<Loopback> {
    goproxy.split([',', '|']).find_map(Loopback::parse)
}

/// Whether a GOPROXY value has an entry of the shape that we give out.
pub fn is_loopback_base(goproxy: &str) -> bool {
    first(goproxy).is_some()
}

/// Whether the first such entry is alive: answers as one of ours within a second.
pub fn ping(goproxy: &str) -> bool {
    first(goproxy).is_some_and(|l| alive(l.port, &l.token, Duration::from_secs(1)))
}

/// Whether the proxy at this port knows this token.
pub(super) fn alive(port: u16, token: &str, bound: Duration) -> bool {
    exchange(port, token, bound).is_some_and(|answer| {
        answer.starts_with(b"HTTP/1.1 200 ") && answer.ends_with(format!("\r\n\r\n{PONG}").as_bytes())
    })
}

fn exchange(port: u16, token: &str, bound: Duration) -> Option<Vec<u8>> {
    let end = Instant::now() + bound;
    let left = || {
        end.checked_duration_since(Instant::now())
            .filter(|d| !d.is_zero())
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, left()?).ok()?;
    stream.set_write_timeout(left()).ok()?;
    let request = format!("GET /{token}/ping HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let mut piece = [0; 1024];
    while answer.len() < 4096 {
        stream.set_read_timeout(Some(left()?)).ok()?;
        match stream.read(&mut piece).ok()? {
            0 => break,
            n => answer.extend_from_slice(&piece[..n]),
        }
    }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        let token = "0123456789abcdef0123456789abcdef";
        for (goproxy, ours) in [
            (format!("http://127.0.0.1:4000/{token}/0"), true),
            (
                format!("file:///x,http://127.0.0.1:4000/{token}/12/?q|direct"),
                true,
            ),
            (format!("http://127.0.0.1:4000/{token}"), false),
            (format!("http://127.0.0.1:99999/{token}/0"), false),
            (format!("http://127.0.0.1:4000/{}/0", &token[1..]), false),
            (format!("https://127.0.0.1:4000/{token}/0"), false),
            ("https://proxy.golang.org,direct".into(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_loopback_base(&goproxy), ours, "{goproxy}");
        }
    }

    #[test]
    fn nobody_answers_where_nobody_listens() {
        let free = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        assert!(!ping(&format!(
            "http://127.0.0.1:{free}/0123456789abcdef0123456789abcdef/0"
        )));
        assert!(!ping("direct"));
    }
}
