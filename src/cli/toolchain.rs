//! `gosteady toolchain`: the Go toolchains on this machine.

mod install;
mod list;
mod remove;

use crate::config::goenv::GoEnv;
use crate::outcome::{Code, Outcome};
use crate::toolchain::find;
use crate::toolchain::install::Failure;
use crate::ui;
use crate::world::World;
use std::path::Path;

/// Look at the Go toolchains on this machine, install and remove them.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum Cmd {
    /// Every toolchain that a pin can choose: version, where from, size
    #[command(after_help = "\
Examples:
  gosteady toolchain list               the one that would run here is marked
  gosteady toolchain list --json | jq -r '.toolchains[].version'

More: docs/pins.md, docs/toolchains.md")]
    List {
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Install Go toolchains, verified against the checksum database
    #[command(after_help = "\
Examples:
  gosteady toolchain install 1.26.6     this one
  gosteady toolchain install 1.26       the newest patch of Go 1.26
  gosteady toolchain install latest     the newest release

It comes through your GOPROXY and lands in the module cache, where go finds it
too. Exit status: 0 it is there, 2 not a version, 75 try again, 78 refused,
127 no such release. More: docs/toolchains.md")]
    Install {
        /// 1.26.6, 1.26, 1.27rc1 or latest
        #[arg(value_name = "VERSION", required = true)]
        versions: Vec<String>,
    },
    /// Remove Go toolchains from the module cache
    #[command(after_help = "\
Examples:
  gosteady toolchain remove 1.26.6

Toolchains of the system or of a version manager are not ours to remove.")]
    Remove {
        /// Full versions, e.g. 1.26.6
        #[arg(value_name = "VERSION", required = true)]
        versions: Vec<String>,
    },
}

/// Runs the command.
pub fn run(cmd: &Cmd, world: &World) -> Outcome {
    match cmd {
        Cmd::List { json } => list::run(*json, world),
        Cmd::Install { versions } => install::run(versions, world),
        Cmd::Remove { versions } => remove::run(versions, world),
    }
}

/// go's settings; those of the real go where there is one, whose `go.env` may hold some.
fn settings_of_go(world: &World) -> GoEnv {
    let go = find::real_go(world, "go").map(|real| real.path);
    GoEnv::read(world, go.as_deref().unwrap_or(Path::new("")))
}

/// Says why a command failed, and what its status is.
fn failed(failure: &Failure) -> Outcome {
    ui::note(&failure.to_string());
    Outcome::Ours(failure.code())
}

fn not_a_version(text: &str, example: &str) -> Outcome {
    let text = crate::config::printable(text, 60);
    ui::note(&format!("{text:?} is not a version; write one such as {example}"));
    Outcome::Ours(Code::Usage)
}
