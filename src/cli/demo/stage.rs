//! What the demo plays on: a directory with a project and private caches, and two mirrors.

use crate::drill::{Fault, Server, Store};
use crate::gomod::escape;
use crate::toolchain::find;
use crate::trace::{
    file,
    store::{self, Entry},
};
use crate::world::World;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// Everything that the demo made.
#[derive(Debug)]
pub(super) struct Stage {
    dir: TempDir,
    go: PathBuf,
    env: Vec<(OsString, OsString)>,
    traces: Option<PathBuf>,
    silent: Server,
    good: Server,
    store: Store,
}

/// The real go behind every shim, as a guarded run finds it; else the one that tests/get-go.sh puts into the cache
/// directory.
pub(super) fn real_go(world: &World) -> Option<PathBuf> {
    if let Ok(real) = find::real_go(world, "go") {
        return Some(real.path);
    }
    let cache = match world.set_var("XDG_CACHE_HOME") {
        Some(dir) => PathBuf::from(dir),
        None => world.home()?.join(".cache"),
    };
    let go = cache.join("gosteady/go/bin/go");
    find::is_executable(&go).then_some(go)
}

impl Stage {
    /// Makes the directory and starts the mirrors.
    pub(super) fn set(world: &World, go: &Path, modules: usize) -> io::Result<Stage> {
        let exe = world
            .exe
            .as_deref()
            .ok_or_else(|| io::Error::other("the system does not tell where our own program is"))?;
        let dir = tempfile::Builder::new().prefix("gosteady-demo-").tempdir()?;
        for name in ["project", "modcache", "gopath", "gocache", "shims"] {
            fs::create_dir(dir.path().join(name))?;
        }
        symlink(exe, dir.path().join("shims/go"))?;
        let store = Store::synthetic(seed(), modules);
        store.write_project(&dir.path().join("project"))?;
        let silent = Server::start(store.clone(), Fault::AcceptSilent)?;
        let good = Server::start(store.clone(), Fault::Good)?;
        let goproxy = format!("{},{}", silent.url(), good.url());
        let env = environment(world, dir.path(), go, &goproxy)?;
        Ok(Stage {
            dir,
            go: go.to_path_buf(),
            env,
            traces: file::directory(world),
            silent,
            good,
            store,
        })
    }

    /// The mirrors' addresses: the silent one, the good one.
    pub(super) fn mirrors(&self) -> [String; 2] {
        [self.silent.url(), self.good.url()]
    }

    /// The go that is used.
    pub(super) fn go(&self) -> &Path {
        &self.go
    }

    /// How many modules the project needs.
    pub(super) fn modules(&self) -> usize {
        self.store.modules().len()
    }

    /// `go mod download` with plain go.
    pub(super) fn plain(&self) -> Command {
        self.command(&self.go)
    }

    /// `go mod download` with gosteady under the name of go.
    pub(super) fn guarded(&self) -> Command {
        self.command(&self.dir.path().join("shims/go"))
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .arg0("go")
            .args(["mod", "download"])
            .current_dir(self.dir.path().join("project"))
            .env_clear()
            .envs(self.env.iter().map(|(k, v)| (k, v)));
        command
    }

    /// How many module zips the cache holds.
    pub(super) fn arrived(&self) -> usize {
        let zip = |m: &crate::drill::store::Module| {
            let path = self
                .dir
                .path()
                .join("modcache")
                .join(format!("{}@{}", escape(&m.path), m.version));
            path.is_dir()
        };
        self.store.modules().iter().filter(|m| zip(m)).count()
    }

    /// Empties the module cache.
    pub(super) fn empty_cache(&self) -> io::Result<()> {
        let cache = self.dir.path().join("modcache");
        remove(&cache)?;
        fs::create_dir(cache)
    }

    /// The newest trace; `None` where none is kept.
    pub(super) fn newest_trace(&self) -> Option<Entry> {
        store::list(self.traces.as_ref()?).ok()?.into_iter().next()
    }

    /// Ends the mirrors and removes the directory; returns its path where it is kept.
    pub(super) fn strike(self, keep: bool) -> io::Result<Option<PathBuf>> {
        drop((self.silent, self.good));
        if keep {
            return Ok(Some(self.dir.keep()));
        }
        remove(self.dir.path())?;
        Ok(None)
    }
}

/// The user's environment without what would change go's or our own behaviour, and with everything private.
fn environment(world: &World, dir: &Path, go: &Path, goproxy: &str) -> io::Result<Vec<(OsString, OsString)>> {
    let tools = go.parent().unwrap_or(Path::new("/")).to_path_buf();
    let user = world.var("PATH").unwrap_or_default();
    let path = [dir.join("shims"), tools]
        .into_iter()
        .chain(std::env::split_paths(user));
    let path = std::env::join_paths(path).map_err(io::Error::other)?;
    let ours: Vec<(&str, OsString)> = vec![
        ("PATH", path),
        ("GOPROXY", goproxy.into()),
        ("GOMODCACHE", dir.join("modcache").into()),
        ("GOPATH", dir.join("gopath").into()),
        ("GOCACHE", dir.join("gocache").into()),
        // So that the directory can be removed.
        ("GOFLAGS", "-modcacherw".into()),
        ("GOENV", "off".into()),
        ("GOWORK", "off".into()),
        ("GOSUMDB", "off".into()),
        ("GOTOOLCHAIN", "local".into()),
        ("GOSTEADY_PROXY_PUBLIC", "127.0.0.1".into()),
    ];
    // GOROOT belongs to the go that is found; a bare name of another program (GOOGLE_…) is harmless to lose.
    let dropped = |name: &OsStr| {
        let name = name.as_bytes();
        name == b"PATH" || name == b"CI" || name.starts_with(b"GO") && name != b"GOROOT"
    };
    let kept = world.env.iter().filter(|(name, _)| !dropped(name)).cloned();
    Ok(kept
        .chain(ours.into_iter().map(|(k, v)| (OsString::from(k), v)))
        .collect())
}

/// Modules that differ from demo to demo, so that nothing kept from an earlier one can help.
fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_nanos() as u64
}

/// Removes a directory, also where its directories are read-only, as a module cache's are without -modcacherw.
fn remove(dir: &Path) -> io::Result<()> {
    if fs::remove_dir_all(dir).is_ok() {
        return Ok(());
    }
    make_writable(dir);
    match fs::remove_dir_all(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn make_writable(dir: &Path) {
    let _ = fs::set_permissions(dir, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            make_writable(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_private_and_otherwise_the_users() {
        let world = World {
            env: [
                ("HOME", "/h"),
                ("GOFLAGS", "-mod=vendor"),
                ("GOSTEADY_FAILOVER", "go"),
                ("GOROOT", "/go"),
                ("PATH", "/bin"),
                ("CI", "1"),
            ]
            .map(|(k, v)| (k.into(), v.into()))
            .to_vec(),
            ..World::default()
        };
        let env = environment(
            &world,
            Path::new("/d"),
            Path::new("/go/bin/go"),
            "http://a,http://b",
        )
        .unwrap();
        let get = |name: &str| {
            env.iter()
                .find(|(k, _)| k == name)
                .map(|(_, v)| v.to_str().unwrap())
        };
        assert_eq!(get("PATH"), Some("/d/shims:/go/bin:/bin"));
        assert_eq!((get("HOME"), get("GOROOT")), (Some("/h"), Some("/go")));
        assert_eq!(
            (get("GOFLAGS"), get("GOSTEADY_FAILOVER"), get("CI")),
            (Some("-modcacherw"), None, None)
        );
        assert_eq!(get("GOPROXY"), Some("http://a,http://b"));
    }

    #[test]
    fn read_only_directories_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("f"), "").unwrap();
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o500)).unwrap();
        remove(&dir.path().join("a")).unwrap();
        assert!(!dir.path().join("a").exists());
    }
}
