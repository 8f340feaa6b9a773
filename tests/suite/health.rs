//! What one run learns of its mirrors, the next one knows; and whatever becomes of the file, go runs.

use crate::support::{Sandbox, full, real_go};
use gosteady::drill::{Fault, Server, Store};
use std::collections::BTreeSet;
use std::path::PathBuf;

const MODULES: usize = 12;

struct Pair {
    first: Server,
    second: Server,
    sandbox: Sandbox,
}

fn pair(test: &str, fault: Fault) -> Option<Pair> {
    let real = real_go(test)?;
    let store = Store::synthetic(31, MODULES);
    let mut sandbox = Sandbox::with(&real, &store);
    let first = Server::start(store.clone(), fault).expect("a server");
    let second = Server::start(store, Fault::Good).expect("a server");
    sandbox
        .set("GOPROXY", format!("{},{}", first.url(), second.url()))
        .set("GOSTEADY_PROXY_PUBLIC", "127.0.0.1")
        .hurry()
        .patient();
    Some(Pair {
        first,
        second,
        sandbox,
    })
}

fn file(sandbox: &Sandbox) -> PathBuf {
    sandbox.path("state/gosteady/health.json")
}

/// Downloads everything into a new module cache.
#[track_caller]
fn download(sandbox: &Sandbox) -> String {
    std::fs::remove_dir_all(sandbox.modcache()).expect("removing the module cache");
    let begun = std::time::Instant::now();
    let ended = sandbox.go(&["mod", "download"]);
    eprintln!("{MODULES} modules in {:?}", begun.elapsed());
    ended.expect(0);
    assert_eq!(sandbox.zips(), MODULES);
    ended.err()
}

#[test]
fn a_mirror_that_stalls_costs_the_next_run_nothing() {
    for fault in [
        Fault::AcceptSilent,
        Fault::StallMidBody,
        Fault::ConnectBlackhole,
        Fault::status(503),
    ] {
        let Some(mut pair) = pair("a_mirror_that_stalls_costs_the_next_run_nothing", fault.clone()) else {
            return;
        };
        // The first is to be given up soon; the second one is nobody's rival.
        pair.sandbox
            .hurry()
            .set("GOSTEADY_PROXY_HEDGE_AFTER", "2m")
            .set("GOSTEADY_PATIENCE", "2m");
        download(&pair.sandbox);
        pair.sandbox.patient();
        let text = std::fs::read_to_string(file(&pair.sandbox)).expect("the health of mirrors");
        assert!(
            text.contains(&pair.first.url()) && !text.contains(&pair.second.url()),
            "{text}"
        );
        let before = pair.first.requests().len();
        let stderr = download(&pair.sandbox);
        assert_eq!(
            pair.first.requests().len(),
            before,
            "{fault:?}: it was asked again"
        );
        assert_eq!(stderr, "", "{fault:?}: nothing had to be done");
    }
}

/// Others are preferred until it has proved to be well; that costs nobody anything.
#[test]
fn a_mirror_that_is_well_again_is_found_out() {
    let Some(pair) = pair("a_mirror_that_is_well_again_is_found_out", Fault::status(503)) else {
        return;
    };
    download(&pair.sandbox);
    // Nobody waits for a probe: a run may be over before it has come to anything. Then the next one makes it.
    let probed = |done: &dyn Fn() -> bool| {
        (0..10).any(|_| {
            let text = std::fs::read_to_string(file(&pair.sandbox)).expect("the health of mirrors");
            // As if the rest were over.
            let mut content: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            content["upstreams"][pair.first.url()]["probe"] = 1.into();
            std::fs::write(file(&pair.sandbox), content.to_string()).expect("writing");
            download(&pair.sandbox);
            done()
        })
    };
    let before = pair.first.requests().len();
    assert!(probed(&|| pair.first.requests().len() > before));
    assert_eq!(pair.first.requests().len(), before + 1, "one probe, beside");
    let trace = pair.sandbox.gosteady(&["trace", "show"]).out();
    assert!(trace.contains("probe"), "{trace}");
    pair.first.set_fault(Fault::Good);
    let known = || std::fs::read_to_string(file(&pair.sandbox)).expect("the health of mirrors");
    assert!(probed(&|| !known().contains(&pair.first.url())), "{}", known());
    let asked = pair.second.requests().len();
    download(&pair.sandbox);
    assert_eq!(
        pair.second.requests().len(),
        asked,
        "the first one is asked first again"
    );
}

/// The one that was good is gone, the one that was bad is well: the order is only a preference.
#[test]
fn upstreams_that_die_between_runs() {
    let Some(pair) = pair("upstreams_that_die_between_runs", Fault::status(503)) else {
        return;
    };
    download(&pair.sandbox);
    let Pair {
        first,
        second,
        sandbox,
    } = pair;
    first.set_fault(Fault::Good);
    drop(second);
    let before = first.requests().len();
    download(&sandbox);
    let asked = first.requests().split_off(before);
    let zips: BTreeSet<_> = asked
        .iter()
        .filter(|r| r.path.ends_with(".zip"))
        .map(|r| &r.path)
        .collect();
    assert_eq!(zips.len(), MODULES, "{asked:?}");
}

/// A 404 of the one that is preferred is not the last word while the other one may have it.
#[test]
fn a_404_counts_once_all_have_answered() {
    let Some(real) = real_go("a_404_counts_once_all_have_answered") else {
        return;
    };
    let store = Store::synthetic(31, MODULES);
    let first = Server::start(store.clone(), Fault::status(503)).expect("a server");
    let second = Server::start(Store::default(), Fault::Good).expect("a server");
    let mut sandbox = Sandbox::with(&real, &store);
    sandbox
        .set("GOPROXY", format!("{},{},off", first.url(), second.url()))
        .set("GOSTEADY_PROXY_PUBLIC", "127.0.0.1")
        .hurry()
        .patient();
    sandbox.go(&["mod", "download"]).expect(1);
    assert!(std::fs::read_to_string(file(&sandbox)).is_ok_and(|t| t.contains(&first.url())));
    first.set_fault(Fault::Good);
    download(&sandbox);
}

#[test]
fn a_file_that_is_no_use_does_no_harm() {
    let Some(mut pair) = pair("a_file_that_is_no_use_does_no_harm", Fault::status(503)) else {
        return;
    };
    let path = file(&pair.sandbox);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    for content in ["", "{", "[1,2]", "{\"schema\":1,\"upstreams\":7}", "\0\0\0"] {
        std::fs::write(&path, content).expect("writing");
        download(&pair.sandbox);
        let text = std::fs::read_to_string(&path).expect("the file");
        assert!(
            text.contains(&pair.first.url()),
            "{content:?} is replaced: {text}"
        );
    }
    std::fs::remove_file(&path).expect("removing");
    std::fs::create_dir(&path).expect("a directory in its place");
    download(&pair.sandbox);
    // No credentials in it, whatever the list says.
    std::fs::remove_dir(&path).expect("removing");
    let tls = pair.first.url().replace("http://", "https://");
    let with = tls.replace("://", "://user:hunter2@");
    pair.sandbox
        .set("GOPROXY", format!("{with},{}", pair.second.url()))
        .set("GOSTEADY_FAILOVER", "always")
        // No TLS is spoken there.
        .set("GOSTEADY_PROXY_CONNECT_TIMEOUT", "1s");
    download(&pair.sandbox);
    let text = std::fs::read_to_string(&path).expect("the file");
    assert!(text.contains(&tls) && !text.contains("hunter2"), "{text}");
}

/// Sixteen runs on one module cache and one state directory, the first mirror failing one request in four.
#[test]
fn many_runs_at_once() {
    let fault = Fault::OneIn {
        of: 4,
        seed: 16,
        fault: Box::new(Fault::status(502)),
    };
    let Some(pair) = pair("many_runs_at_once", fault) else {
        return;
    };
    let runs = if full() { 64 } else { 16 };
    std::thread::scope(|scope| {
        for _ in 0..runs {
            scope.spawn(|| pair.sandbox.go(&["mod", "download"]).expect(0).out());
        }
    });
    assert_eq!(pair.sandbox.zips(), MODULES);
    pair.sandbox.plain(&["mod", "verify"]).expect(0);
    let state = pair.sandbox.path("state/gosteady");
    let names = state.read_dir().expect("the state directory").flatten();
    let left: Vec<_> = names
        .map(|e| e.file_name())
        .filter(|n| n.to_string_lossy().starts_with(".health"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// As go does not: what is learnt about mirrors is kept nowhere then.
#[test]
fn a_home_that_is_not_there_is_not_made() {
    let Some(mut pair) = pair("a_home_that_is_not_there_is_not_made", Fault::status(503)) else {
        return;
    };
    let home = pair.sandbox.path("no-home");
    pair.sandbox.set("HOME", &home).unset("XDG_STATE_HOME");
    pair.sandbox.set("GOSTEADY_TRACE", "off");
    download(&pair.sandbox);
    // go makes it for what it keeps of itself, and then it is there.
    let ours = home.join(".local/state/gosteady/health.json");
    assert!(!ours.exists(), "{ours:?} was made");
}
