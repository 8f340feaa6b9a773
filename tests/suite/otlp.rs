//! `trace.otlp`: what a collector gets, and that whatever it does costs a run nothing.

use crate::support::{Sandbox, real_go};
use gosteady::drill::{Fault, Server, Store};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

fn store() -> Store {
    Store::synthetic(5, 3)
}

/// A run with sending switched on.
fn stage(test: &str) -> Option<(Server, Sandbox)> {
    let real = real_go(test)?;
    let store = store();
    let server = Server::start(store.clone(), Fault::Good).expect("a server");
    let mut sandbox = Sandbox::with(&real, &store);
    sandbox.set("GOPROXY", server.url());
    sandbox.set("GOSTEADY_TRACE_OTLP", "true");
    Some((server, sandbox))
}

/// A collector that answers every request with this head, or never where there is none; what it was asked, head and
/// body.
fn collector(head: Option<&'static str>) -> (String, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (seen, requests) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            if let Some(request) = read(&mut stream) {
                let _ = seen.send(request);
            }
            match head {
                Some(head) => drop(stream.write_all(head.as_bytes())),
                // Held open, and never answered.
                None => std::mem::forget(stream),
            }
        }
    });
    (address, requests)
}

fn read(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let n = stream.read(&mut piece).ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&piece[..n]);
        let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let (_, length) = head.split_once("content-length: ")?;
        let length: usize = length.lines().next()?.parse().ok()?;
        if bytes.len() >= end + 4 + length {
            return Some((head, bytes[end + 4..].to_vec()));
        }
    }
}

/// The records of the one trace.
fn records(sandbox: &Sandbox) -> Vec<Value> {
    let dir = sandbox.path("state/gosteady/traces");
    let traces = std::fs::read_dir(dir).expect("traces").flatten();
    let path = traces
        .map(|entry| entry.path())
        .find(|path| !path.ends_with("invocations.jsonl"));
    let text = std::fs::read_to_string(path.expect("a trace")).expect("text");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[test]
fn a_collector_gets_the_run_without_secrets_and_names() {
    let Some((_server, mut sandbox)) = stage("a_collector_gets_the_run_without_secrets_and_names") else {
        return;
    };
    let (address, requests) = collector(Some("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
    sandbox.set("OTEL_EXPORTER_OTLP_ENDPOINT", &address);
    sandbox.set("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=plainword%20seven");
    // An uneventful run in CI leaves no trace; it is sent all the same.
    sandbox.set("CI", "true");
    // Sending has half a second; a machine that is too busy for that sends nothing, and another run is made.
    let sent = (0..10).find_map(|_| {
        sandbox.fresh();
        store().write_project(&sandbox.project()).expect("the project");
        while requests.try_recv().is_ok() {}
        let ended = sandbox.go(&["mod", "download"]);
        assert_eq!(ended.expect(0).err(), "");
        requests.try_recv().ok()
    });
    let (head, body) = sent.expect("one request");
    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    for line in ["content-type: application/json", "x-tenant: plainword seven"] {
        assert!(head.contains(line), "{head}");
    }
    let text = String::from_utf8(body).expect("UTF-8");
    for hidden in ["plainword", &sandbox.project().display().to_string()] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let json: Value = serde_json::from_str(&text).expect("JSON");
    let spans = json["resourceSpans"][0]["scopeSpans"][0]["spans"]
        .as_array()
        .expect("spans");
    assert_eq!(spans[0]["name"], "go mod download");
    // A request for each .mod, .info or .zip, and an attempt each.
    assert!(spans.len() > 6, "{}", spans.len());
    assert!(requests.try_recv().is_err(), "it is sent once");
    let left = std::fs::read_dir(sandbox.path("state/gosteady/traces")).expect("traces");
    assert_eq!(left.count(), 0);
}

#[test]
fn a_collector_that_fails_is_one_record() {
    for (what, head, says) in [
        ("silent", None, "did not"),
        (
            "failing",
            Some("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"),
            "answered 503",
        ),
        (
            "elsewhere",
            Some("HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"),
            "answered 307",
        ),
        ("no HTTP", Some("SSH-2.0-x\r\n"), "/v1/traces: "),
    ] {
        let Some((_server, mut sandbox)) = stage("a_collector_that_fails_is_one_record") else {
            return;
        };
        let (address, _requests) = collector(head);
        sandbox.set("OTEL_EXPORTER_OTLP_ENDPOINT", &address);
        let mut messages = Vec::new();
        // As above: what the collector does is seen once there is time for it.
        let seen = (0..10).any(|_| {
            sandbox.fresh();
            store().write_project(&sandbox.project()).expect("the project");
            let ended = sandbox.go(&["mod", "download"]);
            assert_eq!(ended.expect(0).err(), "", "{what}");
            assert_eq!(sandbox.zips(), 3);
            let records = records(&sandbox);
            let [.., end, log] = records.as_slice() else {
                panic!("{records:?}");
            };
            assert_eq!(
                (&end["kind"], &log["kind"]),
                (&"end".into(), &"log".into()),
                "{what}"
            );
            let message = log["message"].as_str().expect("a message");
            assert!(
                message.starts_with("the trace was not sent: "),
                "{what}: {message}"
            );
            messages.push(message.to_owned());
            message.contains(says) || !message.contains("did not take it within")
        });
        assert!(
            seen && messages.last().is_some_and(|m| m.contains(says)),
            "{what}: {messages:?}"
        );
    }
}

#[test]
fn a_project_cannot_have_traces_sent() {
    let Some((_server, mut sandbox)) = stage("a_project_cannot_have_traces_sent") else {
        return;
    };
    let (address, requests) = collector(Some("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    sandbox.set("OTEL_EXPORTER_OTLP_ENDPOINT", &address);
    sandbox.unset("GOSTEADY_TRACE_OTLP");
    std::fs::write(sandbox.project().join("gosteady.toml"), "trace.otlp = true\n").expect("a file");
    sandbox.go(&["mod", "download"]).expect(0);
    assert!(requests.try_recv().is_err());
}
