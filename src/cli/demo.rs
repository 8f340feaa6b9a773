//! `gosteady demo`: a broken mirror on loopback, and go surviving it.

use crate::outcome::{Code, Outcome};
use crate::ui;
use crate::world::World;

/// Watch gosteady save a download from a broken mirror, on this machine alone.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_args: &Args, _world: &World) -> Outcome {
    ui::note("demo: not available in this version");
    Outcome::Ours(Code::Internal)
}
