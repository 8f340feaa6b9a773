//! What hangs, and programs that are talked to while they run.

use crate::support::{Sandbox, real_go};
use gosteady::drill::{Fault, Server, Store};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The longest that anything here may take; reached only when something is broken.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A server that accepts and never answers. Its connections close when the test ends.
pub fn silent() -> u16 {
    attended().0
}

/// The same, and it tells of every connection.
pub fn attended() -> (u16, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, connections) = channel();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        while let Ok((stream, _)) = listener.accept() {
            kept.push(stream);
            let _ = tell.send(());
        }
    });
    (port, connections)
}

/// A port that never answers an attempt to connect, as behind a firewall: the queue of its listener is full.
pub struct Unanswered {
    pub port: u16,
    _held: (OwnedFd, Vec<OwnedFd>),
}

impl Unanswered {
    pub fn open() -> Unanswered {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // SAFETY: plain system calls on a descriptor that is open.
        unsafe { libc::listen(listener.as_raw_fd(), 0) };
        // The queue holds one more than was asked for.
        let attempt = |_| TcpStream::connect_timeout(&address, Duration::from_millis(200)).map(OwnedFd::from);
        let filling: Vec<OwnedFd> = (0..3).map_while(|n| attempt(n).ok()).collect();
        Unanswered {
            port: address.port(),
            _held: (listener.into(), filling),
        }
    }
}

/// A web server that wants a password for everything.
pub fn locked() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let refuse = |mut stream: TcpStream| -> std::io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            line.clear();
        }
        stream.write_all(
            b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\
              Connection: close\r\n\r\n",
        )
    };
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let _ = refuse(stream);
        }
    });
    port
}

/// A sandbox whose project needs `git.test/x.git` straight from git, which finds it at `instead`; every bound is short.
pub fn direct(test: &str, instead: &str) -> Option<Sandbox> {
    let real = real_go(test)?;
    if Command::new("git").arg("--version").output().is_err() {
        skipped!("{test}: no git");
        return None;
    }
    let mut sandbox = Sandbox::new(&real);
    std::fs::write(
        sandbox.project().join("go.mod"),
        "module example.com/p\n\ngo 1.21\n\nrequire git.test/x.git v1.0.0\n",
    )
    .unwrap();
    let config = sandbox.path("gitconfig");
    let text = format!("[url \"{instead}\"]\n\tinsteadOf = https://git.test/\n");
    std::fs::write(&config, text).unwrap();
    sandbox
        .set("GIT_CONFIG_GLOBAL", config)
        .set("GIT_CONFIG_NOSYSTEM", "1")
        .set("GIT_ALLOW_PROTOCOL", "https:http:ssh")
        .set("GOPROXY", "direct");
    bounds(&mut sandbox);
    Some(sandbox)
}

/// A sandbox with the project of a store and a mirror that has it; every bound is short.
pub fn mirrored(test: &str) -> Option<(Store, Server, Sandbox)> {
    let real = real_go(test)?;
    let store = Store::synthetic(4, 1);
    let server = Server::start(store.clone(), Fault::Good).unwrap();
    let mut sandbox = Sandbox::with(&real, &store);
    sandbox.set("GOPROXY", server.url());
    bounds(&mut sandbox);
    Some((store, server, sandbox))
}

/// Makes the project need a module for which go itself asks a web page.
pub fn page(sandbox: &Sandbox) {
    std::fs::write(
        sandbox.project().join("go.mod"),
        "module example.com/p\n\ngo 1.21\n\nrequire page.test/x v1.0.0\n",
    )
    .unwrap();
}

pub fn bounds(sandbox: &mut Sandbox) {
    sandbox
        .set("GOSTEADY_HANG_REPORT_AFTER", "400ms")
        .set("GOSTEADY_HANG_KILL_AFTER", "1s")
        .set("GOSTEADY_PATIENCE", "2s");
}

pub fn script(sandbox: &Sandbox, name: &str, text: &str) -> PathBuf {
    let path = sandbox.path(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

pub fn configure_git(sandbox: &Sandbox, more: &str) {
    let path = sandbox.path("gitconfig");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, text + more).unwrap();
}

/// git in a directory, with the sandbox's configuration.
pub fn run_git(sandbox: &Sandbox, dir: &std::path::Path, args: &[&str]) {
    let mut git = sandbox.command("git", args);
    let ran = git.current_dir(dir).output().unwrap();
    assert!(ran.status.success(), "git {args:?}: {ran:?}");
}

/// A program that is talked to while it runs.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    pub said: String,
}

impl Running {
    pub fn start(command: &mut Command) -> Running {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let err = BufReader::new(child.stderr.take().unwrap());
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in err.lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        let said = String::new();
        Running { child, lines, said }
    }

    /// Reads on until a line holds the text.
    pub fn until(&mut self, text: &str) {
        loop {
            match self.lines.recv_timeout(LIMIT) {
                Ok(line) => self.said += &format!("{line}\n"),
                Err(_) => {
                    let _ = self.child.kill();
                    panic!("{text:?} was never said:\n{}", self.said);
                }
            }
            if self.said.lines().last().is_some_and(|l| l.contains(text)) {
                return;
            }
        }
    }

    /// Waits until the silence is longer than every bound: the fourth report comes after eight times the first.
    pub fn outlast(&mut self) {
        for _ in 0..4 {
            self.until("has made no progress for");
        }
    }

    /// Reads to the end and returns the status and all that was said.
    pub fn end(mut self) -> (Option<i32>, String) {
        while let Ok(line) = self.lines.recv_timeout(LIMIT) {
            self.said += &format!("{line}\n");
        }
        (self.child.wait().unwrap().code(), self.said)
    }
}

/// Gives the command a terminal of its own as stdin, and as its controlling terminal.
pub fn on_terminal(command: &mut Command) -> OwnedFd {
    let pty = nix::pty::openpty(None, None).unwrap();
    let flag = nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC);
    nix::fcntl::fcntl(&pty.master, flag).unwrap();
    let fd = pty.slave.as_raw_fd();
    // SAFETY: async-signal-safe system calls.
    unsafe {
        command.pre_exec(move || {
            libc::setsid();
            libc::ioctl(fd, libc::TIOCSCTTY as _, 0);
            Ok(())
        });
    }
    command.stdin(Stdio::from(pty.slave));
    pty.master
}

/// What the last trace says.
pub fn trace(sandbox: &Sandbox) -> String {
    sandbox.gosteady(&["trace", "show"]).expect(0).out()
}
