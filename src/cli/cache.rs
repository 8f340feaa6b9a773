//! `gosteady cache`: the module cache, verified, mended, measured.

mod key;
mod repair;
mod size;
mod verify;

use crate::config::goenv::GoEnv;
use crate::error::Error;
use crate::outcome::{Code, Outcome};
use crate::repair::cache::layout::Layout;
use crate::repair::cache::scope::{Scope, sum_files};
use crate::toolchain::find;
use crate::ui;
use crate::world::World;
use std::path::Path;

/// Verify the module cache, mend it, measure it, and make a key for keeping it in CI.
#[derive(Debug, clap::Subcommand)]
pub enum Cmd {
    /// Find what is damaged, also what `go mod verify` does not see
    Verify(verify::Args),
    /// Replace what is damaged, and only that; the old is set aside
    Repair(repair::Args),
    /// Print a key for keeping the module cache in CI
    Key(key::Args),
    /// Show what takes the room
    Size(size::Args),
}

/// Runs the command.
pub fn run(cmd: &Cmd, world: &World) -> Outcome {
    let done = match cmd {
        Cmd::Verify(args) => verify::run(args, world),
        Cmd::Repair(args) => repair::run(args, world),
        Cmd::Key(args) => key::run(args, world),
        Cmd::Size(args) => size::run(args, world),
    };
    Outcome::Ours(done.unwrap_or_else(|(code, error)| {
        ui::note(&error.to_string());
        code
    }))
}

/// The end of a command, or why it could not be done and its status.
type Done = Result<Code, (Code, Error)>;

/// Which modules, as `verify` and `repair` both take them.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// Everything in the cache, not only what this project's go.sum names.
    #[arg(long)]
    pub all: bool,
    /// Only these modules: a path for all of its versions, or path@version.
    #[arg(value_name = "MODULE[@VERSION]")]
    pub modules: Vec<String>,
}

/// go's settings, the cache, and what is in it.
struct Ground {
    env: GoEnv,
    cache: Layout,
}

impl Ground {
    fn of(world: &World) -> Result<Ground, (Code, Error)> {
        let go = find::real_go(world, "go").map(|real| real.path);
        let env = GoEnv::read(world, go.as_deref().unwrap_or(Path::new("")));
        let cache = env.gomodcache().filter(|dir| dir.is_absolute()).ok_or_else(|| {
            let what = "there is no place for a module cache: GOMODCACHE, GOPATH and HOME say none";
            (
                Code::Usage,
                Error::new(what, "set GOMODCACHE to an absolute path"),
            )
        })?;
        let cache = Layout::new(cache);
        Ok(Ground { env, cache })
    }

    fn scope(&self, world: &World, which: &Which) -> Result<Scope, (Code, Error)> {
        let dir = world.cwd.clone().unwrap_or_default();
        let mut scope = Scope::of(&self.cache, &self.env, &dir, which.all);
        // A module without requirements has no go.sum, and nothing of it is in the cache.
        if sum_files(&self.env, &dir).is_empty() && !which.all && which.modules.is_empty() {
            let what = format!("{} is in no module", dir.display());
            return Err((Code::Usage, Error::new(what, "go to a module, or say --all")));
        }
        if !which.modules.is_empty() {
            scope.only(&self.cache, &which.modules).map_err(|name| {
                let what = format!("{name} is not in {}", self.cache.root().display());
                (Code::Usage, Error::new(what, "go mod download fetches it"))
            })?;
        }
        Ok(scope)
    }
}
