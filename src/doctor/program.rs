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

/// How long a program may take to end after TERM.
const GRACE: Duration = Duration::from_millis(500);

/// What becomes of a program that meets its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtBound {
    /// Everything in its process group gets TERM, and soon after KILL.
    End,
    /// It goes on by itself: what it does is not ours to cut in two. A shell that is killed while it reads its files may
    /// leave a version manager's lock behind.
    Leave,
}

/// What a program came to.
#[derive(Debug)]
pub struct Ended {
    /// How it ended; `None` where it met the bound.
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

/// Runs it in a session of its own, without a terminal and without stdin.
pub fn run(command: &mut Command, bound: Duration, at_bound: AtBound) -> io::Result<Ended> {
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
            if at_bound == AtBound::End {
                let _ = killpg(group, Signal::SIGTERM);
                let _ = told.recv_timeout(GRACE);
                // Also for what the leader left behind; the group is empty where nothing was.
                let _ = killpg(group, Signal::SIGKILL);
            }
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
        let sh = |script: &str, bound| {
            run(Command::new("/bin/sh").args(["-c", script]), bound, AtBound::End).unwrap()
        };
        let ended = sh("echo out; echo err >&2; exit 3", Duration::from_secs(60));
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("out\n", "err\n"));
        assert_eq!(ended.status.and_then(|s| s.code()), Some(3));
        let ended = sh(
            "echo out; read x </dev/tty; sleep 600 & wait",
            Duration::from_millis(300),
        );
        assert!(ended.status.is_none() && !ended.well() && ended.stdout == "out\n");
        assert!(run(&mut Command::new("/nonexistent"), Duration::ZERO, AtBound::End).is_err());
    }

    #[test]
    fn what_is_left_goes_on_to_its_end() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["go", "end"] {
            nix::unistd::mkfifo(&dir.path().join(name), nix::sys::stat::Mode::S_IRWXU).unwrap();
        }
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", "read x <go; echo done >end"])
            .current_dir(dir.path());
        let ended = run(&mut command, Duration::ZERO, AtBound::Leave).unwrap();
        assert!(ended.status.is_none());
        std::fs::write(dir.path().join("go"), "x\n").unwrap();
        assert_eq!(std::fs::read_to_string(dir.path().join("end")).unwrap(), "done\n");
    }
}
