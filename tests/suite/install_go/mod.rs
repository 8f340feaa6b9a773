//! Toolchains of our own making, with a log of our own making, through whole programs; and what real go makes of both.

mod adversity;

use crate::support::{Ended, Sandbox, real_go, tree};
use gosteady::drill::{Fault, Kind, Server, Store, Toolchains, toolchains};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const GO: &str = "go1.99.1";

struct Desk {
    published: Toolchains,
    server: Server,
    /// Servers that live as long.
    others: Vec<Server>,
    sandbox: Sandbox,
}

/// A mirror that carries the log, and a sandbox that knows both. `more` files make the toolchain larger.
fn desk(real: &Path, more: usize) -> Desk {
    let mut published = Toolchains::new(9).expect("a key");
    published.publish(GO, more);
    let server = Server::start(published.store(), Fault::Good).expect("a server");
    let mut sandbox = Sandbox::new(real);
    sandbox.hurry();
    sandbox.set("GOPROXY", server.url());
    sandbox.set("GOSUMDB", published.log.key());
    Desk {
        published,
        server,
        others: Vec::new(),
        sandbox,
    }
}

impl Desk {
    fn install(&self, version: &str) -> Ended {
        self.sandbox.gosteady(&["toolchain", "install", version])
    }

    fn root(&self) -> PathBuf {
        let name = format!("golang.org/toolchain@{}", toolchains::version(GO));
        self.sandbox.modcache().join(name)
    }

    fn asked(&self, part: &str) -> usize {
        self.server
            .requests()
            .iter()
            .filter(|r| r.path.contains(part))
            .count()
    }

    /// Files in the module cache that could be run or taken for a download; it may be written to meanwhile.
    fn left(&self) -> Vec<String> {
        let (mut left, mut dirs) = (Vec::new(), vec![self.sandbox.modcache()]);
        while let Some(dir) = dirs.pop() {
            for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
                let name = entry.path().to_string_lossy().into_owned();
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => dirs.push(entry.path()),
                    _ if name.ends_with(".lock") || name.contains("download/sumdb/") => {}
                    _ => left.push(name),
                }
            }
        }
        left
    }

    /// What real go says that runs here, with GOTOOLCHAIN naming ours.
    fn real_go_runs_it(&mut self) -> Ended {
        self.sandbox.set("GOTOOLCHAIN", GO);
        let ended = self.sandbox.plain(&["version"]);
        self.sandbox.set("GOTOOLCHAIN", "local");
        ended
    }
}

fn modes(root: &Path) -> Vec<(String, u32)> {
    let mode = |path: &Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    let files = tree::files(root).into_keys();
    files
        .map(|name| (name.clone(), mode(&root.join(&name))))
        .collect()
}

/// That the log is a real one is proved by go, which installs from it; then both must have left the same.
#[test]
fn real_go_and_we_install_the_same_from_the_same_mirror() {
    let Some(real) = real_go("real_go_and_we_install_the_same_from_the_same_mirror") else {
        return;
    };
    for own_url in [false, true] {
        let mut desk = desk(&real, 3);
        let _log;
        if own_url {
            let log = &desk.published.log;
            let server = Server::start(Store::of(log.files(log.size())), Fault::Good).expect("a server");
            desk.sandbox
                .set("GOSUMDB", format!("{} {}", log.key(), server.url()));
            _log = server;
        }
        let gos = desk.real_go_runs_it();
        gos.expect(0);
        assert!(
            gos.out().starts_with(&format!("go version {GO} ")),
            "{}",
            gos.out()
        );
        let by_go = (tree::files(&desk.root()), modes(&desk.root()));
        let proved = tree::files(&desk.sandbox.modcache().join("cache/download/sumdb"));
        desk.sandbox.fresh();
        let ended = desk.install("1.99.1");
        ended.expect(0);
        assert!(ended.err().contains("verified by sum.example"), "{}", ended.err());
        assert_eq!(ended.out(), "");
        assert_eq!((tree::files(&desk.root()), modes(&desk.root())), by_go);
        assert_eq!(
            tree::files(&desk.sandbox.modcache().join("cache/download/sumdb")),
            proved
        );
        // go finds it, verifies it again, and asks nobody.
        let before = desk.server.requests().len();
        desk.sandbox.set("GOPROXY", "off");
        let offline = desk.real_go_runs_it();
        offline.expect(0);
        assert_eq!(offline.stdout, gos.stdout);
        assert_eq!(offline.err(), "");
        assert_eq!(desk.server.requests().len(), before);
    }
}

#[test]
fn a_machine_without_any_go() {
    let nothing = tempfile::tempdir().expect("a directory");
    let desk = desk(nothing.path(), 0);
    desk.install("1.99").expect(0);
    assert!(desk.root().join("bin/go").is_file());
    let again = desk.install("latest");
    again.expect(0);
    assert!(again.err().contains("is there"), "{}", again.err());
    assert_eq!(desk.asked(".zip"), 1);
    desk.sandbox
        .gosteady(&["toolchain", "remove", "1.99.1"])
        .expect(0);
    assert_eq!(desk.left(), Vec::<String>::new());
    desk.sandbox
        .gosteady(&["toolchain", "remove", "1.99.1"])
        .expect(127);
    desk.install("1.98.7").expect(127);
    desk.install("banana").expect(2);
}

/// A pin on a machine that has no Go: the first command installs it and runs, the next one finds it.
#[test]
fn a_pin_without_any_go_is_installed_by_the_first_command() {
    let Some(real) = real_go("a_pin_without_any_go_is_installed_by_the_first_command") else {
        return;
    };
    let mut desk = desk(&real, 3);
    let shims = desk.sandbox.path("shims").into_os_string();
    desk.sandbox.set("PATH", shims);
    std::fs::write(desk.sandbox.project().join(".go-version"), "1.99.1\n").expect("a file");
    let which = desk.sandbox.gosteady(&["which"]);
    assert!(
        which
            .expect(127)
            .err()
            .contains("the first command that needs it installs it"),
        "{}",
        which.err()
    );
    let first = desk.sandbox.go(&["version"]);
    let err = first.expect(0).err();
    assert!(
        first.out().starts_with(&format!("go version {GO} ")),
        "{}",
        first.out()
    );
    let lines: Vec<&str> = err.lines().collect();
    assert_eq!(lines.len(), 2, "{err}");
    assert!(
        lines[0].contains(".go-version:1, is not installed; installing it"),
        "{err}"
    );
    assert!(lines[1].contains("installed, verified by sum.example"), "{err}");
    let asked = desk.server.requests().len();
    let next = desk.sandbox.go(&["version"]);
    assert_eq!((next.expect(0).out(), next.err()), (first.out(), String::new()));
    assert_eq!(desk.server.requests().len(), asked);
}

#[test]
fn refusals_name_their_reason_and_leave_nothing() {
    let nothing = tempfile::tempdir().expect("a directory");
    type Spoil = fn(&mut Desk);
    let cases: [(&str, Spoil, i32, &str); 7] = [
        (
            "a tampered zip",
            |d| {
                let mut files = d.published.mirror();
                let path = format!("golang.org/toolchain/@v/{}.zip", toolchains::version(GO));
                files.insert(path, toolchains::zip(GO, 1));
                d.server = Server::start(Store::of(files), Fault::Good).expect("a server");
            },
            78,
            "sent has the hash h1:",
        ),
        (
            "a redirect to another module",
            |d| {
                let mut other = d.published.mirror();
                let path = format!("golang.org/toolchain/@v/{}.zip", toolchains::version(GO));
                other.insert(path, toolchains::zip("go1.99.2", 0));
                let other = Server::start(Store::of(other), Fault::Good).expect("a server");
                d.server.set_fault(Fault::RedirectTo(other.url()).only(Kind::Zip));
                d.others.push(other);
            },
            78,
            "is not this toolchain",
        ),
        (
            "a garbled log",
            |d| d.server.set_fault(Fault::Garble.only(Kind::Sumdb)),
            78,
            "can't be verified",
        ),
        (
            "a log that is down",
            |d| d.server.set_fault(Fault::status(503).only(Kind::Sumdb)),
            75,
            "503",
        ),
        (
            "a mirror that is down",
            |d| d.server.set_fault(Fault::status(502).only(Kind::Zip)),
            75,
            "502",
        ),
        (
            "GOSUMDB=off",
            |d| {
                d.sandbox.set("GOSUMDB", "off");
            },
            78,
            "GOSUMDB=off",
        ),
        (
            "GONOSUMDB does not count",
            |d| {
                d.sandbox
                    .set("GONOSUMDB", "golang.org")
                    .set("GOPRIVATE", "golang.org/other");
                d.server.set_fault(Fault::Garble.only(Kind::Sumdb));
            },
            78,
            "can't be verified",
        ),
    ];
    for (what, spoil, status, why) in cases {
        let mut desk = desk(nothing.path(), 0);
        spoil(&mut desk);
        desk.sandbox.set("GOPROXY", desk.server.url());
        let ended = desk.install("1.99.1");
        assert_eq!(ended.status, Some(status), "{what}: {}", ended.err());
        assert!(ended.err().contains(why), "{what}: {}", ended.err());
        assert_eq!(desk.left(), Vec::<String>::new(), "{what}");
    }
}

/// What the guard does for every download it does for these.
#[test]
fn passing_faults_of_a_mirror_are_survived() {
    let nothing = tempfile::tempdir().expect("a directory");
    for fault in [
        Fault::Truncate.only(Kind::Zip).first(1),
        Fault::Reset { after: 1000 }.first_of_each(1),
        Fault::status(503).first(2),
        Fault::CaptivePortal.first_of_each(1).only(Kind::Sumdb),
        Fault::Garble.first(1).only(Kind::Zip),
    ] {
        let desk = desk(nothing.path(), 40);
        desk.server.set_fault(fault.clone());
        let ended = desk.install("1.99");
        assert_eq!(ended.status, Some(0), "{fault:?}: {}", ended.err());
    }
}

#[test]
fn past_a_mirror_that_lies_the_next_one_is_asked() {
    let nothing = tempfile::tempdir().expect("a directory");
    let mut desk = desk(nothing.path(), 0);
    let mut files = desk.published.mirror();
    let path = format!("golang.org/toolchain/@v/{}.zip", toolchains::version(GO));
    files.insert(path, toolchains::zip(GO, 1));
    let liar = Server::start(Store::of(files), Fault::Good).expect("a server");
    desk.sandbox
        .set("GOPROXY", format!("{},{}", liar.url(), desk.server.url()));
    desk.install("1.99.1").expect(78);
    desk.sandbox.set("GOSTEADY_FAILOVER", "always");
    desk.install("1.99.1").expect(0);
    assert_eq!(desk.asked(".zip"), 1);
}

#[test]
fn a_hash_counts_from_the_users_file_and_not_from_the_projects() {
    let nothing = tempfile::tempdir().expect("a directory");
    let mut desk = desk(nothing.path(), 0);
    desk.sandbox.set("GOSUMDB", "off");
    let (os, arch) = gosteady::world::platform();
    let h1 = desk.published.h1(GO).expect("published");
    let text = format!("[pin]\ntoolchain-sums = [\"{GO}.{os}-{arch} {h1}\"]\n");
    std::fs::write(desk.sandbox.project().join("gosteady.toml"), &text).expect("a file");
    let refused = desk.install("1.99.1");
    refused.expect(78);
    assert!(refused.err().contains("gosteady.toml"), "{}", refused.err());
    let user = desk.sandbox.path("home/.config/gosteady");
    std::fs::create_dir_all(&user).expect("a directory");
    std::fs::write(user.join("config.toml"), &text).expect("a file");
    let ended = desk.install("1.99.1");
    ended.expect(0);
    assert!(
        ended.err().contains("verified by pin.toolchain-sums"),
        "{}",
        ended.err()
    );
}
