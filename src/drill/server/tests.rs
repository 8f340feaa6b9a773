use super::super::fault::Kind;
use super::*;
use std::io::{Read, Write};

/// Sends one request and reads until the server closes, resets, or has been silent for a while.
fn ask(server: &Server, path: &str, headers: &str) -> (String, io::Result<()>) {
    let address = server.url().strip_prefix("http://").unwrap().to_string();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"
    )
    .unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).map(drop);
    (String::from_utf8_lossy(&bytes).into_owned(), end)
}

fn start(fault: Fault) -> Server {
    Server::start(Store::synthetic(1, 2), fault).unwrap()
}

const MOD: &str = "/example.com/%21upper/@v/v1.0.0.mod";

fn silent(end: &io::Result<()>) -> bool {
    matches!(end, Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut))
}

#[test]
fn a_good_server_answers_and_remembers() {
    let server = start(Fault::Good);
    let (text, end) = ask(&server, MOD, "X-Test: 1\r\n");
    assert!(end.is_ok() && text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(
        text.ends_with("\r\n\r\nmodule example.com/Upper\n\ngo 1.21\n"),
        "{text}"
    );
    assert!(
        ask(&server, "/sumdb/sum.golang.org/supported", "")
            .0
            .starts_with("HTTP/1.1 404 ")
    );
    let requests = server.requests();
    assert_eq!(
        (requests[0].path.as_str(), requests[0].header("x-test")),
        (MOD, Some("1"))
    );
    assert_eq!((requests.len(), server.connections()), (2, 2));
}

#[test]
fn a_range_is_served_of_the_same_body_only() {
    let server = start(Fault::Good);
    let (whole, _) = ask(&server, MOD, "");
    let etag = whole
        .lines()
        .find_map(|l| l.strip_prefix("ETag: "))
        .unwrap()
        .to_string();
    let (part, _) = ask(&server, MOD, &format!("Range: bytes=7-\r\nIf-Range: {etag}\r\n"));
    assert!(
        part.starts_with("HTTP/1.1 206 ") && part.contains("\r\n\r\nexample.com/Upper\n"),
        "{part}"
    );
    let (other, _) = ask(&server, MOD, "Range: bytes=7-\r\nIf-Range: \"other\"\r\n");
    assert!(other.starts_with("HTTP/1.1 200 "), "{other}");
}

#[test]
fn whole_answers() {
    for (fault, line, within) in [
        (
            Fault::status(502),
            "HTTP/1.1 502 Bad Gateway",
            "drill: status 502",
        ),
        (
            Fault::Status {
                code: 429,
                retry_after: Some(7),
                body: "later\n".into(),
            },
            "HTTP/1.1 429 Too Many Requests",
            "Retry-After: 7\r\n",
        ),
        (
            Fault::RedirectLoop,
            "HTTP/1.1 302 Found",
            "Location: /example.com/%21upper/",
        ),
        (
            Fault::RedirectTo("http://h:1/".into()),
            "HTTP/1.1 302 Found",
            "Location: http://h:1/example.com/",
        ),
        (Fault::CaptivePortal, "HTTP/1.1 200 OK", "Content-Type: text/html"),
        (
            Fault::RequireBasicAuth {
                user: "u".into(),
                password: "p".into(),
            },
            "HTTP/1.1 401 Unauthorized",
            "WWW-Authenticate: Basic",
        ),
        (Fault::Garble, "HTTP/1.1 200 OK", "go 1.21"),
        (
            Fault::status(500).only(Kind::Zip),
            "HTTP/1.1 200 OK",
            "module example.com/Upper",
        ),
    ] {
        let server = start(fault.clone());
        let (text, end) = ask(&server, MOD, "");
        assert!(end.is_ok(), "{fault:?}: {end:?}");
        assert!(
            text.starts_with(line) && text.contains(within),
            "{fault:?}: {text}"
        );
    }
    let (good, _) = ask(&start(Fault::Good), MOD, "");
    assert_ne!(ask(&start(Fault::Garble), MOD, "").0, good);
}

#[test]
fn credentials_open_the_door() {
    let server = start(Fault::RequireBasicAuth {
        user: "u".into(),
        password: "p".into(),
    });
    let (text, _) = ask(&server, MOD, "Authorization: Basic dTpw\r\n");
    assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
}

#[test]
fn broken_answers() {
    let (good, _) = ask(&start(Fault::Good), MOD, "");
    for (fault, silence) in [
        (Fault::AcceptSilent, true),
        (Fault::HalfHeader, true),
        (Fault::StallMidBody, true),
        (Fault::OneBytePerSecond, true),
        (Fault::Truncate, false),
    ] {
        let server = start(fault.clone());
        let (text, end) = ask(&server, MOD, "");
        assert!(
            good.starts_with(&text) && text.len() < good.len(),
            "{fault:?}: {text}"
        );
        assert_eq!(silent(&end), silence, "{fault:?}: {end:?}");
    }
    for after in [0, 3] {
        let server = start(Fault::Reset { after });
        let (_, end) = ask(&server, MOD, "");
        assert_eq!(
            end.unwrap_err().kind(),
            io::ErrorKind::ConnectionReset,
            "after {after}"
        );
    }
}

#[test]
fn a_fault_can_pass() {
    let server = start(Fault::status(502).first_of_each(1));
    assert!(ask(&server, MOD, "").0.starts_with("HTTP/1.1 502 "));
    assert!(ask(&server, MOD, "").0.starts_with("HTTP/1.1 200 "));
    server.set_fault(Fault::status(503));
    assert!(ask(&server, MOD, "").0.starts_with("HTTP/1.1 503 "));
}

#[test]
fn a_slow_answer_is_a_right_one() {
    let server = start(Fault::slow(Duration::from_millis(1), 10_000));
    let (text, end) = ask(&server, MOD, "");
    assert!(end.is_ok() && text.ends_with("go 1.21\n"), "{text}");
}

#[test]
fn connections_are_reused() {
    let server = start(Fault::Good);
    let mut stream = TcpStream::connect(server.url().strip_prefix("http://").unwrap()).unwrap();
    for close in ["", "Connection: close\r\n"] {
        write!(stream, "GET /none HTTP/1.1\r\n{close}\r\n").unwrap();
    }
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!(text.matches("HTTP/1.1 404").count(), 2);
    assert_eq!(server.connections(), 1);
}

#[test]
fn dropping_a_server_ends_a_silent_connection() {
    let server = start(Fault::AcceptSilent);
    let mut stream = TcpStream::connect(server.url().strip_prefix("http://").unwrap()).unwrap();
    write!(stream, "GET / HTTP/1.1\r\n\r\n").unwrap();
    drop(server);
    let mut bytes = Vec::new();
    // Closed or reset, but ended.
    let _ = stream.read_to_end(&mut bytes);
    assert!(bytes.is_empty());
}

#[test]
fn servers_that_are_not_there() {
    let server = start(Fault::NoSuchHost);
    assert_eq!(server.url(), "http://mirror.invalid");
    let server = start(Fault::Refused);
    let address = server.url().strip_prefix("http://").unwrap().to_string();
    assert_eq!(
        TcpStream::connect(address).unwrap_err().kind(),
        io::ErrorKind::ConnectionRefused
    );
}
