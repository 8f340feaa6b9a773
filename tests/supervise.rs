//! Signals, job control and closed descriptors: each case is run plainly and under supervision, and must look the
//! same to whoever started it.

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The example program, which cargo puts beside the folder of the tests.
fn probe() -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    let path = exe
        .parent()
        .unwrap()
        .parent()
        .unwrap()
        .join("examples/supervise_probe");
    assert!(path.exists(), "run `cargo build --example supervise_probe` first");
    path
}

/// `sh -c SCRIPT`, plainly and under supervision.
fn both(script: &str) -> [Command; 2] {
    let mut plain = Command::new("/bin/sh");
    plain.args(["-c", script]);
    let mut watched = Command::new(probe());
    watched.args(["/bin/sh", "-c", script]);
    [plain, watched].map(attentive)
}

/// A command that ignores no signal, though the tests may run in the background or under nohup.
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

fn line(child: &mut Child) -> (String, BufReader<std::process::ChildStdout>) {
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    (line.trim().to_string(), out)
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id() as i32)
}

#[test]
fn a_signal_for_our_pid_reaches_the_child_and_is_reported() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGQUIT] {
        for mut command in both("echo ready; exec sleep 1000") {
            let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
            let (_, _out) = line(&mut child);
            kill(pid(&child), signal).unwrap();
            assert_eq!(child.wait().unwrap().signal(), Some(signal as i32), "{command:?}");
        }
    }
}

#[test]
fn a_child_that_handles_a_signal_decides_its_status() {
    let script = "trap 'exit 5' TERM; trap 'echo usr1' USR1; echo ready; while :; do sleep 0.05; done";
    for mut command in both(script) {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let (_, mut out) = line(&mut child);
        kill(pid(&child), Signal::SIGUSR1).unwrap();
        let mut said = String::new();
        out.read_line(&mut said).unwrap();
        assert_eq!(said, "usr1\n", "{command:?}");
        kill(pid(&child), Signal::SIGTERM).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(5), "{command:?}");
    }
}

/// The signal lines of the child's own /proc/self/status: what it inherited.
#[cfg(target_os = "linux")]
fn inherited(command: &mut Command) -> String {
    let output = command.output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn mask_and_ignored_signals_arrive_as_through_exec() {
    let grep = ["-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status"];
    let preparations: [fn(); 4] = [
        || {},
        // SAFETY: async-signal-safe.
        || unsafe {
            for signal in [
                libc::SIGINT,
                libc::SIGHUP,
                libc::SIGQUIT,
                libc::SIGPIPE,
                libc::SIGCHLD,
            ] {
                libc::signal(signal, libc::SIG_IGN);
            }
        },
        // SAFETY: async-signal-safe.
        || unsafe {
            libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        },
        // SAFETY: async-signal-safe.
        || unsafe {
            let mut set = std::mem::zeroed();
            libc::sigemptyset(&mut set);
            for signal in [libc::SIGTERM, libc::SIGCHLD, libc::SIGUSR2] {
                libc::sigaddset(&mut set, signal);
            }
            libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut());
        },
    ];
    for (n, prepare) in preparations.into_iter().enumerate() {
        let mut plain = Command::new("/bin/grep");
        plain.args(grep);
        let mut watched = Command::new(probe());
        watched.arg("/bin/grep").args(grep);
        let [plain, watched] = [plain, watched].map(|mut command| {
            // SAFETY: the preparation is async-signal-safe.
            unsafe {
                command.pre_exec(move || {
                    prepare();
                    Ok(())
                })
            };
            inherited(&mut command)
        });
        assert!(plain.contains("SigIgn"));
        assert_eq!(plain, watched, "preparation {n}");
    }
}

#[test]
fn an_ignored_interrupt_stays_ignored() {
    for command in both("echo ready; kill -INT $$; echo alive; exit 3") {
        let mut wrapper = Command::new("/bin/sh");
        wrapper.args(["-c", "trap '' INT; exec \"$@\"", "sh"]);
        wrapper.arg(command.get_program()).args(command.get_args());
        let mut child = wrapper.stdout(Stdio::piped()).spawn().unwrap();
        let (_, mut out) = line(&mut child);
        kill(pid(&child), Signal::SIGINT).unwrap();
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        assert_eq!(
            (rest.as_str(), child.wait().unwrap().code()),
            ("alive\n", Some(3))
        );
    }
}

#[test]
fn a_closed_reader_kills_by_sigpipe() {
    for mut command in both("while :; do echo y >&2; done") {
        let (read, write) = nix::unistd::pipe().unwrap();
        drop(read);
        // SAFETY: async-signal-safe.
        unsafe {
            command.pre_exec(|| {
                libc::signal(libc::SIGPIPE, libc::SIG_DFL);
                Ok(())
            })
        };
        let status = command.stderr(Stdio::from(write)).status().unwrap();
        assert_eq!(status.signal(), Some(libc::SIGPIPE), "{command:?}");
    }
}

#[test]
fn closed_standard_descriptors_do_no_harm() {
    for command in both("echo out; echo err >&2; exit 4") {
        let mut wrapper = Command::new("/bin/sh");
        wrapper.args(["-c", "exec 0<&- 1>&- 2>&-; exec \"$@\"", "sh"]);
        wrapper.arg(command.get_program()).args(command.get_args());
        assert_eq!(wrapper.status().unwrap().code(), Some(4), "{command:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_supervisor_leaves_no_child() {
    let [_, mut watched] = both("echo $$; exec sleep 1000");
    let mut child = watched.stdout(Stdio::piped()).spawn().unwrap();
    let (_, mut out) = line(&mut child);
    kill(pid(&child), Signal::SIGKILL).unwrap();
    // The child holds the pipe's other end: this returns when it is gone.
    out.read_to_string(&mut String::new()).unwrap();
    child.wait().unwrap();
}

/// Starts a command as the leader of a session whose terminal is a fresh pty; returns the terminal's other side.
#[expect(clippy::zombie_processes, reason = "the caller waits for the pid")]
fn on_terminal(command: &mut Command) -> (Pid, OwnedFd) {
    let pty = nix::pty::openpty(None, None).unwrap();
    nix::fcntl::fcntl(
        &pty.master,
        nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC),
    )
    .unwrap();
    let slave = pty.slave;
    // The kernel sends a key's signal first and throws away pending output after it: the answer might be lost.
    let mut modes = nix::sys::termios::tcgetattr(&slave).unwrap();
    modes.local_flags.insert(nix::sys::termios::LocalFlags::NOFLSH);
    nix::sys::termios::tcsetattr(&slave, nix::sys::termios::SetArg::TCSANOW, &modes).unwrap();
    let fd = slave.as_raw_fd();
    command.stdin(Stdio::from(slave.try_clone().unwrap()));
    command.stdout(Stdio::from(slave.try_clone().unwrap()));
    command.stderr(Stdio::from(slave.try_clone().unwrap()));
    // SAFETY: async-signal-safe.
    unsafe {
        command.pre_exec(move || {
            libc::setsid();
            libc::ioctl(fd, libc::TIOCSCTTY as _, 0);
            for signal in [libc::SIGPIPE, libc::SIGHUP, libc::SIGINT, libc::SIGQUIT] {
                libc::signal(signal, libc::SIG_DFL);
            }
            Ok(())
        })
    };
    let child = command.spawn().unwrap();
    // The command keeps descriptors of its own; with them open the terminal would never close.
    let null = || Stdio::null();
    command.stdin(null()).stdout(null()).stderr(null());
    (Pid::from_raw(child.id() as i32), pty.master)
}

fn read_until(master: &OwnedFd, wanted: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0u8; 1024];
    while !text.contains(wanted) {
        // A terminal that nobody has open any more reads as an error.
        let n = nix::unistd::read(master, &mut buffer).unwrap_or(0);
        assert!(n > 0, "the terminal closed without {wanted:?}, after {text:?}");
        text.push_str(&String::from_utf8_lossy(&buffer[..n]));
    }
    text
}

#[test]
fn an_interrupt_from_the_terminal_reaches_the_child_once() {
    // The child counts its interrupts and ends by a line from the terminal.
    let script =
        "n=0; trap 'n=$((n+1)); echo got $n' INT; echo ready; while ! read line; do :; done; echo had $n";
    for mut command in both(script) {
        let (pid, master) = on_terminal(&mut command);
        read_until(&master, "ready");
        nix::unistd::write(&master, b"\x03").unwrap();
        read_until(&master, "got 1");
        nix::unistd::write(&master, b"go on\n").unwrap();
        let text = read_until(&master, "had ");
        assert!(!text.contains("got 2"), "{command:?}: {text}");
        assert_eq!(waitpid(pid, None).unwrap(), WaitStatus::Exited(pid, 0));
    }
}

#[test]
fn ctrl_z_stops_us_with_the_child_and_cont_continues_both() {
    // A process group that is not orphaned needs a parent in its session: a shell that runs the command in a
    // group of its own, as an interactive one does, and reports what it sees.
    let script = "echo ready $$; read line; echo said $line; exit 6";
    for command in both(script) {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "set -m; \"$@\"; echo stopped $?; fg; echo ended $?", "sh"]);
        shell.arg(command.get_program()).args(command.get_args());
        let (pid, master) = on_terminal(&mut shell);
        read_until(&master, "ready");
        nix::unistd::write(&master, b"\x1a").unwrap();
        // 128 + SIGTSTP, as the shell sees a stopped job.
        read_until(&master, &format!("stopped {}", 128 + libc::SIGTSTP));
        nix::unistd::write(&master, b"hello\n").unwrap();
        let text = read_until(&master, "ended 6");
        assert!(text.contains("said hello"), "{command:?}: {text}");
        assert_eq!(waitpid(pid, None).unwrap(), WaitStatus::Exited(pid, 0));
    }
}

#[test]
fn a_stop_for_our_pid_alone_stops_both() {
    // sh itself runs in our test's group here, which is not orphaned while cargo waits for it in the same session;
    // where it is, the kernel stops neither, and there is nothing to compare.
    let mut seen = Vec::new();
    for mut command in both("echo ready; exec sleep 1000") {
        let mut child = command.process_group(0).stdout(Stdio::piped()).spawn().unwrap();
        let (_, _out) = line(&mut child);
        let pid = pid(&child);
        kill(pid, Signal::SIGTSTP).unwrap();
        let stopped = waitpid(pid, Some(WaitPidFlag::WUNTRACED)).unwrap();
        seen.push(matches!(stopped, WaitStatus::Stopped(_, Signal::SIGTSTP)));
        kill(pid, Signal::SIGCONT).unwrap();
        kill(pid, Signal::SIGTERM).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(15));
    }
    assert_eq!(seen, [true, true]);
}
