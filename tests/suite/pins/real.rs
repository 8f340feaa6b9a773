//! With real Gos.

use super::{two, write};
use crate::support::{Sandbox, real_go};
use gosteady::drill::{Fault, Server, Store};

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
    // No patch of a line is new enough either; this was told only once one was installed, and then as a failed build.
    for (pin, told) in [("1.98", true), ("1.99", false)] {
        let written = sandbox.gosteady(&["pin", pin]);
        assert_eq!(
            written.expect(0).err().contains("asks for Go 1.99"),
            told,
            "{}",
            written.err()
        );
        let check = sandbox.gosteady(&["pin", "--check"]);
        assert_eq!(
            check.expect(1).out().contains("pin-too-old"),
            told,
            "{}",
            check.out()
        );
    }
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
fn a_pinned_go_is_guarded_like_any_other() {
    let Some(mut two) = two("a_pinned_go_is_guarded_like_any_other") else {
        return;
    };
    let store = Store::synthetic(3, 3);
    let server = Server::start(store.clone(), Fault::Good).expect("a server");
    let sandbox = &mut two.sandbox;
    store.write_project(&sandbox.project()).expect("the project");
    write(sandbox, ".go-version", &two.other);
    let trace = sandbox.path("trace.jsonl");
    sandbox
        .set("GOPROXY", server.url())
        .set("GOTOOLCHAIN", "auto")
        .set("GOSTEADY_TRACE", &trace);
    sandbox.go(&["mod", "download"]).expect(0);
    assert_eq!(sandbox.zips(), 3);
    let text = std::fs::read_to_string(&trace).unwrap();
    assert!(
        text.contains(&format!("\"GOVERSION\":\"go{}\"", two.other)),
        "{text}"
    );
    // Nothing is asked twice: what a pinned go has fetched is there for the next command.
    let before = server.requests().len();
    sandbox.go(&["build", "./..."]).expect(0);
    assert_eq!(server.requests().len(), before);
}

#[test]
fn the_files_above_the_name_that_was_entered_count() {
    let Some(real) = real_go("the_files_above_the_name_that_was_entered_count") else {
        return;
    };
    let sandbox = Sandbox::new(&real);
    let (dir, link) = (sandbox.path("elsewhere/m"), sandbox.project().join("m"));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("go.mod"), "module example.com/m\n\ngo 1.20\n").unwrap();
    std::os::unix::fs::symlink(&dir, &link).unwrap();
    write(&sandbox, "go.work", "go 1.20\n\nuse ./m\n");
    let work = sandbox.project().join("go.work");
    let entered = |program: std::path::PathBuf, args: &[&str], pwd: &std::path::Path| {
        let mut command = sandbox.command(program, args);
        let ended = sandbox.run(command.current_dir(&link).env("PWD", pwd));
        ended.expect(0).out()
    };
    let gosteady = || env!("CARGO_BIN_EXE_gosteady").into();
    for (pwd, expected) in [(&link, true), (&dir, false)] {
        let plain = entered(real.join("go"), &["env", "GOWORK"], pwd);
        assert_eq!(plain.trim_end() == work.to_str().unwrap(), expected, "{plain}");
        let ours = entered(gosteady(), &["which", "--json"], pwd);
        assert_eq!(
            ours.contains(&format!("{}:1", work.display())),
            expected,
            "{ours}"
        );
    }
}
