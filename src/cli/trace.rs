//! `gosteady trace`: readers of what was recorded.

use crate::outcome::{Code, Outcome};
use crate::ui;
use crate::world::World;

/// What to do with traces.
#[derive(Debug, clap::Subcommand)]
pub enum Cmd {
    /// List recent traces.
    List,
}

/// Runs the command.
pub fn run(cmd: &Cmd, _world: &World) -> Outcome {
    match cmd {
        Cmd::List => ui::note("trace list: not available in this version"),
    }
    Outcome::Ours(Code::Internal)
}
