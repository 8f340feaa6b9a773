//! `gosteady trace`: what was recorded, for people and for pipes.

mod find;
mod list;
mod show;
mod style;
mod timeline;

use crate::error::Error;
use crate::outcome::{Code, Outcome};
use crate::ui;
use crate::world::World;
use find::{Found, Place};
use std::fs::File;
use std::io::{BufRead, BufReader};

/// Reads what runs have recorded.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum Cmd {
    /// The recorded runs, newest first
    List {
        /// How many of them; 0 for all
        #[arg(short, long, default_value_t = 20, value_name = "N")]
        number: usize,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// What happened in a run, as a timeline
    Show {
        /// The beginning of a run's id, a file, or - for stdin; the last run if absent
        #[arg(value_name = "ID|FILE|-")]
        run: Option<String>,
        /// The records as they are
        #[arg(long)]
        json: bool,
    },
    /// Where the trace of a run is
    Path {
        /// The beginning of a run's id; the last run if absent
        #[arg(value_name = "ID")]
        run: Option<String>,
    },
}

/// Runs the command. What is wrong is said on stderr.
pub fn run(cmd: &Cmd, world: &World) -> Outcome {
    let place = Place::of(world);
    let done = match cmd {
        Cmd::List { number, json } => list::run(&place, *number, *json),
        Cmd::Show { run, json } => {
            find::find(&place, run.as_deref()).and_then(|found| show(found, *json, world))
        }
        Cmd::Path { run } => find::find(&place, run.as_deref()).and_then(path),
    };
    match done {
        Ok(()) => Outcome::Ours(Code::Ok),
        Err(Failed { error, code }) => {
            ui::note(&error.to_string());
            Outcome::Ours(code)
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
struct Failed {
    error: Error,
    code: Code,
}

impl Failed {
    fn usage(what: impl Into<String>, fix: impl Into<String>) -> Failed {
        Failed {
            error: Error::new(what, fix),
            code: Code::Usage,
        }
    }

    fn internal(what: impl Into<String>) -> Failed {
        Failed {
            error: Error::new(what, ""),
            code: Code::Internal,
        }
    }
}

fn show(found: Found, json: bool, world: &World) -> Result<(), Failed> {
    let open = || -> Result<Box<dyn BufRead>, Failed> {
        Ok(match &found {
            Found::Stdin => Box::new(BufReader::new(std::io::stdin())),
            Found::File(path) => match File::open(path) {
                Ok(file) => Box::new(BufReader::new(file)),
                Err(e) => return Err(Failed::internal(format!("{}: {e}", path.display()))),
            },
        })
    };
    let input = open()?;
    if json {
        show::json(input, &mut ui::out)
            .iter()
            .for_each(|note| ui::note(note));
    } else {
        // A pipe can be read only once.
        let blame = match &found {
            Found::Stdin => None,
            Found::File(_) => show::blame(open()?),
        };
        show::timeline(input, blame, style::Style::of(world), &mut ui::out);
    }
    Ok(())
}

fn path(found: Found) -> Result<(), Failed> {
    match found {
        Found::Stdin => Err(Failed::usage("stdin has no path", "give the id of a run")),
        Found::File(path) => {
            ui::out(&format!("{}\n", path.display()));
            Ok(())
        }
    }
}

#[cfg(test)]
#[path = "trace/tests.rs"]
mod tests;
