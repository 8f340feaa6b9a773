//! What a user reads when a download fails: go's own error, in it who failed and how, below it the cause and the next
//! step; and the same cause in the trace. For each cause that the fetch engine can find, provoked in front of real go.

use crate::support::{Ended, Sandbox, real_go};
use gosteady::drill::{Fault, Kind, Server, Store};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

/// The longest line that anybody should have to read, without the path at its end.
const LONGEST: usize = 260;

/// A project of two modules.
fn sandbox(test: &str) -> Option<(Store, Sandbox)> {
    let real = real_go(test)?;
    let store = Store::synthetic(3, 2);
    let mut sandbox = Sandbox::with(&real, &store);
    sandbox.hurry();
    Some((store, sandbox))
}

fn server(store: &Store, fault: Fault) -> Server {
    Server::start(store.clone(), fault).expect("a server")
}

/// Where go's own line tells the cause.
#[derive(Clone, Copy, PartialEq)]
enum Told {
    /// In the body of our answer.
    InGosLine,
    /// go's line is made of an answer that was passed on as it came.
    BelowIt,
}

/// Runs `go mod download`, which fails, and holds what is read against what should be.
#[track_caller]
fn fails(sandbox: &Sandbox, cause: &str, told: Told, known: &[String]) -> Ended {
    let ended = sandbox.go(&["mod", "download"]);
    ended.expect(1);
    let err = ended.err();
    let (ours, gos): (Vec<&str>, Vec<&str>) = err.lines().partition(|l| l.starts_with("gosteady: "));
    let tag = format!("[{cause}]");
    let in_gos_line = gos.iter().any(|l| l.ends_with(&tag));
    assert_eq!(in_gos_line, told == Told::InGosLine, "{tag} in go's line\n{err}");
    assert!(gos.first().is_some_and(|l| l.starts_with("go: ")), "{err}");
    let note = format!("gosteady: {tag} ");
    assert_eq!(ours.iter().filter(|l| l.starts_with(&note)).count(), 1, "{err}");
    let more = format!("gosteady: more: gosteady explain {cause}; gosteady trace show (/");
    assert!(ours.last().is_some_and(|l| l.starts_with(&more)), "{err}");
    // git's status is go's own to tell.
    let puzzle = told == Told::InGosLine && err.contains("exit status");
    assert!(err.lines().count() <= 9 && !puzzle, "{err}");
    for line in err
        .lines()
        .filter(|l| l.contains("gosteady: ") && !l.starts_with(&more))
    {
        assert!(line.chars().count() <= LONGEST, "{line}");
    }
    let mut left = err.clone();
    known.iter().for_each(|url| left = left.replace(url, ""));
    assert!(
        !left.contains("http://127.0.0.1:") && !left.contains('\u{1b}'),
        "{err}"
    );
    recorded(sandbox, cause);
    ended
}

/// The trace says the same, and says it first.
#[track_caller]
fn recorded(sandbox: &Sandbox, cause: &str) {
    let json = sandbox.gosteady(&["trace", "show", "--json"]);
    let verdict = format!(r#""kind":"cause","cause":"{cause}""#);
    assert!(json.expect(0).out().contains(&verdict), "{}", json.out());
    let shown = sandbox.gosteady(&["trace", "show"]).expect(0).out();
    let first = shown.find(&format!("  cause     [{cause}] "));
    let next = shown.find("  next      ");
    assert!(
        first.is_some() && first < next && next < shown.find("decided"),
        "{shown}"
    );
    let explained = sandbox.gosteady(&["explain", cause]).expect(0).out();
    assert!(explained.contains("What to do."), "{explained}");
}

/// A lone upstream that fails in one way.
#[track_caller]
fn alone(test: &str, fault: Fault, cause: &str, told: Told) {
    let Some((store, mut sandbox)) = sandbox(test) else {
        return;
    };
    let server = server(&store, fault);
    sandbox.set("GOPROXY", server.url());
    let ended = fails(&sandbox, cause, told, &[server.url()]);
    if told == Told::InGosLine {
        let named = format!("gosteady: {} ", server.url());
        assert!(ended.err().contains(&named), "{}", ended.err());
    }
}

macro_rules! lone {
    ($($name:ident: $fault:expr, $cause:literal, $told:ident;)*) => {
        mod lone {
            use super::*;
            $(#[test] fn $name() { alone(stringify!($name), $fault, $cause, Told::$told); })*
        }
    };
}

lone! {
    connecting_without_an_answer: Fault::ConnectBlackhole, "connect-no-answer", InGosLine;
    a_refused_connection: Fault::Refused, "connect-refused", InGosLine;
    silence: Fault::AcceptSilent, "proxy-stalled", InGosLine;
    silence_in_mid_answer: Fault::StallMidBody, "proxy-stalled", InGosLine;
    a_reset: Fault::Reset { after: 0 }, "connection-reset", InGosLine;
    a_cut_body: Fault::Truncate, "truncated-body", InGosLine;
    a_circle_of_redirects: Fault::RedirectLoop, "bad-redirect", InGosLine;
    a_captive_portal: Fault::CaptivePortal, "captive-portal", InGosLine;
    a_server_error: Fault::status(503), "server-error", InGosLine;
    too_many_requests: Fault::status(429), "rate-limited", InGosLine;
    no_credentials: Fault::status(401), "auth-required", BelowIt;
    no_access: Fault::status(403), "access-denied", BelowIt;
    a_final_status: Fault::status(451), "unexpected-status", BelowIt;
    a_damaged_zip: Fault::Garble.only(Kind::Zip), "invalid-body", BelowIt;
}

/// Offline, getaddrinfo can't tell whether there is such a name.
#[test]
fn an_unknown_name() {
    let Some((store, mut sandbox)) = sandbox("an_unknown_name") else {
        return;
    };
    let server = server(&store, Fault::NoSuchHost);
    // How long the resolver takes to say no is the machine's affair.
    sandbox.set("GOPROXY", server.url()).patient();
    let offline = sandbox.go(&["mod", "download"]).err().contains("[dns-no-answer]");
    let cause = if offline {
        "dns-no-answer"
    } else {
        "dns-no-such-host"
    };
    fails(&sandbox, cause, Told::InGosLine, &[]);
}

#[test]
fn a_blocked_storage_host() {
    let Some((store, mut sandbox)) = sandbox("a_blocked_storage_host") else {
        return;
    };
    let blocked = server(&store, Fault::status(403));
    let mirror = server(&store, Fault::RedirectTo(blocked.url()));
    sandbox.set("GOPROXY", mirror.url());
    let known = [mirror.url(), blocked.url()];
    let ended = fails(&sandbox, "redirect-host-blocked", Told::InGosLine, &known);
    let host = blocked.url().replace("http://", "");
    assert!(ended.err().contains(&host), "{}", ended.err());
}

#[test]
fn a_proxy_of_the_environment_that_is_down() {
    let Some((store, mut sandbox)) = sandbox("a_proxy_of_the_environment_that_is_down") else {
        return;
    };
    let down = server(&store, Fault::Refused);
    sandbox.set("GOPROXY", "http://mirror.invalid");
    sandbox.set(
        "HTTP_PROXY",
        down.url().replace("http://", "http://user:hunter2@"),
    );
    let ended = fails(&sandbox, "http-proxy-failed", Told::InGosLine, &[]);
    let proxy = down.url().replace("http://", "proxy ");
    assert!(ended.err().contains(&proxy), "{}", ended.err());
    assert!(!ended.err().contains("hunter2"), "{}", ended.err());
}

#[test]
fn another_zip_than_go_sum_knows() {
    let Some((_, mut sandbox)) = sandbox("another_zip_than_go_sum_knows") else {
        return;
    };
    let liar = server(&Store::synthetic(4, 2), Fault::Good);
    sandbox.set("GOPROXY", liar.url());
    let ended = sandbox.go(&["mod", "download"]);
    assert!(
        ended.expect(1).err().contains("SECURITY ERROR"),
        "{}",
        ended.err()
    );
    assert!(
        ended.err().contains("gosteady: [checksum-mismatch] "),
        "{}",
        ended.err()
    );
    recorded(&sandbox, "checksum-mismatch");
}

/// A comma keeps the next from being asked: the setting stands beside the reason.
#[test]
fn a_gatekeeper_that_is_down() {
    let Some((store, mut sandbox)) = sandbox("a_gatekeeper_that_is_down") else {
        return;
    };
    let (down, good) = (server(&store, Fault::status(502)), server(&store, Fault::Good));
    sandbox.set("GOPROXY", format!("{},{}", down.url(), good.url()));
    let known = [down.url(), good.url()];
    let ended = fails(&sandbox, "server-error", Told::InGosLine, &known);
    let way_on = format!(
        "gosteady: {} was not asked because of the comma; GOSTEADY_FAILOVER=always would ask it [gatekeeper]",
        good.url()
    );
    assert!(ended.err().contains(&way_on), "{}", ended.err());
    sandbox.set("GOSTEADY_FAILOVER", "always");
    sandbox.go(&["mod", "download"]).expect(0);
}

/// Of several that fail, the most telling reason comes first, and each is named.
#[test]
fn several_that_fail() {
    let Some((store, mut sandbox)) = sandbox("several_that_fail") else {
        return;
    };
    let silent = server(&store, Fault::AcceptSilent);
    let failing = server(&store, Fault::status(503));
    let portal = server(&store, Fault::CaptivePortal);
    let urls = [silent.url(), failing.url(), portal.url()];
    sandbox.set("GOPROXY", urls.join(","));
    sandbox.set("GOSTEADY_FAILOVER", "always");
    let ended = fails(&sandbox, "captive-portal", Told::InGosLine, &urls);
    let err = ended.err();
    let at = |url: &String| err.find(&format!("\tgosteady: {url} "));
    assert!(
        at(&urls[2]).is_some() && at(&urls[2]) < at(&urls[1]) && at(&urls[1]) < at(&urls[0]),
        "{err}"
    );
}

/// The modules come, the checksum database does not: neither through the mirror nor from its own host.
#[test]
fn no_checksum_database() {
    let Some((store, mut sandbox)) = sandbox("no_checksum_database") else {
        return;
    };
    let mirror = server(&store, Fault::status(500).only(Kind::Sumdb));
    std::fs::remove_file(sandbox.project().join("go.sum")).expect("a go.sum");
    sandbox.set("GOPROXY", mirror.url());
    // A name that does not exist, with a key that is good for it.
    let key = "sum.invalid+3a80ec2c+AQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkC";
    sandbox.set("GOSUMDB", key);
    fails(&sandbox, "sumdb-unreachable", Told::InGosLine, &[mirror.url()]);
}

/// A run that succeeds says nothing of causes, and what failed on the way has one all the same.
#[test]
fn success_after_a_failure() {
    let Some((store, mut sandbox)) = sandbox("success_after_a_failure") else {
        return;
    };
    let mirror = server(&store, Fault::status(502).first(2));
    sandbox.set("GOPROXY", mirror.url());
    let ended = sandbox.go(&["mod", "download"]);
    assert!(!ended.expect(0).err().contains("explain"), "{}", ended.err());
    let json = sandbox.gosteady(&["trace", "show", "--json"]).expect(0).out();
    assert!(
        json.contains(r#""cause":"server-error""#) && !json.contains(r#""kind":"cause""#),
        "{json}"
    );
}

/// An upstream that go itself passed by is not why a program does not compile.
#[test]
fn a_compile_error_after_a_failure() {
    let Some((store, mut sandbox)) = sandbox("a_compile_error_after_a_failure") else {
        return;
    };
    let (down, good) = (server(&store, Fault::status(502)), server(&store, Fault::Good));
    sandbox.set("GOPROXY", format!("{}|{}", down.url(), good.url()));
    std::fs::write(
        sandbox.project().join("more.go"),
        "package main\n\nvar x int = \"403 Forbidden\"\n",
    )
    .expect("a file");
    let err = sandbox.go(&["build", "."]).expect(1).err();
    assert!(
        err.contains("more.go:3:13: cannot use \"403 Forbidden\""),
        "{err}"
    );
    assert!(!err.contains("explain"), "{err}");
    let json = sandbox.gosteady(&["trace", "show", "--json"]).expect(0).out();
    assert!(
        json.contains(r#""cause":"server-error""#) && !json.contains(r#""kind":"cause""#),
        "{json}"
    );
}

/// In direct mode the words are git's.
#[test]
fn git_without_credentials() {
    use std::os::unix::fs::PermissionsExt;
    let Some((_, mut sandbox)) = sandbox("git_without_credentials") else {
        return;
    };
    if !std::path::Path::new("/usr/bin/git").exists() {
        skipped!("git_without_credentials: no /usr/bin/git");
        return;
    }
    // Before the real one on PATH; it reaches nobody. The first question is only whether https is spoken at all.
    let git = sandbox.path("shims/git");
    let script = r#"#!/bin/sh
case "$*" in *ls-remote*|*fetch*) ;; *) exec /usr/bin/git "$@" ;; esac
[ -e "$TMPDIR/asked" ] || { : > "$TMPDIR/asked"; exit 0; }
echo "fatal: could not read Username for 'https://example.com': terminal prompts disabled" >&2
exit 128
"#;
    std::fs::write(&git, script).expect("a script");
    std::fs::set_permissions(&git, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let go_mod = "module example.com/app\n\ngo 1.21\n\nrequire example.com/private.git v1.0.0\n";
    std::fs::write(sandbox.project().join("go.mod"), go_mod).expect("a go.mod");
    sandbox.set("GOPROXY", "direct");
    fails(&sandbox, "git-auth-failed", Told::BelowIt, &[]);
}

/// go's own client decides about certificates; its words stay, and ours name the cause.
#[track_caller]
fn over_tls(test: &str, params: impl Fn(&mut rcgen::CertificateParams), trusted: bool, cause: &str) {
    let Some((_, mut sandbox)) = sandbox(test) else {
        return;
    };
    let (address, root) = tls_server(params);
    let file = sandbox.path("root.pem");
    std::fs::write(&file, if trusted { root } else { String::new() }).expect("a file");
    sandbox.set("SSL_CERT_FILE", &file);
    sandbox.set("SSL_CERT_DIR", "/nonexistent");
    sandbox.set("GOPROXY", format!("https://{address}"));
    let ended = fails(&sandbox, cause, Told::BelowIt, &[]);
    assert!(ended.err().contains("x509: "), "{}", ended.err());
}

/// A server that gets as far as its certificate: its address, and the root to trust it by.
pub fn tls_server(params: impl Fn(&mut rcgen::CertificateParams)) -> (String, String) {
    tls_server_saying(params, String::new())
}

/// The same; to whoever accepts the certificate it says this. On threads that end with the process.
pub fn tls_server_saying(params: impl Fn(&mut rcgen::CertificateParams), answer: String) -> (String, String) {
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    let mut authority = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().expect("a key");
    let root = authority.self_signed(&key).expect("a root").pem();
    let issuer = rcgen::Issuer::new(authority, key);
    let mut own = rcgen::CertificateParams::new(vec!["127.0.0.1".into()]).expect("parameters");
    params(&mut own);
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = own.signed_by(&key, &issuer).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a configuration");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address").to_string();
    let config = Arc::new(config);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (config, answer) = (Arc::clone(&config), answer.clone());
            std::thread::spawn(move || {
                let mut tls = rustls::ServerConnection::new(config).expect("a connection");
                let mut stream = rustls::Stream::new(&mut tls, &mut stream);
                let _ = stream.read(&mut [0; 1024]);
                let _ = stream.write_all(answer.as_bytes());
                let _ = stream.flush();
            });
        }
    });
    (address, root)
}

#[test]
fn a_certificate_of_an_unknown_issuer() {
    over_tls(
        "a_certificate_of_an_unknown_issuer",
        |_| {},
        false,
        "tls-intercepted",
    );
}

#[test]
fn a_certificate_that_has_expired() {
    let old = |params: &mut rcgen::CertificateParams| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    };
    over_tls("a_certificate_that_has_expired", old, true, "tls-certificate");
}

#[test]
fn a_handshake_without_an_answer() {
    let Some((store, mut sandbox)) = sandbox("a_handshake_without_an_answer") else {
        return;
    };
    let silent = server(&store, Fault::AcceptSilent);
    sandbox.set("GOPROXY", silent.url().replace("http://", "https://"));
    fails(&sandbox, "tls-handshake", Told::InGosLine, &[]);
}

/// Here too go's client has the last word.
#[test]
fn a_server_that_does_not_speak_tls() {
    let Some((_, mut sandbox)) = sandbox("a_server_that_does_not_speak_tls") else {
        return;
    };
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        }
    });
    sandbox.set("GOPROXY", format!("https://{address}"));
    fails(&sandbox, "tls-handshake", Told::BelowIt, &[]);
}
