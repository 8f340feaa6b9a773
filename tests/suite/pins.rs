//! Pins: which Go runs, what it is told, and what happens when it is not there.

use crate::support::{Sandbox, fakego, goroots, real_go};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A sandbox over the go on PATH, with another real Go in `~/sdk`; its version and that of the go on PATH.
struct Two {
    sandbox: Sandbox,
    here: String,
    other: String,
}

fn two(test: &str) -> Option<Two> {
    let real = real_go(test)?;
    let sandbox = Sandbox::new(&real);
    let version = sandbox.plain(&["env", "GOVERSION"]).expect(0).out();
    let here = version.trim().trim_start_matches("go").to_string();
    let Some((other, root)) = goroots().into_iter().find(|(version, _)| *version != here) else {
        eprintln!("skipped: {test}: there is only one Go; tests/get-go.sh gets more");
        return None;
    };
    install(&sandbox, &other, &root);
    Some(Two { sandbox, here, other })
}

fn install(sandbox: &Sandbox, version: &str, root: &Path) {
    let sdk = sandbox.path("home/sdk");
    std::fs::create_dir_all(&sdk).unwrap();
    symlink(root, sdk.join(format!("go{version}"))).unwrap();
}

fn write(sandbox: &Sandbox, name: &str, text: &str) {
    let path = sandbox.project().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A sandbox whose go is a fake with this version, and fakes of others in `~/sdk`, with gofmt.
fn fakes(test: &str, here: &str, others: &[&str]) -> Option<Sandbox> {
    let mut sandbox = Sandbox::fake(test)?;
    let root = sandbox.path("root");
    fake(&root, here, test)?;
    for version in others {
        fake(&sandbox.path(&format!("home/sdk/go{version}")), version, test)?;
    }
    let path = [
        sandbox.path("shims"),
        root.join("bin"),
        "/usr/bin".into(),
        "/bin".into(),
    ];
    sandbox.set("PATH", std::env::join_paths(path).unwrap());
    sandbox.unset("GOTOOLCHAIN");
    Some(sandbox)
}

fn fake(root: &Path, version: &str, test: &str) -> Option<()> {
    fakego::install(&root.join("bin"), test).then_some(())?;
    std::fs::copy(root.join("bin/go"), root.join("bin/gofmt")).unwrap();
    std::fs::write(root.join("VERSION"), format!("go{version}\n")).unwrap();
    std::fs::write(root.join("go.env"), "GOPROXY=off\nGOTOOLCHAIN=auto\n").unwrap();
    Some(())
}

/// The program that the fake ran as, and the variables of interest that it was given.
fn ran(sandbox: &Sandbox) -> (PathBuf, Vec<String>) {
    let out = sandbox.path("out");
    let argv = std::fs::read(out.join("argv")).expect("the fake ran");
    let program = argv.split(|b| *b == 0).nth(1).unwrap();
    let env = fakego::env(&out);
    let told = env
        .into_iter()
        .map(|v| String::from_utf8_lossy(&v).into_owned())
        .filter(|v| {
            ["GOTOOLCHAIN=", "GOROOT=", "GOSTEADY_USER_"]
                .iter()
                .any(|name| v.starts_with(name))
        })
        .collect();
    std::fs::remove_file(out.join("argv")).unwrap();
    (PathBuf::from(String::from_utf8_lossy(program).into_owned()), told)
}

#[test]
fn the_pinned_go_runs_and_builds() {
    let Some(mut two) = two("the_pinned_go_runs_and_builds") else {
        return;
    };
    let sandbox = &mut two.sandbox;
    write(sandbox, "go.mod", "module example.com/m\n\ngo 1.20\n");
    write(
        sandbox,
        "main.go",
        "package main\n\nimport \"runtime\"\n\nfunc main() { print(runtime.Version()) }\n",
    );
    assert!(sandbox.go(&["version"]).expect(0).out().contains(&two.here));
    write(sandbox, ".tool-versions", &format!("golang {}\n", two.other));
    // As a GitHub runner has it after setup-go, and as a developer has it.
    for toolchain in ["local", "auto", ""] {
        sandbox.set("GOTOOLCHAIN", toolchain).set("CI", "true");
        let version = sandbox.go(&["version"]);
        assert!(version.expect(0).out().contains(&two.other), "{}", version.out());
        assert_eq!(version.err(), "", "GOTOOLCHAIN={toolchain}");
        let run = sandbox.go(&["run", "."]);
        assert_eq!(run.expect(0).err(), format!("go{}", two.other));
        let shown = sandbox.go(&["env", "GOTOOLCHAIN"]);
        let users = if toolchain == "local" { "local\n" } else { "auto\n" };
        assert_eq!(shown.expect(0).out(), users, "`go env` shows the user's own");
    }
    // A pin holds against the settings of `go env -w` and against the lines of go.mod.
    let goenv = sandbox.path("goenv");
    std::fs::write(&goenv, format!("GOTOOLCHAIN=go{}\n", two.here)).unwrap();
    sandbox.set("GOENV", &goenv);
    write(
        sandbox,
        "go.mod",
        "module example.com/m\n\ngo 1.20\n\ntoolchain go1.99.1\n",
    );
    let version = sandbox.go(&["version"]);
    assert!(version.expect(0).out().contains(&two.other), "{}", version.out());
    // What the shim finds, the command line finds.
    let which = sandbox.gosteady(&["which", "--json"]);
    let answer: serde_json::Value = serde_json::from_slice(&which.expect(0).stdout).unwrap();
    assert_eq!(answer["version"], format!("go{}", two.other));
    assert_eq!(answer["pin"]["rule"], ".tool-versions");
    sandbox.gosteady(&["pin", "--check"]).expect(0);
}

#[test]
fn a_go_line_that_is_newer_than_the_pin() {
    let Some(real) = real_go("a_go_line_that_is_newer_than_the_pin") else {
        return;
    };
    let sandbox = Sandbox::new(&real);
    let version = sandbox.plain(&["env", "GOVERSION"]).out();
    let version = version.trim().trim_start_matches("go");
    write(&sandbox, "go.mod", "module example.com/m\n\ngo 1.99\n");
    write(&sandbox, "main.go", "package main\n\nfunc main() {}\n");
    write(&sandbox, ".go-version", &format!("# ours\n{version}\n"));
    let plain = sandbox.plain(&["build"]);
    let ended = sandbox.go(&["build"]);
    assert_eq!(ended.status, plain.status, "{}", ended.err());
    let (err, file) = (ended.err(), sandbox.project().join(".go-version"));
    let (ours, gos) = err.split_once('\n').unwrap();
    assert!(
        ours.starts_with("gosteady: ")
            && ours.contains(&format!("{}:2 pins {version}", file.display()))
            && ours.contains("go.mod:3 asks for Go 1.99"),
        "{err}"
    );
    assert_eq!(gos, plain.err());
    let check = sandbox.gosteady(&["pin", "--check"]);
    assert!(check.expect(1).out().contains("pin-too-old"), "{}", check.out());
}

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
    assert_eq!(
        chosen(&sandbox, &["-C", "sub", "version"]),
        quiet("1.23.1"),
        "the nearest"
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
    // The go that is there gets it by itself, even where GOTOOLCHAIN forbids it to move by itself.
    sandbox.set("GOTOOLCHAIN", "local");
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

    // Too old to know toolchains, or no go at all.
    std::fs::write(sandbox.path("root/VERSION"), "go1.19.8\n").unwrap();
    write(&sandbox, ".go-version", "1.22.10\n");
    let err = sandbox.go(&["version"]).expect(78).err();
    assert!(err.contains("gosteady toolchain install 1.22.10"), "{err}");
    sandbox.set(
        "PATH",
        std::env::join_paths([sandbox.path("shims"), "/nonexistent".into()]).unwrap(),
    );
    let err = sandbox.go(&["version"]).expect(127).err();
    assert!(err.contains("gosteady toolchain install 1.22.10"), "{err}");
}

#[test]
fn no_go_on_path_but_the_pinned_one_is_there() {
    let Some(mut two) = two("no_go_on_path_but_the_pinned_one_is_there") else {
        return;
    };
    let path = std::env::join_paths([two.sandbox.path("shims"), "/nonexistent".into()]).unwrap();
    two.sandbox.set("PATH", path);
    write(&two.sandbox, ".go-version", &two.other);
    assert!(two.sandbox.go(&["version"]).expect(0).out().contains(&two.other));
}

#[test]
fn a_pin_ends_where_another_project_begins() {
    let Some(two) = two("a_pin_ends_where_another_project_begins") else {
        return;
    };
    let sandbox = &two.sandbox;
    let shim = sandbox.path("shims/go");
    write(sandbox, "go.mod", "module example.com/m\n\ngo 1.20\n");
    write(
        sandbox,
        "gen.go",
        &format!(
            "package m\n\n//go:generate sh -c \"{0} version; cd ../elsewhere; {0} version; GOTOOLCHAIN=local {0} version\"\n",
            shim.display()
        ),
    );
    write(sandbox, "../elsewhere/x", "");
    write(sandbox, ".go-version", &two.other);
    let out = sandbox.go(&["generate"]);
    let lines: Vec<String> = out.expect(0).out().lines().map(str::to_string).collect();
    assert_eq!(lines.len(), 3, "{}", out.err());
    assert!(lines[0].contains(&two.other), "{lines:?}");
    for line in &lines[1..] {
        assert!(
            line.contains(&two.here),
            "elsewhere the go of PATH runs: {lines:?}"
        );
    }
}

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
