//! `gosteady undo` after real commands of go.

use crate::support::{Sandbox, real_go};
use gosteady::drill::{Fault, Server, Store};
use std::path::Path;

fn text(sandbox: &Sandbox, name: &str) -> Option<String> {
    std::fs::read_to_string(sandbox.project().join(name)).ok()
}

fn entries(sandbox: &Sandbox) -> usize {
    let dir = sandbox.path("state/gosteady/undo");
    std::fs::read_dir(dir).map_or(0, |entries| entries.count())
}

/// A module that requires nothing, a server with modules, and one of those as `PATH@VERSION`.
fn project(real: &Path) -> (Sandbox, Server, String) {
    let store = Store::synthetic(2, 2);
    let module = &store.modules()[0];
    let wanted = format!("{}@{}", module.path, module.version);
    let server = Server::start(store.clone(), Fault::Good).unwrap();
    let mut sandbox = Sandbox::new(real);
    sandbox.set("GOPROXY", server.url());
    std::fs::write(sandbox.project().join("go.mod"), "module m.io/x\n\ngo 1.21\n").unwrap();
    std::fs::write(sandbox.project().join("x.go"), "package x\n").unwrap();
    (sandbox, server, wanted)
}

#[test]
fn a_get_is_undone_and_the_undo_too() {
    let Some(real) = real_go("a_get_is_undone_and_the_undo_too") else {
        return;
    };
    let (sandbox, _server, wanted) = project(&real);
    let before = text(&sandbox, "go.mod");
    sandbox.go(&["get", &wanted]).expect(0);
    let (after, sum) = (text(&sandbox, "go.mod"), text(&sandbox, "go.sum"));
    assert!(after != before && sum.is_some());
    let shown = sandbox.gosteady(&["undo"]);
    let out = shown.expect(0).out();
    assert!(
        out.contains("--- go.mod\n+++ go.mod\n") && out.contains("+++ /dev/null"),
        "{out}"
    );
    assert!(shown.err().contains("before `go get "), "{}", shown.err());
    assert_eq!(text(&sandbox, "go.mod"), after, "nothing is done without --yes");
    sandbox.gosteady(&["undo", "--yes"]).expect(0);
    assert_eq!(
        (text(&sandbox, "go.mod"), text(&sandbox, "go.sum")),
        (before.clone(), None)
    );
    let again = sandbox.gosteady(&["undo", "--yes"]);
    assert!(
        again.expect(0).err().contains("`gosteady undo`"),
        "{}",
        again.err()
    );
    assert_eq!((text(&sandbox, "go.mod"), text(&sandbox, "go.sum")), (after, sum));
    // Somebody else's change is not lost.
    std::fs::write(sandbox.project().join("go.mod"), "module m.io/y\n").unwrap();
    let refused = sandbox.gosteady(&["undo", "--yes"]);
    assert!(
        refused.expect(1).err().contains("refused: go.mod changed since"),
        "{}",
        refused.err()
    );
    assert_eq!(text(&sandbox, "go.mod").as_deref(), Some("module m.io/y\n"));
}

#[test]
fn what_is_handed_over_is_kept_as_well() {
    let Some(real) = real_go("what_is_handed_over_is_kept_as_well") else {
        return;
    };
    let (sandbox, _server, _) = project(&real);
    let before = text(&sandbox, "go.mod");
    for args in [
        &["version"][..],
        &["env", "GOMOD"],
        &["mod", "edit", "-json"],
        &["list"],
    ] {
        sandbox.go(args).expect(0);
    }
    assert_eq!(entries(&sandbox), 0, "these change nothing");
    sandbox.go(&["mod", "tidy"]).expect(0);
    assert_eq!(entries(&sandbox), 0, "nor did this");
    sandbox.go(&["mod", "edit", "-replace=a.io/b=./b"]).expect(0);
    assert_ne!(text(&sandbox, "go.mod"), before);
    sandbox.gosteady(&["undo", "--yes"]).expect(0);
    assert_eq!(text(&sandbox, "go.mod"), before);
    sandbox.go(&["work", "init"]).expect(0);
    sandbox.go(&["work", "use", "."]).expect(0);
    let used = text(&sandbox, "go.work");
    assert!(
        used.as_ref().is_some_and(|text| text.contains("use .")),
        "{used:?}"
    );
    sandbox.gosteady(&["undo", "--yes"]).expect(0);
    assert!(!text(&sandbox, "go.work").unwrap().contains("use"));
    // The newest change is now the undo; what a shim did not see is not known.
    sandbox.gosteady(&["undo", "--yes"]).expect(0);
    assert_eq!(text(&sandbox, "go.work"), used);
}

#[test]
fn back_to_when_it_built() {
    let Some(real) = real_go("back_to_when_it_built") else {
        return;
    };
    let (sandbox, _server, wanted) = project(&real);
    sandbox.gosteady(&["undo", "--to", "last-good"]).expect(1);
    sandbox.go(&["build", "./..."]).expect(0);
    let good = text(&sandbox, "go.mod");
    sandbox.go(&["get", &wanted]).expect(0);
    sandbox.go(&["mod", "edit", "-go=1.20"]).expect(0);
    std::fs::write(sandbox.project().join("x.go"), "package x; broken").unwrap();
    sandbox.go(&["build", "./..."]).expect(1);
    let shown = sandbox.gosteady(&["undo", "--to", "last-good"]);
    assert!(
        shown.expect(0).err().contains("in `go build ./...`"),
        "{}",
        shown.err()
    );
    sandbox
        .gosteady(&["undo", "--to", "last-good", "--yes"])
        .expect(0);
    assert_eq!((text(&sandbox, "go.mod"), text(&sandbox, "go.sum")), (good, None));
}

#[test]
fn nothing_is_kept_where_that_is_off_and_go_never_minds() {
    let Some(real) = real_go("nothing_is_kept_where_that_is_off") else {
        return;
    };
    let (mut sandbox, _server, wanted) = project(&real);
    sandbox.set("GOSTEADY_UNDO_KEEP", "off");
    sandbox.go(&["get", &wanted]).expect(0);
    assert_eq!(entries(&sandbox), 0);
    sandbox.unset("GOSTEADY_UNDO_KEEP");
    std::fs::create_dir_all(sandbox.path("state/gosteady")).unwrap();
    std::fs::write(sandbox.path("state/gosteady/undo"), "in the way").unwrap();
    sandbox.go(&["mod", "edit", "-go=1.22"]).expect(0);
}

/// A flag's value is no file that go is going to write.
#[test]
fn edits_whose_values_stand_apart_are_undone() {
    let Some(real) = real_go("edits_whose_values_stand_apart_are_undone") else {
        return;
    };
    let (sandbox, _server, _) = project(&real);
    let before = text(&sandbox, "go.mod");
    std::fs::write(sandbox.project().join("notes"), "mine\n").unwrap();
    for edit in [
        &["-module", "notes"][..],
        &["-require", "a.io/b@v1.0.0"],
        &["-tool", "notes"],
        &["-print", "-module", "notes"],
        &["-module", "notes", "go.mod"],
    ] {
        sandbox.go(&[&["mod", "edit"], edit].concat()).expect(0);
        if !edit.contains(&"-print") {
            assert_ne!(text(&sandbox, "go.mod"), before, "{edit:?}");
            std::fs::write(sandbox.project().join("notes"), "mine, and more\n").unwrap();
            sandbox.gosteady(&["undo", "--yes"]).expect(0);
        }
        assert_eq!(text(&sandbox, "go.mod"), before, "{edit:?}");
        assert!(text(&sandbox, "notes").is_some_and(|notes| notes.starts_with("mine")));
    }
    sandbox
        .go(&["mod", "init", "-modfile=other.mod", "m.io/y"])
        .expect(0);
    assert!(text(&sandbox, "other.mod").is_some());
    sandbox.gosteady(&["undo", "--yes"]).expect(0);
    assert_eq!(text(&sandbox, "other.mod"), None);
}
