//! `gosteady modules`: each required module, in the cache or not, and which upstream has it.

use crate::doctor::subject::Subject;
use crate::outcome::{Code, Outcome};
use crate::proxy::Facts;
use crate::proxy::probe::{self, Source};
use crate::repair::modules::{self, Row, State};
use crate::ui::live::Mode;
use crate::ui::{self, Stream, Style};
use crate::world::World;
use indicatif::ProgressBar;
use std::sync::Arc;

/// Show each required module: in the cache or not, and which upstream has it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The build list is that of go.mod or go.work, with the targets of `replace`.
An upstream is asked as go would ask it: the list in its order, up to the first
that has the module; private modules (GOPRIVATE, GONOPROXY) of nobody.

Examples:
  gosteady modules                 all of them
  gosteady modules --missing       only what is not plainly there
  gosteady modules --offline       the cache alone
  gosteady modules --all           every upstream for every module; each of
                                   them learns every name

Exit status: 0 all can be had, 1 something is missing or refused, 69 it can't
be told because an upstream did not answer.
More: docs/mirrors.md")]
pub struct Args {
    /// Only modules that are not plainly there.
    #[arg(long)]
    pub missing: bool,
    /// Ask nobody.
    #[arg(long)]
    pub offline: bool,
    /// Ask every upstream of the list, whatever those before it said.
    #[arg(long, conflicts_with = "offline")]
    pub all: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
pub fn run(args: &Args, world: &World) -> Outcome {
    let subject = Subject::of(world);
    if subject.gomod.is_none() && subject.gowork.is_none() {
        ui::note("no go.mod here or above; cd into the module");
        return Outcome::Ours(Code::Usage);
    }
    let private = subject.env.gonoproxy();
    let facts = Facts::read(subject.gomod.as_deref(), subject.gowork.as_deref(), &private);
    let mut rows = modules::rows(&facts, subject.env.gomodcache().as_deref(), &private);
    let goproxy = subject.goproxy();
    let rules = &subject.config.settings.proxy;
    let (sources, elsewhere) = match args.offline {
        true => (Vec::new(), false),
        false => probe::sources(&goproxy, &rules.public),
    };
    if let Err(trouble) = ask(args, &subject, &sources, &mut rows) {
        ui::note(&format!("nobody can be asked: {trouble}"));
        return Outcome::Ours(Code::Internal);
    }
    if args.json {
        let json = modules::json(&rows, &sources, elsewhere, args.missing);
        ui::out(&ui::json(&json));
    } else {
        let style = Style::of(world, Stream::Out);
        ui::out(&modules::table(&rows, &sources, elsewhere, args.missing, style));
    }
    let any = |state| rows.iter().any(|row| row.state(elsewhere) == state);
    Outcome::Ours(match () {
        () if any(State::Missing) || any(State::Refused) => Code::Findings,
        () if any(State::Unavailable) => Code::Unavailable,
        () => Code::Ok,
    })
}

fn ask(args: &Args, subject: &Subject, sources: &[Source], rows: &mut [Row]) -> Result<(), String> {
    if sources.is_empty() {
        return Ok(());
    }
    let settings = &subject.config.settings;
    let shown = Mode::on_stderr(&subject.world, settings.progress) == Mode::Line;
    let bar = shown.then(ProgressBar::new_spinner);
    let all = rows.len();
    let done = |through: usize| {
        if let Some(bar) = &bar {
            bar.set_message(format!("asked for {through} of {all} modules"));
            bar.tick();
        }
    };
    let world = Arc::new(subject.world.clone());
    let goauth = subject.text("GOAUTH");
    let asked = modules::ask(&world, &goauth, sources, &settings.proxy, args.all, rows, done);
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    asked.map_err(|trouble| format!("{trouble:?}"))
}
