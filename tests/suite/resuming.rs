//! Bodies that break, with a real go: what came is kept, and what go gets is whole.
//!
//! `GOSTEADY_TEST_FULL=1` takes larger zips and the default bounds.

use crate::support::{Sandbox, full, real_go};
use gosteady::drill::{Fault, Kind, Server, Store};
use std::path::Path;

const SEED: u64 = 77;

/// The size of a module before it is packed, and where its zip is cut.
fn sizes() -> (usize, usize) {
    if full() {
        (44 << 20, 1 << 20)
    } else {
        (5 << 20, 160 << 10)
    }
}

fn stage(test: &str, fault: impl FnOnce(usize) -> Fault) -> Option<(Store, Server, Sandbox)> {
    let real = real_go(test)?;
    let (bytes, cut) = sizes();
    let store = Store::sized(SEED, 1, bytes);
    let server = Server::start(store.clone(), fault(cut)).expect("a server");
    let mut sandbox = Sandbox::with(&real, &store);
    sandbox.set("GOPROXY", server.url()).hurry();
    Some((store, server, sandbox))
}

fn ranges(server: &Server) -> usize {
    let requests = server.requests();
    let resumed = requests.iter().filter(|r| r.header("range").is_some());
    resumed.filter(|r| r.header("if-range").is_some()).count()
}

/// Far more pieces than attempts, and each byte once.
#[test]
fn a_mirror_that_cuts_every_transfer_delivers() {
    for silent in [false, true] {
        let fault = |bytes| Fault::CutAfter { bytes, silent }.only(Kind::Zip);
        let Some((store, server, mut sandbox)) = stage("a_mirror_that_cuts_every_transfer", fault) else {
            return;
        };
        let path = "example.com/m00/@v/v1.0.0.zip";
        let pieces = store.get(path).expect("the zip").len().div_ceil(sizes().1);
        sandbox.set("GOSTEADY_PATIENCE", "1m");
        sandbox.go(&["mod", "download"]).expect(0);
        assert_eq!(sandbox.zips(), 1);
        sandbox.plain(&["mod", "verify"]).expect(0);
        let ranges = ranges(&server);
        assert!(
            pieces > 12 && ranges + 1 >= pieces,
            "{ranges} of {pieces} pieces, silent: {silent}"
        );
    }
}

/// What another mirror sends is never put behind what this one sent.
#[test]
fn no_body_is_made_of_two_mirrors() {
    let cut = |bytes| {
        Fault::Any(vec![
            Fault::CutAfter { bytes, silent: false }.first(1).only(Kind::Zip),
            Fault::status(502).only(Kind::Zip),
        ])
    };
    let Some((store, first, mut sandbox)) = stage("no_body_is_made_of_two_mirrors", cut) else {
        return;
    };
    let second = Server::start(store, Fault::Good).expect("a server");
    sandbox
        .set("GOPROXY", format!("{},{}", first.url(), second.url()))
        .set("GOSTEADY_PROXY_PUBLIC", "127.0.0.1");
    sandbox.go(&["mod", "download"]).expect(0);
    sandbox.plain(&["mod", "verify"]).expect(0);
    assert!(ranges(&first) > 0);
    assert_eq!(ranges(&second), 0);
}

/// An answer that comes after the race is over reaches nobody.
#[test]
fn a_late_answer_reaches_nobody() {
    let late = |_| {
        Fault::Slow {
            latency: std::time::Duration::from_millis(1500),
            bandwidth: 0,
            then: Box::new(Fault::Garble),
        }
        .first(1)
        .only(Kind::Zip)
    };
    let Some((_, server, mut sandbox)) = stage("a_late_answer_reaches_nobody", late) else {
        return;
    };
    sandbox.set("GOSTEADY_PROXY_HEDGE_AFTER", "300ms");
    sandbox.set("GOSTEADY_PATIENCE", "1m");
    sandbox.go(&["mod", "download"]).expect(0);
    sandbox.plain(&["mod", "verify"]).expect(0);
    let zips = server
        .requests()
        .iter()
        .filter(|r| r.path.ends_with(".zip"))
        .count();
    assert_eq!(zips, 2);
}

/// The place for bodies is full, while go's own places are not: the body is passed on as it comes.
#[test]
fn a_full_spool_is_passed_by() {
    let test = "a_full_spool_is_passed_by";
    let Some((_, _server, mut sandbox)) =
        stage(test, |bytes| Fault::CutAfter { bytes, silent: false }.first(1))
    else {
        return;
    };
    let shim = sandbox.path("shims/go");
    let (modcache, roomy) = (sandbox.modcache(), sandbox.path("roomy"));
    for name in ["cache", "example.com"] {
        std::fs::create_dir_all(roomy.join(name)).expect("a directory");
    }
    let quoted = |path: &Path| format!("'{}'", path.display());
    let script = format!(
        "mount -t tmpfs -o size=64k tmpfs {modcache} && cd {modcache} && mkdir cache example.com && \
         mount --bind {roomy}/cache cache && mount --bind {roomy}/example.com example.com && \
         echo mounted >&2 && cd {project} && exec {shim} mod download",
        modcache = quoted(&modcache),
        roomy = quoted(&roomy),
        project = quoted(&sandbox.project()),
        shim = quoted(&shim),
    );
    sandbox.set("GOSTEADY_PATIENCE", "1m");
    let ended = sandbox.run(&mut sandbox.command("unshare", &["-Urm", "/bin/sh", "-c", &script]));
    if !ended.err().contains("mounted") {
        skipped!("{test}: mount namespaces are forbidden here");
        return;
    }
    ended.expect(0);
    let trace = sandbox.gosteady(&["trace", "show", "--json"]).out();
    assert!(trace.contains("no room to spool it"), "{trace}");
    let zip = roomy.join("cache/download/example.com/m00/@v/v1.0.0.zip");
    assert!(zip.metadata().is_ok_and(|m| m.len() > 1 << 20), "{zip:?}");
}
