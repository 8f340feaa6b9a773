//! `gosteady check` beside the real go: what it calls broken, go refuses.

use crate::support::{Sandbox, real_go};
use gosteady::drill::Store;
use serde_json::Value;

/// What stands in the files that both read.
const PIECES: &[&str] = &[
    "module m.io/x\n",
    "go 1.24\n",
    "go 1.24.0\n",
    "go 1.24rc1\n",
    "go v1.24\n",
    "go 1.024\n",
    "go\n",
    "toolchain go1.24.3\n",
    "toolchain default\n",
    "toolchain 1.24\n",
    "godebug a=b\n",
    "godebug a\n",
    "require a.io/b v1.2.3\n",
    "require a.io/b v1.2.3 // indirect; why\n",
    "require \"a.io/b\" v1.2.3\n",
    "require 'a.io/b' v1.2.3\n",
    "require a.io/b v1.2.3.4\n",
    "require a.io/b v2.0.0\n",
    "require a.io/b v2.0.0+incompatible\n",
    "require a.io/b/v2 v2.0.0-rc.1+meta\n",
    "require a.io/b/v1 v1.0.0\n",
    "require gopkg.in/yaml.v3 v3.0.1\n",
    "require gopkg.in/yaml v3.0.1\n",
    "require (\n\ta.io/c v1.0.0 // indirect\n\n\t// a comment\n\ta.io/d v0.0.0-20240101000000-abcdefabcdef\n)\n",
    "require (\n\ta.io/c v1.0.0\n",
    "require ( )\n",
    "require (a.io/c v1.0.0)\n",
    "require a.io/b v1.2.3 extra\n",
    "exclude a.io/b v1.2.3\n",
    "exclude a.io/b\n",
    "replace a.io/b => ../b\n",
    "replace a.io/b v1.2.3 => c.io/d v1.0.0\n",
    "replace a.io/b => c.io/d\n",
    "replace a.io/b => c.io/d@v1.0.0\n",
    "replace a.io/b => ../b v1.0.0\n",
    "replace a.io/b v1.2.3 -> ../b\n",
    "replace (\n\ta.io/b => .\n)\n",
    "retract v1.0.0\n",
    "retract [v1.0.0, v1.1.0]\n",
    "retract [v1.0.0 v1.1.0]\n",
    "retract [v1.0.0, v1.1.0] x\n",
    "tool a.io/b/cmd/x\n",
    "tool\n",
    "ignore ./static\n",
    "use ./x\n",
    "unknown a b\n",
    "/* no */\n",
    "// yes\n",
    "require a.io/b v1.2.3// glued\n",
    "\u{a0}\n",
    "<<<<<<< HEAD\n",
    "go (\n1.24\n)\n",
];

#[test]
fn the_parser_refuses_what_go_refuses() {
    let Some(real) = real_go("the_parser_refuses_what_go_refuses") else {
        return;
    };
    let sandbox = Sandbox::with(&real, &Store::synthetic(1, 1));
    let gomod = sandbox.project().join("go.mod");
    let file = gomod.to_str().unwrap();
    let mut differ = Vec::new();
    for piece in PIECES {
        let text = match piece.starts_with("module") {
            true => (*piece).to_owned(),
            false => format!("module m.io/x\n{piece}"),
        };
        std::fs::write(&gomod, &text).unwrap();
        let go = sandbox.plain(&["mod", "edit", "-json", file]);
        let ours = sandbox.gosteady(&["check", "--format", "json", file]);
        let json: Value = serde_json::from_str(&ours.out()).unwrap();
        let broken = [
            "gomod-syntax",
            "version-not-canonical",
            "version-wrong-major",
            "conflict-marker",
        ];
        let refused = json["problems"]
            .as_array()
            .unwrap()
            .iter()
            .any(|p| broken.contains(&p["id"].as_str().unwrap()));
        if refused != (go.status != Some(0)) {
            differ.push(format!(
                "{piece:?}: gosteady refused: {refused}; go: {}",
                go.err()
            ));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn a_project_that_go_downloads_is_sound_and_a_broken_one_shows_its_line() {
    let Some(real) = real_go("a_project_that_go_downloads_is_sound") else {
        return;
    };
    let mut sandbox = Sandbox::with(&real, &Store::synthetic(3, 3));
    sandbox.unset("GOSUMDB");
    let sound = sandbox.gosteady(&["check"]);
    assert_eq!(sound.expect(0).out(), "nothing wrong\n");
    let gomod = sandbox.project().join("go.mod");
    let text = std::fs::read_to_string(&gomod)
        .unwrap()
        .replace("v1.0.0", "v1.0.0.0");
    std::fs::write(&gomod, text).unwrap();
    let broken = sandbox.gosteady(&["check"]);
    let out = broken.expect(1).out();
    assert!(out.contains("--> go.mod:") && out.contains("^^^^^^^^"), "{out}");
    let wrong = sandbox.gosteady(&["check", "--rule", "nonsense=off"]);
    assert!(
        wrong.expect(2).err().contains("no rule \"nonsense\""),
        "{}",
        wrong.err()
    );
}

#[test]
fn no_module_is_no_sound_module() {
    let mut sandbox = Sandbox::new(std::path::Path::new("/nonexistent"));
    sandbox.unset("GOSUMDB");
    let empty = sandbox.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let check = |args: &[&str]| {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_gosteady"), &[&["check"], args].concat());
        sandbox.run(command.current_dir(&empty))
    };
    let (text, device) = (check(&[]), check(&["/dev/null"]));
    assert_eq!(text.expect(2).out(), "");
    assert!(text.err().contains("no go.mod here or above"), "{}", text.err());
    assert!(
        device.expect(2).err().contains("at or above /dev/null"),
        "{}",
        device.err()
    );
    let json: Value = serde_json::from_str(&check(&["--format", "json"]).expect(2).out()).unwrap();
    assert_eq!(json["problems"], serde_json::json!([]));
    let sarif: Value = serde_json::from_str(&check(&["--format", "sarif"]).expect(2).out()).unwrap();
    assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]));
    assert_eq!(check(&["--format", "github"]).expect(2).out(), "");
    // Settings are something, and a module in one place does not speak for another.
    std::fs::write(empty.join("gosteady.toml"), "").unwrap();
    assert_eq!(check(&["gosteady.toml"]).expect(0).out(), "nothing wrong\n");
    std::fs::write(empty.join("Cargo.toml"), "").unwrap();
    check(&["Cargo.toml"]).expect(2);
    std::fs::create_dir(empty.join("sub")).unwrap();
    std::fs::write(empty.join("sub/go.mod"), "module m.io/x\n\ngo 1.24.0\n").unwrap();
    check(&["sub"]).expect(0);
    check(&["sub/go.mod", "gosteady.toml"]).expect(0);
    assert_eq!(check(&["sub", "."]).expect(2).out(), "");
}

/// With names of files a module is found in whatever directory it lies; without them only one at the top is.
#[test]
fn the_hook_for_pre_commit_names_files_and_is_the_documented_one() {
    let (hook, docs) = (
        include_str!("../../.pre-commit-hooks.yaml"),
        include_str!("../../docs/check.md"),
    );
    assert!(!hook.contains("pass_filenames"), "{hook}");
    for line in hook.lines().filter(|line| !line.contains("description:")) {
        assert!(docs.contains(line.trim()), "{line}");
    }
}

#[test]
fn what_is_named_beside_a_module_is_not_that_module() {
    let Some(real) = real_go("what_is_named_beside_a_module_is_not_that_module") else {
        return;
    };
    let sandbox = Sandbox::with(&real, &Store::synthetic(1, 1));
    let beside = sandbox.project().parent().unwrap().join("beside");
    std::fs::create_dir(beside).unwrap();
    for args in [&["check", "../beside"][..], &["cache", "key", "../beside"]] {
        let ended = sandbox.gosteady(args);
        assert!(ended.expect(2).err().contains("beside"), "{}", ended.err());
    }
}
