//! What gosteady says about pins, and writes.

use super::{fakes, ran, write};
use crate::support::Sandbox;
use std::path::Path;

#[test]
fn writing_and_checking() {
    let Some(mut sandbox) = fakes("writing_and_checking", "1.26.1", &["1.22.10"]) else {
        return;
    };
    let read = |sandbox: &Sandbox, name: &str| std::fs::read_to_string(sandbox.project().join(name)).unwrap();
    let check = sandbox.gosteady(&["pin", "--check"]);
    assert!(check.expect(1).out().contains("pin-missing"), "{}", check.out());
    sandbox.gosteady(&["pin", "1.22.10"]).expect(0);
    assert_eq!(read(&sandbox, ".go-version"), "1.22.10\n");
    sandbox.gosteady(&["pin", "--check"]).expect(0);
    let ended = sandbox.gosteady(&["pin", "go1.23.1"]);
    assert!(
        ended.expect(0).err().contains("Go 1.23.1 is not installed"),
        "{}",
        ended.err()
    );
    let check = sandbox.gosteady(&["pin", "--check", "--json"]);
    let answer: serde_json::Value = serde_json::from_slice(&check.expect(1).stdout).unwrap();
    assert_eq!(answer["findings"][0]["id"], "pin-not-installed");
    sandbox.gosteady(&["pin", "1.22"]).expect(0);
    let check = sandbox.gosteady(&["pin", "--check"]);
    assert!(check.expect(1).out().contains("pin-not-exact"), "{}", check.out());
    std::fs::remove_file(sandbox.project().join(".go-version")).unwrap();

    let text = "# why\n[tools] # all\nnode = \"20\" # x\ngo = '1.21' # y\n";
    write(&sandbox, "mise.toml", text);
    sandbox.gosteady(&["pin", "1.22.10"]).expect(0);
    assert_eq!(read(&sandbox, "mise.toml"), text.replace("'1.21'", "\"1.22.10\""));
    let left: Vec<_> = std::fs::read_dir(sandbox.project()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing is left beside it: {left:?}");
    let ended = sandbox.gosteady(&["pin", "--in", "gosteady.toml", "1.26.1"]);
    assert!(
        ended.expect(0).err().contains("make them agree"),
        "{}",
        ended.err()
    );
    assert_eq!(read(&sandbox, "gosteady.toml"), "[go]\nversion = \"1.26.1\"\n");
    for version in ["latest", "path:/x", "1.26.x", ""] {
        sandbox.gosteady(&["pin", version]).expect(2);
    }
    sandbox.set("GOSTEADY_GO_VERSION", "1.22.10");
    let ended = sandbox.gosteady(&["pin", "1.26.1"]);
    assert!(
        ended
            .expect(0)
            .err()
            .contains("GOSTEADY_GO_VERSION stands before it"),
        "{}",
        ended.err()
    );
    let list = sandbox.gosteady(&["toolchain", "list", "--json"]);
    let list: serde_json::Value = serde_json::from_slice(&list.expect(0).stdout).unwrap();
    let found = |version: &str| {
        let mut all = list["toolchains"].as_array().unwrap().iter();
        all.find(|t| t["version"] == version).cloned().unwrap()
    };
    assert_eq!(found("go1.22.10")["from"], "~/sdk");
    assert_eq!(found("go1.22.10")["runs_here"], true);
    assert_eq!(found("go1.26.1")["from"], "PATH");
}

#[test]
fn the_whole_decision_in_order() {
    let Some(mut sandbox) = fakes("the_whole_decision_in_order", "1.26.1", &["1.22.10"]) else {
        return;
    };
    write(&sandbox, "sub/.tool-versions", "golang 1.22.10\n");
    write(&sandbox, "sub/mise.toml", "[tools]\ngo = \"1.22\"\n");
    write(&sandbox, "sub/go.mod", "module m\n\ngo 1.21\n");
    write(&sandbox, ".go-version", "1.20\n");
    let mut which = sandbox.command(env!("CARGO_BIN_EXE_gosteady"), &["which", "--why"]);
    which.current_dir(sandbox.project().join("sub"));
    let out = sandbox.run(&mut which).expect(0).out();
    let mut rest = &*out;
    for part in [
        "home/sdk/go1.22.10/bin/go\n",
        "1.22.10",
        "pinned to 1.22.10 by",
        "GOTOOLCHAIN=go1.22.10",
        "rules, in order:",
        "GOSTEADY_GO_VERSION",
        "not set",
        "GOTOOLCHAIN",
        "sub/.tool-versions:1",
        "in effect",
        "sub/mise.toml:2",
        "overridden by",
        "project/.go-version:1",
        "overridden by",
        "PATH",
        "1.26.1",
        "installed",
        "~/sdk",
        "go.mod:3",
        "a pin stands before it",
        "pin.enforce",
        "switch",
    ] {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("{part} is missing or misplaced in\n{out}"));
        rest = &rest[at + part.len()..];
    }
    sandbox.set("GOSTEADY_PIN_ENFORCE", "refuse");
    write(&sandbox, ".go-version", "1.22.10\n");
    let which = sandbox.gosteady(&["which"]);
    assert_eq!(
        (which.expect(78).out().as_str(), which.err().is_empty()),
        ("", false)
    );
}

#[test]
fn a_guarded_run_records_the_decision() {
    let Some(mut sandbox) = fakes("a_guarded_run_records_the_decision", "1.26.1", &["1.22.10"]) else {
        return;
    };
    write(&sandbox, ".go-version", "1.22.10\n");
    write(&sandbox, "go.mod", "module m\n\ngo 1.21\n");
    let trace = sandbox.path("trace.jsonl");
    sandbox
        .set("GOSTEADY_TRACE", &trace)
        .set("GOPROXY", "http://127.0.0.1:9")
        .set("GOSTEADY_FORCE_GUARD", "1");
    sandbox.go(&["mod", "download"]).expect(0);
    assert_eq!(ran(&sandbox).0, sandbox.path("home/sdk/go1.22.10/bin/go"));
    let text = std::fs::read_to_string(&trace).unwrap();
    let records: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let toolchain = records.iter().find(|r| r["kind"] == "toolchain").expect(&text);
    assert_eq!(toolchain["pinned"], "1.22.10");
    assert_eq!(toolchain["version"], "go1.22.10");
    let rules = toolchain["rules"].as_array().unwrap();
    let names: Vec<_> = rules.iter().map(|r| r["rule"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [".go-version", "PATH", "installed", "GOTOOLCHAIN", "go line"]
    );
}

#[test]
fn a_link_to_a_device_is_not_pinned_in() {
    let sandbox = Sandbox::new(Path::new("/nonexistent"));
    let file = sandbox.project().join(".go-version");
    std::os::unix::fs::symlink(sandbox.path("pipe"), &file).unwrap();
    nix::unistd::mkfifo(&sandbox.path("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let ended = sandbox.gosteady(&["pin", "1.26.6"]);
    assert_ne!(ended.status, Some(0));
    assert!(ended.err().contains("not a regular file"), "{}", ended.err());
}
