//! Mirrors as they are in real life: some of all requests fail, some connections are bad, and for a while everything is.
//! All modules arrive at the first try, and what arrived is right.
//!
//! Seeds are fixed and printed; `GOSTEADY_TEST_FULL=1` makes over 5,000 pulls with the default bounds.

use crate::support::{Sandbox, full, real_go};
use gosteady::drill::{Fault, Server, Store};
use std::time::{Duration, Instant};

/// How many modules a run pulls.
const MODULES: usize = 50;

/// How often each thing is done: a little by default.
fn runs() -> u64 {
    if full() { 20 } else { 1 }
}

/// Everything that real mirrors do to one request, or to one connection, 2.7 % of them together.
fn weather(seed: u64, by_connection: bool) -> Fault {
    let stall = Fault::StallMidBody;
    let faults = [
        Fault::status(502),
        Fault::status(503),
        Fault::Status {
            code: 429,
            retry_after: Some(1),
            body: "slow down\n".into(),
        },
        Fault::Reset { after: 0 },
        Fault::Reset { after: 1000 },
        Fault::Truncate,
        Fault::AcceptSilent,
        stall,
    ];
    let of = 1000 * faults.len() as u64 / 27;
    let each = |(n, fault): (usize, Fault)| {
        let (seed, fault) = (seed ^ ((n as u64 + 1) << 32), Box::new(fault));
        match by_connection {
            true => Fault::OneConnectionIn { of, seed, fault },
            false => Fault::OneIn { of, seed, fault },
        }
    };
    Fault::Any(faults.into_iter().enumerate().map(each).collect())
}

/// Pulls everything into an empty cache, again and again; returns how many modules did not arrive.
fn pull(test: &str, sandbox: &Sandbox, runs: u64) -> usize {
    let mut missing = 0;
    for run in 0..runs {
        let _ = std::fs::remove_dir_all(sandbox.modcache());
        let begun = Instant::now();
        let ended = sandbox.go(&["mod", "download"]);
        eprintln!("{test}: run {run}: {:?}", begun.elapsed());
        for line in ended
            .err()
            .lines()
            .filter(|line| line.ends_with("answered instead"))
        {
            let who = |part: &str| part.split_once(' ').map(|(name, _)| name.to_string());
            let (failed, instead) = line.trim_start_matches("gosteady: ").split_once("; ").unwrap();
            assert_ne!(who(failed), who(instead), "{line}");
        }
        let left = MODULES - sandbox.zips();
        if left > 0 || ended.status != Some(0) {
            eprintln!("{test}: run {run}: {left} missing, stderr:\n{}", ended.err());
            eprintln!("{}", sandbox.gosteady(&["trace", "show"]).out());
        }
        missing += left.max(usize::from(ended.status != Some(0)));
        if left == 0 {
            sandbox.plain(&["mod", "verify"]).expect(0);
        }
    }
    missing
}

/// 99.98 % of modules arrive at the first try.
#[track_caller]
fn arrive(test: &str, missing: usize, runs: u64) {
    let pulls = runs as usize * MODULES;
    eprintln!("{test}: {missing} of {pulls} modules did not arrive at the first try");
    assert!(missing * 5000 <= pulls, "{missing} of {pulls}");
}

fn sandbox(test: &str, servers: &[&Server], store: &Store) -> Option<Sandbox> {
    let real = real_go(test)?;
    let mut sandbox = Sandbox::with(&real, store);
    let list: Vec<String> = servers.iter().map(|s| s.url()).collect();
    sandbox
        .set("GOPROXY", list.join(","))
        .set("GOSTEADY_PROXY_PUBLIC", "127.0.0.1")
        .hurry();
    if !full() {
        // Enough to outlive a silence of the only upstream; the rest is in a hurry.
        sandbox
            .set("GOSTEADY_PATIENCE", "1m")
            .set("GOSTEADY_PROXY_RETRY_FOR", "1m");
    }
    Some(sandbox)
}

/// One upstream alone, or two, with faults by request or by connection.
#[track_caller]
fn weathered(test: &str, upstreams: usize, by_connection: bool) {
    let seed = 0x5eed ^ (upstreams as u64) << 8 ^ u64::from(by_connection);
    eprintln!("{test}: seed {seed:#x}");
    let store = Store::synthetic(seed, MODULES);
    let servers: Vec<Server> = (0..upstreams as u64)
        .map(|n| Server::start(store.clone(), weather(seed + n, by_connection)).expect("a server"))
        .collect();
    let servers: Vec<&Server> = servers.iter().collect();
    let Some(sandbox) = sandbox(test, &servers, &store) else {
        return;
    };
    let missing = pull(test, &sandbox, runs());
    arrive(test, missing, runs());
}

#[test]
fn one_mirror_with_bad_requests() {
    weathered("one_mirror_with_bad_requests", 1, false);
}

#[test]
fn one_mirror_with_bad_connections() {
    weathered("one_mirror_with_bad_connections", 1, true);
}

#[test]
fn two_mirrors_with_bad_requests() {
    weathered("two_mirrors_with_bad_requests", 2, false);
}

#[test]
fn two_mirrors_with_bad_connections() {
    weathered("two_mirrors_with_bad_connections", 2, true);
}

/// While one of two fails everything, in whichever way and whichever of them, the other one serves.
#[test]
fn one_of_two_mirrors_fails_everything_for_a_while() {
    let test = "one_of_two_mirrors_fails_everything_for_a_while";
    let seed = 0xb0b;
    eprintln!("{test}: seed {seed:#x}");
    let store = Store::synthetic(seed, MODULES);
    for which in [0, 1] {
        for burst in [
            Fault::status(503),
            Fault::Reset { after: 0 },
            Fault::AcceptSilent,
            Fault::Truncate,
        ] {
            // As many requests as a run makes: it begins in good weather, and ends in it.
            let storm = Fault::Any(vec![
                Fault::Between(20, 120, Box::new(burst)),
                weather(seed, false),
            ]);
            let mut faults = [weather(seed + 1, false), weather(seed + 2, false)];
            faults[which] = storm.clone();
            let servers = faults.map(|fault| Server::start(store.clone(), fault).expect("a server"));
            let Some(sandbox) = sandbox(test, &[&servers[0], &servers[1]], &store) else {
                return;
            };
            let missing = pull(test, &sandbox, 1);
            assert_eq!(missing, 0, "{which} {storm:?}");
        }
    }
}

/// An outage of the only upstream is outlived, by few requests: one goes on trying for all that wait.
#[test]
fn the_only_mirror_fails_everything_for_a_while() {
    let test = "the_only_mirror_fails_everything_for_a_while";
    let store = Store::synthetic(7, MODULES);
    for burst in [Fault::status(503), Fault::Reset { after: 0 }] {
        let server = Server::start(store.clone(), Fault::Good).expect("a server");
        let Some(sandbox) = sandbox(test, &[&server], &store) else {
            return;
        };
        server.set_fault(Fault::Between(10, 22, Box::new(burst)));
        let missing = pull(test, &sandbox, 1);
        assert_eq!(missing, 0);
    }
}

/// So is one of both upstreams, and one of the second while the first is gone for good, whatever that one does.
#[test]
fn all_mirrors_fail_everything_for_a_while() {
    let test = "all_mirrors_fail_everything_for_a_while";
    let store = Store::synthetic(8, MODULES);
    let outage = Fault::Between(10, 16, Box::new(Fault::status(503)));
    let gone = [Fault::Reset { after: 0 }, Fault::status(502), Fault::AcceptSilent];
    for (first, second) in [(outage.clone(), outage.clone())]
        .into_iter()
        .chain(gone.iter().map(|gone| (gone.clone(), outage.clone())))
        .chain(gone.iter().map(|gone| (outage.clone(), gone.clone())))
    {
        let which = format!("{first:?}, {second:?}");
        let servers = [first, second].map(|fault| Server::start(store.clone(), fault).expect("a server"));
        let Some(sandbox) = sandbox(test, &[&servers[0], &servers[1]], &store) else {
            return;
        };
        eprintln!("{test}: {which}");
        let missing = pull(test, &sandbox, 1);
        assert_eq!(missing, 0, "{which}");
    }
}

/// Bursts in time: 5 s and 20 s of nothing but errors, from one of two and from the only one. In full only.
#[test]
fn bursts_of_seconds() {
    let test = "bursts_of_seconds";
    if !full() {
        skipped!("{test}: GOSTEADY_TEST_FULL=1 runs it");
        return;
    }
    let store = Store::synthetic(9, MODULES);
    for upstreams in [1, 2] {
        for seconds in [5, 20] {
            let latency = Duration::from_millis(40);
            let servers: Vec<Server> = (0..upstreams)
                .map(|_| Server::start(store.clone(), Fault::slow(latency, 0)).expect("a server"))
                .collect();
            let servers: Vec<&Server> = servers.iter().collect();
            let Some(sandbox) = sandbox(test, &servers, &store) else {
                return;
            };
            let missing = std::thread::scope(|scope| {
                let (done, over) = std::sync::mpsc::channel::<()>();
                scope.spawn(move || {
                    for burst in [Fault::status(503), Fault::slow(latency, 0)] {
                        servers[0].set_fault(burst);
                        // A wait for the end of the runs, which comes in the middle of nothing.
                        if over.recv_timeout(Duration::from_secs(seconds)).is_ok() {
                            return;
                        }
                    }
                });
                let missing = pull(test, &sandbox, 10);
                drop(done);
                missing
            });
            eprintln!("{test}: {upstreams} upstreams, {seconds} s");
            arrive(test, missing, 10);
        }
    }
}
