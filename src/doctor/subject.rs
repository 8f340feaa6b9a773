//! What all checks look at, read once.

use crate::bounded;
use crate::config::goenv::GoEnv;
use crate::config::{self, Loaded};
use crate::gomod::{self, Directives};
use crate::toolchain::find::{self, NotFound, RealGo};
use crate::world::{World, nearest_file, repository};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The surroundings as go would see them.
#[derive(Debug)]
pub struct Subject {
    /// The process's own.
    pub world: World,
    /// Our settings.
    pub config: Loaded,
    /// The go behind us.
    pub go: Result<RealGo, NotFound>,
    /// go's settings; empty files where there is no go.
    pub env: GoEnv,
    /// The nearest go.mod at or above the working directory.
    pub gomod: Option<PathBuf>,
    /// What it says; empty where there is none.
    pub module: Directives,
    /// The nearest go.work, unless GOWORK says otherwise.
    pub gowork: Option<PathBuf>,
    /// The root of the repository: the nearest directory with `.git`.
    pub repository: Option<PathBuf>,
    /// GOPROXY is the list of `--proxy`, not what is in effect.
    pub proxy_given: bool,
}

impl Subject {
    /// Reads them. Starts no program and opens no connection.
    pub fn of(world: &World) -> Subject {
        let go = find::real_go(world, "go");
        let path = go.as_ref().map_or(PathBuf::new(), |real| real.path.clone());
        let env = GoEnv::read(world, &path);
        let cwd = world.cwd.clone();
        let gomod = cwd.as_deref().and_then(|dir| nearest_file(dir, "go.mod"));
        let gowork = cwd.as_deref().and_then(|dir| env.gowork(dir));
        let text = gomod.as_ref().and_then(|path| bounded::read_file(path).ok());
        Subject {
            config: config::load(world),
            module: gomod::directives(&text.unwrap_or_default()),
            repository: cwd.as_deref().and_then(repository).map(Path::to_path_buf),
            world: world.clone(),
            go,
            env,
            gomod,
            gowork,
            proxy_given: false,
        }
    }

    /// A setting of go's with where it comes from: `--proxy`, `environment`, `go env -w` or `go.env`.
    pub fn setting(&self, key: &str) -> Option<(OsString, &'static str)> {
        let value = self.env.get(key)?;
        let from = if self.proxy_given && key == "GOPROXY" {
            "--proxy"
        } else if self.world.set_var(key).is_some() {
            "the environment"
        } else if gomod::envfile::value(&self.env.user, key).is_some_and(|v| !v.is_empty()) {
            "go env -w"
        } else {
            "GOROOT/go.env"
        };
        Some((value, from))
    }

    /// GOPROXY as the go behind us reads it; what is set, where there is none.
    pub fn goproxy(&self) -> String {
        match &self.go {
            Ok(_) => self.env.goproxy(),
            Err(_) => self.text("GOPROXY"),
        }
    }

    /// A setting as text; empty where unset.
    pub fn text(&self, key: &str) -> String {
        self.env.text(key)
    }
}
