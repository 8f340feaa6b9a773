//! Asking ahead of go changes when upstreams are asked, not what is asked, and nothing that go sees.

use crate::support::{Sandbox, real_go, tree};
use gosteady::drill::{Fault, Server, Store};
use std::time::Duration;

const MODULES: usize = 20;

/// More connections at once than go itself would have: its own limit is GOMAXPROCS, set to 2 below.
const WIDE: u64 = 6;

fn place(test: &str, fault: Fault) -> Option<(Sandbox, Server)> {
    let real = real_go(test)?;
    let store = Store::synthetic(20, MODULES);
    let mut sandbox = Sandbox::with(&real, &store);
    let server = Server::start(store, fault).expect("a server");
    sandbox.set("GOPROXY", server.url()).set("GOMAXPROCS", "2");
    Some((sandbox, server))
}

fn slow() -> Fault {
    Fault::slow(Duration::from_millis(50), 0)
}

fn asked(server: &Server) -> Vec<String> {
    let mut paths: Vec<String> = server.requests().into_iter().map(|r| r.path).collect();
    paths.sort();
    paths
}

/// Runs a command in a cold cache with and without us: the same requests, each once, and the same module cache.
#[track_caller]
fn same(test: &str, args: &[&str]) {
    let Some((sandbox, server)) = place(test, Fault::Good) else {
        return;
    };
    sandbox.plain(args).expect(0);
    let (plain, cache) = (asked(&server), tree::module_cache(&sandbox.modcache()));
    drop(server);
    let (sandbox, server) = place(test, slow()).expect("as before");
    let ended = sandbox.go(args);
    ended.expect(0);
    assert!(!ended.err().contains("gosteady"), "{}", ended.err());
    assert_eq!(asked(&server), plain);
    assert!(
        server.connections() >= WIDE,
        "{} connections",
        server.connections()
    );
    tree::assert_same("module cache", &tree::module_cache(&sandbox.modcache()), &cache);
}

#[test]
fn mod_download_asks_for_the_same() {
    same("mod_download_asks_for_the_same", &["mod", "download"]);
}

#[test]
fn a_cold_build_asks_for_the_same() {
    same("a_cold_build_asks_for_the_same", &["build", "-o", "out", "."]);
}

#[test]
fn a_small_build_does_not_fetch_the_world() {
    let Some((sandbox, server)) = place("a_small_build_does_not_fetch_the_world", slow()) else {
        return;
    };
    let small = sandbox.project().join("small");
    std::fs::create_dir(&small).unwrap();
    std::fs::write(
        small.join("main.go"),
        "package main\n\nimport _ \"example.com/m06\"\n\nfunc main() {}\n",
    )
    .unwrap();
    sandbox.go(&["build", "-o", "out", "./small"]).expect(0);
    let zips = asked(&server).into_iter().filter(|p| p.ends_with(".zip"));
    // Its own and the first guesses; none of them was confirmed.
    assert!(zips.count() <= 5, "{:#?}", asked(&server));
}

#[test]
fn what_is_private_or_switched_off_is_not_asked_for() {
    let Some((mut sandbox, server)) = place("what_is_private_or_switched_off_is_not_asked_for", slow())
    else {
        return;
    };
    // go itself finds nobody there to ask.
    sandbox
        .set("GONOPROXY", "example.com/m0[0-4]")
        .set("HTTPS_PROXY", "http://127.0.0.1:9")
        .set("GOVCS", "*:off");
    sandbox.go(&["mod", "download"]).expect(1);
    let private = |path: &String| (0..5).any(|n| path.contains(&format!("/m0{n}/")));
    let paths = asked(&server);
    assert!(!paths.is_empty() && !paths.iter().any(private), "{paths:#?}");

    let (mut sandbox, server) = place("", slow()).expect("as before");
    sandbox.set("GOSTEADY_PROXY_PREFETCH", "false");
    sandbox.go(&["mod", "download"]).expect(0);
    assert_eq!(sandbox.zips(), MODULES);
    assert!(
        server.connections() < WIDE,
        "{} connections",
        server.connections()
    );
}

#[test]
fn refusals_end_it_and_nothing_is_lost() {
    // No more than the retry budget bears.
    let refusing = || Fault::OneIn {
        of: 8,
        seed: 8,
        fault: Box::new(Fault::status(503)),
    };
    let Some((mut sandbox, server)) = place("refusals_end_it_and_nothing_is_lost", refusing()) else {
        return;
    };
    sandbox.hurry();
    sandbox.go(&["mod", "download"]).expect(0);
    assert_eq!(sandbox.zips(), MODULES);
    drop(server);

    // What only go's own patience can get is left to go.
    let (mut sandbox, _server) = place("", Fault::status(503).first(12)).expect("as before");
    sandbox.hurry();
    sandbox.set("GOSTEADY_PROXY_RETRY_FOR", "60s");
    sandbox.go(&["mod", "download"]).expect(0);
    assert_eq!(sandbox.zips(), MODULES);
}
