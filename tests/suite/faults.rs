//! A bad mirror before a good one, for every way to be bad: what may be passed over is, what may not ends in time.
//!
//! Bounds are shortened by the environment; `GOSTEADY_TEST_FULL=1` runs with the defaults, which takes long.

use crate::support::{Ended, Sandbox, real_go};
use gosteady::drill::{Fault, Kind, Server, Store};
use std::time::Duration;

const MODULES: usize = 20;
const SEED: u64 = 20;

/// Two servers of the same modules, and a sandbox whose GOPROXY names them in this order.
struct Pair {
    first: Server,
    second: Server,
    sandbox: Sandbox,
}

fn pair(test: &str, fault: Fault, separator: &str) -> Option<Pair> {
    let real = real_go(test)?;
    let store = Store::synthetic(SEED, MODULES);
    let mut sandbox = Sandbox::with(&real, &store);
    let first = Server::start(store.clone(), fault).expect("a server");
    let second = Server::start(store, Fault::Good).expect("a server");
    sandbox.set("GOPROXY", format!("{}{separator}{}", first.url(), second.url()));
    sandbox.hurry();
    Some(Pair {
        first,
        second,
        sandbox,
    })
}

impl Pair {
    #[track_caller]
    fn all_arrive(&self) -> Ended {
        let ended = self.sandbox.go(&["mod", "download"]);
        ended.expect(0);
        assert_eq!(self.sandbox.zips(), MODULES, "stderr:\n{}", ended.err());
        assert_eq!(ended.out(), "");
        ended
    }

    #[track_caller]
    fn ends_before_the_second(&self) -> Ended {
        let ended = self.sandbox.go(&["mod", "download"]);
        ended.expect(1);
        let asked = self.second.requests();
        assert!(
            asked.is_empty(),
            "the second upstream was asked for {}",
            asked[0].path
        );
        ended
    }
}

/// Past a public mirror that is unavailable, everything comes from the next one.
#[track_caller]
fn passes_over(test: &str, fault: Fault) {
    let Some(mut pair) = pair(test, fault.clone(), ",") else {
        return;
    };
    match fault {
        // Its host is not one that the setting below names.
        Fault::NoSuchHost => pair.sandbox.set("GOSTEADY_FAILOVER", "always"),
        _ => pair.sandbox.set("GOSTEADY_PROXY_PUBLIC", "127.0.0.1"),
    };
    // The second one, which nobody follows.
    pair.sandbox.set("GOSTEADY_PATIENCE", "1m");
    if test == "garbled_mods" {
        // Ahead of go they come out of the zips.
        pair.sandbox.set("GOSTEADY_PROXY_PREFETCH", "false");
    }
    pair.all_arrive();
    assert!(
        !pair.second.requests().is_empty(),
        "the second upstream was not asked"
    );
}

macro_rules! passed_over {
    ($($name:ident: $fault:expr;)*) => {
        mod passed_over {
            use super::*;
            $(#[test] fn $name() { passes_over(stringify!($name), $fault); })*
        }
    };
}

passed_over! {
    accept_silent: Fault::AcceptSilent;
    connect_blackhole: Fault::ConnectBlackhole;
    half_header: Fault::HalfHeader;
    stall_mid_body: Fault::StallMidBody;
    stall_in_zips_only: Fault::StallMidBody.only(Kind::Zip);
    one_byte_per_second: Fault::OneBytePerSecond;
    bad_gateway: Fault::status(502);
    too_many_requests: Fault::Status { code: 429, retry_after: Some(1), body: "slow down\n".into() };
    reset_at_once: Fault::Reset { after: 0 };
    reset_in_the_body: Fault::Reset { after: 20 };
    truncated: Fault::Truncate;
    garbled_zips: Fault::Garble.only(Kind::Zip);
    garbled_mods: Fault::Garble.only(Kind::Mod);
    redirect_loop: Fault::RedirectLoop;
    redirect_to_nowhere: Fault::RedirectTo("http://mirror.invalid".into());
    captive_portal: Fault::CaptivePortal;
    refused: Fault::Refused;
    no_such_host: Fault::NoSuchHost;
    not_found: Fault::status(404);
    gone: Fault::status(410);
    no_content: raw("HTTP/1.1 204 No Content\r\n\r\n");
    a_part_of_what: raw("HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\n\r\nPK");
    length_too_small: raw("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{\"Version\":\"v1.0.0\"}");
    length_too_large: raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nmodule example.com/m00\n");
    old_http: raw("HTTP/1.0 500 No\r\n\r\nno");
    retry_after_a_date: raw("HTTP/1.1 503 No\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n");
}

fn raw(answer: &str) -> Fault {
    Fault::Raw(answer.into())
}

/// A 403 from the host that a redirect leads to is no gatekeeper's answer.
#[test]
fn the_host_of_a_redirect_is_blocked() {
    let test = "the_host_of_a_redirect_is_blocked";
    let blocked = Server::start(Store::default(), Fault::status(403)).expect("a server");
    passes_over(test, Fault::RedirectTo(blocked.url()));
}

/// Faults that pass are outlived by asking the same upstream again.
#[track_caller]
fn outlives(test: &str, fault: Fault) {
    let Some(mut pair) = pair(test, fault, ",") else {
        return;
    };
    let only = pair.first.url();
    pair.sandbox.set("GOPROXY", only);
    pair.sandbox.set("GOSTEADY_PROXY_RETRY_FOR", "30s");
    pair.sandbox.set("GOSTEADY_PATIENCE", "1m");
    pair.all_arrive();
    assert!(pair.second.requests().is_empty());
}

macro_rules! outlived {
    ($($name:ident: $fault:expr;)*) => {
        mod outlived {
            use super::*;
            $(#[test] fn $name() { outlives(stringify!($name), $fault); })*
        }
    };
}

outlived! {
    bad_gateway_at_first: Fault::status(502).first(3);
    resets_at_first: Fault::Reset { after: 0 }.first(3);
    one_stall: Fault::StallMidBody.first(1).only(Kind::Zip);
    silence_at_first: Fault::AcceptSilent.first(2);
    one_answer_in_ten_is_cut: Fault::OneIn { of: 10, seed: SEED, fault: Box::new(Fault::Truncate) };
    slow_and_steady: Fault::slow(Duration::from_millis(30), 200_000);
}

/// A zip that was cut goes on where it ended, and only of the same representation.
#[test]
fn a_cut_zip_is_resumed() {
    let fault = Fault::Truncate.first(4).only(Kind::Zip);
    let Some(mut pair) = pair("a_cut_zip_is_resumed", fault, ",") else {
        return;
    };
    let only = pair.first.url();
    pair.sandbox.set("GOPROXY", only);
    pair.sandbox.set("GOSTEADY_PROXY_RETRY_FOR", "30s");
    pair.all_arrive();
    let requests = pair.first.requests();
    let ranges: Vec<_> = requests.iter().filter(|r| r.header("range").is_some()).collect();
    assert!(
        ranges.iter().all(|r| r.header("if-range").is_some()),
        "{ranges:?}"
    );
}

/// A comma after a proxy that is not public makes it a gatekeeper: its outage ends the run, in bounded time, with
/// the setting that would let it go on.
#[track_caller]
fn is_not_passed_over(test: &str, fault: Fault) {
    let Some(pair) = pair(test, fault, ",") else {
        return;
    };
    let ended = pair.ends_before_the_second();
    assert!(
        ended.err().contains("GOSTEADY_FAILOVER"),
        "stderr:\n{}",
        ended.err()
    );
}

macro_rules! gatekeeper {
    ($($name:ident: $fault:expr;)*) => {
        mod gatekeeper {
            use super::*;
            $(#[test] fn $name() { is_not_passed_over(stringify!($name), $fault); })*
        }
    };
}

gatekeeper! {
    silent: Fault::AcceptSilent;
    connects_never: Fault::ConnectBlackhole;
    down: Fault::Refused;
    failing: Fault::status(502);
    resetting: Fault::Reset { after: 0 };
    stalling: Fault::StallMidBody;
    behind_a_portal: Fault::CaptivePortal;
}

/// 401 and 403 are a gatekeeper's answer in every mode, from a public mirror too.
#[test]
fn a_refusal_is_never_passed_over() {
    let test = "a_refusal_is_never_passed_over";
    for code in [401, 403] {
        for (mode, public) in [
            ("safe", false),
            ("safe", true),
            ("go", false),
            ("always", false),
            ("always", true),
        ] {
            let Some(mut pair) = pair(test, Fault::status(code), ",") else {
                return;
            };
            pair.sandbox.set("GOSTEADY_FAILOVER", mode);
            if public {
                pair.sandbox.set("GOSTEADY_PROXY_PUBLIC", "127.0.0.1");
            }
            let ended = pair.ends_before_the_second();
            assert!(
                ended.err().contains(&code.to_string()),
                "{code} {mode}: {}",
                ended.err()
            );
        }
    }
}

/// What the user allowed: a pipe, or the mode.
#[test]
fn a_pipe_lets_an_error_go_on() {
    for fault in [Fault::status(502), Fault::Refused, Fault::Reset { after: 0 }] {
        let Some(pair) = pair("a_pipe_lets_an_error_go_on", fault, "|") else {
            return;
        };
        pair.all_arrive();
    }
}

#[test]
fn the_mode_always_lets_an_outage_go_on() {
    for fault in [Fault::status(502), Fault::AcceptSilent] {
        let Some(mut pair) = pair("the_mode_always_lets_an_outage_go_on", fault, ",") else {
            return;
        };
        pair.sandbox.set("GOSTEADY_FAILOVER", "always");
        pair.all_arrive();
    }
}

/// go's own semantics, on request: an error before a comma ends the walk.
#[test]
fn the_mode_go_keeps_to_the_list() {
    let Some(mut pair) = pair("the_mode_go_keeps_to_the_list", Fault::status(502), ",") else {
        return;
    };
    pair.sandbox.set("GOSTEADY_FAILOVER", "go");
    pair.sandbox.set("GOSTEADY_PROXY_PUBLIC", "127.0.0.1");
    pair.ends_before_the_second();
}

/// Messages name the upstream that the user wrote, not our loopback.
#[test]
fn an_error_names_the_users_upstream() {
    let test = "an_error_names_the_users_upstream";
    let Some(mut pair) = pair(test, Fault::status(404), ",") else {
        return;
    };
    let only = pair.first.url();
    pair.sandbox.set("GOPROXY", &only);
    let guarded = pair.sandbox.go(&["mod", "download"]);
    let plain = pair.sandbox.plain(&["mod", "download"]);
    guarded.expect(1);
    assert!(guarded.err().contains(&only), "{}", guarded.err());
    for line in plain.err().lines().filter(|l| l.contains("http://")) {
        let address = line.split(' ').find(|w| w.contains("http://"));
        assert!(
            address.is_none_or(|a| a.contains(&only)),
            "plain go names {address:?}"
        );
    }
    assert!(
        !guarded.err().replace(&only, "").contains("http://127.0.0.1:"),
        "{}",
        guarded.err()
    );
}
