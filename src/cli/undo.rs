//! `gosteady undo`: go.mod and its kin as they were.

use crate::config;
use crate::journal::{self, Journal};
use crate::outcome::{Code, Outcome};
use crate::repair::undo::{self, Goal, Plan, diff};
use crate::ui::{self, Stream, Style, words};
use crate::world::World;
use std::path::{Path, PathBuf};

/// Bring back go.mod, go.sum and go.work as they were before go changed them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What go.mod, go.sum, go.work and go.work.sum were is kept before each go get,
mod tidy, mod edit, work use and the like that runs through the shim.

Examples:
  gosteady undo                    show what would come back
  gosteady undo --yes              bring it back; once more undoes the undo
  gosteady undo --to last-good     as when a build last went well

Refused where something else has changed the files since.
Exit status: 0 done or shown, 1 there is nothing to undo, or it is refused.

More: docs/undo.md")]
pub struct Args {
    /// Go further back: to when a build last went well.
    #[arg(long, value_enum)]
    pub to: Option<To>,
    /// Do it; without this the difference is only shown.
    #[arg(long)]
    pub yes: bool,
}

/// A state to go back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum To {
    /// As when a build last went well.
    LastGood,
}

/// Runs the command.
pub fn run(args: &Args, world: &World) -> Outcome {
    let cwd = world.cwd.clone().unwrap_or_default();
    let cwd = std::fs::canonicalize(&cwd).unwrap_or(cwd);
    let Some(journal) = Journal::of(&config::load(world).settings, world) else {
        ui::note("nothing is kept: undo.keep is off, or there is no home directory");
        return Outcome::Ours(Code::Findings);
    };
    let goal = match args.to {
        Some(To::LastGood) => Goal::LastGood,
        None => Goal::LastChange,
    };
    let entries = journal.entries();
    for (path, why) in &entries.unreadable {
        ui::note_unreadable(path, why);
    }
    match undo::plan(entries.read.into_iter(), &cwd, goal) {
        Ok(plan) => carry_out(&plan, args.yes, &journal, &cwd, world),
        Err(error) => {
            ui::note(&error.to_string());
            Outcome::Ours(Code::Findings)
        }
    }
}

fn carry_out(plan: &Plan, yes: bool, journal: &Journal, cwd: &Path, world: &World) -> Outcome {
    let style = Style::of(world, Stream::Out);
    for step in &plan.steps {
        ui::out(&diff::unified(step, cwd, style));
    }
    let entry = &plan.entry;
    let time: String = entry.t.chars().take("2026-11-21T10:00:00".len()).collect();
    let when = if entry.green { "in" } else { "before" };
    let which = words::plain(&format!("{when} `{}` ({time} UTC)", entry.command()));
    if !plan.changed_since.is_empty() {
        let files: Vec<String> = plan.changed_since.iter().map(|f| shown(f, cwd)).collect();
        ui::note(&format!(
            "refused: {} changed since by something other than go through gosteady; \
             the difference to what was {which} is shown: take from it what you want",
            files.join(", ")
        ));
        return Outcome::Ours(Code::Findings);
    }
    let what = words::count(plan.steps.len() as u64, "file");
    if !yes {
        ui::note(&format!(
            "nothing is changed yet; gosteady undo --yes brings back {what} as {which}"
        ));
        return Outcome::Ours(Code::Ok);
    }
    let files: Vec<PathBuf> = plan.steps.iter().map(|step| step.path.clone()).collect();
    let args = [journal::UNDO.into()];
    let Some(saved) = journal.save(journal::UNDO, &args, cwd, &files) else {
        ui::note("refused: the undo could not be undone, because what is there now can't be kept");
        return Outcome::Ours(Code::Internal);
    };
    let restored = undo::restore(&plan.steps);
    saved.ended();
    match restored {
        Ok(()) => {
            ui::note(&format!(
                "brought back {what} as {which}; gosteady undo --yes takes that back"
            ));
            Outcome::Ours(Code::Ok)
        }
        Err(error) => {
            ui::note(&error.to_string());
            Outcome::Ours(Code::Internal)
        }
    }
}

fn shown(file: &Path, cwd: &Path) -> String {
    words::plain(&file.strip_prefix(cwd).unwrap_or(file).to_string_lossy())
}
