//! Over TLS, and HTTP/2 by ALPN.

use super::super::Class;
use super::Asker;
use super::peers::{Authority, Peer, ok};
use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tokio::sync::Barrier;

fn trusting(authority: &Authority) -> Asker {
    Asker::new(&[("SSL_CERT_FILE", authority.file()), ("SSL_CERT_DIR", "/none")])
}

#[tokio::test]
async fn a_certificate_counts_where_its_root_is_known() {
    let authority = Authority::new(&["127.0.0.1"], &["http/1.1"]);
    let server = authority.server.clone();
    let peer = Peer::new(move |_, line| line.secure(&server).echo());
    let url = format!("https://{}/x", peer.address);
    let asker = trusting(&authority);
    let answer = asker.get(&url).await.unwrap();
    assert_eq!((answer.status, answer.way.protocol), (200, "HTTP/1.1"));
    assert!(answer.way.times.secured >= answer.way.times.connected);

    let other = Authority::new(&["127.0.0.1"], &[]);
    let failure = trusting(&other).get(&url).await.unwrap_err();
    assert_eq!(failure.class, Class::UnknownIssuer, "{failure:?}");
    assert!(
        failure
            .reason
            .starts_with("failed to verify the certificate of 127.0.0.1: ")
    );

    let none = Asker::new(&[("SSL_CERT_FILE", "/none"), ("SSL_CERT_DIR", "/none")]);
    let failure = none.get(&url).await.unwrap_err();
    assert!(
        failure
            .reason
            .ends_with("(no root certificates were found on this machine)")
    );
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new(&["other.test"], &[]);
    let server = authority.server.clone();
    let peer = Peer::new(move |_, line| line.secure(&server).echo());
    let failure = trusting(&authority)
        .get(&format!("https://{}/x", peer.address))
        .await
        .unwrap_err();
    assert_eq!(failure.class, Class::Certificate, "{failure:?}");
}

#[tokio::test]
async fn what_is_no_tls_is_told() {
    let authority = Authority::new(&["127.0.0.1"], &[]);
    let peer = Peer::new(|number, mut line| {
        let hello = line.bytes::<5>();
        assert_eq!(hello.map(|h| h[0]), Some(22));
        match number {
            0 => {
                line.say("HTTP/1.1 400 Bad Request\r\n\r\n");
                line.until_closed();
            }
            _ => line.reset(),
        }
    });
    let asker = trusting(&authority);
    let url = format!("https://{}/", peer.address);
    let failure = asker.get(&url).await.unwrap_err();
    assert_eq!(failure.class, Class::Handshake, "{failure:?}");
    assert!(failure.reason.ends_with("does not look like a TLS handshake"));
    let failure = asker.get(&url).await.unwrap_err();
    assert_eq!(failure.class, Class::Reset, "{failure:?}");
}

#[tokio::test]
async fn https_is_not_left_by_a_redirect() {
    let authority = Authority::new(&["127.0.0.1"], &[]);
    let server = authority.server.clone();
    let peer = Peer::new(move |_, line| {
        let mut line = line.secure(&server);
        line.head();
        line.say("HTTP/1.1 302 Found\r\nLocation: http://h.test/?token=x\r\nContent-Length: 0\r\n\r\n");
    });
    let failure = trusting(&authority)
        .get(&format!("https://{}/", peer.address))
        .await
        .unwrap_err();
    assert_eq!(failure.class, Class::BadRedirect);
    assert!(
        failure.reason.ends_with("to insecure URL http://h.test/"),
        "{}",
        failure.reason
    );
}

#[tokio::test]
async fn userinfo_is_basic_auth_unless_a_header_is_there() {
    let authority = Authority::new(&["127.0.0.1"], &[]);
    let server = authority.server.clone();
    let peer = Peer::new(move |_, line| line.secure(&server).echo());
    let asker = trusting(&authority);
    let url = format!("https://u:p@{}/", peer.address);
    asker.get(&url).await.unwrap();
    asker
        .ask(&url, false, &[("authorization", "Bearer t")])
        .await
        .unwrap();
    let heads = peer.heads();
    assert!(heads[0].contains("Authorization: Basic dTpw\r\n"));
    assert!(heads[1].contains("Authorization: Bearer t\r\n") && !heads[1].contains("Basic"));
}

#[tokio::test]
async fn an_end_without_close_notify_ends_a_body_without_a_length() {
    let authority = Authority::new(&["127.0.0.1"], &[]);
    let server = authority.server.clone();
    let peer = Peer::new(move |number, line| {
        let mut line = line.secure(&server);
        line.head();
        match number {
            0 => line.say("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhole"),
            _ => line.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
        }
    });
    let asker = trusting(&authority);
    let url = format!("https://{}/", peer.address);
    assert_eq!(asker.text(&url).await.unwrap().0, "whole");
    assert_eq!(asker.text(&url).await.unwrap_err().class, Class::Cut);
}

/// An h2 server on this runtime: `/pair/…` is answered when two such requests are there, `/stuck` never, `/cut` with
/// a body that is broken off, `/busy` with 503. Returns its address and the count of its connections.
async fn h2_server(authority: &Authority) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let acceptor = tokio_rustls::TlsAcceptor::from(authority.server.clone());
    let pair = Arc::new(Barrier::new(2));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            count.fetch_add(1, SeqCst);
            let (acceptor, pair) = (acceptor.clone(), Arc::clone(&pair));
            tokio::spawn(async move {
                let Ok(tls) = acceptor.accept(tcp).await else {
                    return;
                };
                let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                    let pair = Arc::clone(&pair);
                    async move {
                        let path = request.uri().path().to_string();
                        if path.starts_with("/pair") {
                            pair.wait().await;
                        }
                        if path == "/stuck" {
                            std::future::pending::<()>().await;
                        }
                        let mut answer = hyper::Response::new(Full::new(Bytes::from(path.clone())));
                        if path == "/busy" {
                            *answer.status_mut() = hyper::StatusCode::SERVICE_UNAVAILABLE;
                        }
                        if path == "/cut" {
                            answer.headers_mut().insert("content-length", 100.into());
                        }
                        Ok::<_, std::convert::Infallible>(answer)
                    }
                });
                let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(tls), service).await;
            });
        }
    });
    (address, connections)
}

#[tokio::test]
async fn h2_streams_share_a_connection_that_others_open() {
    let authority = Authority::new(&["127.0.0.1"], &["h2", "http/1.1"]);
    let (address, connections) = h2_server(&authority).await;
    let asker = trusting(&authority);
    let (one, two) = (
        format!("https://{address}/pair/1"),
        format!("https://{address}/pair/2"),
    );
    let (one, two) = tokio::join!(asker.text(&one), asker.text(&two));
    assert_eq!(
        (one.unwrap().0.as_str(), two.unwrap().0.as_str()),
        ("/pair/1", "/pair/2")
    );
    assert_eq!(connections.load(SeqCst), 1);
    let answer = asker.get(&format!("https://{address}/x")).await.unwrap();
    assert_eq!((answer.way.protocol, answer.way.reused), ("HTTP/2", true));
}

#[tokio::test]
async fn an_h2_connection_with_a_failed_or_abandoned_stream_takes_no_more() {
    let authority = Authority::new(&["127.0.0.1"], &["h2"]);
    let (address, connections) = h2_server(&authority).await;
    let asker = trusting(&authority);
    let url = |path: &str| format!("https://{address}{path}");
    assert_eq!(asker.text(&url("/cut")).await.unwrap_err().class, Class::Cut);
    assert_eq!(asker.text(&url("/a")).await.unwrap(), ("/a".into(), false));
    let (stuck, b) = (url("/stuck"), url("/b"));
    tokio::select! {
        biased;
        _ = asker.get(&stuck) => panic!("answered"),
        other = asker.text(&b) => assert_eq!(other.unwrap(), ("/b".into(), true)),
    }
    assert_eq!(asker.text(&url("/c")).await.unwrap(), ("/c".into(), false));
    assert_eq!(connections.load(SeqCst), 3);
    assert_eq!(asker.text(&url("/busy")).await.unwrap(), ("/busy".into(), true));
    assert_eq!(asker.text(&url("/d")).await.unwrap(), ("/d".into(), false));
}

#[tokio::test]
async fn h2_is_not_offered_where_go_is_told_not_to_speak_it() {
    let authority = Authority::new(&["127.0.0.1"], &["h2", "http/1.1"]);
    let config = Arc::clone(&authority.server);
    let peer = Peer::new(move |_, line| line.secure(&config).echo());
    for (debug, spoken) in [
        ("http2client=0", "HTTP/1.1"),
        ("http2client=1,netdns=go,http2client=0", "HTTP/1.1"),
        ("http2client=0,http2client=1", "HTTP/2"),
        ("http2server=0", "HTTP/2"),
    ] {
        let asker = Asker::new(&[("SSL_CERT_FILE", authority.file()), ("GODEBUG", debug)]);
        let url = format!("https://{}/x", peer.address);
        let way = match asker.get(&url).await {
            Ok(answer) => answer.way,
            // The peer cannot speak what it chose.
            Err(failure) => failure.way,
        };
        assert_eq!(way.protocol, spoken, "{debug}");
    }
}

#[tokio::test]
async fn http1_is_spoken_where_the_peer_chooses_nothing() {
    let authority = Authority::new(&["127.0.0.1"], &[]);
    let server = authority.server.clone();
    let peer = Peer::new(move |_, line| {
        let mut line = line.secure(&server);
        while line.head().is_some() {
            line.say(ok("plain"));
        }
    });
    let asker = trusting(&authority);
    let url = format!("https://{}/", peer.address);
    let (one, two) = tokio::join!(asker.text(&url), asker.text(&url));
    assert_eq!(
        (one.unwrap().0.as_str(), two.unwrap().0.as_str()),
        ("plain", "plain")
    );
}
