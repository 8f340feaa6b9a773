//! Running a program with a bound, and so that Ctrl-C ends it and leaves us time to clean up.

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, killpg, sigaction};
use nix::unistd::Pid;
use std::io::{self, Read, Seek};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How often a wait looks for an interrupt.
const LOOK: Duration = Duration::from_millis(50);
/// How long a program may take to end after TERM.
const GRACE: Duration = Duration::from_secs(3);
/// The most of a program's stderr that is read, in bytes.
const STDERR: u64 = 64 << 10;

/// The signal that came last; 0 for none.
static CAUGHT: AtomicI32 = AtomicI32::new(0);

/// Catches INT, TERM and HUP while it lives.
#[derive(Debug)]
pub(super) struct Watch(Vec<(Signal, SigAction)>);

extern "C" fn catch(signal: libc::c_int) {
    CAUGHT.store(signal, SeqCst);
}

impl Watch {
    pub(super) fn start() -> io::Result<Watch> {
        CAUGHT.store(0, SeqCst);
        let action = SigAction::new(SigHandler::Handler(catch), SaFlags::SA_RESTART, SigSet::empty());
        let mut watch = Watch(Vec::new());
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            // SAFETY: the handler only stores to an atomic, which is async-signal-safe.
            let old = unsafe { sigaction(signal, &action) }?;
            watch.0.push((signal, old));
        }
        Ok(watch)
    }

    fn caught(&self) -> Option<i32> {
        Some(CAUGHT.load(SeqCst)).filter(|s| *s != 0)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        for (signal, old) in &self.0 {
            // SAFETY: puts back what was in effect before.
            let _ = unsafe { sigaction(*signal, old) };
        }
    }
}

/// Why a program is no longer running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It exited with this status.
    Exited(i32),
    /// It died of this signal.
    Died(i32),
    /// It met the bound and was ended.
    Bound,
    /// We were interrupted by this signal and ended it.
    Interrupted(i32),
}

/// A program's end.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub end: End,
    /// From its start until it ended, or until we chose to end it.
    pub took: Duration,
    /// The beginning of its stderr.
    pub stderr: String,
}

/// Runs a program in a process group of its own, without stdin and stdout. At the bound, or when interrupted, the
/// group gets TERM, and KILL 3 s later.
pub(super) fn run(command: &mut Command, bound: Duration, watch: &Watch) -> io::Result<Ended> {
    // A file, not a pipe: a grandchild that keeps it open holds nobody up.
    let mut stderr = tempfile::tempfile()?;
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::from(stderr.try_clone()?))
        .process_group(0)
        .spawn()?;
    let group = Pid::from_raw(child.id() as i32);
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = tell.send(child.wait());
    });
    let until = start + bound;
    let end = loop {
        let left = until.saturating_duration_since(Instant::now());
        match told.recv_timeout(left.min(LOOK)) {
            Ok(status) => break end_of(status?),
            Err(RecvTimeoutError::Disconnected) => return Err(io::Error::other("the wait for go was lost")),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(signal) = watch.caught() {
            break End::Interrupted(signal);
        }
        if left.is_zero() {
            break End::Bound;
        }
    };
    let took = start.elapsed();
    if matches!(end, End::Bound | End::Interrupted(_)) {
        let _ = killpg(group, Signal::SIGTERM);
        let gone = told.recv_timeout(GRACE).is_ok();
        // Also for what the leader left behind; the group is empty where nothing was.
        let _ = killpg(group, Signal::SIGKILL);
        if !gone {
            let _ = told.recv_timeout(GRACE);
        }
    }
    let mut bytes = Vec::new();
    stderr.rewind()?;
    stderr.take(STDERR).read_to_end(&mut bytes)?;
    Ok(Ended {
        end,
        took,
        stderr: String::from_utf8_lossy(&bytes).into_owned(),
    })
}

fn end_of(status: ExitStatus) -> End {
    match status.code() {
        Some(code) => End::Exited(code),
        None => End::Died(status.signal().unwrap_or(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, bound: Duration) -> Ended {
        let watch = Watch(Vec::new());
        run(Command::new("/bin/sh").args(["-c", script]), bound, &watch).unwrap()
    }

    #[test]
    fn ends() {
        let long = Duration::from_secs(60);
        assert_eq!(sh("exit 3", long).end, End::Exited(3));
        assert_eq!(sh("kill -9 $$", long).end, End::Died(9));
        assert_eq!(sh("echo hello >&2", long).stderr, "hello\n");
        assert_eq!(sh("sleep 600", Duration::from_millis(100)).end, End::Bound);
    }
}
