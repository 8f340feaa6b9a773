//! The drill's servers and modules are what plain go takes them for.

use crate::support::{Sandbox, real_go};
use gosteady::drill::{Fault, Server, Store};

#[test]
fn plain_go_accepts_the_modules_and_their_sums() {
    let Some(real) = real_go("plain_go_accepts_the_modules_and_their_sums") else {
        return;
    };
    let store = Store::synthetic(20, 20);
    let server = Server::start(store.clone(), Fault::Good).unwrap();
    let mut sandbox = Sandbox::with(&real, &store);
    sandbox.set("GOPROXY", server.url());
    sandbox.plain(&["mod", "download"]).expect(0);
    assert_eq!(sandbox.zips(), 20);
    assert_eq!(
        sandbox.plain(&["mod", "verify"]).expect(0).out(),
        "all modules verified\n"
    );
    // Nothing to tidy, and every package compiles.
    sandbox.plain(&["mod", "tidy", "-diff"]).expect(0);
    let run = sandbox.plain(&["run", "."]);
    assert_eq!(run.expect(0).err().lines().count(), 20, "{}", run.err());
    let go_sum = std::fs::read_to_string(sandbox.project().join("go.sum")).unwrap();
    assert_eq!(go_sum, store.go_sum());
}

#[test]
fn plain_go_fails_where_the_server_does() {
    let Some(real) = real_go("plain_go_fails_where_the_server_does") else {
        return;
    };
    let store = Store::synthetic(3, 3);
    for (fault, message) in [
        (Fault::status(502), "502 Bad Gateway"),
        (Fault::Reset { after: 0 }, "connection reset by peer"),
        (Fault::Refused, "connection refused"),
        (Fault::Truncate, "unexpected EOF"),
        (Fault::RedirectLoop, "stopped after 10 redirects"),
        (Fault::Garble.only(gosteady::drill::Kind::Zip), "zip"),
    ] {
        let server = Server::start(store.clone(), fault.clone()).unwrap();
        let mut sandbox = Sandbox::with(&real, &store);
        sandbox.set("GOPROXY", server.url());
        let ended = sandbox.plain(&["mod", "download"]);
        assert!(
            ended.expect(1).err().contains(message),
            "{fault:?}: {}",
            ended.err()
        );
    }
}
