//! Signals with the real go in the midst of a download: plainly and through the shim the same must become of it.

use super::hangs::stage::{LIMIT, attended, on_terminal};
use crate::support::{Sandbox, real_go};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::Receiver;

/// A project whose only module comes from a mirror that never answers.
struct Stage {
    sandbox: Sandbox,
    connections: Receiver<()>,
    gos: [PathBuf; 2],
}

/// What became of a command: exit status, signal.
type End = (Option<i32>, Option<i32>);

fn end(status: ExitStatus) -> End {
    (status.code(), status.signal())
}

impl Stage {
    fn new(test: &str) -> Option<Stage> {
        let real = real_go(test)?;
        let mut sandbox = Sandbox::new(&real);
        let (port, connections) = attended();
        sandbox.set("GOPROXY", format!("http://127.0.0.1:{port}"));
        let text = "module example.com/p\n\ngo 1.21\n\nrequire page.test/x v1.0.0\n";
        std::fs::write(sandbox.project().join("go.mod"), text).unwrap();
        let gos = [real.join("go"), sandbox.path("shims/go")];
        Some(Stage {
            sandbox,
            connections,
            gos,
        })
    }

    /// `WRAPPER… go mod download`, plainly and through the shim.
    fn both(&self, wrapper: &[&str]) -> [Command; 2] {
        self.gos.clone().map(|go| {
            let go = go.to_str().unwrap();
            let words = [wrapper, &[go, "mod", "download"]].concat();
            let mut command = self.sandbox.command(words[0], &words[1..]);
            command
                .stdin(Stdio::null())
                .stderr(Stdio::null())
                .process_group(0);
            attentive(command)
        })
    }

    /// Starts a command and returns once its go has asked the mirror.
    fn start(&self, command: &mut Command) -> Child {
        while self.connections.try_recv().is_ok() {}
        let child = command.spawn().unwrap();
        self.connections.recv_timeout(LIMIT).expect("a request");
        child
    }

    /// What becomes of each when this is done to it.
    fn ends(&self, wrapper: &[&str], act: impl Fn(&Child)) -> [End; 2] {
        self.both(wrapper).map(|mut command| {
            let mut child = self.start(&mut command);
            act(&child);
            end(child.wait().unwrap())
        })
    }
}

/// A command that ignores no signal, though the tests may run under nohup.
fn attentive(mut command: Command) -> Command {
    // SAFETY: signal is async-signal-safe.
    unsafe {
        command.pre_exec(|| {
            for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT] {
                libc::signal(signal, libc::SIG_DFL);
            }
            Ok(())
        });
    }
    command
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id() as i32)
}

fn skipped(test: &str, probe: &[&str]) -> bool {
    let ran = Command::new(probe[0])
        .args(&probe[1..])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let missing = !ran.is_ok_and(|status| status.success());
    if missing {
        skipped!("{test}: `{}` does not work here", probe.join(" "));
    }
    missing
}

#[test]
fn a_signal_for_our_pid() {
    let Some(stage) = Stage::new("a_signal_for_our_pid") else {
        return;
    };
    for (signal, want) in [
        (Signal::SIGINT, (None, Some(libc::SIGINT))),
        (Signal::SIGTERM, (None, Some(libc::SIGTERM))),
        (Signal::SIGHUP, (None, Some(libc::SIGHUP))),
        // The runtime prints its stacks and exits.
        (Signal::SIGQUIT, (Some(2), None)),
    ] {
        let ends = stage.ends(&[], |child| kill(pid(child), signal).unwrap());
        assert_eq!(ends, [want; 2], "{signal}");
    }
}

#[test]
fn signals_that_go_does_not_mind() {
    let Some(stage) = Stage::new("signals_that_go_does_not_mind") else {
        return;
    };
    let ends = stage.ends(&[], |child| {
        for signal in [
            Signal::SIGUSR1,
            Signal::SIGUSR2,
            Signal::SIGWINCH,
            Signal::SIGCONT,
        ] {
            kill(pid(child), signal).unwrap();
        }
        kill(pid(child), Signal::SIGTERM).unwrap();
    });
    assert_eq!(ends, [(None, Some(libc::SIGTERM)); 2]);
    // nohup: a hang-up is ignored, and what comes after it is not.
    let ends = stage.ends(&["/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh"], |child| {
        kill(pid(child), Signal::SIGHUP).unwrap();
        kill(pid(child), Signal::SIGTERM).unwrap();
    });
    assert_eq!(ends, [(None, Some(libc::SIGTERM)); 2]);
}

#[test]
fn keys_and_a_terminal_that_goes_away() {
    let Some(stage) = Stage::new("keys_and_a_terminal_that_goes_away") else {
        return;
    };
    for (key, want) in [
        (Some(b"\x03"), (None, Some(libc::SIGINT))),
        (Some(b"\x1c"), (Some(2), None)),
        (None, (None, Some(libc::SIGHUP))),
    ] {
        for go in &stage.gos {
            let mut command = stage.sandbox.command(go, &["mod", "download"]);
            let mut terminal = std::fs::File::from(on_terminal(&mut command));
            let mut command = attentive(command);
            let mut child = stage.start(command.stderr(Stdio::null()));
            // Its own copies of the terminal must not outlive the master.
            command.stdin(Stdio::null());
            match key {
                Some(key) => terminal.write_all(key).unwrap(),
                None => drop(terminal),
            }
            assert_eq!(end(child.wait().unwrap()), want, "{key:?} {}", go.display());
        }
    }
}

#[test]
fn under_make() {
    let test = "under_make";
    let Some(stage) = Stage::new(test) else {
        return;
    };
    if skipped(test, &["make", "--version"]) {
        return;
    }
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let statuses = stage.gos.clone().map(|go| {
            let text = format!("all:\n\t{} mod download\n", go.display());
            std::fs::write(stage.sandbox.project().join("Makefile"), text).unwrap();
            let mut make = attentive(stage.sandbox.command("make", &["-j2"]));
            make.stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
            let mut child = stage.start(&mut make);
            // As the terminal does: to the whole group.
            nix::sys::signal::killpg(pid(&child), signal).unwrap();
            // make waits for its children, and no go keeps the pipe open.
            let mut out = String::new();
            child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
            end(child.wait().unwrap())
        });
        assert_eq!(statuses[0], statuses[1], "{signal}");
    }
}

#[test]
fn under_timeout_and_sudo() {
    let test = "under_timeout_and_sudo";
    let Some(stage) = Stage::new(test) else {
        return;
    };
    if !skipped(test, &["timeout", "5", "true"]) {
        let ends = stage.ends(&["timeout", "60"], |child| {
            kill(pid(child), Signal::SIGTERM).unwrap()
        });
        assert_eq!(ends[0], ends[1]);
        let ends = stage
            .both(&["timeout", "-s", "INT", "0.5"])
            .map(|mut command| end(command.status().unwrap()));
        assert_eq!(ends, [(Some(124), None); 2]);
    }
    if !skipped(test, &["sudo", "-n", "true"]) {
        let variables: Vec<String> = stage
            .sandbox
            .env()
            .iter()
            .map(|(name, value)| format!("{}={}", name.display(), value.display()))
            .collect();
        let mut wrapper = vec!["sudo", "-n", "env"];
        wrapper.extend(variables.iter().map(String::as_str));
        // sudo passes a signal on unless it comes from its own group.
        let ends = stage.ends(&wrapper, |child| kill(pid(child), Signal::SIGTERM).unwrap());
        assert_eq!(ends[0], ends[1]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_first_process_of_a_container() {
    let test = "the_first_process_of_a_container";
    let Some(stage) = Stage::new(test) else {
        return;
    };
    let unshare = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
    if skipped(test, &[&unshare[..], &["true"]].concat()) {
        return;
    }
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT] {
        let ends = stage.ends(&unshare, |child| {
            let id = child.id();
            let first = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
            let first = first.trim().parse().expect("one child");
            kill(Pid::from_raw(first), signal).unwrap();
        });
        // The runtime can't die by a signal there and exits.
        assert_eq!(ends, [(Some(2), None); 2], "{signal}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_shim_leaves_no_go_behind() {
    let Some(stage) = Stage::new("a_killed_shim_leaves_no_go_behind") else {
        return;
    };
    let [_, mut shim] = stage.both(&[]);
    let mut child = stage.start(shim.stdout(Stdio::piped()));
    kill(pid(&child), Signal::SIGKILL).unwrap();
    // go holds the other end of the pipe: this returns when it is gone.
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!(end(child.wait().unwrap()), (None, Some(libc::SIGKILL)));
}
