//! A real ssh server on loopback, with keys of its own, that lets the user of the tests fetch a module by git.

use super::stage::{Running, configure_git, direct, on_terminal, run_git, trace};
use crate::support::Sandbox;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const PASSPHRASE: &str = "open sesame";

/// The server, which lives as long as this.
struct Server {
    child: Child,
    port: u16,
    user: String,
    dir: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn key(path: &Path, passphrase: &str) -> Option<String> {
    let mut made = Command::new("ssh-keygen");
    made.args(["-q", "-t", "ed25519", "-N", passphrase, "-f"])
        .arg(path);
    made.output().ok()?.status.success().then_some(())?;
    std::fs::read_to_string(path.with_extension("pub")).ok()
}

impl Server {
    /// `None`, and a line that says why, where there is no OpenSSH server or it does not let this user in.
    fn start(test: &str) -> Option<Server> {
        let server = Server::try_start();
        let skipped = |why: &str| skipped!("{test}: {why}");
        match server {
            None => skipped("no ssh, or no sshd that can be started here"),
            Some(server) if !server.lets_in() => skipped("sshd does not let this user in"),
            Some(server) => return Some(server),
        }
        None
    }

    fn try_start() -> Option<Server> {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        key(&path("host"), "")?;
        let keys = [key(&path("free"), "")?, key(&path("locked"), PASSPHRASE)?];
        std::fs::write(path("authorized"), keys.concat()).unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\nPermitRootLogin yes\n",
            path("host").display(),
            path("authorized").display()
        );
        std::fs::write(path("config"), config).unwrap();
        // It wants its whole path, to run itself again.
        let sshd = ["/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd"];
        let sshd = sshd.iter().find(|sshd| Path::new(sshd).exists())?;
        let mut child = Command::new(sshd)
            .args(["-D", "-e", "-f"])
            .arg(path("config"))
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        // It says so when it listens; when it can't, it ends.
        let lines = BufReader::new(child.stderr.take()?).lines();
        let mut lines = lines.map_while(Result::ok);
        let listens = lines.any(|line| line.contains("Server listening on"));
        std::thread::spawn(move || lines.for_each(drop));
        let user = Command::new("id").arg("-un").output().ok()?.stdout;
        let user = String::from_utf8(user).ok()?.trim().to_string();
        let server = Server {
            child,
            port,
            user,
            dir,
        };
        listens.then_some(server)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `ssh` with this key and nothing of the user's own.
    fn ssh(&self, key: &str, options: &str) -> String {
        format!(
            "ssh -F /dev/null -i {} -o IdentitiesOnly=yes -o IdentityAgent=none -o GlobalKnownHostsFile=/dev/null \
             -o UserKnownHostsFile={} {options}",
            self.path(key).display(),
            self.path("known").display()
        )
    }

    fn lets_in(&self) -> bool {
        let ssh = self.ssh("free", "-o BatchMode=yes -o StrictHostKeyChecking=no");
        let line = format!("{ssh} -p {} {}@127.0.0.1 true", self.port, self.user);
        let ran = Command::new("/bin/sh").args(["-c", &line]).output().unwrap();
        let _ = std::fs::remove_file(self.path("known"));
        ran.status.success()
    }

    /// A sandbox whose project needs a module of a repository behind this server.
    fn sandbox(&self, test: &str) -> Option<Sandbox> {
        let repositories = self.path("git");
        let (user, port) = (&self.user, self.port);
        let sandbox = direct(
            test,
            &format!("ssh://{user}@127.0.0.1:{port}{}/", repositories.display()),
        )?;
        configure_git(
            &sandbox,
            "[user]\n\tname = x\n\temail = x@y\n[init]\n\tdefaultBranch = main\n",
        );
        let x = repositories.join("x.git");
        std::fs::create_dir_all(&x).unwrap();
        std::fs::write(x.join("go.mod"), "module git.test/x.git\n\ngo 1.21\n").unwrap();
        std::fs::write(x.join("x.go"), "package x\n").unwrap();
        for args in [
            &["init", "-q"][..],
            &["add", "."],
            &["commit", "-qm", "x"],
            &["tag", "v1.0.0"],
        ] {
            run_git(&sandbox, &x, args);
        }
        Some(sandbox)
    }
}

/// `go mod download` on a terminal of its own.
fn download(sandbox: &Sandbox) -> (Running, std::fs::File) {
    let mut command = sandbox.command(sandbox.path("shims/go"), &["mod", "download"]);
    let terminal = std::fs::File::from(on_terminal(&mut command));
    (Running::start(&mut command), terminal)
}

#[test]
fn an_unknown_host_key() {
    let test = "an_unknown_host_key";
    let Some(server) = Server::start(test) else {
        return;
    };
    let Some(mut sandbox) = server.sandbox(test) else {
        return;
    };
    sandbox.set("GIT_SSH_COMMAND", server.ssh("free", ""));
    let (mut go, mut terminal) = download(&sandbox);
    go.outlast();
    assert!(
        go.said
            .contains("ssh waits for an answer on /dev/tty [ssh-host-key]"),
        "{}",
        go.said
    );
    terminal.write_all(b"no\n").unwrap();
    let (status, said) = go.end();
    assert_eq!(status, Some(1), "{said}");
    assert!(!said.contains("gosteady: ending"), "{said}");
    // go says only that it found no way to the repository.
    assert!(said.contains("no secure protocol found"), "{said}");
    assert!(said.contains("gosteady: [ssh-host-key] Run `ssh -T"), "{said}");
}

#[test]
fn a_passphrase_and_somebody_who_takes_his_time() {
    let test = "a_passphrase_and_somebody_who_takes_his_time";
    let Some(server) = Server::start(test) else {
        return;
    };
    let Some(mut sandbox) = server.sandbox(test) else {
        return;
    };
    sandbox.set(
        "GIT_SSH_COMMAND",
        server.ssh("locked", "-o StrictHostKeyChecking=no"),
    );
    let (mut go, mut terminal) = download(&sandbox);
    go.outlast();
    assert!(
        go.said
            .contains("ssh waits for an answer on /dev/tty [ssh-passphrase]"),
        "{}",
        go.said
    );
    // Every git that go starts asks again.
    let mut answers = terminal.try_clone().unwrap();
    std::thread::spawn(move || {
        use std::io::Read;
        let mut asked = Vec::new();
        let mut byte = [0; 1];
        // The first question is in the terminal already.
        while terminal.read_exact(&mut byte).is_ok() {
            asked.push(byte[0]);
            if asked.ends_with(b"locked': ") {
                asked.clear();
                let _ = answers.write_all(format!("{PASSPHRASE}\n").as_bytes());
            }
        }
    });
    let (status, said) = go.end();
    assert_eq!(status, Some(0), "{said}");
    assert!(!said.contains("gosteady: ending"), "{said}");
    assert_eq!(sandbox.zips(), 1);
    assert!(!trace(&sandbox).contains(PASSPHRASE));
}
