//! `gosteady which`: the go that would run here, and why.

use crate::outcome::{Code, Outcome};
use crate::ui;
use crate::world::World;

/// Tell which go would run here.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gosteady which                the path of the go that would run
  gosteady which --why          every rule that led there
  gosteady which --json gofmt   the same for gofmt, for a script")]
pub struct Args {
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Print every rule that led there.
    #[arg(long)]
    pub why: bool,
    /// The program to look for.
    #[arg(default_value = "go", value_parser = ["go", "gofmt"])]
    pub program: String,
}

/// Runs the command.
pub fn run(args: &Args, _world: &World) -> Outcome {
    ui::note(&format!("which {}: not available in this version", args.program));
    Outcome::Ours(Code::Internal)
}
