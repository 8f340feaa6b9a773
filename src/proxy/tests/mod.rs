//! The whole proxy against upstreams on loopback. Bounds are short; no test asserts how long anything took.

mod ahead;
mod checksums;
mod races;
mod resume;
mod stand_in;
mod strangers;
mod upstream;
mod verify;

use super::*;
use crate::config::settings::Failover;
use crate::trace::event::Event;
use std::time::Duration;
use upstream::{Act, Seen, Upstream, get, header};

const INFO: &str = "m.io/a/@v/v1.0.0.info";
const ZIP: &str = "m.io/a/@v/v1.0.0.zip";
const JSON: &str = "{\"Version\":\"v1.0.0\"}";

struct Proxy {
    running: Option<Running>,
    bases: Vec<String>,
    recorder: Recorder,
    _dir: tempfile::TempDir,
}

impl Proxy {
    fn get(&self, prefix: usize, path: &str) -> Seen {
        get(&self.bases[prefix], path)
    }

    fn stop(mut self) -> Summary {
        self.running.take().unwrap().stop()
    }
}

struct Rules {
    failover: Failover,
    public: Vec<String>,
    gosumdb: &'static str,
    hedge_after: Duration,
    retry_for: Duration,
    sums: Vec<PathBuf>,
    prefetch: Option<Sources>,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            failover: Failover::Safe,
            public: Vec::new(),
            gosumdb: "sum.example",
            // Off, unless a test is about it.
            hedge_after: Duration::from_secs(300),
            retry_for: Duration::from_millis(400),
            sums: Vec::new(),
            prefetch: None,
        }
    }
}

fn start_with(goproxy: &str, rules: Rules) -> Proxy {
    let dir = tempfile::tempdir().unwrap();
    let setup = Setup {
        goproxy: goproxy.into(),
        gonoproxy: String::new(),
        gosumdb: rules.gosumdb.into(),
        goauth: "off".into(),
        world: Arc::default(),
        spool: dir.path().join("cache/download"),
        sums: rules.sums,
        prefetch: rules.prefetch,
        rules: settings::Proxy {
            failover: rules.failover,
            public: rules.public,
            first_answer: Duration::from_millis(300),
            hedge_after: rules.hedge_after,
            stall_timeout: Duration::from_millis(600),
            stall_timeout_large: Duration::from_millis(600),
            attempts: 2,
            retry_for: rules.retry_for,
            ..settings::Proxy::default()
        },
    };
    let recorder = Recorder::memory();
    let running = start(setup, recorder.clone(), Arc::default()).unwrap().unwrap();
    let bases = running
        .rewrites()
        .iter()
        .map(|r| String::from_utf8(r.from.clone()).unwrap());
    Proxy {
        bases: bases.collect(),
        running: Some(running),
        recorder,
        _dir: dir,
    }
}

/// A zip of a module with one large file.
fn zip() -> Vec<u8> {
    zip_of("big.txt", &vec![b'z'; 600_000])
}

fn zip_of(file: &str, content: &[u8]) -> Vec<u8> {
    use ::zip::write::{SimpleFileOptions, ZipWriter};
    let stored = SimpleFileOptions::default().compression_method(::zip::CompressionMethod::Stored);
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(format!("m.io/a@v1.0.0/{file}"), stored).unwrap();
    std::io::Write::write_all(&mut zip, content).unwrap();
    zip.finish().unwrap().into_inner()
}

fn good() -> Upstream {
    Upstream::start(|path, _| match path {
        p if p.ends_with(".zip") => Act::Answer(200, "Content-Type: application/zip\r\n", zip()),
        p if p.ends_with(".info") => Act::Answer(200, "Content-Type: application/json\r\n", JSON.into()),
        _ => Act::Answer(200, "", b"ok".to_vec()),
    })
}

#[test]
fn bodies_pass_whole_and_the_child_sees_a_living_loopback() {
    let a = good();
    let proxy = start_with(&format!("{}/base/,direct", a.url()), Rules::default());
    let goproxy = proxy.running.as_ref().unwrap().goproxy().to_owned();
    assert!(goproxy.ends_with("/0/,direct") && is_loopback_base(&goproxy) && ping(&goproxy));
    let got = proxy.get(0, ZIP);
    assert_eq!((got.status, got.body == zip()), (200, true));
    assert!(
        got.head
            .to_ascii_lowercase()
            .contains(&format!("content-length: {}", zip().len()))
    );
    assert_eq!(proxy.get(0, "m.io/%21a/@v/v1.0.0.info").text(), JSON);
    assert_eq!(
        a.asked(),
        [format!("/base/{ZIP}"), "/base/m.io/%21a/@v/v1.0.0.info".into()]
    );
    let summary = proxy.stop();
    assert_eq!(
        (summary.requests, summary.unavailable, summary.notes),
        (2, 0, vec![])
    );
    assert!(!ping(&goproxy));
}

#[test]
fn nobody_gets_in_without_the_token() {
    let a = good();
    let proxy = start_with(&a.url(), Rules::default());
    let root = proxy.bases[0].rsplit('/').nth(1).unwrap().to_owned();
    for wrong in ["0".repeat(32), String::new(), root[1..].to_owned()] {
        let base = proxy.bases[0].replace(&root, &wrong);
        let got = get(&base, INFO);
        assert_eq!((got.status, got.body.len()), (404, 0), "{wrong}");
    }
    assert_eq!(get(&proxy.bases[0].replace("/0", "/9"), INFO).status, 404);
    assert_eq!(proxy.get(0, "a/../b").status, 400);
    assert!(a.asked().is_empty());
}

#[test]
fn a_silent_public_mirror_is_passed_over_and_not_waited_for_again() {
    let (a, b) = (Upstream::start(|_, _| Act::Silence), good());
    let rules = Rules {
        public: vec![a.host()],
        ..Rules::default()
    };
    let proxy = start_with(&format!("{},{}", a.url(), b.url()), rules);
    assert_eq!(proxy.get(0, INFO).text(), JSON);
    assert_eq!(proxy.get(0, ZIP).status, 200);
    assert_eq!(proxy.get(0, "m.io/a/@v/v1.0.0.mod").status, 200);
    assert_eq!((a.asked().len(), b.asked().len()), (1, 3));
    let failover = |r: &crate::trace::event::Record| matches!(&r.event, Event::Retry { action, .. } if action == "failover");
    assert!(proxy.recorder.records().iter().any(failover));
    let notes = proxy.stop().notes;
    assert_eq!(
        notes,
        [format!(
            "{} did not answer in 300ms; {} answered instead",
            a.url(),
            b.url()
        )]
    );
}

#[test]
fn a_gatekeeper_before_a_comma_is_retried_and_then_the_end() {
    let (a, b) = (Upstream::always(503, "down for maintenance"), good());
    let proxy = start_with(&format!("{},{}", a.url(), b.url()), Rules::default());
    let got = proxy.get(0, INFO);
    assert_eq!(got.status, 503);
    let text = got.text();
    assert!(text.starts_with("down for maintenance\n"), "{text}");
    assert!(
        text.contains("GOSTEADY_FAILOVER=always") && text.ends_with("[gatekeeper]"),
        "{text}"
    );
    assert!(a.asked().len() > 1 && b.asked().is_empty());
    assert_eq!(proxy.stop().unavailable, 1);
}

#[test]
fn before_a_bar_the_error_goes_back_to_go() {
    let (a, b) = (Upstream::start(|_, _| Act::Close), good());
    let proxy = start_with(&format!("{}|{}", a.url(), b.url()), Rules::default());
    let got = proxy.get(0, INFO);
    assert_eq!((got.status, b.asked().len()), (502, 0));
    assert!(!got.text().contains("GOSTEADY_FAILOVER"), "{}", got.text());
    assert_eq!(proxy.get(1, INFO).status, 200);
}

#[test]
fn modes_decide_who_may_be_passed_over() {
    for (failover, public, status) in [
        (Failover::Always, false, 200),
        (Failover::Safe, true, 200),
        (Failover::Go, true, 503),
        (Failover::Go, false, 503),
    ] {
        let (a, b) = (Upstream::always(503, ""), good());
        let public = if public { vec![a.host()] } else { Vec::new() };
        let rules = Rules {
            failover,
            public,
            ..Rules::default()
        };
        let proxy = start_with(&format!("{},{}", a.url(), b.url()), rules);
        assert_eq!(proxy.get(0, INFO).status, status, "{failover:?}");
    }
}

#[test]
fn definite_answers_are_handed_back_as_they_are() {
    for status in [401, 403, 404, 410, 400, 451] {
        let (a, b) = (Upstream::always(status, "own\nwords\n"), good());
        let rules = Rules {
            failover: Failover::Always,
            public: vec![a.host()],
            ..Rules::default()
        };
        let proxy = start_with(&format!("{},{}", a.url(), b.url()), rules);
        let got = proxy.get(0, INFO);
        assert_eq!((got.status, got.text().as_str()), (status, "own\nwords\n"));
        assert!(got.head.contains("content-type: text/plain"), "{}", got.head);
        assert_eq!((a.asked().len(), b.asked().len()), (1, 0));
    }
}

#[test]
fn a_hedge_that_failed_or_fell_silent_is_followed_by_another() {
    for second in [Act::Answer(429, "", Vec::new()), Act::Close, Act::Silence] {
        let second = std::sync::Mutex::new(Some(second));
        let a = Upstream::start(move |_, before| match before {
            0 => Act::Silence,
            1 => second.lock().unwrap().take().unwrap_or(Act::Close),
            _ => Act::Answer(200, "", JSON.into()),
        });
        let rules = Rules {
            hedge_after: Duration::from_millis(50),
            ..Rules::default()
        };
        let proxy = start_with(&a.url(), rules);
        assert_eq!(proxy.get(0, INFO).text(), JSON);
        assert_eq!(a.asked().len(), 3);
    }
}

#[test]
fn a_silent_attempt_is_raced_by_a_fresh_one() {
    let hedge_after = Duration::from_millis(50);
    let a = Upstream::start(|_, before| match before {
        0 => Act::Silence,
        _ => Act::Answer(200, "", JSON.into()),
    });
    let rules = Rules {
        hedge_after,
        ..Rules::default()
    };
    let proxy = start_with(&a.url(), rules);
    assert_eq!(proxy.get(0, INFO).text(), JSON);
    assert_eq!(a.asked().len(), 2);
    let notes = proxy.stop().notes;
    assert_eq!(
        notes,
        [format!(
            "{} was silent; a second connection to it answered first",
            a.url()
        )]
    );

    // Across upstreams for what can't change, past a public mirror only.
    for (public, path, other) in [(true, INFO, 1), (true, "m.io/a/@v/list", 0), (false, INFO, 0)] {
        let a = Upstream::start(|_, before| match before {
            0 => Act::Silence,
            _ => Act::Answer(200, "", JSON.into()),
        });
        let b = good();
        let public = if public { vec![a.host()] } else { Vec::new() };
        let rules = Rules {
            hedge_after,
            public,
            ..Rules::default()
        };
        let proxy = start_with(&format!("{},{}", a.url(), b.url()), rules);
        assert_eq!(proxy.get(0, path).status, 200);
        assert_eq!(b.asked().len(), other, "{path}");
        // Who lost a race before it ever answered is not waited for again.
        assert_eq!(proxy.get(0, "m.io/a/@v/v1.0.0.mod").status, 200);
        assert_eq!(b.asked().len(), other * 2, "{path}");
    }
}

#[test]
fn broken_bodies_never_reach_go_as_success() {
    let page = || {
        Upstream::start(|_, _| {
            Act::Answer(
                200,
                "Content-Type: text/html\r\n",
                b"<html>Log in</html>".to_vec(),
            )
        })
    };
    let cut = || Upstream::start(|_, _| Act::Cut(b"PK\x03\x04".to_vec()));
    let short = || Upstream::start(|_, _| Act::Answer(200, "", b"PK\x03\x04 no end".to_vec()));
    for (a, why) in [
        (page(), "web page"),
        (cut(), "too early"),
        (short(), "broken body"),
    ] {
        let alone = start_with(&a.url(), Rules::default());
        let got = alone.get(0, ZIP);
        assert!(got.status == 502 && got.text().contains(why), "{got:?}");
        let b = good();
        let rules = Rules {
            public: vec![a.host()],
            ..Rules::default()
        };
        let proxy = start_with(&format!("{},{}", a.url(), b.url()), rules);
        assert!(proxy.get(0, ZIP).body == zip(), "{why}");
    }
}

#[test]
fn metadata_that_a_lone_upstream_garbles_is_for_go_to_judge() {
    let a = Upstream::always(200, "invalid");
    let proxy = start_with(&a.url(), Rules::default());
    assert_eq!(
        (proxy.get(0, INFO).text().as_str(), a.asked().len()),
        ("invalid", 2)
    );
}

#[test]
fn an_endless_redirect_ends_in_gos_own_words() {
    let a = Upstream::start(|_, _| Act::Answer(302, "Location: /again\r\n", Vec::new()));
    let proxy = start_with(&a.url(), Rules::default());
    let got = proxy.get(0, INFO);
    assert_eq!(got.status, 502);
    assert!(
        got.text().contains("stopped after 10 redirects"),
        "{}",
        got.text()
    );
}

#[test]
fn a_client_that_goes_away_takes_its_upstream_request_with_it() {
    let a = Upstream::start(|_, _| Act::Silence);
    let proxy = start_with(&a.url(), Rules::default());
    let address = proxy.bases[0]
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let mut client = std::net::TcpStream::connect(address.0).unwrap();
    let request = format!("GET /{}/{INFO} HTTP/1.1\r\nHost: x\r\n\r\n", address.1);
    std::io::Write::write_all(&mut client, request.as_bytes()).unwrap();
    let until = |done: &dyn Fn() -> bool| {
        let end = std::time::Instant::now() + Duration::from_secs(20);
        while !done() && std::time::Instant::now() < end {
            std::thread::yield_now();
        }
        assert!(done());
    };
    until(&|| !a.asked().is_empty());
    drop(client);
    until(&|| a.gone() == 1);
}

#[test]
fn lists_without_an_upstream_and_what_go_refuses_get_no_proxy() {
    let refused = [
        ("https://a.example", "off;netrc"),
        ("https://a.example", "git /nowhere"),
    ];
    let lists = ["off", "direct", "file:///x", "word,https://a.example"].map(|list| (list, ""));
    for (goproxy, goauth) in lists.into_iter().chain(refused) {
        let setup = Setup {
            goproxy: goproxy.into(),
            gonoproxy: String::new(),
            gosumdb: String::new(),
            goauth: goauth.into(),
            world: Arc::default(),
            spool: "/nowhere".into(),
            sums: Vec::new(),
            prefetch: None,
            rules: settings::Proxy::default(),
        };
        assert!(
            start(setup, Recorder::off(), Arc::default()).unwrap().is_none(),
            "{goproxy} {goauth}"
        );
    }
}
