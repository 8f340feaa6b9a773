//! The real go: the first one on PATH behind our own entry that is neither us nor another manager's shim.

use crate::world::World;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
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

/// The identity of a file: device and inode, links resolved.
type Id = (u64, u64);

/// Finds the real `program` (`go` or `gofmt`). In order: `GOSTEADY_REAL_GO`; the PATH behind our own entry, or all of it where
/// we are not on it; the place recorded at install; the last one seen; at last a foreign shim, which is better than nothing.
pub fn real_go(world: &World, program: &'static str) -> Result<RealGo, NotFound> {
    let me = own_ids(world);
    let is_us = |path: &Path, m: &Metadata| me.contains(&(m.dev(), m.ino())) || is_launcher(path);
    if program == "go"
        && let Some(path) = world.set_var("GOSTEADY_REAL_GO").map(PathBuf::from)
        && runnable(&path).is_some_and(|m| !is_us(&path, &m))
    {
        return Ok(RealGo {
            path,
            why: "GOSTEADY_REAL_GO".into(),
            skipped: Vec::new(),
        });
    }

    // What stands before our own entry counts only where we have none.
    let (mut before, mut behind) = (Walk::default(), None);
    for path in world.path_dirs().map(|dir| dir.join(program)) {
        let Some(metadata) = std::fs::metadata(&path).ok().filter(Metadata::is_file) else {
            continue;
        };
        if is_us(&path, &metadata) {
            behind.get_or_insert_with(Walk::default);
            continue;
        }
        behind.as_mut().unwrap_or(&mut before).take(path, &metadata);
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
    if let Some(path) = found {
        return Ok(RealGo {
            path,
            why: why.into(),
            skipped,
        });
    }

    for (file, why) in records(world) {
        let Some(recorded) = std::fs::read(&file).ok() else {
            continue;
        };
        let go = PathBuf::from(OsStr::from_bytes(recorded.trim_ascii()));
        let path = if program == "go" {
            go
        } else {
            go.with_file_name(program)
        };
        if path.is_absolute() && runnable(&path).is_some_and(|m| !is_us(&path, &m)) {
            return Ok(RealGo {
                path,
                why: why.into(),
                skipped,
            });
        }
    }
    match (skipped.first().cloned(), not_runnable) {
        (Some(path), _) => Ok(RealGo {
            path,
            why: "another version manager's shim: nothing else was found".into(),
            skipped,
        }),
        (None, Some(path)) => Err(NotFound::NotRunnable(path)),
        (None, None) => Err(NotFound::Nowhere { program }),
    }
}

/// Every `go` on PATH that can be run and is neither us nor another manager's shim, in order.
pub fn all_on_path(world: &World) -> Vec<PathBuf> {
    let me = own_ids(world);
    let paths = world.path_dirs().map(|dir| dir.join("go"));
    paths
        .filter(|path| {
            runnable(path).is_some_and(|m| !me.contains(&(m.dev(), m.ino())) && !is_launcher(path))
                && foreign_shim(path).is_none()
        })
        .collect()
}

/// What a walk along PATH has met.
#[derive(Default)]
struct Walk {
    found: Option<PathBuf>,
    skipped: Vec<PathBuf>,
    not_runnable: Option<PathBuf>,
}

impl Walk {
    fn take(&mut self, path: PathBuf, metadata: &Metadata) {
        if self.found.is_some() {
        } else if metadata.permissions().mode() & 0o111 == 0 {
            self.not_runnable.get_or_insert(path);
        } else if foreign_shim(&path).is_some() {
            self.skipped.push(path);
        } else {
            self.found = Some(path);
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

/// Whether the file is a script (`#!`): its interpreter may well start `go` again.
pub fn is_script(path: &Path) -> bool {
    let mut magic = [0; 2];
    std::fs::File::open(path)
        .and_then(|mut f| f.read_exact(&mut magic))
        .is_ok()
        && &magic == b"#!"
}

/// Whether the file is a launcher that our installer wrote, of whatever install: a script whose head says so.
fn is_launcher(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = std::fs::File::open(path).and_then(|f| f.take(200).read_to_end(&mut head));
    read.is_ok()
        && head.starts_with(b"#!")
        && head
            .split(|b| *b == b'\n')
            .any(|line| line.starts_with(b"# gosteady-launcher:"))
}

// Our own identity: the running executable, its twin (launcher and whole program stand side by side) and the shims of
// its install; without /proc, the name we were called by.
fn own_ids(world: &World) -> Vec<Id> {
    let id = |path: &Path| std::fs::metadata(path).ok().map(|m| (m.dev(), m.ino()));
    if let Some(exe) = world.exe.as_deref() {
        let twin = match exe.file_name().and_then(OsStr::to_str) {
            Some("gosteady") => "gosteady-launch",
            _ => "gosteady",
        };
        let mut ids: Vec<Id> = [id(exe), id(&exe.with_file_name(twin))]
            .into_iter()
            .flatten()
            .collect();
        if !ids.is_empty() {
            let prefix = exe.parent().and_then(Path::parent);
            let shims = prefix.map(|prefix| prefix.join("shims"));
            ids.extend(
                shims
                    .into_iter()
                    .flat_map(|dir| ["go", "gofmt"].map(|n| id(&dir.join(n))))
                    .flatten(),
            );
            return ids;
        }
    }
    let name = Path::new(&world.argv0);
    if name.components().count() > 1 {
        return id(name).into_iter().collect();
    }
    let found = world.path_dirs().find_map(|dir| runnable(&dir.join(name)));
    found.map(|m| (m.dev(), m.ino())).into_iter().collect()
}

/// Whether a file is there that can be executed.
pub fn is_executable(path: &Path) -> bool {
    runnable(path).is_some()
}

/// Whether a file is one of gosteady's own: the program, its launcher or a shim of either.
pub fn is_gosteady(world: &World, path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|m| m.is_file() && (own_ids(world).contains(&(m.dev(), m.ino())) || is_launcher(path)))
}

fn runnable(path: &Path) -> Option<Metadata> {
    std::fs::metadata(path)
        .ok()
        .filter(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

/// The version manager a shim belongs to: by the folder it stands in (`~/.asdf/shims/go`), or by the program its link
/// leads to (mise, proto and volta link their shims to one binary).
fn foreign_shim(path: &Path) -> Option<&'static str> {
    const MANAGERS: &[&str] = &["asdf", "goenv", "mise", "rtx", "proto", "volta", "hermit"];
    let manager_in = |name: &OsStr| {
        let name = name.to_str()?.trim_start_matches('.');
        MANAGERS
            .iter()
            .find(|m| {
                name == **m
                    || name
                        .strip_prefix(**m)
                        .is_some_and(|rest| rest.starts_with("-shim"))
            })
            .copied()
    };
    let dir = path.parent()?;
    if dir.file_name().is_some_and(|n| n == "shims")
        && let Some(manager) = dir.ancestors().filter_map(Path::file_name).find_map(manager_in)
    {
        return Some(manager);
    }
    std::fs::read_link(path)
        .ok()
        .as_deref()
        .and_then(Path::file_name)
        .and_then(manager_in)
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
        world.env.push(("GOSTEADY_REAL_GO".into(), other.clone().into()));
        assert_eq!(real_go(&world, "go").unwrap().path, script);
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
        let found = real_go(&t.world(&[".asdf/shims", "mise-bin", "real"]), "go").unwrap();
        assert_eq!((found.path, found.skipped), (real, vec![asdf.clone(), mise]));
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
