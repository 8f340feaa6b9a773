//! Fetching beside the cache: a module cache of its own inside the real one, filled by go through the user's mirrors. The
//! real one is not touched until what came has been looked at.

use super::finding::Part;
use super::layout::{Layout, Module};
use crate::bounded;
use crate::config::goenv::GoEnv;
use crate::error::Error;
use crate::gomod;
use crate::toolchain::find;
use crate::toolchain::floor;
use crate::toolchain::install::files;
use crate::world::World;
use nix::fcntl::{Flock, FlockArg};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// So many modules are asked of one go, so that its command line never grows too long.
const BATCH: usize = 200;
/// The directory's name begins so, and goes on with a process id.
const FETCH: &str = "fetch-";

/// The other cache. It goes away when dropped, with all that was not taken out of it.
#[derive(Debug)]
pub struct Stage {
    /// Where go puts things.
    pub layout: Layout,
    dir: PathBuf,
    /// Held as long as it is in use: what lies about without it was left by a killed process.
    _lock: Flock<File>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = files::remove_tree(&self.dir);
    }
}

impl Stage {
    /// An empty one on the cache's own file system. One repair of a cache runs at a time.
    pub fn new(cache: &Layout) -> Result<Stage, Error> {
        let ours = cache.ours();
        let failed = |e: io::Error| {
            let what = format!("{} can't be written: {e}", ours.display());
            Error::new(
                what,
                "mend its owner or its mode, or set GOMODCACHE to a directory of yours",
            )
        };
        files::directory(&ours).map_err(failed)?;
        let file = File::create(ours.join("lock")).map_err(failed)?;
        let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| match errno {
            nix::errno::Errno::EWOULDBLOCK => {
                let what = format!("another repair of {} is running", cache.root().display());
                Error::new(what, "wait for its end")
            }
            errno => failed(errno.into()),
        })?;
        // A go that outlived a killed repair may still write to that one's directory, so each has its own.
        for left in std::fs::read_dir(&ours).map_err(failed)?.flatten() {
            if left.file_name().as_encoded_bytes().starts_with(FETCH.as_bytes()) {
                files::remove_tree(&left.path()).map_err(failed)?;
            }
        }
        let dir = ours.join(format!("{FETCH}{}", std::process::id()));
        // A clone of a repository takes long, and go locks each by itself.
        files::directory(&dir.join("cache")).map_err(failed)?;
        let clones = cache.root().join("cache/vcs");
        if clones.is_dir() {
            let _ = std::os::unix::fs::symlink(clones, dir.join("cache/vcs"));
        }
        Ok(Stage {
            layout: Layout::new(&dir),
            dir,
            _lock: lock,
        })
    }

    /// Puts in what is sound of a module, so that go asks for nothing else. What can't be linked is fetched.
    pub fn seed(&self, cache: &Layout, module: &Module, damaged: &[Part]) {
        let parts = [
            ("zip", Part::Zip),
            ("ziphash", Part::Hash),
            ("mod", Part::Mod),
            ("info", Part::Info),
        ];
        for (extension, part) in parts {
            if !damaged.contains(&part) {
                let to = self.layout.file(module, extension);
                let _ = to.parent().map(files::directory);
                let _ = std::fs::hard_link(cache.file(module, extension), to);
            }
        }
    }

    /// Has go download the modules as `go mod download` does, under gosteady's guard, with these lines for go.sum.
    /// Returns go's own words about those that failed; what came is for the caller to look at.
    pub fn fetch(
        &self,
        world: &World,
        env: &GoEnv,
        modules: &[Module],
        sums: &[u8],
    ) -> io::Result<BTreeMap<String, String>> {
        let project = tempfile::tempdir()?;
        let dir = world.cwd.clone().unwrap_or_default();
        std::fs::write(project.path().join("go.mod"), go_mod(env, &dir))?;
        std::fs::write(project.path().join("go.sum"), sums)?;
        let mut said = BTreeMap::new();
        let mut ask = |batch: &[Module]| {
            let mut command = self.go(world, env)?;
            command.args(["mod", "download", "-json"]);
            command
                .args(batch.iter().map(Module::to_string))
                .current_dir(project.path());
            let ended = command.spawn()?.wait_with_output()?;
            said.extend(errors(&ended.stdout));
            // A hash that does not match ends go at once, with words on stderr alone.
            let unsaid = |m: &&Module| !said.contains_key(&m.to_string()) && !self.came(m);
            let unsaid: Vec<Module> = batch.iter().filter(unsaid).cloned().collect();
            if let ([module], false) = (batch, unsaid.is_empty()) {
                let why = format!("go mod download: {}; its own words are above", ended.status);
                said.insert(module.to_string(), why);
            }
            io::Result::Ok(unsaid)
        };
        for batch in modules.chunks(BATCH) {
            let unsaid = ask(batch)?;
            if batch.len() > 1 {
                for module in unsaid {
                    ask(&[module])?;
                }
            }
        }
        Ok(said)
    }

    /// Whether go has got to the end of a module.
    fn came(&self, module: &Module) -> bool {
        let file = |extension| self.layout.file(module, extension).exists();
        self.layout.tree(module).exists() && file("ziphash") && !file("partial")
    }

    /// Ourselves under the name of go; the real go where the system does not tell who we are.
    fn go(&self, world: &World, env: &GoEnv) -> io::Result<Command> {
        let program = match &world.exe {
            Some(exe) => exe.clone(),
            None => {
                find::real_go(world, "go")
                    .map_err(|_| io::Error::other("no go was found"))?
                    .path
            }
        };
        let flags = match env.flag("modcacherw").as_deref() {
            None => "-mod=mod".to_owned(),
            Some("") => "-mod=mod -modcacherw".to_owned(),
            Some(value) => format!("-mod=mod -modcacherw={value}"),
        };
        let mut command = Command::new(program);
        command
            .arg0("go")
            .env_clear()
            .envs(world.env.iter().map(|(k, v)| (k, v)))
            // Only what would lead go elsewhere than to this directory.
            .env("GO111MODULE", "on")
            .env("GOFLAGS", flags)
            .env("GOWORK", "off")
            .env("GOMODCACHE", self.layout.root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        Ok(command)
    }
}

/// The go and toolchain lines of the project, so that the go which runs there fetches here.
fn go_mod(env: &GoEnv, dir: &Path) -> String {
    let text = floor::file_in_effect(env, dir).and_then(|file| bounded::read_file(&file).ok());
    let head = gomod::head(&text.unwrap_or_default());
    let mut text = "module gosteady.invalid/repair\n".to_owned();
    for (verb, value) in [("go", head.go), ("toolchain", head.toolchain)] {
        if let Some(value) = value {
            text.push_str(&format!("{verb} {value}\n"));
        }
    }
    text
}

/// The errors in what `go mod download -json` prints, by `PATH@VERSION`.
fn errors(stdout: &[u8]) -> Vec<(String, String)> {
    let objects = serde_json::Deserializer::from_slice(stdout).into_iter::<serde_json::Value>();
    let error = |object: serde_json::Value| {
        let text = |key: &str| object[key].as_str().map(str::to_owned);
        Some((format!("{}@{}", text("Path")?, text("Version")?), text("Error")?))
    };
    objects.flatten().filter_map(error).collect()
}
