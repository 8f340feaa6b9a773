//! Over plain TCP.

use super::super::{Class, Failure};
use super::Asker;
use super::peers::{Peer, ok};
use crate::activity::Phase;
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::time::Duration;

#[tokio::test]
async fn a_connection_serves_again_once_its_body_was_read() {
    let peer = Peer::new(|_, mut line| line.echo());
    let asker = Asker::new(&[]);
    assert_eq!(asker.text(&peer.url("/a")).await.unwrap(), ("/a".into(), false));
    assert_eq!(
        asker.text(&peer.url("/b?c")).await.unwrap(),
        ("/b?c".into(), true)
    );
    assert_eq!(peer.connections(), 1);
    let head = &peer.heads()[0];
    for line in [
        "GET /a HTTP/1.1\r\n",
        &format!("Host: {}\r\n", peer.address),
        "User-Agent: Go-http-client/1.1\r\n",
        "Accept-Encoding: identity\r\n",
    ] {
        assert!(head.contains(line), "{head}");
    }
    let fresh = asker.ask(&peer.url("/c"), true, &[]).await.unwrap();
    assert!(!fresh.way.reused && fresh.way.times.connected.is_some());
    assert_eq!(peer.connections(), 2);
}

/// One connection of a balancer leads to a server that fails: the next request goes elsewhere.
#[tokio::test]
async fn a_connection_with_a_failed_answer_takes_no_other_request() {
    let peer = Peer::new(|number, mut line| match number {
        0 | 1 => {
            let status = ["503 Service Unavailable", "429 Too Many Requests"][number];
            while line.head().is_some() {
                line.say(format!("HTTP/1.1 {status}\r\nContent-Length: 4\r\n\r\nbusy"));
            }
        }
        _ => line.echo(),
    });
    let asker = Asker::new(&[]);
    assert_eq!(asker.text(&peer.url("/a")).await.unwrap(), ("busy".into(), false));
    assert_eq!(asker.text(&peer.url("/b")).await.unwrap(), ("busy".into(), false));
    assert_eq!(asker.text(&peer.url("/c")).await.unwrap(), ("/c".into(), false));
    assert_eq!(asker.text(&peer.url("/d")).await.unwrap(), ("/d".into(), true));
}

#[tokio::test]
async fn what_was_seen_is_told() {
    let peer = Peer::new(|_, mut line| line.echo());
    let asker = Asker::new(&[]);
    let mut answer = asker.get(&peer.url("/abc")).await.unwrap();
    assert_eq!(
        (answer.status, answer.length, answer.way.protocol),
        (200, Some(4), "HTTP/1.1")
    );
    assert_eq!(
        answer.headers.get("content-length").map(String::as_str),
        Some("4")
    );
    assert_eq!(answer.way.peer, Some(peer.address));
    let times = answer.way.times;
    assert!(times.resolved <= times.connected && times.connected <= times.first_byte);
    assert_eq!(times.secured, None);
    answer.body.read_all(4).await.unwrap();
    let seen = asker.activity.snapshot();
    assert_eq!(
        (seen.bytes, seen.flights[0].bytes, seen.flights[0].phase),
        (4, 4, Phase::Body)
    );
}

#[tokio::test]
async fn a_dropped_body_costs_its_connection() {
    let peer = Peer::new(|number, mut line| {
        line.head();
        match number {
            0 => {
                line.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
                line.until_closed();
            }
            _ => line.say(ok("fresh")),
        }
    });
    let asker = Asker::new(&[]);
    let mut answer = asker.get(&peer.url("/")).await.unwrap();
    assert_eq!(answer.body.next().await.unwrap().unwrap(), "ab");
    drop(answer);
    assert_eq!(asker.text(&peer.url("/")).await.unwrap(), ("fresh".into(), false));
}

#[tokio::test]
async fn a_reused_connection_that_died_is_replaced_once() {
    let peer = Peer::new(|number, mut line| {
        if number == 0 {
            line.head();
            line.say(ok("first"));
            // Reads the next request and closes without a byte, as a server does that gave up waiting.
            line.head();
        } else {
            line.echo();
        }
    });
    let asker = Asker::new(&[]);
    assert_eq!(asker.text(&peer.url("/a")).await.unwrap().0, "first");
    assert_eq!(asker.text(&peer.url("/b")).await.unwrap(), ("/b".into(), false));
    assert_eq!((peer.connections(), peer.heads().len()), (2, 3));
}

#[tokio::test]
async fn a_new_connection_that_dies_is_a_reset() {
    let peer = Peer::new(|number, mut line| {
        line.head();
        match number {
            0 => line.reset(),
            1 => {}
            _ => line.say("HTTP/1.1 200 OK\r\nContent-Le"),
        }
    });
    let asker = Asker::new(&[]);
    for _ in 0..3 {
        let failure = asker.get(&peer.url("/?token=secret")).await.unwrap_err();
        assert_eq!(failure.class, Class::Reset, "{failure:?}");
        assert!(!failure.reason.contains("secret"));
        assert!(failure.way.times.connected.is_some() && failure.way.times.first_byte.is_none());
    }
    assert_eq!(peer.connections(), 3);
}

#[tokio::test]
async fn a_body_that_is_too_short_is_cut() {
    let peer = Peer::new(|number, mut line| {
        line.head();
        line.say(match number {
            0 => "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            _ => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        });
    });
    let asker = Asker::new(&[]);
    for _ in 0..2 {
        let mut answer = asker.get(&peer.url("/")).await.unwrap();
        assert_eq!(answer.body.next().await.unwrap().unwrap(), "abc");
        let failure = answer.body.next().await.unwrap_err();
        assert_eq!(failure.class, Class::Cut, "{failure:?}");
        assert!(failure.reason.contains("cut after 3"), "{}", failure.reason);
        assert_eq!(answer.body.next().await.unwrap_err().class, Class::Cut);
    }
}

#[tokio::test]
async fn chunks_and_bodies_without_a_length_are_read_to_their_end() {
    let peer = Peer::new(|number, mut line| {
        line.head();
        match number {
            0 => {
                line.say(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
                );
                line.echo();
            }
            _ => line.say("HTTP/1.0 200 OK\r\n\r\nuntil the end"),
        }
    });
    let asker = Asker::new(&[]);
    assert_eq!(asker.text(&peer.url("/")).await.unwrap().0, "abcde");
    assert_eq!(asker.text(&peer.url("/x")).await.unwrap(), ("/x".into(), true));
    let mut answer = asker.ask(&peer.url("/"), true, &[]).await.unwrap();
    assert_eq!((answer.length, answer.way.protocol), (None, "HTTP/1.0"));
    assert_eq!(answer.body.read_all(100).await.unwrap(), "until the end");
    assert_eq!(answer.body.next().await.unwrap(), None);
}

#[tokio::test]
async fn gzip_that_was_not_asked_for_is_unpacked() {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    packed.write_all("text ".repeat(1000).as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let peer = Peer::new(move |number, mut line| {
        line.head();
        let sent = if number == 0 {
            &packed[..]
        } else {
            &packed[..packed.len() - 9]
        };
        line.say(format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            sent.len()
        ));
        line.say(sent);
    });
    let asker = Asker::new(&[]);
    let mut answer = asker.get(&peer.url("/")).await.unwrap();
    assert_eq!((answer.length, answer.headers.len()), (None, 0));
    assert_eq!(answer.body.read_all(5000).await.unwrap(), "text ".repeat(1000));
    assert_eq!(answer.body.next().await.unwrap(), None);
    let failure = asker
        .ask(&peer.url("/"), true, &[])
        .await
        .unwrap()
        .body
        .read_all(5000)
        .await;
    assert_eq!(failure.unwrap_err().class, Class::Cut);
}

#[tokio::test]
async fn a_limit_bounds_what_is_read_whole() {
    let peer = Peer::new(|_, mut line| line.echo());
    let asker = Asker::new(&[]);
    let mut answer = asker.get(&peer.url("/long")).await.unwrap();
    assert_eq!(answer.body.read_all(4).await.unwrap_err().class, Class::Protocol);
}

#[tokio::test]
async fn what_is_no_http_is_told() {
    let peer = Peer::new(|_, mut line| {
        line.head();
        line.say("220 mail.example ESMTP\r\n");
        line.until_closed();
    });
    let failure = Asker::new(&[]).get(&peer.url("/")).await.unwrap_err();
    assert_eq!(failure.class, Class::Protocol, "{failure:?}");
}

#[tokio::test]
async fn redirects_are_followed_ten_requests_long() {
    let peer = Peer::new(|_, mut line| {
        while let Some(head) = line.head() {
            if head.starts_with("GET /end") {
                line.say(ok("there"));
            } else {
                let to = if head.starts_with("GET /a/b") {
                    "../end"
                } else {
                    "/loop"
                };
                line.say(format!(
                    "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 2\r\n\r\nhi"
                ));
            }
        }
    });
    let asker = Asker::new(&[]);
    assert_eq!(
        asker.text(&peer.url("/a/b")).await.unwrap(),
        ("there".into(), true)
    );
    let before = peer.heads().len();
    let failure = asker.get(&peer.url("/loop")).await.unwrap_err();
    assert_eq!(failure.class, Class::RedirectLoop);
    assert!(failure.reason.starts_with("stopped after 10 redirects"));
    assert_eq!((peer.heads().len() - before, peer.connections()), (10, 1));
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect_to_another_host() {
    let storage = Peer::new(|_, mut line| line.echo());
    let (there, port) = (storage.url("/there"), storage.address.port());
    let peer = Peer::new(move |_, mut line| {
        while let Some(head) = line.head() {
            let to = match head.starts_with("GET /same") {
                true => there.clone(),
                false => format!("http://localhost:{port}/other"),
            };
            line.say(format!(
                "HTTP/1.1 307 Temporary Redirect\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"
            ));
        }
    });
    let asker = Asker::new(&[]);
    let sent = [("Authorization", "Basic c2VjcmV0"), ("X-Kept", "1")];
    // The same host at another port keeps the credentials (net/http), and is another server all the same.
    for (path, host, authorized) in [("/same", "127.0.0.1", true), ("/elsewhere", "localhost", false)] {
        let answer = asker.ask(&peer.url(path), false, &sent).await.unwrap();
        let redirected = Some(format!("{host}:{port}"));
        assert_eq!((answer.status, &answer.way.redirected_to), (200, &redirected));
        let head = storage.heads().pop().unwrap();
        assert_eq!(head.contains("Authorization:"), authorized, "{head}");
        assert!(head.contains("X-Kept: 1"));
    }
    assert!(
        peer.heads()
            .iter()
            .all(|head| head.contains("Authorization: Basic c2VjcmV0"))
    );
}

#[tokio::test]
async fn a_refused_connection_and_an_unknown_name() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let asker = Asker::new(&[]);
    let failure = asker.get(&format!("http://{address}/")).await.unwrap_err();
    assert_eq!(failure.class, Class::Refused, "{failure:?}");
    assert_eq!(
        failure.reason,
        format!("connecting to {address}: connection refused")
    );
    let failure = asker.get("http://no..such..name/").await.unwrap_err();
    assert_eq!(failure.class, Class::NoSuchHost, "{failure:?}");
}

#[tokio::test]
async fn a_listener_that_does_not_accept_runs_into_the_bound() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // SAFETY: the descriptor is an open listener; listening again only changes its backlog.
    assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), 0) }, 0);
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        waiting.push(stream);
    }
    let mut asker = Asker::new(&[]);
    asker.connect_timeout = Duration::from_millis(50);
    let failure = asker.get(&format!("http://{address}/")).await.unwrap_err();
    assert_eq!(failure.class, Class::ConnectTimeout);
    assert_eq!(
        failure.reason,
        format!("connecting to {address}: no answer within 50ms")
    );
    assert!(failure.way.times.resolved.is_some() && failure.way.times.connected.is_none());
}

#[tokio::test]
async fn the_futures_can_be_spawned() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    let peer = Peer::new(|_, mut line| line.echo());
    let asker = Asker::new(&[]);
    let text: Result<(String, bool), Failure> = sendable(asker.text(&peer.url("/a"))).await;
    assert_eq!(text.unwrap().0, "/a");
}

#[tokio::test]
async fn a_dial_that_nobody_waits_for_serves_a_later_request() {
    let peer = Peer::new(|_, mut line| line.echo());
    let asker = Asker::new(&[]);
    let url = peer.url("/x");
    for _ in 0..30 {
        let ask = || asker.text(&url);
        let all = tokio::join!(ask(), ask(), ask(), ask(), ask(), ask());
        for answer in [all.0, all.1, all.2, all.3, all.4, all.5] {
            assert_eq!(answer.unwrap().0, "/x");
        }
    }
    let connections = peer.connections();
    assert!(
        connections <= 12,
        "{connections} connections for six requests at a time"
    );
}

/// A peer that works at another address with the same port, a client that knows both by one name, and a URL there;
/// `None`, with a line that says so, where there is no such address.
fn beside(first: &Peer) -> Option<(Peer, Asker, String)> {
    let port = first.address.port();
    let Ok(second) = std::net::TcpListener::bind(("127.0.0.2", port)) else {
        crate::ui::note("skipped: 127.0.0.2 is not there");
        return None;
    };
    let good = Peer::on(second, |_, mut line| line.echo());
    let asker = Asker::new(&[]);
    let both = vec![first.address, good.address];
    asker.client.connector.resolver.teach("two.test", port, both);
    Some((good, asker, format!("http://two.test:{port}/x")))
}

/// One of two servers behind a name fails in each way that connecting does not show: the other one is asked next.
#[tokio::test]
async fn an_address_that_failed_is_the_last_resort() {
    let mute = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
    for (answer, body_fails) in [
        (Some("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), false),
        (Some("HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n"), false),
        (Some("no HTTP\r\n\r\n"), false),
        (Some(mute), true),
        (None, false),
    ] {
        let bad = Peer::new(move |_, mut line| {
            line.head();
            line.say(answer.unwrap_or_default());
        });
        let Some((good, asker, url)) = beside(&bad) else {
            return;
        };
        let first = asker.text(&url).await;
        let failed = first.as_ref().map_or(true, |(body, _)| body.is_empty());
        assert!(failed, "{answer:?} {body_fails}: {first:?}");
        assert_eq!(
            asker.text(&url).await.unwrap(),
            ("/x".into(), false),
            "{answer:?}"
        );
        assert_eq!((bad.connections(), good.connections()), (1, 1), "{answer:?}");
    }
}

/// A hedge leads elsewhere than the attempt that is silent.
#[tokio::test]
async fn a_fresh_connection_goes_to_another_address() {
    let silent = Peer::new(|_, mut line| {
        line.head();
        line.until_closed();
    });
    let Some((good, asker, url)) = beside(&silent) else {
        return;
    };
    let hedge = async {
        while silent.heads().is_empty() {
            tokio::task::yield_now().await;
        }
        asker.ask(&url, true, &[]).await
    };
    tokio::select! {
        first = asker.get(&url) => panic!("{first:?}"),
        second = hedge => assert_eq!(second.unwrap().way.peer, Some(good.address)),
    }
}
