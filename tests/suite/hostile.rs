//! Upstreams that answer what no server should: nothing of it reaches go, nothing of it holds the download up.

use super::causes::tls_server_saying;
use crate::support::{Sandbox, real_go};
use gosteady::drill::{Fault, Server, Store};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

const MODULES: usize = 4;
const SEED: u64 = 31;

/// Answers each request with what the script writes, by its path, and closes; on threads that end with the process.
fn scripted(script: impl Fn(&str, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    let script = Arc::new(script);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let script = Arc::clone(&script);
            std::thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default();
                let _ = script(path.trim_start_matches('/'), &mut stream);
            });
        }
    });
    format!("http://{address}")
}

fn sandbox(test: &str) -> Option<(Store, Sandbox)> {
    let real = real_go(test)?;
    let store = Store::synthetic(SEED, MODULES);
    let mut sandbox = Sandbox::with(&real, &store);
    sandbox.hurry();
    Some((store, sandbox))
}

#[track_caller]
fn all_arrive(sandbox: &Sandbox) -> String {
    let ended = sandbox.go(&["mod", "download"]);
    ended.expect(0);
    assert_eq!(sandbox.zips(), MODULES, "{}", ended.err());
    sandbox.plain(&["mod", "verify"]).expect(0);
    ended.err()
}

/// Past a public mirror that begins so and goes on like that without end.
fn passes_over(test: &str, first: &'static [u8], again: Vec<u8>) {
    let Some((store, mut sandbox)) = sandbox(test) else {
        return;
    };
    let bad = scripted(move |_, stream| {
        stream.write_all(first)?;
        while !again.is_empty() {
            stream.write_all(&again)?;
            // Endless, not fast: the machine has other things to do.
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    });
    let good = Server::start(store, Fault::Good).expect("a server");
    sandbox
        .set("GOPROXY", format!("{bad},{}", good.url()))
        .set("GOSTEADY_PROXY_PUBLIC", "127.0.0.1");
    all_arrive(&sandbox);
}

macro_rules! passed_over {
    ($($name:ident: $first:expr, $again:expr;)*) => {
        mod passed_over {
            #[allow(unused)] use super::*;
            $(#[test] fn $name() { super::passes_over(stringify!($name), $first, $again); })*
        }
    };
}

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

passed_over! {
    hints_without_end: b"", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n".repeat(50);
    headers_without_end: b"HTTP/1.1 200 OK\r\n", b"X-Padding: 0123456789\r\n".repeat(500);
    a_header_without_end: b"HTTP/1.1 200 OK\r\nX-Padding: ", b"0123456789".repeat(1000);
    headers_that_drip: b"HTTP/1.1 200 OK\r\n", b"X: y\r\n".to_vec();
    an_extension_without_end: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"0123456789".repeat(1000);
    extensions_without_end: CHUNKED, [b"1;".to_vec(), b"x".repeat(8000), b"\r\n{\r\n".to_vec()].concat();
    trailers_without_end: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n", b"X: y\r\n".repeat(500);
    the_longest_length: b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n", b"x".repeat(100_000);
    half_the_longest_length: b"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n", b"x".repeat(100_000);
    a_length_below_nothing: b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}", Vec::new();
    two_lengths: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", Vec::new();
    an_error_without_end: b"HTTP/1.1 500 No\r\n\r\n", b"x".repeat(100_000);
    gzip_that_is_none: b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n{\"Version\":\"v1.0.0\"}", Vec::new();
    a_redirect_to_a_file: b"HTTP/1.1 302 Found\r\nLocation: file:///etc/hostname\r\nContent-Length: 0\r\n\r\n", Vec::new();
    a_redirect_with_a_body_without_end: b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", b"x".repeat(100_000);
    later_in_an_age: b"HTTP/1.1 503 No\r\nRetry-After: 1000000000000000000000\r\nContent-Length: 0\r\n\r\n", Vec::new();
    later_in_the_past: b"HTTP/1.1 503 No\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n", Vec::new();
    later_in_the_last_year: b"HTTP/1.1 503 No\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n", Vec::new();
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(body).expect("memory");
    packed.finish().expect("memory")
}

/// What is unusual, but right, is taken from the only upstream there is.
#[test]
fn odd_answers_that_are_right() {
    type Odd = fn(&[u8]) -> Vec<u8>;
    let odd: [(&str, Odd); 5] = [
        ("gzip", |body| {
            let body = gzip(body);
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            [head.as_bytes(), &body].concat()
        }),
        ("HTTP/1.0", |body| [b"HTTP/1.0 200 OK\r\n\r\n", body].concat()),
        ("hints first", |body| {
            let head = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
            [head, body].concat()
        }),
        ("small chunks", |body| {
            let mut all = b"HTTP/1.1 200 OK\r\ntransfer-encoding: CHUNKED\r\n\r\n".to_vec();
            for part in body.chunks(7) {
                all.extend(format!("{:x};a=b\r\n", part.len()).bytes());
                all.extend(part);
                all.extend(b"\r\n");
            }
            all.extend(b"0\r\nX-Trailer: y\r\n\r\n");
            all
        }),
        ("more than it said", |body| {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            [
                head.as_bytes(),
                body,
                b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad",
            ]
            .concat()
        }),
    ];
    for (name, odd) in odd {
        let Some((store, mut sandbox)) = sandbox("odd_answers_that_are_right") else {
            return;
        };
        let url = scripted(move |path, stream| {
            let path = path.replace("%21", "!");
            stream.write_all(&store.get(&path).map(odd).unwrap_or_default())
        });
        sandbox.set("GOPROXY", url);
        assert_eq!(all_arrive(&sandbox), "", "{name}");
    }
}

/// A public mirror with a certificate that does not count is named and stepped aside from; nothing is asked of it.
#[test]
fn certificates_that_do_not_count() {
    type Params = fn(&mut rcgen::CertificateParams);
    let expired: Params = |params| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    };
    let of_another: Params = |params| {
        let name = "other.test".try_into().expect("a name");
        params.subject_alt_names = vec![rcgen::SanType::DnsName(name)];
    };
    for (params, trusted) in [(expired, true), (of_another, true), (|_: &mut _| {}, false)] {
        let Some((store, mut sandbox)) = sandbox("certificates_that_do_not_count") else {
            return;
        };
        let (address, root) =
            tls_server_saying(params, "HTTP/1.1 500 Heard\r\nContent-Length: 0\r\n\r\n".into());
        let file = sandbox.path("root.pem");
        std::fs::write(&file, if trusted { root } else { String::new() }).expect("a file");
        let good = Server::start(store, Fault::Good).expect("a server");
        sandbox
            .set("SSL_CERT_FILE", &file)
            .set("SSL_CERT_DIR", "/nonexistent")
            .set("GOPROXY", format!("https://{address},{}", good.url()))
            .set("GOSTEADY_PROXY_PUBLIC", "127.0.0.1");
        // It is the certificate that counts here, not who is faster.
        for name in ["HEDGE_AFTER", "FIRST_ANSWER", "CONNECT_TIMEOUT"] {
            sandbox.set(&format!("GOSTEADY_PROXY_{name}"), "1m");
        }
        let err = all_arrive(&sandbox);
        assert!(err.contains("certificate") && !err.contains("500"), "{err}");
    }
}

/// From https nothing leads to http, be it a mirror that holds every module.
#[test]
fn https_is_not_left() {
    let Some((store, mut sandbox)) = sandbox("https_is_not_left") else {
        return;
    };
    let (plain, good) = (
        Server::start(store.clone(), Fault::Good).expect("a server"),
        Server::start(store, Fault::Good).expect("a server"),
    );
    let answer = format!(
        "HTTP/1.1 302 Found\r\nLocation: {}/example.com/m00/@v/v1.0.0.info\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        plain.url()
    );
    let (address, root) = tls_server_saying(|_| {}, answer);
    let file = sandbox.path("root.pem");
    std::fs::write(&file, root).expect("a file");
    sandbox
        .set("SSL_CERT_FILE", &file)
        .set("GOPROXY", format!("https://{address},{}", good.url()))
        .set("GOSTEADY_PROXY_PUBLIC", "127.0.0.1");
    all_arrive(&sandbox);
    assert!(plain.requests().is_empty(), "{:?}", plain.requests());
}

/// A name with two addresses, behind one of which every request fails or waits: the only upstream there is.
#[test]
fn one_of_two_addresses_is_broken() {
    let test = "one_of_two_addresses_is_broken";
    for answer in ["", "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"] {
        let Some((store, mut sandbox)) = sandbox(test) else {
            return;
        };
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let bad = scripted(move |_, stream| {
            count.fetch_add(1, SeqCst);
            stream.write_all(answer.as_bytes())?;
            // Until it is given up.
            stream.read(&mut [0]).map(drop)
        });
        let port = bad.rsplit(':').next().expect("a port");
        let good = Server::start(store, Fault::Good).expect("a server");
        let Ok(second) = TcpListener::bind(format!("127.0.0.2:{port}")) else {
            eprintln!("skipped: {test}: 127.0.0.2 is not there");
            return;
        };
        relay(second, good.url().replace("http://", ""));
        let (hosts, shim) = (sandbox.path("hosts"), sandbox.path("shims/go"));
        std::fs::write(&hosts, "127.0.0.1 two.test\n127.0.0.2 two.test\n").expect("a file");
        sandbox
            .set("GOPROXY", format!("http://two.test:{port}"))
            .set("HOSTS", &hosts)
            .set("PROGRAM", shim);
        let script = "mount --bind \"$HOSTS\" /etc/hosts && getent ahosts two.test >&2 && exec \"$PROGRAM\" mod download";
        let ended = sandbox.run(&mut sandbox.command("unshare", &["-Urm", "/bin/sh", "-c", script]));
        if !ended.err().contains("127.0.0.2") {
            eprintln!("skipped: {test}: no right to mount, or the name does not resolve");
            return;
        }
        ended.expect(0);
        assert_eq!(sandbox.zips(), MODULES, "{}", ended.err());
        assert!(!good.requests().is_empty());
    }
}

/// Passes connections on.
fn relay(from: TcpListener, to: String) {
    std::thread::spawn(move || {
        for near in from.incoming().flatten() {
            let far = TcpStream::connect(&to).expect("the server");
            for (mut from, mut to) in [
                (
                    near.try_clone().expect("a copy"),
                    far.try_clone().expect("a copy"),
                ),
                (far, near),
            ] {
                std::thread::spawn(move || {
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(std::net::Shutdown::Write);
                });
            }
        }
    });
}
