//! The memo: that this very command on this very input last made no request, so that it can be exec'd.
//!
//! A memo is an empty file whose name is a hash of everything that can change the import graph or the build list. What it
//! can't see is a new import, in a source file, of a required module that was never extracted: that one run is unguarded.

use super::argv::Command;
use super::scene::Scene;
use crate::config::goenv::GoEnv;
use crate::gomod;
use crate::world::World;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Memos kept; the oldest go first.
const KEPT: usize = 4000;

/// Flags of `go test` that choose what runs, not what is loaded: an editor that runs one test after another asks with
/// the same memo. What follows the package of `run` or `tool`, or `-args`, is not part of the command either.
const HARMLESS: &[&str] = &[
    "bench",
    "benchmem",
    "benchtime",
    "count",
    "cpu",
    "failfast",
    "fuzz",
    "fuzzminimizetime",
    "fuzztime",
    "json",
    "list",
    "parallel",
    "run",
    "short",
    "shuffle",
    "skip",
    "timeout",
    "v",
];

/// The memo of one command on one input; it may or may not exist.
#[derive(Debug, Clone)]
pub struct Memo(PathBuf);

impl Memo {
    /// The memo for a command. `None` where nothing can be kept, or where an input can't be told from
    /// outside (`-overlay`, `-modfile` from a pipe).
    pub fn of(world: &World, env: &GoEnv, go: &Path, command: &Command, scene: &Scene) -> Option<Memo> {
        let named = scene.named_modfile(command);
        let is_pipe = |file: &PathBuf| std::fs::metadata(file).is_ok_and(|m| !m.is_file());
        if command.setting("overlay", &scene.goflags).is_some() || named.as_ref().is_some_and(is_pipe) {
            return None;
        }
        // 64 bits of SipHash: a mistaken match would cost one unguarded run, nothing more.
        let mut hash = DefaultHasher::new();
        env!("CARGO_PKG_VERSION").hash(&mut hash);
        (&command.words, &command.chdir, &command.operands).hash(&mut hash);
        let test = command.words == ["test"];
        for flag in command
            .flags
            .iter()
            .filter(|f| !(test && HARMLESS.contains(&f.name)))
        {
            (flag.name, flag.value).hash(&mut hash);
        }
        scene.dir.hash(&mut hash);
        identity(go).hash(&mut hash);
        for (name, value) in &world.env {
            let name = name.as_bytes();
            let counts =
                name.starts_with(b"GO") && !name.starts_with(b"GOSTEADY_") || name.starts_with(b"CGO_");
            if counts {
                (name, value).hash(&mut hash);
            }
        }
        (&env.user, &env.system).hash(&mut hash);
        let cache = env.gomodcache()?;
        (identity(&cache), identity(&cache.join("cache/download"))).hash(&mut hash);
        if let Some(module) = &scene.module {
            // What stands in for the go.mod still names directories from where that lies.
            modfile(named.as_ref().unwrap_or(module), "sum", dir_of(module), &mut hash);
        }
        if let Some(work) = &scene.work {
            let text = modfile(work, "work.sum", dir_of(work), &mut hash);
            for member in gomod::workspace_uses(&text, dir_of(work)) {
                modfile(&member.join("go.mod"), "sum", &member, &mut hash);
            }
        }
        Some(Memo(
            world
                .keeping_dir()?
                .join("memo")
                .join(format!("{:016x}", hash.finish())),
        ))
    }

    /// Whether the last run made no request.
    pub fn is_known(&self) -> bool {
        // access(2) would do; metadata is one call as well.
        std::fs::metadata(&self.0).is_ok()
    }

    /// Notes that it made none. Failing is no loss: the next run is guarded again.
    pub fn write(&self) {
        let Some(dir) = self.0.parent() else { return };
        if std::fs::create_dir_all(dir).is_ok() && std::fs::write(&self.0, b"").is_ok() {
            prune(dir, KEPT);
        }
    }
}

fn dir_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("/"))
}

// Hashes a go.mod or go.work, its sums, and the go.mod of each directory that it puts in a module's place, named from
// `dir`. Returns its text.
fn modfile(path: &Path, sum: &str, dir: &Path, hash: &mut DefaultHasher) -> Vec<u8> {
    let text = file(path, hash);
    file(&path.with_extension(sum), hash);
    for replaced in gomod::local_replacements(&text, dir) {
        file(&replaced.join("go.mod"), hash);
    }
    text
}

// Hashes a file's content (a missing file differs from an empty one) and returns it.
fn file(path: &Path, hash: &mut DefaultHasher) -> Vec<u8> {
    let text = std::fs::read(path).ok();
    text.hash(hash);
    text.unwrap_or_default()
}

// Which file it is and when it was last replaced.
fn identity(path: &Path) -> Option<(u64, u64, i64, i64, u64)> {
    let m = std::fs::metadata(path).ok()?;
    Some((
        m.dev(),
        m.ino(),
        m.mtime(),
        m.mtime_nsec(),
        if m.is_file() { m.size() } else { 0 },
    ))
}

// Keeps the newest `kept` files; looks only when the directory may have grown past it.
fn prune(dir: &Path, kept: usize) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    let mut files: Vec<_> = entries.flatten().map(|e| e.path()).collect();
    if files.len() <= kept {
        return;
    }
    files.sort_by_cached_key(|f| std::fs::metadata(f).and_then(|m| m.modified()).ok());
    for old in &files[..files.len() - kept / 2] {
        let _ = std::fs::remove_file(old);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    #[test]
    fn everything_that_decides_changes_the_memo() {
        let dir = tempfile::tempdir().unwrap();
        let p = dir.path();
        std::fs::create_dir_all(p.join("cache/cache/download")).unwrap();
        std::fs::create_dir_all(p.join("lib")).unwrap();
        std::fs::write(p.join("go"), "").unwrap();
        std::fs::write(p.join("go.mod"), "module m\nreplace l => ./lib\n").unwrap();
        std::fs::write(p.join("lib/go.mod"), "module l\n").unwrap();
        let mut world = World {
            args: vec!["build".into()],
            cwd: Some(p.into()),
            env: vec![
                ("XDG_STATE_HOME".into(), p.join("state").into()),
                ("GOMODCACHE".into(), p.join("cache").into()),
                ("HOME".into(), "/h".into()),
            ],
            ..World::default()
        };
        let name = |world: &World| {
            let env = GoEnv::read(world, &p.join("go"));
            let args: Vec<OsString> = world.args.clone();
            let command = Command::parse(&args);
            let scene = Scene::read(world, &env, &command, None);
            Memo::of(world, &env, &p.join("go"), &command, &scene).unwrap()
        };
        let mut seen = vec![name(&world).0];
        assert_eq!(name(&world).0, seen[0]);
        world.env.push(("UNRELATED".into(), "x".into()));
        assert_eq!(name(&world).0, seen[0]);

        let mut differs = |world: &World, what: &str| {
            let next = name(world).0;
            assert!(!seen.contains(&next), "{what}");
            seen.push(next);
        };
        std::fs::write(p.join("go.sum"), "").unwrap();
        differs(&world, "go.sum");
        std::fs::write(p.join("lib/go.mod"), "module l\ngo 1.20\n").unwrap();
        differs(&world, "a replaced module");
        world.env.push(("GOFLAGS".into(), "-modfile=alt.mod".into()));
        differs(&world, "GOFLAGS");
        std::fs::write(p.join("alt.mod"), "module m\nreplace l => ./lib\n").unwrap();
        differs(&world, "the file that GOFLAGS puts in the place of go.mod");
        std::fs::write(p.join("lib/go.mod"), "module l\ngo 1.21\n").unwrap();
        differs(&world, "a module that it replaces");
        std::fs::write(p.join("alt.sum"), "").unwrap();
        differs(&world, "its sums");
        world.env.pop();
        world.args.push("-v".into());
        differs(&world, "argv");
        world.args = ["test", "-tags=x", "."].map(OsString::from).to_vec();
        differs(&world, "another command");
        std::fs::write(p.join("go"), "2").unwrap();
        differs(&world, "the go binary");
        std::fs::write(p.join("go.work"), "go 1.22\nuse ./lib\n").unwrap();
        differs(&world, "go.work");
        std::fs::write(p.join("go.work.sum"), "").unwrap();
        differs(&world, "go.work.sum");
        std::fs::write(p.join("lib/go.sum"), "").unwrap();
        differs(&world, "the sums of a member");
        std::fs::remove_dir_all(p.join("cache")).unwrap();
        differs(&world, "the module cache");
    }

    #[test]
    fn no_memo_where_an_input_cant_be_told_from_outside() {
        let dir = tempfile::tempdir().unwrap();
        let p = dir.path();
        nix::unistd::mkfifo(&p.join("pipe.mod"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        std::fs::write(p.join("file.mod"), "module m\n").unwrap();
        for (flag, kept) in [
            ("-modfile=file.mod", true),
            ("-modfile=pipe.mod", false),
            ("-overlay=x.json", false),
        ] {
            for (args, goflags) in [(vec!["build", flag], ""), (vec!["build"], flag)] {
                let world = World {
                    args: args.into_iter().map(OsString::from).collect(),
                    cwd: Some(p.into()),
                    env: vec![("HOME".into(), p.into()), ("GOFLAGS".into(), goflags.into())],
                    ..World::default()
                };
                let env = GoEnv::read(&world, &p.join("go"));
                let command = Command::parse(&world.args);
                let scene = Scene::read(&world, &env, &command, None);
                let memo = Memo::of(&world, &env, &p.join("go"), &command, &scene);
                assert_eq!(memo.is_some(), kept, "{flag} {goflags}");
            }
        }
    }

    #[test]
    fn one_memo_for_one_test_after_another() {
        let dir = tempfile::tempdir().unwrap();
        let world = World {
            cwd: Some(dir.path().into()),
            env: vec![
                ("XDG_STATE_HOME".into(), dir.path().into()),
                ("HOME".into(), dir.path().into()),
            ],
            ..World::default()
        };
        let name = |line: &str| {
            let world = World {
                args: line.split_whitespace().map(OsString::from).collect(),
                ..world.clone()
            };
            let env = GoEnv::read(&world, Path::new("/nowhere/go"));
            let command = Command::parse(&world.args);
            let scene = Scene::read(&world, &env, &command, None);
            Memo::of(&world, &env, Path::new("/nowhere/go"), &command, &scene)
                .unwrap()
                .0
        };
        assert_eq!(name("test -run A ./x"), name("test -run B -v ./x -args y"));
        assert_eq!(name("run . a"), name("run . b"));
        assert_ne!(name("test ./x"), name("test ./y"));
        assert_ne!(name("test -tags a ./x"), name("test -tags b ./x"));
    }

    #[test]
    fn a_memo_is_known_once_written_and_the_oldest_go() {
        let dir = tempfile::tempdir().unwrap();
        let memo = Memo(dir.path().join("memo/1"));
        assert!(!memo.is_known());
        memo.write();
        assert!(memo.is_known());
        for n in 0..10 {
            std::fs::write(dir.path().join(format!("memo/x{n}")), "").unwrap();
        }
        prune(&dir.path().join("memo"), 8);
        assert_eq!(std::fs::read_dir(dir.path().join("memo")).unwrap().count(), 4);
    }
}
