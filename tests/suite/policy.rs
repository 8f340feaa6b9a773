//! A policy that the machine's owner wrote down: what is not run, what still is, and that every finding is named.

use crate::support::{Sandbox, real_go};
use gosteady::drill::Store;

const COMMIT: &str = "require a.io/b v0.0.0-20240101000000-abcdefabcdef\n";

fn sandbox(real: &std::path::Path, policy: &str) -> Sandbox {
    let mut sandbox = Sandbox::with(real, &Store::synthetic(1, 1));
    let config = sandbox.path("home/.config/gosteady");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("config.toml"), policy).unwrap();
    sandbox.set("GOPROXY", "off");
    sandbox
}

fn write(sandbox: &Sandbox, name: &str, text: &str) {
    std::fs::write(sandbox.project().join(name), text).unwrap();
}

#[test]
fn a_build_that_breaks_it_is_not_run_and_what_mends_it_is() {
    let Some(real) = real_go("a_build_that_breaks_it_is_not_run") else {
        return;
    };
    let mut sandbox = sandbox(&real, "policy.profile = \"test\"\n");
    sandbox.unset("GOSUMDB");
    let gomod = std::fs::read_to_string(sandbox.project().join("go.mod")).unwrap();
    write(
        &sandbox,
        "go.mod",
        &format!("{gomod}{COMMIT}replace a.io/b => ./b\n"),
    );
    for args in [
        &["build", "./..."][..],
        &["test", "./..."],
        &["vet"],
        &["mod", "download"],
    ] {
        let ended = sandbox.go(args);
        let err = ended.expect(78).err();
        for part in [
            "not run: the policy `test`, set by ",
            "config.toml:1:8, refuses it",
            "[pseudo-version]",
            "[replace-local]",
            "[replace-missing]",
            "gosteady: go.mod:",
            "gosteady check --profile test",
        ] {
            assert!(err.contains(part), "{args:?}: {part} is not in\n{err}");
        }
        assert!(ended.stdout.is_empty());
    }
    for args in [
        &["version"][..],
        &["env", "GOPROXY"],
        &["mod", "edit", "-dropreplace=a.io/b"],
    ] {
        sandbox.go(args).expect(0);
    }
    let tidy = sandbox.go(&["mod", "tidy"]);
    assert_ne!(tidy.status, Some(78), "{}", tidy.err());
    // A project's file can't talk its way out.
    write(
        &sandbox,
        "gosteady.toml",
        "policy.profile = \"dev\"\n[check]\npseudo-version = \"off\"\n",
    );
    let err = sandbox.go(&["build"]).expect(78).err();
    assert!(err.contains("[pseudo-version]"), "{err}");
    // Its owner can.
    sandbox.set("GOSTEADY_POLICY_PROFILE", "off");
    assert_ne!(sandbox.go(&["build"]).status, Some(78));
}

#[test]
fn settings_that_go_past_the_proxy_stop_downloads_too() {
    let Some(real) = real_go("settings_that_go_past_the_proxy") else {
        return;
    };
    let mut sandbox = sandbox(&real, "policy.profile = \"prod\"\n");
    sandbox
        .set("GOSUMDB", "off")
        .set("GOPROXY", "https://mirror.example,direct")
        .set("GOPRIVATE", "git.corp.example");
    for args in [
        &["get", "a.io/b@v1.0.0"][..],
        &["install", "a.io/b@v1.0.0"],
        &["list", "-m", "all"],
    ] {
        let err = sandbox.go(args).expect(78).err();
        for id in ["[sumdb-off]", "[goproxy-direct]", "[goproxy-bypass]"] {
            assert!(err.contains(id), "{args:?}: {id} is not in\n{err}");
        }
    }
    sandbox.go(&["version"]).expect(0);
    sandbox.go(&["env", "GOSUMDB"]).expect(0);
}

#[test]
fn a_misspelt_policy_is_said_and_none_costs_nothing() {
    let Some(real) = real_go("a_misspelt_policy_is_said") else {
        return;
    };
    let misspelt = sandbox(&real, "policy.profile = \"produ\"\n");
    let ended = misspelt.go(&["version"]);
    assert!(
        ended.expect(0).err().contains("did you mean `prod`?"),
        "{}",
        ended.err()
    );
    let none = sandbox(&real, "");
    assert_eq!(none.go(&["version"]).expect(0).err(), "");
}

#[test]
fn check_goes_by_the_levels_of_the_files() {
    let Some(real) = real_go("check_goes_by_the_levels_of_the_files") else {
        return;
    };
    let mut sandbox = sandbox(&real, "");
    sandbox.unset("GOSUMDB");
    let gomod = std::fs::read_to_string(sandbox.project().join("go.mod")).unwrap();
    write(&sandbox, "go.mod", &format!("{gomod}replace a.io/b => ./b\n"));
    let check = |sandbox: &Sandbox| sandbox.gosteady(&["check", "--profile", "test"]).out();
    assert!(check(&sandbox).contains("error[replace-local]"));
    write(
        &sandbox,
        "gosteady.toml",
        "[check.test]\nreplace-local = \"off\"\n",
    );
    assert!(!check(&sandbox).contains("replace-local"));
    let user = sandbox.path("home/.config/gosteady/config.toml");
    std::fs::write(user, "[check]\nreplace-local = \"warn\"\n").unwrap();
    assert!(check(&sandbox).contains("warning[replace-local]"));
    write(
        &sandbox,
        "gosteady.toml",
        "[check]\nreplace-lokal = \"off\"\nreplace-local = \"on\"\n",
    );
    let out = check(&sandbox);
    for part in [
        "warning[settings-faulty]",
        "gosteady.toml:2:1",
        "did you mean `check.replace-local`?",
        "`check.replace-local` knows no such level",
        "gosteady.toml:3:17",
    ] {
        assert!(out.contains(part), "{part} is not in\n{out}");
    }
}

#[test]
fn the_file_of_the_project_counts_where_go_is_led_to() {
    let Some(real) = real_go("the_file_of_the_project_counts_where_go_is_led_to") else {
        return;
    };
    let mut sandbox = Sandbox::new(&real);
    // Nobody listens there.
    sandbox.set("GOPROXY", "http://127.0.0.1:1|http://127.0.0.1:2");
    let below = sandbox.project().join("below");
    std::fs::create_dir(&below).unwrap();
    let text = "module example.com/m\n\ngo 1.21\n\nrequire example.com/x v1.0.0\n";
    std::fs::write(below.join("go.mod"), text).unwrap();
    let settings = "[proxy]\nattempts = 1\nretry-for = \"1ms\"\n";
    std::fs::write(below.join("gosteady.toml"), settings).unwrap();
    sandbox.go(&["-C", "below", "mod", "download"]).expect(1);
    let shown = sandbox.gosteady(&["trace", "show", "--json"]).expect(0).out();
    let records = shown
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let first = records.filter(|r| r["kind"] == "attempt" && r["upstream"] == "http://127.0.0.1:1");
    let numbers: Vec<_> = first.map(|r| r["attempt"].as_u64().unwrap()).collect();
    assert!(!numbers.is_empty() && numbers.iter().all(|n| *n == 1), "{shown}");
}
