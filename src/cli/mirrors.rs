//! `gosteady mirrors`: candidates for GOPROXY beside each other.

use crate::doctor::mirrors::{self, MODULE, Tail};
use crate::doctor::subject::Subject;
use crate::gomod::pattern;
use crate::outcome::{Code, Outcome};
use crate::proxy::probe::{checksum_database, public_mirrors};
use crate::proxy::{self, Upstream};
use crate::trace::redact;
use crate::ui::live::Mode;
use crate::ui::{self, Stream, Style};
use crate::world::World;
use indicatif::ProgressBar;
use std::time::Duration;

/// Compare module mirrors, and suggest a GOPROXY.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each candidate gets a dozen small requests for one public module, or for the
one that you name; never for those of your project.

Examples:
  gosteady mirrors                      those of GOPROXY
  gosteady mirrors https://a https://b  these
  gosteady mirrors --public             well-known public mirrors, too
  gosteady mirrors --module M           by a module of your own choice

Exit status: 0, or 69 where no candidate is fit for use.
More: docs/mirrors.md")]
pub struct Args {
    /// Addresses of candidates, as they stand in GOPROXY; without any, those of GOPROXY.
    #[arg(value_name = "URL")]
    pub candidates: Vec<String>,
    /// Also the public mirrors that gosteady knows of.
    #[arg(long)]
    pub public: bool,
    /// Ask for this module.
    #[arg(long, value_name = "MODULE", default_value = MODULE)]
    pub module: String,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
pub fn run(args: &Args, world: &World) -> Outcome {
    let subject = Subject::of(world);
    let candidates = match candidates(args, &subject) {
        Ok(candidates) => candidates,
        Err(why) => {
            ui::note(&why);
            return Outcome::Ours(Code::Usage);
        }
    };
    // A version says nothing here: the newest ones are compared.
    let module = args.module.split('@').next().unwrap_or_default();
    if pattern::matches_prefix(&subject.env.gonoproxy(), module) {
        ui::note(&format!(
            "{module} is private by GOPRIVATE/GONOPROXY: no mirror is told of it"
        ));
        return Outcome::Ours(Code::Usage);
    }
    let shown = Mode::on_stderr(world, subject.config.settings.progress) == Mode::Line;
    let bar = shown.then(ProgressBar::new_spinner);
    if let Some(bar) = &bar {
        bar.set_message(format!("asking {} mirrors", candidates.len()));
        bar.enable_steady_tick(Duration::from_millis(200));
    }
    let database = checksum_database(&subject.text("GOSUMDB")).map(|(name, _)| name);
    let goauth = subject.text("GOAUTH");
    let compared = mirrors::compare(world, &goauth, &candidates, module, database.as_deref());
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let suggestion = mirrors::suggest(&compared, Tail::of(&subject.goproxy()));
    if args.json {
        let json = mirrors::json(&compared, module, &suggestion);
        ui::out(&ui::json(&json));
    } else {
        let style = Style::of(world, Stream::Out);
        ui::out(&mirrors::table(&compared, module, &suggestion, style));
    }
    Outcome::Ours(match suggestion.goproxy.is_empty() {
        true => Code::Unavailable,
        false => Code::Ok,
    })
}

/// Those that were named, or those of GOPROXY; each once.
fn candidates(args: &Args, subject: &Subject) -> Result<Vec<Upstream>, String> {
    let more = &subject.config.settings.proxy.public;
    let mut found = Vec::new();
    for text in &args.candidates {
        let upstreams = proxy::upstreams(text, more);
        if upstreams.is_empty() {
            return Err(format!(
                "{} is not the address of a mirror, e.g. https://proxy.example",
                redact::text(text)
            ));
        }
        found.extend(upstreams);
    }
    if args.candidates.is_empty() {
        found = proxy::upstreams(&subject.goproxy(), more);
    }
    if args.public {
        found.extend(public_mirrors());
    }
    let mut known = Vec::new();
    found.retain(|upstream| {
        let new = !known.contains(&upstream.bare());
        known.push(upstream.bare());
        new
    });
    match found.is_empty() {
        true => Err("GOPROXY has no http(s) address; name candidates, or ask for --public".into()),
        false => Ok(found),
    }
}
