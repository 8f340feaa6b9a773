//! Many at once, killed ones, a full disk.

use super::*;
use std::process::{Command, Stdio};

/// As many as GOSTEADY_TEST_FIRST_RUNS says; 100 are meant.
#[test]
fn many_first_runs_at_once_are_one_download() {
    let nothing = tempfile::tempdir().expect("a directory");
    let runs = std::env::var("GOSTEADY_TEST_FIRST_RUNS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(8);
    let desk = desk(nothing.path(), 500);
    let start = |_| {
        let mut command = desk.sandbox.command(
            env!("CARGO_BIN_EXE_gosteady"),
            &["toolchain", "install", "1.99.1"],
        );
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command.spawn().expect("a process")
    };
    let children: Vec<_> = (0..runs).map(start).collect();
    for child in children {
        let output = child.wait_with_output().expect("its end");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert_eq!((desk.asked(".zip"), desk.asked("/lookup/")), (1, 1));
    assert!(desk.root().join("bin/go").is_file());
}

/// go's own installs and ours at the same time: one lock, one download, and nobody breaks what another runs.
#[test]
fn real_go_and_we_install_at_once() {
    let Some(real) = real_go("real_go_and_we_install_at_once") else {
        return;
    };
    let mut desk = desk(&real, 300);
    desk.sandbox.set("GOTOOLCHAIN", GO);
    let start = |n: usize| {
        let mut command = match n % 2 {
            0 => desk.sandbox.command(
                env!("CARGO_BIN_EXE_gosteady"),
                &["toolchain", "install", "1.99.1"],
            ),
            _ => desk.sandbox.command(real.join("go"), &["version"]),
        };
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().expect("a process")
    };
    let children: Vec<_> = (0..8).map(start).collect();
    for (n, child) in children.into_iter().enumerate() {
        let output = child.wait_with_output().expect("its end");
        assert!(
            output.status.success(),
            "{n}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(output.stdout.is_empty(), n % 2 == 0);
    }
    assert_eq!(desk.asked(".zip"), 1);
}

/// Killed at moments that the seed chooses, between the first request and the end.
#[test]
fn after_a_kill_the_next_run_recovers() {
    let nothing = tempfile::tempdir().expect("a directory");
    let seed = std::process::id();
    let kills = std::env::var("GOSTEADY_TEST_KILLS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(6);
    println!("seed {seed}, {kills} kills");
    let desk = desk(nothing.path(), 400);
    let mut killed = 0;
    for n in 0..kills {
        let _ = desk.sandbox.gosteady(&["toolchain", "remove", "1.99.1"]);
        let before = desk.server.requests().len();
        let mut command = desk.sandbox.command(
            env!("CARGO_BIN_EXE_gosteady"),
            &["toolchain", "install", "1.99.1"],
        );
        command.stdin(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("a process");
        let files = (seed.wrapping_mul(2_654_435_761).wrapping_add(n * 977)) % 420;
        // So many files of the tree, or a request or two, or none of it: then KILL.
        let far_enough = || match n % 3 {
            0 => desk.server.requests().len() > before + (files % 4) as usize,
            1 => desk.left().iter().any(|f| f.contains(".zip")),
            _ => desk.left().len() > files as usize,
        };
        while child.try_wait().expect("a child").is_none() && !far_enough() {
            std::thread::yield_now();
        }
        killed += u32::from(child.kill().is_ok());
        child.wait().expect("its end");
        // What can be run is whole.
        if desk.root().join("bin/go").exists() {
            assert_eq!(tree::files(&desk.root()).len(), 410, "kill {n}");
        }
        desk.install("1.99.1").expect(0);
        assert_eq!(tree::files(&desk.root()).len(), 410, "kill {n}");
        let stray: Vec<String> = desk.left().into_iter().filter(|f| f.contains(".tmp")).collect();
        assert_eq!(stray, Vec::<String>::new(), "kill {n}");
    }
    assert!(killed > 0);
}

#[test]
fn a_full_disk_is_named_and_left_as_it_was() {
    let nothing = tempfile::tempdir().expect("a directory");
    let desk = desk(nothing.path(), 3000);
    let modcache = desk.sandbox.modcache();
    // The zip fits, the tree does not.
    let script = "mount -t tmpfs -o size=3m none \"$GOMODCACHE\" || exit 99; \
                  \"$0\" toolchain install 1.99.1; status=$?; find \"$GOMODCACHE\" -type f >&2; exit $status";
    let mut command = desk.sandbox.command(
        "unshare",
        &["-Urm", "sh", "-c", script, env!("CARGO_BIN_EXE_gosteady")],
    );
    if Command::new("unshare")
        .args(["-Urm", "true"])
        .status()
        .is_ok_and(|s| s.success())
    {
        let ended = desk.sandbox.run(&mut command);
        if ended.status == Some(99) {
            skipped!("a_full_disk_is_named_and_left_as_it_was: no mount");
            return;
        }
        ended.expect(75);
        let err = ended.err();
        assert!(err.contains("free some space"), "{err}");
        let left: Vec<&str> = err
            .lines()
            .filter(|l| l.starts_with(&*modcache.to_string_lossy()))
            .collect();
        assert!(
            left.iter().all(|l| l.ends_with(".lock") || l.contains("/sumdb/")),
            "{err}"
        );
    } else {
        skipped!("a_full_disk_is_named_and_left_as_it_was: no user namespace");
    }
}
