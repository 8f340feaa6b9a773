//! `gosteady hook` in real repositories.

use crate::support::{Ended, Sandbox};
use std::path::{Path, PathBuf};

/// A sandbox whose project is a repository; `None` where there is no git.
fn repository(test: &str) -> Option<Sandbox> {
    let git = std::env::split_paths(&std::env::var_os("PATH")?).find(|dir| dir.join("git").is_file());
    let Some(git) = git else {
        skipped!("{test}: no git on PATH");
        return None;
    };
    let mut sandbox = Sandbox::new(&git);
    let bin = Path::new(env!("CARGO_BIN_EXE_gosteady"))
        .parent()
        .unwrap()
        .to_path_buf();
    let path = std::env::join_paths([bin, git, "/usr/bin".into(), "/bin".into()]).unwrap();
    sandbox.set("PATH", path).unset("GOSUMDB");
    for (name, value) in [("AUTHOR", "a"), ("COMMITTER", "a")] {
        sandbox.set(&format!("GIT_{name}_NAME"), value);
        sandbox.set(&format!("GIT_{name}_EMAIL"), "a@example.com");
    }
    git_in(&sandbox, &["init", "-q"]).expect(0);
    Some(sandbox)
}

fn git_in(sandbox: &Sandbox, args: &[&str]) -> Ended {
    sandbox.run(&mut sandbox.command("git", args))
}

fn write(sandbox: &Sandbox, name: &str, text: &str) -> PathBuf {
    let path = sandbox.project().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_commit_with_a_mistake_is_stopped() {
    let Some(sandbox) = repository("a_commit_with_a_mistake_is_stopped") else {
        return;
    };
    sandbox
        .gosteady(&["hook", "install", "--profile", "test"])
        .expect(0);
    write(
        &sandbox,
        "sub/go.mod",
        "module m.io/x\n\ngo 1.24\n\nreplace a.io/b => ./b\n",
    );
    write(&sandbox, "README", "x\n");
    write(&sandbox, "gosteady.toml", "# nothing yet\n");
    git_in(&sandbox, &["add", "README", "gosteady.toml"]).expect(0);
    git_in(&sandbox, &["commit", "-qm", "no module"]).expect(0);
    git_in(&sandbox, &["add", "."]).expect(0);
    let stopped = git_in(&sandbox, &["commit", "-qm", "a module"]);
    let told = stopped.expect(1).out() + &stopped.err();
    assert!(
        told.contains("replace-missing") && told.contains("sub/go.mod:5:1"),
        "{told}"
    );
    write(&sandbox, "sub/go.mod", "module m.io/x\n\ngo 1.24\n");
    git_in(&sandbox, &["commit", "-aqm", "a module"]).expect(0);
    sandbox.gosteady(&["hook", "uninstall"]).expect(0);
    assert!(!sandbox.project().join(".git/hooks/pre-commit").exists());
}

#[test]
fn it_goes_where_git_looks() {
    let Some(sandbox) = repository("it_goes_where_git_looks") else {
        return;
    };
    write(&sandbox, "README", "x\n");
    git_in(&sandbox, &["add", "."]).expect(0);
    git_in(&sandbox, &["commit", "-qm", "x"]).expect(0);
    // From a worktree, and from a directory in it.
    git_in(&sandbox, &["worktree", "add", "-q", "../tree"]).expect(0);
    let below = sandbox.path("tree/below");
    std::fs::create_dir(&below).unwrap();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_gosteady"), &["hook", "install"]);
    sandbox.run(command.current_dir(&below)).expect(0);
    assert!(sandbox.project().join(".git/hooks/pre-commit").is_file());
    sandbox.gosteady(&["hook", "uninstall"]).expect(0);
    // In the repository.
    git_in(&sandbox, &["config", "core.hooksPath", ".githooks"]).expect(0);
    let sub = sandbox.project().join("sub");
    std::fs::create_dir(&sub).unwrap();
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_gosteady"), &["hook", "install"]);
    sandbox.run(command.current_dir(&sub)).expect(0);
    assert!(sandbox.project().join(".githooks/pre-commit").is_file());
    // Where others have theirs.
    let shared = sandbox.path("home/hooks");
    git_in(&sandbox, &["config", "core.hooksPath", shared.to_str().unwrap()]).expect(0);
    let refused = sandbox.gosteady(&["hook", "install"]);
    assert!(
        refused.expect(2).err().contains("gosteady hook run || exit 1"),
        "{}",
        refused.err()
    );
    assert!(!shared.exists());
    // Where it has none: of an empty value git makes /pre-commit.
    for (nowhere, said) in [
        ("", "core.hooksPath is empty"),
        ("/dev/null", "hooks are switched off"),
    ] {
        git_in(&sandbox, &["config", "core.hooksPath", nowhere]).expect(0);
        let refused = sandbox.gosteady(&["hook", "install"]);
        assert!(refused.expect(2).err().contains(said), "{}", refused.err());
        assert!(!sandbox.project().join("pre-commit").exists());
    }
}

#[test]
fn no_repository_is_said() {
    let Some(sandbox) = repository("no_repository_is_said") else {
        return;
    };
    std::fs::remove_dir_all(sandbox.project().join(".git")).unwrap();
    let ended = sandbox.gosteady(&["hook", "install"]);
    assert!(
        ended.expect(2).err().contains("not a git repository"),
        "{}",
        ended.err()
    );
}
