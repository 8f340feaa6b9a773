//! `gosteady check`: the known mistakes in go.mod, go.work, go.sum, vendor and settings, for CI and pre-commit.

use super::frame;
use crate::check::{self, Levels, Problem, Profile, format};
use crate::config::{self, goenv::GoEnv};
use crate::error::Level;
use crate::outcome::{Code, Outcome};
use crate::toolchain::find;
use crate::ui::{self, Stream, Style};
use crate::world::World;
use std::path::PathBuf;

/// Check go.mod, go.work, go.sum, vendor and settings; offline, in milliseconds.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing is run, downloaded or changed. Levels are set in gosteady.toml:
  [check]
  pseudo-version = \"warn\"    # error, warn, note or off
  [check.prod]                # in one profile
Every rule, with examples: docs/check.md; enforcing them: docs/policy.md

Examples:
  gosteady check                       the module or workspace around here
  gosteady check --profile prod        as strict as before a release
  gosteady check --rule pre-release=error
  gosteady check --format sarif        for a code scanner
  gosteady check --format github       annotations in GitHub Actions

Exit status: 0 nothing wrong (notes do not count), 1 something is,
2 nothing to check: no go.mod here or above.")]
pub struct Args {
    /// Files or directories; the nearest go.work and go.mod at or above a directory count.
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// How strict; without it the profile that `policy.profile` enforces, else dev.
    #[arg(long, value_enum)]
    pub profile: Option<Profile>,
    /// Set the level of a rule: error, warn, note or off.
    #[arg(long = "rule", value_name = "RULE=LEVEL")]
    pub rules: Vec<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// With the lines of the files.
    Text,
    /// One JSON object.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// GitHub Actions annotations.
    Github,
}

/// Runs the command.
pub fn run(args: &Args, world: &World) -> Outcome {
    look(args, world, true)
}

/// The same for a commit: which files are in it says nothing about where a module is, so none is no fault.
pub fn before_commit(args: &Args, world: &World) -> Outcome {
    look(args, world, false)
}

fn look(args: &Args, world: &World, must_find: bool) -> Outcome {
    let cwd = world.cwd.clone().unwrap_or_default();
    let mut paths: Vec<PathBuf> = args.paths.iter().map(|path| world.given(path)).collect();
    if paths.is_empty() {
        paths.push(cwd.clone());
    }
    if let Some(missing) = paths.iter().find(|path| check::is_missing(path)) {
        match missing.as_os_str().is_empty() {
            true => ui::note("the working directory is gone; cd somewhere else"),
            false => ui::note(&format!("{} is not there", config::printable_path(missing))),
        }
        return Outcome::Ours(Code::Usage);
    }
    let first = match paths[0].is_dir() {
        true => &paths[0],
        false => paths[0].parent().unwrap_or(&cwd),
    };
    let loaded = config::load_in(world, first);
    let profile = args.profile.or(loaded.settings.policy).unwrap_or_default();
    let mut levels = Levels::new(profile, &loaded.checks);
    for pair in &args.rules {
        if let Err(why) = levels.say(pair) {
            ui::note(&format!("--rule: {why}; docs/check.md lists the rules"));
            return Outcome::Ours(Code::Usage);
        }
    }
    let go = find::real_go(world, "go").map_or(PathBuf::new(), |go| go.path);
    let env = GoEnv::read(world, &go);
    let problems = check::run(world, &env, &loaded, &paths, &levels);
    let bare = paths.iter().find(|path| must_find && check::is_bare(path));
    match args.format {
        Format::Text if bare.is_some() && problems.is_empty() => {}
        Format::Text => ui::out(&text(&problems, &cwd, Style::of(world, Stream::Out))),
        Format::Json => ui::out(&ui::json(&format::json(&problems, profile))),
        Format::Sarif => ui::out(&ui::json(&format::sarif(&problems, &cwd))),
        Format::Github => ui::out(&format::github(&problems, &cwd)),
    }
    if let Some(path) = bare {
        let place = match args.paths.is_empty() {
            true => "here or above".to_owned(),
            false => format!("at or above {}", config::printable_path(path)),
        };
        ui::note(&format!(
            "nothing to check: no go.mod {place}; cd into the module, or name its directory"
        ));
        return Outcome::Ours(Code::Usage);
    }
    Outcome::Ours(match check::faulty(&problems) {
        true => Code::Findings,
        false => Code::Ok,
    })
}

fn text(problems: &[Problem], cwd: &std::path::Path, style: Style) -> String {
    let mut out = String::new();
    for problem in problems {
        let mark = problem.mark.clone().map(|mut mark| {
            if let Ok(relative) = mark.path.strip_prefix(cwd) {
                mark.path = relative.to_path_buf();
            }
            mark
        });
        let mut finding = problem.finding.clone();
        if mark.is_none() {
            finding.evidence = match finding.id {
                "settings-faulty" => "gosteady's settings",
                _ => "go's settings",
            }
            .into();
        }
        out.push_str(&frame::render(&finding, mark.as_ref(), style));
        out.push('\n');
    }
    let count = |level| problems.iter().filter(|p| p.finding.level == level).count();
    let (errors, warnings, notes) = (count(Level::Error), count(Level::Warning), count(Level::Note));
    out.push_str(&match (errors, warnings, notes) {
        (0, 0, 0) => style.green("nothing wrong"),
        (0, 0, _) => style.green(&format!("nothing wrong, {notes} to note")),
        (0, ..) => style.yellow(&format!("{warnings} to look at")),
        (_, 0, _) => style.red(&format!("{errors} wrong")),
        _ => style.red(&format!("{errors} wrong, {warnings} to look at")),
    });
    out.push('\n');
    out
}
