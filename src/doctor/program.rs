//! Running a program that a check asks, within a bound and where nobody can be prompted.

use nix::sys::signal::{SigSet, Signal, killpg};
use nix::unistd::Pid;
use std::io::{self, Read, Seek};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The most that is read of either output, in bytes.
const OUTPUT: u64 = 64 << 10;

/// What a program came to.
#[derive(Debug)]
pub struct Ended {
    /// How it ended; `None` where it met the bound and was killed.
    pub status: Option<ExitStatus>,
    /// The beginning of its stdout.
    pub stdout: String,
    /// The beginning of its stderr.
    pub stderr: String,
    /// How long it ran.
    pub took: Duration,
}

impl Ended {
    /// Whether it ended by itself, and well.
    pub fn well(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }
}

/// Runs it in a session of its own, without a terminal and without stdin. At the bound everything in its process group
/// is killed.
pub fn run(command: &mut Command, bound: Duration) -> io::Result<Ended> {
    // Files, not pipes: a grandchild that keeps them open holds nobody up.
    let (mut stdout, mut stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::from(stdout.try_clone()?))
        .stderr(Stdio::from(stderr.try_clone()?));
    let alone = || {
        nix::unistd::setsid()?;
        Ok(SigSet::empty().thread_set_mask()?)
    };
    // SAFETY: the closure calls setsid and pthread_sigmask, which are async-signal-safe.
    unsafe { command.pre_exec(alone) };
    let begun = Instant::now();
    let mut child = command.spawn()?;
    let group = Pid::from_raw(child.id().cast_signed());
    let (tell, told) = mpsc::channel();
    std::thread::Builder::new().spawn(move || {
        let _ = tell.send(child.wait());
    })?;
    let status = match told.recv_timeout(bound) {
        Ok(status) => Some(status?),
        Err(_) => {
            let _ = killpg(group, Signal::SIGKILL);
            None
        }
    };
    let took = begun.elapsed();
    let text = |file: &mut std::fs::File| -> io::Result<String> {
        let mut bytes = Vec::new();
        file.rewind()?;
        file.take(OUTPUT).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    Ok(Ended {
        status,
        stdout: text(&mut stdout)?,
        stderr: text(&mut stderr)?,
        took,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_and_bounds() {
        let sh = |script: &str, bound| run(Command::new("/bin/sh").args(["-c", script]), bound).unwrap();
        let ended = sh("echo out; echo err >&2; exit 3", Duration::from_secs(60));
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("out\n", "err\n"));
        assert_eq!(ended.status.and_then(|s| s.code()), Some(3));
        let ended = sh(
            "echo out; read x </dev/tty; sleep 600 & wait",
            Duration::from_millis(300),
        );
        assert!(ended.status.is_none() && !ended.well() && ended.stdout == "out\n");
        assert!(run(&mut Command::new("/nonexistent"), Duration::ZERO).is_err());
    }
}
