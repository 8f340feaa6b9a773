//! `gosteady toolchain`: the Go toolchains on this machine.

mod list;

use crate::outcome::Outcome;
use crate::world::World;

/// Look at the Go toolchains on this machine.
#[derive(Debug, clap::Subcommand)]
pub enum Cmd {
    /// Every toolchain that a pin can choose: version, where from, size
    List {
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command.
pub fn run(cmd: &Cmd, world: &World) -> Outcome {
    match cmd {
        Cmd::List { json } => list::run(*json, world),
    }
}
