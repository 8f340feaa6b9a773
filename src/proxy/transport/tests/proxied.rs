//! Through the user's proxies.

use super::super::Class;
use super::Asker;
use super::peers::{Authority, Peer, ok};

#[tokio::test]
async fn https_goes_through_a_tunnel() {
    let authority = Authority::new(&["upstream.test"], &["http/1.1"]);
    let server = authority.server.clone();
    let proxy = Peer::new(move |_, mut line| {
        line.head();
        line.say("HTTP/1.1 200 Connection established\r\n\r\n");
        line.secure(&server).echo();
    });
    let url = format!("http://us%65r:p%40ss@{}", proxy.address);
    let asker = Asker::new(&[
        ("HTTPS_PROXY", &url),
        ("SSL_CERT_FILE", authority.file()),
        ("SSL_CERT_DIR", "/none"),
    ]);
    let mut answer = asker
        .ask("https://upstream.test/x", false, &[("Authorization", "mine")])
        .await
        .unwrap();
    assert_eq!(answer.body.read_all(10).await.unwrap(), "/x");
    assert_eq!(answer.way.peer, Some(proxy.address));
    let heads = proxy.heads();
    assert_eq!(
        heads[0],
        "CONNECT upstream.test:443 HTTP/1.1\r\nHost: upstream.test:443\r\nUser-Agent: Go-http-client/1.1\r\n\
         Proxy-Authorization: Basic dXNlcjpwQHNz\r\n\r\n"
    );
    assert!(heads[1].contains("Authorization: mine") && !heads[1].contains("Proxy-Authorization"));
    assert_eq!(
        asker.text("https://upstream.test/y").await.unwrap(),
        ("/y".into(), true)
    );
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn http_goes_with_absolute_targets() {
    let proxy = Peer::new(|_, mut line| line.echo());
    let url = format!("http://u:p@{}", proxy.address);
    let asker = Asker::new(&[("http_proxy", &url)]);
    let (body, _) = asker.text("http://upstream.test/x?y").await.unwrap();
    assert_eq!(body, "http://upstream.test/x?y");
    let head = &proxy.heads()[0];
    assert!(head.contains("Host: upstream.test\r\n") && head.contains("Proxy-Authorization: Basic dTpw\r\n"));
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_without_its_credentials() {
    let proxy = Peer::new(|number, mut line| {
        line.head();
        match number {
            0 => line.say("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
            1 => line.say("HTTP/1.1 502 Bad Gateway\r\n\r\n"),
            _ => {}
        }
    });
    let url = format!("http://u:secret@{}", proxy.address);
    let asker = Asker::new(&[("HTTPS_PROXY", &url)]);
    for (class, why) in [
        (
            Class::ProxyDenied,
            "it answered 407 Proxy Authentication Required",
        ),
        (Class::ProxyHop, "it answered 502 Bad Gateway"),
        (Class::ProxyHop, "connection closed"),
    ] {
        let failure = asker.get("https://upstream.test/").await.unwrap_err();
        assert_eq!(failure.class, class, "{failure:?}");
        assert_eq!(failure.reason, format!("proxy {}: {why}", proxy.address));
    }
}

#[tokio::test]
async fn socks5_resolves_names_at_the_proxy() {
    let proxy = Peer::new(|number, mut line| {
        assert_eq!(line.bytes(), Some([5, 2, 0, 2]));
        line.say([5, 2]);
        assert_eq!(line.bytes(), Some(*b"\x01\x01u\x01p"));
        if number == 1 {
            return line.say([1, 1]);
        }
        line.say([1, 0]);
        assert_eq!(line.bytes(), Some(*b"\x05\x01\x00\x03\x0dupstream.test\x00\x50"));
        if number == 2 {
            return line.say([5, 4, 0, 1, 0, 0, 0, 0, 0, 0]);
        }
        line.say([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        line.head();
        line.say(ok("through"));
    });
    let asker = Asker::new(&[("HTTP_PROXY", &format!("socks5h://u:p@{}", proxy.address))]);
    assert_eq!(asker.text("http://upstream.test/").await.unwrap().0, "through");
    for (class, why) in [
        (Class::ProxyDenied, "it rejected the user name and password"),
        (Class::ProxyHop, "host unreachable"),
    ] {
        let failure = asker.ask("http://upstream.test/", true, &[]).await.unwrap_err();
        assert_eq!(failure.class, class, "{failure:?}");
        assert!(failure.reason.ends_with(why), "{}", failure.reason);
    }
}
