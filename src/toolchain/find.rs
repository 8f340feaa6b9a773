//! The real go: the first one on PATH behind our own entry that is neither us nor another manager's shim.

use super::whose::{PROGRAMS, foreign, foreign_shim, is_script, own_ids};
use crate::bounded;
use crate::outcome::Code;
use crate::world::World;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A go that can be run, and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RealGo {
    /// Its path as found, links not resolved.
    pub path: PathBuf,
    /// How, in one clause.
    pub why: String,
    /// Foreign shims that were passed over on the way.
    pub skipped: Vec<PathBuf>,
    /// Whether it is a script: its interpreter may well start `go` again.
    pub script: bool,
}

/// Why none was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotFound {
    /// No go anywhere.
    Nowhere {
        /// The program looked for.
        program: &'static str,
    },
    /// Something of that name is there but can't be run.
    NotRunnable(PathBuf),
}

impl NotFound {
    /// What to say of it, and the status that it ends with.
    pub fn refusal(&self) -> (String, Code) {
        match self {
            NotFound::Nowhere { program } => (
                format!(
                    "no real {program} was found behind gosteady; install Go behind it on PATH, or have one fetched: \
                     gosteady pin VERSION"
                ),
                Code::NotFound,
            ),
            NotFound::NotRunnable(path) => (
                format!(
                    "{} is not executable; mend its mode, or put another Go on PATH",
                    path.display()
                ),
                Code::NotRunnable,
            ),
        }
    }
}

fn named(world: &World) -> Option<PathBuf> {
    world.set_var("GOSTEADY_REAL_GO").map(PathBuf::from)
}

/// What GOSTEADY_REAL_GO names, where that can't be run or is gosteady itself, so that another go is used.
pub fn unusable(world: &World) -> Option<PathBuf> {
    let path = named(world)?;
    let me = own_ids(world, &["go"]);
    let usable = runnable(&path).and_then(|m| foreign(&me, &path, &m)).is_some();
    (!usable).then_some(path)
}

/// Finds the real `program` (`go` or `gofmt`). In order: `GOSTEADY_REAL_GO`; the PATH behind our own entry, or all of it where
/// we are not on it; the place recorded at install; the last one seen; at last a foreign shim, which is better than nothing.
pub fn real_go(world: &World, program: &'static str) -> Result<RealGo, NotFound> {
    let me = own_ids(world, &[program]);
    if program == "go"
        && let Some(path) = named(world)
        && let Some(script) = runnable(&path).and_then(|m| foreign(&me, &path, &m))
    {
        return Ok(RealGo {
            path,
            why: "GOSTEADY_REAL_GO".into(),
            skipped: Vec::new(),
            script,
        });
    }

    // What stands before our own entry counts only where we have none.
    let (mut before, mut behind) = (Walk::default(), None);
    for path in world.path_dirs().map(|dir| dir.join(program)) {
        let Some(metadata) = std::fs::metadata(&path).ok().filter(Metadata::is_file) else {
            continue;
        };
        let Some(script) = foreign(&me, &path, &metadata) else {
            behind.get_or_insert_with(Walk::default);
            continue;
        };
        behind
            .as_mut()
            .unwrap_or(&mut before)
            .take(path, &metadata, script);
        if behind.as_ref().is_some_and(|walk| walk.found.is_some()) {
            break;
        }
    }
    let why = if behind.is_some() {
        "the next go on PATH"
    } else {
        "the first go on PATH"
    };
    let Walk {
        found,
        skipped,
        not_runnable,
    } = behind.unwrap_or(before);
    if let Some((path, script)) = found {
        return Ok(RealGo {
            path,
            why: why.into(),
            skipped,
            script,
        });
    }

    for (file, why) in records(world) {
        let Some(recorded) = bounded::read_file(&file).ok() else {
            continue;
        };
        let go = PathBuf::from(OsStr::from_bytes(recorded.trim_ascii()));
        let path = if program == "go" {
            go
        } else {
            go.with_file_name(program)
        };
        if path.is_absolute()
            && let Some(script) = runnable(&path).and_then(|m| foreign(&me, &path, &m))
        {
            return Ok(RealGo {
                path,
                why: why.into(),
                skipped,
                script,
            });
        }
    }
    match (skipped.first().cloned(), not_runnable) {
        (Some(path), _) => Ok(RealGo {
            script: is_script(&path),
            path,
            why: "another version manager's shim: nothing else was found".into(),
            skipped,
        }),
        (None, Some(path)) => Err(NotFound::NotRunnable(path)),
        (None, None) => Err(NotFound::Nowhere { program }),
    }
}

/// Every `go` on PATH that can be run and is neither us nor another manager's shim, in order, but for one that is known
/// already.
pub fn all_on_path(world: &World, known: Option<&Path>) -> Vec<PathBuf> {
    let me = own_ids(world, PROGRAMS);
    let paths = world.path_dirs().map(|dir| dir.join("go"));
    paths
        .filter(|path| {
            Some(path.as_path()) != known
                && runnable(path).is_some_and(|m| foreign(&me, path, &m).is_some())
                && foreign_shim(path).is_none()
        })
        .collect()
}

/// What a walk along PATH has met.
#[derive(Default)]
struct Walk {
    found: Option<(PathBuf, bool)>,
    skipped: Vec<PathBuf>,
    not_runnable: Option<PathBuf>,
}

impl Walk {
    fn take(&mut self, path: PathBuf, metadata: &Metadata, script: bool) {
        if self.found.is_some() {
        } else if metadata.permissions().mode() & 0o111 == 0 {
            self.not_runnable.get_or_insert(path);
        } else if foreign_shim(&path).is_some() {
            self.skipped.push(path);
        } else {
            self.found = Some((path, script));
        }
    }
}

/// Where a real go is recorded: by the installer beside our own files, by ourselves in the state directory.
pub fn records(world: &World) -> Vec<(PathBuf, &'static str)> {
    let installed = world
        .exe
        .as_deref()
        .and_then(Path::parent)
        .and_then(Path::parent)
        .map(|prefix| prefix.join("real-go"));
    let seen = world.state_dir().map(|dir| dir.join("real-go"));
    let installed = installed.map(|file| (file, "recorded at install"));
    installed
        .into_iter()
        .chain(seen.map(|file| (file, "the last go that was seen")))
        .collect()
}

/// Whether a file is there that can be executed.
pub fn is_executable(path: &Path) -> bool {
    runnable(path).is_some()
}

/// What is known of a file that can be executed.
pub(super) fn runnable(path: &Path) -> Option<Metadata> {
    std::fs::metadata(path)
        .ok()
        .filter(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

/// The directories of a PATH.
pub(super) fn split(path: &OsStr) -> Vec<&OsStr> {
    path.as_bytes()
        .split(|b| *b == b':')
        .map(OsStr::from_bytes)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new() -> Tree {
            Tree(tempfile::tempdir().unwrap())
        }
        fn file(&self, name: &str, mode: u32) -> PathBuf {
            let path = self.0.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, name).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            path
        }
        fn link(&self, name: &str, to: &Path) -> PathBuf {
            let path = self.0.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            symlink(to, &path).unwrap();
            path
        }
        fn world(&self, dirs: &[&str]) -> World {
            let path: Vec<String> = dirs
                .iter()
                .map(|d| self.0.path().join(d).display().to_string())
                .collect();
            World {
                env: vec![("PATH".into(), path.join(":").into())],
                exe: Some(self.0.path().join("us/bin/gosteady")),
                ..World::default()
            }
        }
    }

    #[test]
    fn the_next_go_behind_our_own_entry() {
        let t = Tree::new();
        let us = t.file("us/bin/gosteady", 0o755);
        t.link("shims/go", &us);
        t.link("again/go", &t.0.path().join("shims/go"));
        t.file("before/go", 0o755);
        t.file("data/go", 0o644);
        let real = t.file("real/go", 0o755);
        t.file("later/go", 0o755);
        let found = real_go(
            &t.world(&["before", "shims", "again", "data", "real", "later"]),
            "go",
        )
        .unwrap();
        assert_eq!((found.path, found.why.as_str()), (real, "the next go on PATH"));
    }

    #[test]
    fn launchers_are_us() {
        const TEXT: &str = "#!/bin/sh\n# gosteady-launcher: the shim\nexec real\n";
        let t = Tree::new();
        // The program under the name of its face, as the installer puts it beside the launchers.
        let mut world = t.world(&["prefix/shims", "other/shims", "real"]);
        world.exe = Some(t.file("prefix/libexec/go", 0o755));
        t.file("prefix/shims/go", 0o755);
        let other = t.file("other/shims/go", 0o755);
        std::fs::write(&other, TEXT).unwrap();
        let script = t.file("real/go", 0o755);
        std::fs::write(&script, "#!/bin/sh\necho '# gosteady-launcher:'\n").unwrap();
        assert_eq!(real_go(&world, "go").unwrap().path, script);
        assert_eq!(unusable(&world), None);
        world.env.push(("GOSTEADY_REAL_GO".into(), other.clone().into()));
        assert_eq!(real_go(&world, "go").unwrap().path, script);
        assert_eq!(unusable(&world), Some(other.clone()));
        std::fs::write(t.0.path().join("prefix/real-go"), other.as_os_str().as_bytes()).unwrap();
        std::fs::remove_file(&script).unwrap();
        assert_eq!(real_go(&world, "go"), Err(NotFound::Nowhere { program: "go" }));
    }

    #[test]
    fn not_on_path_ourselves() {
        let t = Tree::new();
        t.file("us/bin/gosteady", 0o755);
        let first = t.file("before/go", 0o755);
        assert_eq!(real_go(&t.world(&["before"]), "go").unwrap().path, first);
    }

    #[test]
    fn foreign_shims_are_passed_over_and_named() {
        let t = Tree::new();
        t.file("us/bin/gosteady", 0o755);
        let asdf = t.file(".asdf/shims/go", 0o755);
        let mise_binary = t.file("opt/mise", 0o755);
        let mise = t.link("mise-bin/go", &mise_binary);
        let real = t.file("real/go", 0o755);
        let twin = t.file("other/bin/gosteady-launch", 0o755);
        let other = t.link("other/shims/go", &twin);
        let dirs = [".asdf/shims", "mise-bin", "other/shims", "real"];
        let found = real_go(&t.world(&dirs), "go").unwrap();
        assert_eq!(
            (found.path, found.skipped),
            (real, vec![asdf.clone(), mise, other])
        );
        assert_eq!(real_go(&t.world(&[".asdf/shims"]), "go").unwrap().path, asdf);
    }

    #[test]
    fn the_recorded_go_where_path_has_none() {
        let t = Tree::new();
        let us = t.file("us/bin/gosteady", 0o755);
        t.link("shims/go", &us);
        let real = t.file("elsewhere/go", 0o755);
        std::fs::write(t.0.path().join("us/real-go"), format!("{}\n", real.display())).unwrap();
        assert_eq!(real_go(&t.world(&["shims"]), "go").unwrap().path, real);
        std::fs::write(t.0.path().join("us/real-go"), us.as_os_str().as_bytes()).unwrap();
        assert_eq!(
            real_go(&t.world(&["shims"]), "go"),
            Err(NotFound::Nowhere { program: "go" })
        );
        let record = t.0.path().join("us/real-go");
        std::fs::remove_file(&record).unwrap();
        nix::unistd::mkfifo(&record, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(
            real_go(&t.world(&["shims"]), "go").is_err(),
            "a pipe is not waited for"
        );
    }

    #[test]
    fn named_by_hand_unless_it_is_us() {
        let t = Tree::new();
        let us = t.file("us/bin/gosteady", 0o755);
        let named = t.file("named/go", 0o755);
        let path = t.file("path/go", 0o755);
        let mut world = t.world(&["path"]);
        world.env.push(("GOSTEADY_REAL_GO".into(), named.clone().into()));
        assert_eq!(real_go(&world, "go").unwrap().path, named);
        world.env[1].1 = us.into();
        assert_eq!(real_go(&world, "go").unwrap().path, path);
    }
}
