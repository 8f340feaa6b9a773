//! `gosteady trace`: what was recorded, for people and for pipes.

mod bundle;
mod diff;
mod export;
mod filter;
mod find;
mod help;
mod hide;
mod list;
mod output;
mod prune;
mod show;
mod stats;
mod timeline;

use crate::error::Error;
use crate::outcome::{Code, Outcome};
use crate::ui::{self, Stream, Style};
use crate::world::World;
use find::{Found, Place};
use std::path::PathBuf;

/// Reads what runs have recorded.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum Cmd {
    /// The recorded runs, newest first
    #[command(after_help = help::LIST)]
    List {
        /// Which runs.
        #[command(flatten)]
        filter: filter::Args,
        /// How many of them; 0 for all
        #[arg(short, long, default_value_t = 20, value_name = "N")]
        number: usize,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// What happened in a run: its outcome, then a timeline
    #[command(after_help = help::SHOW)]
    Show {
        /// The beginning of a run's id, a file, or - for stdin; the last run if absent
        #[arg(value_name = "ID|FILE|-")]
        run: Option<String>,
        /// The records as they are
        #[arg(long)]
        json: bool,
    },
    /// What differs between two runs and may matter
    #[command(after_help = help::DIFF)]
    Diff {
        /// The beginning of a run's id, or a file
        #[arg(value_name = "ID|FILE")]
        a: String,
        /// The other; the last run if absent
        #[arg(value_name = "ID|FILE")]
        b: Option<String>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// How mirrors did over many runs
    #[command(after_help = help::STATS)]
    Stats {
        /// Which runs.
        #[command(flatten)]
        filter: filter::Args,
        /// One JSON object
        #[arg(long, conflicts_with = "prometheus")]
        json: bool,
        /// The textfile format of Prometheus' node exporter
        #[arg(long)]
        prometheus: bool,
        /// Write to this file, whole or not at all; - is stdout
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// A run in a format that other programs open
    #[command(after_help = help::EXPORT)]
    Export {
        /// The beginning of a run's id, a file, or - for stdin; the last run if absent
        #[arg(value_name = "ID|FILE|-")]
        run: Option<String>,
        /// The format
        #[arg(short, long, value_enum)]
        format: export::Format,
        /// Write to this file, whole or not at all; stdout if absent or -
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// What is hidden.
        #[command(flatten)]
        hide: hide::Args,
    },
    /// One zip to attach to a bug report, secrets and names hidden
    #[command(after_help = help::BUNDLE)]
    Bundle {
        /// The beginning of a run's id, a file, or - for stdin; the last run if absent
        #[arg(value_name = "ID|FILE|-")]
        run: Option<String>,
        /// The zip; gosteady-VERB-ID.zip here if absent
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Only say what it would contain
        #[arg(short = 'n', long)]
        dry_run: bool,
        /// What is hidden.
        #[command(flatten)]
        hide: hide::Args,
    },
    /// Remove traces that are too old or too many
    #[command(after_help = help::PRUNE)]
    Prune {
        /// Those that began longer ago than this, e.g. 3d; else what the settings say
        #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
        older_than: Option<std::time::Duration>,
        /// All of them
        #[arg(long, conflicts_with = "older_than")]
        all: bool,
        /// Only say what would go
        #[arg(short = 'n', long)]
        dry_run: bool,
    },
    /// Where the trace of a run is
    #[command(after_help = help::PATH)]
    Path {
        /// The beginning of a run's id; the last run if absent
        #[arg(value_name = "ID")]
        run: Option<String>,
    },
}

/// The trace whose id begins so, where `gosteady trace` looks.
pub(super) fn find(world: &World, id: &str) -> Option<PathBuf> {
    match find::find(&Place::of(world), Some(id)) {
        Ok(Found::File(path)) => Some(path),
        _ => None,
    }
}

/// Runs the command. What is wrong is said on stderr.
pub fn run(cmd: &Cmd, world: &World) -> Outcome {
    let place = Place::of(world);
    let style = Style::of(world, Stream::Out);
    let found = |what: &Option<String>| find::find(&place, what.as_deref());
    let done = match cmd {
        Cmd::List { filter, number, json } => list::run(&place, filter, *number, *json, world, style),
        Cmd::Show { run, json } => found(run).and_then(|found| show::run(&found, *json, style)),
        Cmd::Diff { a, b, json } => find::find(&place, Some(a))
            .and_then(|a| Ok((a, found(b)?)))
            .and_then(|(a, b)| diff::run(&a, &b, *json, style)),
        Cmd::Stats {
            filter,
            json,
            prometheus,
            output,
        } => stats::run(
            &place,
            filter,
            (*json, *prometheus),
            output.as_deref(),
            world,
            style,
        ),
        Cmd::Export {
            run,
            format,
            output,
            hide,
        } => found(run).and_then(|found| export::run(&found, *format, output.as_deref(), hide, world)),
        Cmd::Bundle {
            run,
            output,
            dry_run,
            hide,
        } => found(run).and_then(|found| bundle::run(&found, output.as_deref(), *dry_run, hide, world)),
        Cmd::Prune {
            older_than,
            all,
            dry_run,
        } => prune::run(&place, *older_than, *all, *dry_run, world),
        Cmd::Path { run } => found(run).and_then(path),
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

    fn incomplete(what: impl Into<String>) -> Failed {
        Failed {
            error: Error::new(what, ""),
            code: Code::Findings,
        }
    }

    fn internal(what: impl Into<String>) -> Failed {
        Failed {
            error: Error::new(what, ""),
            code: Code::Internal,
        }
    }
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
