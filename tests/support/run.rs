//! Running a program with a bound.

use std::io::{Read, Seek, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Exit status; `None` after a death by signal.
    pub status: Option<i32>,
    /// Signal number; `None` after an exit.
    pub signal: Option<i32>,
    /// Whether we had to kill it.
    pub timed_out: bool,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Ended {
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Fails the test, with both streams, unless the status is this one.
    #[track_caller]
    pub fn expect(&self, status: i32) -> &Ended {
        assert!(
            !self.timed_out && self.status == Some(status),
            "wanted status {status}, got {:?}, signal {:?}, timed out: {}\nstdout:\n{}\nstderr:\n{}",
            self.status,
            self.signal,
            self.timed_out,
            self.out(),
            self.err()
        );
        self
    }
}

/// Runs to the end, or to the bound: then the program's whole group is killed. Output goes through files, so that
/// a grandchild that keeps a stream open holds nobody up.
pub fn bounded(command: &mut Command, stdin: &[u8], limit: Duration) -> Ended {
    let mut out = tempfile::tempfile().expect("a temporary file");
    let mut err = tempfile::tempfile().expect("a temporary file");
    let mut input = tempfile::tempfile().expect("a temporary file");
    input.write_all(stdin).expect("writing stdin");
    input.rewind().expect("rewinding stdin");
    let mut child = command
        .stdin(Stdio::from(input))
        .stdout(Stdio::from(out.try_clone().expect("a descriptor")))
        .stderr(Stdio::from(err.try_clone().expect("a descriptor")))
        .process_group(0)
        .spawn()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let group = -(child.id() as i32);
    let (tell, told) = mpsc::channel();
    let waiter = std::thread::spawn(move || {
        let _ = tell.send(child.wait());
    });
    let first = told.recv_timeout(limit);
    let timed_out = first.is_err();
    if timed_out {
        // SAFETY: kill(2) has no memory effects; the group is that of a child not yet waited for.
        unsafe { libc::kill(group, libc::SIGKILL) };
    }
    let status = first
        .unwrap_or_else(|_| told.recv().expect("the waiter answers"))
        .expect("waiting for the child");
    waiter.join().expect("the waiter ends");
    let read = |file: &mut std::fs::File| {
        let mut bytes = Vec::new();
        file.rewind().expect("rewinding output");
        file.read_to_end(&mut bytes).expect("reading output");
        bytes
    };
    Ended {
        status: status.code(),
        signal: status.signal(),
        timed_out,
        stdout: read(&mut out),
        stderr: read(&mut err),
    }
}
