//! Runs a credential helper in the user's own environment, within a bound.

use crate::world::World;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;

/// The longest a helper may take; go sets no bound. It may have to ask the user.
pub const BOUND: Duration = Duration::from_secs(60);
/// The most that is read from one.
const OUTPUT_LIMIT: u64 = 1 << 20;
/// How often a helper that has closed its output is looked at until it has ended.
const LOOK: Duration = Duration::from_millis(10);

/// What to run.
pub struct Helper<'a> {
    /// Program and arguments; never empty.
    pub words: &'a [String],
    /// Its directory; the working directory where none is named.
    pub dir: Option<&'a Path>,
    /// What it reads; `None` for nothing at all.
    pub input: Option<String>,
}

/// Runs a helper and returns what it printed. The error says how it ended and repeats nothing that it printed.
pub async fn run(helper: Helper<'_>, world: &World, bound: Duration) -> Result<String, String> {
    let command = command(&helper, world).ok_or("no program is named")?;
    let spawned = tokio::task::spawn_blocking(move || spawn(command)).await;
    let child = spawned
        .map_err(|e| e.to_string())?
        .map_err(|e| format!("cannot be run: {e}"))?;
    let mut child = Guard(child);
    let ended = tokio::time::timeout(bound, talk(&mut child.0, helper.input)).await;
    match ended {
        Ok(Ok((status, output))) if status.success() => Ok(output),
        Ok(Ok((status, _))) => Err(format!("ended with {status}")),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!(
            "did not end within {}; it was killed",
            humantime::format_duration(bound)
        )),
    }
}

fn command(helper: &Helper<'_>, world: &World) -> Option<Command> {
    let (program, arguments) = helper.words.split_first()?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear();
    // The first of two equal names counts, so it is set last.
    command.envs(world.env.iter().rev().map(|(k, v)| (k, v)));
    // go sets both for all it runs: cmd/go/internal/modload/init.go.
    for (name, value) in [("GIT_TERMINAL_PROMPT", "0"), ("GCM_INTERACTIVE", "never")] {
        if world.set_var(name).is_none() {
            command.env(name, value);
        }
    }
    if let Some(dir) = helper.dir.or(world.cwd.as_deref()) {
        command.current_dir(dir);
    }
    command.stdin(if helper.input.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    });
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    Some(command)
}

// Blocks: a program on a file system that hangs would.
fn spawn(mut command: Command) -> io::Result<Child> {
    let unblock = || {
        nix::sys::signal::SigSet::empty()
            .thread_set_mask()
            .map_err(io::Error::from)
    };
    // SAFETY: the closure only calls pthread_sigmask, which is async-signal-safe. Our threads block signals that a
    // helper must get.
    unsafe { command.pre_exec(unblock) };
    command.spawn()
}

async fn talk(child: &mut Child, input: Option<String>) -> io::Result<(std::process::ExitStatus, String)> {
    let stdin = child
        .stdin
        .take()
        .map(OwnedFd::from)
        .map(pipe::Sender::from_owned_fd)
        .transpose()?;
    let stdout = child
        .stdout
        .take()
        .map(OwnedFd::from)
        .map(pipe::Receiver::from_owned_fd)
        .transpose()?;
    let write = async {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            // A helper need not read what it is told.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
    };
    let read = async {
        let mut output = Vec::new();
        if let Some(stdout) = stdout {
            stdout.take(OUTPUT_LIMIT + 1).read_to_end(&mut output).await?;
        }
        Ok::<_, io::Error>(output)
    };
    tokio::pin!(write);
    tokio::pin!(read);
    let output = tokio::select! {
        output = &mut read => output?,
        () = &mut write => read.await?,
    };
    if output.len() as u64 > OUTPUT_LIMIT {
        return Err(io::Error::other("printed too much"));
    }
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        tokio::time::sleep(LOOK).await;
    };
    let output = String::from_utf8(output).map_err(|_| io::Error::other("printed what is no UTF-8"))?;
    Ok((status, output))
}

/// A helper does not outlive the question; a killed one is reaped where nobody waits for it.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait()
            && self.0.kill().is_ok()
            && let Ok(None) = self.0.try_wait()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let pid = nix::unistd::Pid::from_raw(self.0.id().cast_signed());
            runtime.spawn_blocking(move || {
                let _ = nix::sys::wait::waitpid(pid, None);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        World {
            env: vec![
                ("PATH".into(), "/usr/bin:/bin".into()),
                ("A".into(), "1".into()),
                ("A".into(), "2".into()),
            ],
            cwd: Some("/".into()),
            ..World::default()
        }
    }

    async fn sh(script: &str, input: Option<&str>, bound: Duration) -> Result<String, String> {
        let words = ["sh", "-c", script].map(String::from);
        let helper = Helper {
            words: &words,
            dir: None,
            input: input.map(String::from),
        };
        run(helper, &world(), bound).await
    }

    #[tokio::test]
    async fn a_helper_sees_the_users_environment_and_its_input() {
        let seen = sh(
            "cat; echo \"$A$GIT_TERMINAL_PROMPT\"; pwd",
            Some("hello\n"),
            BOUND,
        )
        .await;
        assert_eq!(seen.unwrap(), "hello\n10\n/\n");
        assert_eq!(sh("cat", None, BOUND).await.unwrap(), "");
        assert_eq!(sh("exit 0", Some(&"x".repeat(1 << 18)), BOUND).await.unwrap(), "");
    }

    #[tokio::test]
    async fn signals_are_not_blocked_in_a_helper() {
        nix::sys::signal::SigSet::all().thread_block().unwrap();
        let seen = sh("grep SigBlk /proc/self/status || echo SigBlk: 0", None, BOUND).await;
        nix::sys::signal::SigSet::all().thread_unblock().unwrap();
        assert!(
            seen.unwrap()
                .trim_end()
                .trim_start_matches("SigBlk:")
                .trim()
                .chars()
                .all(|c| c == '0')
        );
    }

    #[tokio::test]
    async fn failures_say_how_it_ended_and_nothing_it_printed() {
        let failed = sh("echo secret; exit 3", None, BOUND).await.unwrap_err();
        assert_eq!(failed, "ended with exit status: 3");
        let killed = sh("echo secret; exec sleep 600", None, Duration::from_millis(50))
            .await
            .unwrap_err();
        assert!(killed.starts_with("did not end within"), "{killed}");
        let words = ["/nonexistent/helper".to_string()];
        let helper = Helper {
            words: &words,
            dir: None,
            input: None,
        };
        assert!(
            run(helper, &world(), BOUND)
                .await
                .unwrap_err()
                .starts_with("cannot be run")
        );
    }
}
