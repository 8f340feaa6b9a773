//! `gosteady doctor`: where a build stands still, found without a build.

use crate::bounded;
use crate::doctor::report::Report;
use crate::doctor::subject::Subject;
use crate::doctor::{self, check, snapshot};
use crate::error::Error;
use crate::outcome::{Code, Outcome};
use crate::ui::{self, Stream, Style, wrap};
use crate::world::World;
use indicatif::ProgressBar;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

/// Find the first layer that fails: toolchain, module, configuration, caches, network, credentials.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing is changed: no setting, no permission, no cache. Names of private
modules are told to nobody.

Examples:
  gosteady doctor                       everything, in the order to look at it
  gosteady doctor --offline             without a single connection
  gosteady doctor --module M@v1.2.3     who knows that module, and why not
  gosteady doctor --proxy https://p     put this module server to the test
  gosteady doctor --markdown            for an issue
  gosteady doctor --save laptop.json    then on the other machine:
  gosteady doctor --against laptop.json only what differs

Exit status: 0 nothing wrong (notes do not count), 1 something is.
More: docs/doctor.md")]
pub struct Args {
    /// Also ask the upstreams about this module, e.g. `golang.org/x/mod@v0.20.0`.
    #[arg(long, value_name = "MODULE[@VERSION]")]
    pub module: Option<String>,
    /// Look at this GOPROXY list instead of the one in effect, and test its servers' conformance.
    #[arg(long, value_name = "LIST")]
    pub proxy: Option<OsString>,
    /// Open no connection.
    #[arg(long)]
    pub offline: bool,
    /// Print one JSON object.
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// Print Markdown.
    #[arg(long)]
    pub markdown: bool,
    /// Also write what was seen to a file, to compare another machine with; without secrets.
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Print only how this machine differs from the one that wrote the file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "markdown"])]
    pub against: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &Args, world: &World) -> Outcome {
    match examine(args, world) {
        Ok(true) => Outcome::Ours(Code::Findings),
        Ok(false) => Outcome::Ours(Code::Ok),
        Err(error) => {
            ui::note(&error.to_string());
            Outcome::Ours(Code::Usage)
        }
    }
}

/// True where something is wrong, or differs.
fn examine(args: &Args, world: &World) -> Result<bool, Error> {
    let before = args.against.as_deref().map(snapshot::read).transpose()?;
    let world = match &args.proxy {
        None => world.clone(),
        Some(list) => {
            let others = world.env.iter().filter(|(name, _)| name != "GOPROXY").cloned();
            world.with_env(others.chain([("GOPROXY".into(), list.clone())]).collect())
        }
    };
    let style = Style::of(&world, Stream::Out);
    let surroundings = world.clone();
    let proxy_given = args.proxy.is_some();
    let look = move || Subject {
        proxy_given,
        ..Subject::of(&surroundings)
    };
    let Some(subject) = bounded::run(check::LOOK, look) else {
        let verdict = check::overdue("the working directory and go's settings", check::LOOK);
        let report = Report::new(vec![(check::Layer::Module, verdict)]);
        ui::out(&print(args, &report, style));
        return Ok(true);
    };
    let subject = Arc::new(subject);
    let checks = doctor::checks(&subject, !args.offline, args.module.as_deref(), proxy_given);
    let bar = std::io::stderr().is_terminal().then(ProgressBar::new_spinner);
    let verdicts = check::run_all(&checks, &subject, |names| {
        if let Some(bar) = &bar {
            bar.set_message(format!("looking at {}", names.join(", ")));
            bar.tick();
        }
    });
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let report = Report::new(verdicts);
    let now = snapshot::of(&subject, &report);
    if let Some(path) = &args.save {
        snapshot::write(path, &now)?;
    }
    if let Some(before) = before {
        let differences = snapshot::compare(&before, &now, style);
        ui::out(&differences);
        return Ok(!differences.starts_with(snapshot::SAME));
    }
    ui::out(&print(args, &report, style));
    Ok(report.faulty())
}

fn print(args: &Args, report: &Report, style: Style) -> String {
    if args.json {
        ui::json(&report.json())
    } else if args.markdown {
        report.markdown()
    } else {
        report.text(style, wrap::width())
    }
}
