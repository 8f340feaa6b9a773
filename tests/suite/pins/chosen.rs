//! Which of several fakes is chosen, and what it is given.

use super::{fakes, ran, write};
use crate::support::Sandbox;

#[test]
fn what_the_child_is_told() {
    let Some(mut sandbox) = fakes("what_the_child_is_told", "1.26.1", &["1.22.10", "1.19.3"]) else {
        return;
    };
    let sdk = sandbox.path("home/sdk/go1.22.10/bin/go");
    let ours = |value: &str| format!("GOTOOLCHAIN={value}");
    write(&sandbox, ".go-version", "1.22.10\n");
    sandbox.go(&["version"]).expect(0);
    let (program, told) = ran(&sandbox);
    assert_eq!(program, sdk);
    assert_eq!(
        told,
        ["GOSTEADY_USER_GOTOOLCHAIN=go1.22.10:-", &ours("go1.22.10")]
    );

    sandbox.go(&["env", "GOPROXY"]).expect(0);
    assert_eq!(ran(&sandbox), (sdk.clone(), vec![]), "not for go env");

    sandbox.set("GOTOOLCHAIN", "local");
    sandbox.go(&["version"]).expect(0);
    assert_eq!(
        ran(&sandbox),
        (sdk.clone(), vec![ours("local")]),
        "local stays anyway"
    );

    // A GOROOT that was set belongs to the go of PATH; without a pin it is left alone.
    let root = sandbox.path("root");
    sandbox.set("GOROOT", &root);
    sandbox.go(&["version"]).expect(0);
    let pinned = sandbox.path("home/sdk/go1.22.10");
    let told = ran(&sandbox).1;
    let goroot = format!("GOROOT={}", pinned.display());
    assert!(
        told.contains(&goroot) && told[1].starts_with("GOSTEADY_USER_GOROOT="),
        "{told:?}"
    );
    sandbox.unset("GOTOOLCHAIN");
    for args in [
        ["install", "example.com/x@v1.0.0"],
        ["run", "example.com/x@latest"],
    ] {
        sandbox.go(&args).expect(0);
        let (program, told) = ran(&sandbox);
        assert_eq!(
            program,
            root.join("bin/go"),
            "{args:?} ignores the project's pins"
        );
        assert_eq!(told, [format!("GOROOT={}", root.display())]);
    }
    sandbox.unset("GOROOT");

    // Before 1.21 there was no GOTOOLCHAIN.
    write(&sandbox, ".go-version", "1.19.3\n");
    sandbox.go(&["version"]).expect(0);
    assert_eq!(
        ran(&sandbox),
        (sandbox.path("home/sdk/go1.19.3/bin/go"), Vec::new())
    );

    let mut gofmt = sandbox.command(sandbox.path("shims/gofmt"), &["-l", "."]);
    sandbox.run(&mut gofmt).expect(0);
    assert_eq!(ran(&sandbox).0, sandbox.path("home/sdk/go1.19.3/bin/gofmt"));

    sandbox.set("GOSTEADY_BYPASS", "1");
    sandbox.go(&["version"]).expect(0);
    assert_eq!(
        ran(&sandbox),
        (root.join("bin/go"), Vec::new()),
        "a pure pass-through"
    );
}

#[test]
fn ranks_and_directories() {
    let others = ["1.22.9", "1.22.10", "1.23.1", "1.24.1", "1.25.1"];
    let Some(mut sandbox) = fakes("ranks_and_directories", "1.26.1", &others) else {
        return;
    };
    let chosen = |sandbox: &Sandbox, args: &[&str]| {
        let ended = sandbox.go(args);
        ended.expect(0);
        let program = ran(sandbox).0;
        let root = program.parent().unwrap().parent().unwrap().to_path_buf();
        (
            std::fs::read_to_string(root.join("VERSION"))
                .unwrap()
                .trim()
                .to_string(),
            ended.err(),
        )
    };
    let quiet = |version: &str| (format!("go{version}"), String::new());
    write(&sandbox, "mise.toml", "[tools]\ngo = \"1.22\"\n");
    assert_eq!(
        chosen(&sandbox, &["version"]),
        quiet("1.22.10"),
        "the newest patch that is there"
    );
    write(&sandbox, "sub/.go-version", "1.23.1\n");
    write(&sandbox, "other/x", "");
    assert_eq!(
        chosen(&sandbox, &["-C", "sub", "version"]),
        quiet("1.23.1"),
        "the nearest"
    );
    assert_eq!(
        chosen(&sandbox, &["-C", "sub/../other/..", "version"]),
        quiet("1.22.10"),
        "a directory that is only passed through has no say"
    );
    write(&sandbox, "sub/gosteady.toml", "go.version = \"1.24.1\"\n");
    let (version, err) = chosen(&sandbox, &["-C", "sub", "version"]);
    assert_eq!(version, "go1.24.1", "our own file first");
    assert!(
        err.contains("sub/gosteady.toml:1 pins Go 1.24.1") && err.contains("sub/.go-version:1 pins 1.23.1"),
        "a conflict names both: {err}"
    );
    sandbox.set("GOTOOLCHAIN", "go1.25.1");
    assert_eq!(
        chosen(&sandbox, &["version"]),
        quiet("1.25.1"),
        "a variable before the files"
    );
    sandbox.set("GOSTEADY_GO_VERSION", "1.24.1");
    assert_eq!(
        chosen(&sandbox, &["version"]),
        quiet("1.24.1"),
        "ours before GOTOOLCHAIN"
    );
    sandbox.unset("GOSTEADY_GO_VERSION").unset("GOTOOLCHAIN");
    write(&sandbox, ".go-version", "system\n");
    assert_eq!(
        chosen(&sandbox, &["version"]).0,
        "go1.26.1",
        "the go on PATH, and no further"
    );

    // A workspace: its toolchain line is a floor unless the user wants it exact.
    for (name, text) in [
        ("ws/go.work", "go 1.21\n\ntoolchain go1.23.1\n\nuse ./a\n"),
        ("ws/a/go.mod", "module a\n\ngo 1.21\n\ntoolchain go1.24.1\n"),
        ("ws/.go-version", "# none\n"),
    ] {
        write(&sandbox, name, text);
    }
    let (version, err) = chosen(&sandbox, &["-C", "ws/a", "version"]);
    assert_eq!(version, "go1.26.1");
    assert!(
        err.contains("ws/.go-version:1: is empty; this pin is not in effect"),
        "{err}"
    );
    std::fs::remove_file(sandbox.project().join("ws/.go-version")).unwrap();
    std::fs::remove_file(sandbox.project().join(".go-version")).unwrap();
    std::fs::remove_file(sandbox.project().join("mise.toml")).unwrap();
    sandbox.set("GOSTEADY_PIN_TOOLCHAIN_LINE", "exact");
    assert_eq!(
        chosen(&sandbox, &["-C", "ws/a", "version"]),
        quiet("1.23.1"),
        "go.work, not go.mod"
    );
}

#[test]
fn enforcement() {
    let Some(mut sandbox) = fakes("enforcement", "1.26.1", &["1.22.10"]) else {
        return;
    };
    let place = format!("{}:1", sandbox.project().join(".go-version").display());
    write(&sandbox, ".go-version", "1.22.10\n");
    sandbox.set("GOSTEADY_PIN_ENFORCE", "warn");
    let ended = sandbox.go(&["version"]);
    assert_eq!(
        ended.expect(0).err(),
        format!(
            "gosteady: {place} pins Go 1.22.10, and the go on PATH is 1.26.1 ({})\n",
            sandbox.path("root/bin/go").display()
        )
    );
    assert_eq!(ran(&sandbox), (sandbox.path("root/bin/go"), vec![]));

    sandbox.set("GOSTEADY_PIN_ENFORCE", "refuse");
    let refused = |sandbox: &Sandbox, words: &[&str]| {
        let err = sandbox.go(&["build"]).expect(78).err();
        assert!(!sandbox.path("out/argv").exists(), "no go runs");
        for word in words {
            assert!(err.contains(word), "{word} is missing in: {err}");
        }
    };
    refused(
        &sandbox,
        &[&place, "1.26.1", "home/sdk/go1.22.10/bin first on PATH"],
    );
    // With these a setting is mended, and they run even so.
    sandbox.go(&["env", "-w", "GOTOOLCHAIN=local"]).expect(0);
    ran(&sandbox);
    write(&sandbox, ".go-version", "1.26.1\n");
    sandbox.go(&["version"]).expect(0);
    ran(&sandbox);
    write(&sandbox, ".tool-versions", "golang 1.22.10\n");
    refused(&sandbox, &[&place, ".tool-versions:1"]);
    std::fs::remove_file(sandbox.project().join(".tool-versions")).unwrap();
    for form in ["ref:master", "path:/opt/go", "latest", "1.26.x", ""] {
        write(&sandbox, ".go-version", &format!("{form}\n"));
        refused(&sandbox, &[&place, "not in effect"]);
    }
    write(&sandbox, ".go-version", "1.26.1\n");
    write(&sandbox, "gosteady.toml", "[go\n");
    refused(&sandbox, &["gosteady.toml:1:", "not TOML"]);
    sandbox.go(&["install", "example.com/x@v1.0.0"]).expect(0);
    ran(&sandbox);
    write(&sandbox, "gosteady.toml", "go.version = \"/opt/go\"\n");
    refused(&sandbox, &["gosteady.toml:1:", "is not a Go version"]);
    // A project's file may tighten, not loosen.
    write(&sandbox, "gosteady.toml", "pin.enforce = \"switch\"\n");
    write(&sandbox, ".go-version", "1.22.10\n");
    refused(&sandbox, &[&place]);
    sandbox.unset("GOSTEADY_PIN_ENFORCE");
    write(&sandbox, "gosteady.toml", "pin.enforce = \"refuse\"\n");
    refused(&sandbox, &[&place]);
}

#[test]
fn a_toolchain_that_is_not_there() {
    let Some(mut sandbox) = fakes("a_toolchain_that_is_not_there", "1.26.1", &[]) else {
        return;
    };
    write(&sandbox, ".go-version", "1.22.10\n");
    let err = sandbox.go(&["version"]).expect(0).err();
    assert!(
        err.contains("is not installed, and GOPROXY is off; gosteady toolchain install 1.22.10"),
        "{err}"
    );
    ran(&sandbox);
    // The go that is there gets it by itself, even where GOTOOLCHAIN forbids it to move by itself.
    sandbox.set("GOTOOLCHAIN", "local").set("GOPROXY", "direct");
    let err = sandbox.go(&["version"]).expect(0).err();
    assert!(
        err.contains("go1.22.10, pinned by") && err.contains("is not installed; go downloads it"),
        "{err}"
    );
    assert_eq!(
        ran(&sandbox).1,
        [
            "GOSTEADY_USER_GOTOOLCHAIN=go1.22.10:=local",
            "GOTOOLCHAIN=go1.22.10"
        ]
    );
    // Where a program of that name is on PATH, go finds it, and there is nothing to tell.
    std::fs::copy(sandbox.path("root/bin/go"), sandbox.path("root/bin/go1.22.10")).unwrap();
    assert_eq!(sandbox.go(&["version"]).expect(0).err(), "");
    std::fs::remove_file(sandbox.path("root/bin/go1.22.10")).unwrap();

    sandbox.set("GOSTEADY_PIN_INSTALL", "never");
    let err = sandbox.go(&["version"]).expect(78).err();
    assert!(
        err.contains("pin.install = never") && err.contains("gosteady toolchain install 1.22.10"),
        "{err}"
    );
    // So is a toolchain that a line of go.mod asks for.
    sandbox.unset("GOTOOLCHAIN");
    write(&sandbox, ".go-version", "1.26.1\n");
    write(&sandbox, "go.mod", "module m\n\ngo 1.30\n");
    sandbox.go(&["version"]).expect(0);
    std::fs::remove_file(sandbox.project().join(".go-version")).unwrap();
    std::fs::write(
        sandbox.path("root/go.env"),
        "GOPROXY=http://127.0.0.1:9\nGOTOOLCHAIN=auto\n",
    )
    .unwrap();
    let err = sandbox.go(&["version"]).expect(78).err();
    assert!(
        err.contains("go1.30.0, asked for by") && err.contains("go.mod:3"),
        "{err}"
    );
    sandbox.unset("GOSTEADY_PIN_INSTALL");

    // Too old to know toolchains, or no go at all: then it is ours to install, and nobody vouches for it here.
    std::fs::write(sandbox.path("root/VERSION"), "go1.19.8\n").unwrap();
    write(&sandbox, ".go-version", "1.22.10\n");
    let err = sandbox.go(&["version"]).expect(78).err();
    assert!(err.contains("go1.22.10 can't be verified: GOSUMDB=off"), "{err}");
    sandbox.set(
        "PATH",
        std::env::join_paths([sandbox.path("shims"), "/nonexistent".into()]).unwrap(),
    );
    // The last go that was seen is forgotten too.
    sandbox.set("XDG_STATE_HOME", "");
    let err = sandbox.go(&["version"]).expect(127).err();
    assert!(err.contains("go1.22.10 can't be verified: GOSUMDB=off"), "{err}");
}
