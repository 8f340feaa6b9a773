//! Installing against a log and a mirror of the test, in one process.

mod refusals;

use super::*;
use crate::drill::{Toolchains, toolchains};
use crate::fetch::Missed;
use crate::world::World;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Its root, if it is there whole.
fn find(toolchain: &Toolchain, env: &GoEnv) -> Option<PathBuf> {
    let place = Place::of(env).ok()?;
    place.is_complete(toolchain).then(|| place.root(toolchain))
}

/// A mirror whose files a test may change.
#[derive(Default)]
struct Mirror {
    files: BTreeMap<String, Vec<u8>>,
    asked: RefCell<Vec<String>>,
    off: bool,
    unreachable: bool,
}

impl Mirror {
    fn get(&self, path: &str) -> Result<&[u8], Missed> {
        self.asked.borrow_mut().push(path.to_owned());
        let missing = || Missed::Absent("https://mirror.example has no such file".into());
        self.files.get(path).map(Vec::as_slice).ok_or_else(missing)
    }

    fn zips(&self) -> usize {
        self.asked.borrow().iter().filter(|p| p.ends_with(".zip")).count()
    }
}

impl Fetch for Mirror {
    fn module(&self, path: &str, _: u64, into: &mut dyn Write) -> Result<String, Missed> {
        into.write_all(self.get(path)?).map_err(Missed::Local)?;
        Ok("https://mirror.example".into())
    }

    fn checksums(&self, name: &str, _: Option<&str>, path: &str) -> Result<Vec<u8>, Missed> {
        if self.unreachable {
            let why = "https://mirror.example did not answer in 8s".into();
            return Err(Missed::Unavailable { why, passing: true });
        }
        self.get(&format!("sumdb/{name}/{path}")).map(<[u8]>::to_vec)
    }

    fn carrier(&self) -> Option<String> {
        Some("https://mirror.example".into())
    }

    fn expect(&self, _: &str) {}

    fn is_off(&self) -> bool {
        self.off
    }
}

/// A machine without any Go, a mirror, and what the user was told.
struct Desk {
    dir: tempfile::TempDir,
    published: Toolchains,
    mirror: Mirror,
    gosumdb: String,
    sums: Vec<String>,
    told: RefCell<Vec<String>>,
}

impl Desk {
    fn new() -> Desk {
        let mut published = Toolchains::new(5).unwrap();
        published.publish("go1.99.1", 60);
        Desk {
            dir: tempfile::tempdir().unwrap(),
            mirror: Mirror {
                files: published.mirror(),
                ..Mirror::default()
            },
            gosumdb: published.log.key(),
            published,
            sums: Vec::new(),
            told: RefCell::default(),
        }
    }

    fn with_sums(sums: Vec<String>) -> Desk {
        let mut desk = Desk::new();
        desk.sums = sums;
        desk
    }

    fn env(&self) -> GoEnv {
        let world = World {
            env: vec![
                ("GOPATH".into(), self.dir.path().into()),
                ("GOENV".into(), "off".into()),
            ],
            ..World::default()
        };
        GoEnv::read(&world, Path::new(""))
    }

    fn install(&self, text: &str) -> Result<Installed, Failure> {
        let env = self.env();
        let ground = Ground {
            env: &env,
            gosumdb: &self.gosumdb,
            sums: &self.sums,
            fetch: &self.mirror,
            tell: &|line| self.told.borrow_mut().push(line.to_owned()),
            busy: &|_| {},
        };
        provide(&Request::parse(text).unwrap(), &ground)
    }

    fn path(&self, extension: &str) -> PathBuf {
        Place::of(&self.env()).unwrap().file(&it(), extension)
    }

    fn root(&self) -> PathBuf {
        Place::of(&self.env()).unwrap().root(&it())
    }

    /// What lies in the module cache besides go's locks and proved answers of the log.
    fn left(&self) -> Vec<PathBuf> {
        let mut left = Vec::new();
        let mut dirs = vec![self.dir.path().join("pkg/mod")];
        while let Some(dir) = dirs.pop() {
            for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.ends_with("cache/download/sumdb") || path.extension().is_some_and(|e| e == "lock") {
                    continue;
                }
                match path.is_dir() {
                    true => dirs.push(path),
                    false => left.push(path),
                }
            }
        }
        left
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = files::remove_tree(self.dir.path());
    }
}

fn it() -> Toolchain {
    Toolchain::parse("1.99.1").unwrap()
}

fn zip_path() -> String {
    format!("golang.org/toolchain/@v/{}.zip", it().version())
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_installed_is_what_go_would_have_left() {
    let desk = Desk::new();
    let installed = desk.install("1.99.1").unwrap();
    assert_eq!(installed.root, desk.root());
    assert!(
        installed
            .vouched
            .unwrap()
            .starts_with("sum.example (record 300 of 341)")
    );
    let (os, arch) = crate::world::platform();
    for (name, wanted) in [
        ("bin/go", 0o555),
        ("bin/gofmt", 0o555),
        (&format!("pkg/tool/{os}_{arch}/compile"), 0o555),
        ("lib/wasm/go_js_wasm_exec", 0o555),
        ("VERSION", 0o444),
        ("src/go.mod", 0o444),
        ("src/cmd/go.mod", 0o444),
        ("src/_go.mod", 0o444),
        ("src/noise/d0", 0o555),
        ("", 0o555),
    ] {
        assert_eq!(mode(&desk.root().join(name)), wanted, "{name}");
    }
    assert_eq!(
        std::fs::read_to_string(desk.path("ziphash")).unwrap(),
        desk.published.h1("go1.99.1").unwrap()
    );
    assert!(desk.path("zip").is_file() && !desk.path("partial").exists());
    assert_eq!(find(&it(), &desk.env()), Some(desk.root()));
    // A second time nobody is asked.
    desk.mirror.asked.borrow_mut().clear();
    assert_eq!(desk.install("go1.99.1").unwrap().vouched, None);
    assert!(desk.mirror.asked.borrow().is_empty());
}

#[test]
fn a_line_means_its_newest_patch() {
    let mut desk = Desk::new();
    desk.published.publish("go1.99.10", 0);
    desk.published.publish("go1.100rc1", 0);
    desk.mirror.files = desk.published.mirror();
    for text in ["1.99", "latest"] {
        assert_eq!(
            desk.install(text).unwrap().toolchain.name(),
            "go1.99.10",
            "{text}"
        );
    }
    let failure = desk.install("1.98").unwrap_err();
    assert_eq!(failure.kind, Kind::Unknown, "{failure}");
}

#[test]
fn what_a_killed_process_left_is_cleared_away() {
    let desk = Desk::new();
    desk.install("1.99.1").unwrap();
    let aside = desk
        .root()
        .with_file_name(format!("toolchain@{}.tmp-1", it().version()));
    type Break = fn(&Desk, &Path);
    let cases: [(&str, Break, usize); 7] = [
        (
            "a part of the zip",
            |d, _| {
                files::remove(&d.path("ziphash")).unwrap();
                files::remove(&d.path("zip")).unwrap();
                std::fs::write(d.path("zip1234.tmp"), "PK").unwrap();
            },
            1,
        ),
        (
            "a part of the tree beside",
            |d, aside| {
                std::fs::rename(d.root(), aside).unwrap();
                files::remove(&aside.join("VERSION")).unwrap();
            },
            0,
        ),
        (
            "a part of the tree in place, by go",
            |d, _| {
                files::remove(&d.root().join("bin/gofmt")).unwrap();
                std::fs::write(d.path("partial"), "").unwrap();
            },
            0,
        ),
        (
            "no hash beside the zip",
            |d, _| files::remove(&d.path("ziphash")).unwrap(),
            0,
        ),
        (
            "a tree that go has not yet made runnable",
            |d, _| {
                std::fs::set_permissions(d.root().join("bin/go"), std::fs::Permissions::from_mode(0o444))
                    .unwrap();
            },
            0,
        ),
        (
            "a damaged zip and no tree",
            |d, _| {
                files::remove_tree(&d.root()).unwrap();
                let mut zip = std::fs::read(d.path("zip")).unwrap();
                zip.truncate(1000);
                std::fs::write(d.path("zip"), zip).unwrap();
            },
            1,
        ),
        (
            "nothing but the marker",
            |d, _| {
                files::remove_tree(&d.root()).unwrap();
                std::fs::write(d.path("partial"), "").unwrap();
            },
            0,
        ),
    ];
    for (what, damage, zips) in cases {
        files::writable(&desk.root());
        files::writable(&desk.root().join("bin"));
        damage(&desk, &aside);
        assert_eq!(find(&it(), &desk.env()), None, "{what}");
        desk.mirror.asked.borrow_mut().clear();
        desk.install("1.99.1").unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!(desk.mirror.zips(), zips, "{what}");
        let stray: Vec<_> = desk
            .left()
            .into_iter()
            .filter(|p| {
                [".tmp-", "zip1234"]
                    .iter()
                    .any(|t| p.to_string_lossy().contains(t))
            })
            .collect();
        assert_eq!(stray, Vec::<PathBuf>::new(), "{what}");
        assert!(
            desk.root().join("bin/gofmt").is_file() && desk.root().join("VERSION").is_file(),
            "{what}"
        );
    }
}

#[test]
fn without_a_network_the_cached_zip_is_enough() {
    let mut desk = Desk::new();
    desk.mirror.off = true;
    let failure = desk.install("1.99.1").unwrap_err();
    assert!(failure.to_string().contains("GOPROXY=off"), "{failure}");
    assert!(desk.mirror.asked.borrow().is_empty());
    desk.mirror.off = false;
    desk.install("1.99.1").unwrap();
    files::remove_tree(&desk.root()).unwrap();
    desk.mirror.off = true;
    desk.mirror.unreachable = true;
    desk.install("1.99.1").unwrap();
}

#[test]
fn removing() {
    let desk = Desk::new();
    let env = desk.env();
    desk.install("1.99.1").unwrap();
    let other = Toolchain::parse("1.99.2").unwrap();
    let there = Removed::Absent(vec!["go1.99.1".into()]);
    assert_eq!(remove(&other, &env, &|_| {}), Ok(there));
    assert_eq!(remove(&it(), &env, &|_| {}), Ok(Removed::From(desk.root())));
    assert_eq!(desk.left(), Vec::<PathBuf>::new());
    assert_eq!(remove(&it(), &env, &|_| {}), Ok(Removed::Absent(Vec::new())));
}

/// go may be about to run what it has unpacked: it is finished where it stands, not replaced.
#[test]
fn what_go_has_unpacked_is_made_runnable_in_place() {
    use std::os::unix::fs::MetadataExt;
    let desk = Desk::new();
    desk.install("1.99.1").unwrap();
    let ours = |name: &str| desk.root().join(name);
    let chmod = |name: &str, mode| {
        std::fs::set_permissions(ours(name), std::fs::Permissions::from_mode(mode)).unwrap()
    };
    let (os, arch) = crate::world::platform();
    let programs = [
        "bin/go",
        "bin/gofmt",
        "lib/wasm/go_js_wasm_exec",
        &format!("pkg/tool/{os}_{arch}/compile"),
    ];
    programs.iter().for_each(|name| chmod(name, 0o444));
    for dir in ["src", "src/cmd"] {
        chmod(dir, 0o755);
        files::remove(&ours(&format!("{dir}/go.mod"))).unwrap();
        chmod(dir, 0o555);
    }
    let inode = std::fs::metadata(ours("bin/go")).unwrap().ino();
    assert_eq!(find(&it(), &desk.env()), None);
    desk.install("1.99.1").unwrap();
    assert_eq!(std::fs::metadata(ours("bin/go")).unwrap().ino(), inode);
    for (name, wanted) in programs.map(|name| (name, 0o555)).into_iter().chain([
        ("src", 0o555),
        ("src/go.mod", 0o444),
        ("src/cmd/go.mod", 0o444),
        ("VERSION", 0o444),
    ]) {
        assert_eq!(mode(&ours(name)), wanted, "{name}");
    }
    // A tree of another zip is not finished but replaced.
    chmod("bin/go", 0o444);
    std::fs::write(desk.path("ziphash"), "h1:other").unwrap();
    desk.install("1.99.1").unwrap();
    assert_ne!(std::fs::metadata(ours("bin/go")).unwrap().ino(), inode);
}
