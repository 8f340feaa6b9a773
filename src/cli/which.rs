//! `gosteady which`: the go that would run here, and every rule that led there.

use crate::config::{
    self, Loaded,
    goenv::{self, GoEnv},
};
use crate::outcome::{Code, Outcome};
use crate::toolchain::absent::{self, Instead, Present};
use crate::toolchain::floor::Wanted;
use crate::toolchain::hold::{self, Hold};
use crate::toolchain::pin::walk::Reach;
use crate::toolchain::provide::Missing;
use crate::toolchain::version::Version;
use crate::toolchain::{self, Ask, Selection, Verdict, floor, installed};
use crate::trace::event::Rule;
use crate::ui::table::{Cell, columns};
use crate::ui::{self, Stream, Style};
use crate::world::World;
use std::path::{Path, PathBuf};

/// Tell which go would run here.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gosteady which                the path of the go that would run
  gosteady which --why          every rule that led there
  gosteady which --json gofmt   the same for gofmt, for a script

Exit status: 0 it would run, 78 a pin refuses, 126 and 127 no go can be run.

More: docs/pins.md")]
pub struct Args {
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Print every rule that led there, in the order in which they are asked.
    #[arg(long)]
    pub why: bool,
    /// The program to look for.
    #[arg(default_value = "go", value_parser = ["go", "gofmt"])]
    pub program: String,
}

/// What the rules come to here.
pub(super) struct Answer {
    pub(super) selection: Selection,
    pub(super) loaded: Loaded,
    /// What go itself switches to, where no pin holds it.
    pub(super) switches_to: Option<Wanted>,
    /// The go.work or go.mod in effect.
    pub(super) file: Option<PathBuf>,
    /// The program that would be started; `None` where none would.
    pub(super) path: Option<PathBuf>,
    /// The version that would run in the end, where it can be told.
    pub(super) version: Option<Version>,
    /// Its GOROOT.
    pub(super) root: Option<PathBuf>,
    /// Variables that are set for go, as `NAME=VALUE`.
    pub(super) set: Vec<String>,
    /// Every rule, in order.
    pub(super) rules: Vec<Rule>,
    /// What there is to say besides.
    pub(super) notes: Vec<String>,
    pub(super) code: Code,
}

/// Runs the command.
pub fn run(args: &Args, world: &World) -> Outcome {
    let program = if args.program == "gofmt" { "gofmt" } else { "go" };
    let answer = ask(world, program);
    let path = answer.path.as_ref().map(|p| p.display().to_string());
    if args.json {
        ui::out(&json(&answer, program));
    } else if args.why {
        ui::out(&why(&answer, Style::of(world, Stream::Out)));
    } else if let Some(path) = path {
        ui::out(&format!("{path}\n"));
    }
    for note in &answer.notes {
        ui::note(note);
    }
    Outcome::Ours(answer.code)
}

/// Asks the rules as the shim does.
pub(super) fn ask(world: &World, program: &'static str) -> Answer {
    let world = &match hold::released(world) {
        Some(env) => world.with_env(env),
        None => world.clone(),
    };
    let dir = world.cwd.clone().unwrap_or_default();
    let loaded = config::load(world);
    let asked = Ask {
        program,
        dir: &dir,
        project_pins: true,
        reach: Reach::All,
    };
    let selection = toolchain::select(world, &asked, &loaded);
    let path = selection.real.as_ref().ok().map(|real| real.path.clone());
    let env = GoEnv::read(world, path.as_deref().unwrap_or(Path::new("")));
    let root = path.as_deref().and_then(goenv::root_of);
    let version = root.as_deref().and_then(installed::version_at);
    let file = floor::file_in_effect(&env, &dir);
    let mut answer = Answer {
        rules: Vec::new(),
        notes: selection.notes.clone(),
        code: Code::Ok,
        set: Vec::new(),
        selection,
        loaded,
        file,
        path,
        version,
        root,
        switches_to: None,
    };
    answer.conclude(world, &env, program);
    answer.environment(world, &env);
    answer.gather(world, &env, &dir);
    answer
}

impl Answer {
    // What follows from the verdict.
    fn conclude(&mut self, world: &World, env: &GoEnv, program: &str) {
        let refuse = match (&self.selection.verdict, &self.selection.real) {
            (Verdict::Refuse(text), _) => Some((text.clone(), Code::Refused)),
            (Verdict::Missing(want), real) => {
                let pin = self.selection.pin.as_ref();
                let missing = Missing::not_tried(want);
                let present = Present::look(real.as_ref().ok(), want, world, env);
                let settings = &self.loaded.settings;
                let instead = pin.map(|pin| {
                    if program == "go" && absent::is_gos_affair(pin, &present, settings) {
                        Instead::ByGo(None)
                    } else if absent::is_ours(want, &present, settings.pin.install, program) {
                        let name = want.toolchain_name();
                        let later = "the first command that needs it installs it";
                        let text = format!("{name}, pinned by {}, is not installed; {later}", pin.place);
                        Instead::Refuse(text, Code::NotFound)
                    } else {
                        absent::pinned(want, pin, &missing, &present, settings)
                    }
                });
                match instead {
                    Some(Instead::ByGo(line)) => {
                        self.notes.extend(line);
                        None
                    }
                    Some(Instead::Refuse(text, _)) if real.is_err() => Some((text, Code::NotFound)),
                    Some(Instead::Refuse(text, code)) => Some((text, code)),
                    None => None,
                }
            }
            (Verdict::Run, Ok(_)) => None,
            (Verdict::Run, Err(error)) => Some(error.refusal()),
        };
        if let Some((text, code)) = refuse {
            (self.path, self.version, self.root) = (None, None, None);
            self.notes.push(text);
            self.code = code;
        }
    }

    // What go is given besides.
    fn environment(&mut self, world: &World, env: &GoEnv) {
        let missing = match &self.selection.verdict {
            Verdict::Missing(want) => Some(want.clone()),
            _ => None,
        };
        let switch = missing.is_some();
        let version = missing.or(self.selection.version.clone());
        if self.path.is_none() || self.selection.pin.is_none() {
            return;
        }
        let hold = Hold {
            version: version.as_ref(),
            switch,
            root: self.selection.root.as_deref().filter(|_| self.selection.switched),
        };
        let changed = hold::held(world, env, hold).unwrap_or_default();
        let held = |name: &std::ffi::OsStr| hold::HELD.iter().any(|(held, _)| name == *held);
        let ours = changed.iter().filter(|(name, value)| {
            held(name) && name.to_str().and_then(|name| world.var(name)) != Some(value.as_os_str())
        });
        self.set = ours
            .map(|(name, value)| format!("{}={}", name.to_string_lossy(), value.to_string_lossy()))
            .collect();
        if switch {
            self.version = version;
            self.root = None;
        }
    }

    fn gather(&mut self, world: &World, env: &GoEnv, dir: &Path) {
        let row = |rule: &str, place: &str, says: String, verdict: String| Rule {
            rule: rule.into(),
            place: place.into(),
            says,
            verdict,
        };
        let not_set = || "not set".to_string();
        let pins = &self.selection.rules;
        if !pins.iter().any(|r| r.rule == "GOSTEADY_GO_VERSION") {
            self.rules.push(row(
                "GOSTEADY_GO_VERSION",
                "environment",
                String::new(),
                not_set(),
            ));
        }
        if !pins.iter().any(|r| r.rule == "GOTOOLCHAIN") {
            let value = world.text("GOTOOLCHAIN").unwrap_or_default().to_string();
            let verdict = if value.is_empty() {
                not_set()
            } else {
                "names no one version".into()
            };
            self.rules.push(row("GOTOOLCHAIN", "environment", value, verdict));
        }
        if !pins
            .iter()
            .any(|r| !matches!(&*r.rule, "GOSTEADY_GO_VERSION" | "GOTOOLCHAIN" | "PATH"))
        {
            let files = "gosteady.toml, .go-version, .tool-versions, mise.toml";
            let place = format!("{} and above", dir.display());
            self.rules.push(row(
                "pin files",
                &place,
                String::new(),
                format!("no {files} pins Go"),
            ));
        }
        self.rules.extend(pins.iter().cloned());
        if self.selection.pin.is_none()
            && let Ok(real) = &self.selection.real
            && !pins.iter().any(|r| r.rule == "PATH")
        {
            let says = self.version.as_ref().map(Version::to_string).unwrap_or_default();
            self.rules.push(row(
                "PATH",
                &real.path.display().to_string(),
                says,
                real.why.clone(),
            ));
        }
        for path in self.selection.real.iter().flat_map(|real| &real.skipped) {
            let verdict = "skipped: another version manager's shim".to_string();
            self.rules
                .push(row("PATH", &path.display().to_string(), String::new(), verdict));
        }
        let held = self.selection.pin.is_some();
        let file = self.file.as_deref();
        let local = self.version.as_ref().filter(|_| !held);
        self.switches_to = local.and_then(|local| floor::wanted(env, local, file));
        self.rules
            .extend(floor::rules(world, env, self.version.as_ref(), file, held));
        for key in ["pin.enforce", "pin.install", "pin.toolchain-line"] {
            if let Some(entry) = self.loaded.entries().find(|e| e.key.path == key) {
                let origin = entry.value.origin.to_string();
                self.rules
                    .push(row(key, &origin, entry.value.value, String::new()));
            }
        }
    }

    /// Why this go, in one clause.
    fn reason(&self) -> String {
        match (&self.selection.verdict, &self.selection.pin, &self.selection.real) {
            (Verdict::Missing(_), Some(pin), Ok(real)) => {
                format!("{}, to switch to {} as {} pins it", real.why, pin.text, pin.place)
            }
            (_, Some(pin), Ok(real)) if !self.selection.switched => {
                format!("{}, which is the {} that {} pins", real.why, pin.text, pin.place)
            }
            (_, _, Ok(real)) => real.why.clone(),
            (_, _, Err(_)) => String::new(),
        }
    }
}

fn why(answer: &Answer, style: Style) -> String {
    let mut text = match &answer.path {
        Some(path) => format!("{}\n", path.display()),
        None => "there is no go to run\n".into(),
    };
    let mut row = |name: &str, value: &str| text.push_str(&format!("  {name:<9} {value}\n"));
    if answer.path.is_some() {
        let version = answer.version.as_ref().map(Version::to_string);
        row(
            "version",
            version
                .as_deref()
                .unwrap_or("unknown: its GOROOT has no VERSION file"),
        );
        if let Some(Wanted { name, by }) = &answer.switches_to {
            row("switches", &format!("to {name}, asked for by {by}"));
        }
        row("because", &answer.reason());
        if let Some(root) = &answer.root {
            row("GOROOT", &root.display().to_string());
        }
        for pair in &answer.set {
            row("is given", pair);
        }
    }
    text.push_str("rules, in order:\n");
    let rows: Vec<Vec<Cell>> = answer
        .rules
        .iter()
        .map(|rule| {
            let place = if rule.place == rule.rule {
                "environment"
            } else {
                &rule.place
            };
            vec![
                Cell::from(format!("  {}", rule.rule)),
                place.into(),
                Cell::styled(rule.says.clone(), |t| style.bold(t)),
                rule.verdict.as_str().into(),
            ]
        })
        .collect();
    text.push_str(&columns(&rows));
    text
}

/// `{program, path, why, version, goroot, switches_to: go1.N.P | null, pin: {rule, place, says} | null, set: […], skipped: […], rules: […], notes: […]}`.
fn json(answer: &Answer, program: &str) -> String {
    let lossy = |path: &PathBuf| path.to_string_lossy().into_owned();
    let pin =
        answer.selection.pin.as_ref().map(
            |pin| serde_json::json!({"rule": pin.rule, "place": pin.place.to_string(), "says": pin.text}),
        );
    let skipped: Vec<_> = answer
        .selection
        .real
        .iter()
        .flat_map(|real| &real.skipped)
        .map(lossy)
        .collect();
    let answer = serde_json::json!({
        "program": program,
        "path": answer.path.as_ref().map(lossy),
        "why": answer.reason(),
        "version": answer.version.as_ref().map(Version::toolchain_name),
        "goroot": answer.root.as_ref().map(lossy),
        "switches_to": answer.switches_to.as_ref().map(|wanted| &wanted.name),
        "pin": pin,
        "set": answer.set,
        "skipped": skipped,
        "rules": answer.rules,
        "notes": answer.notes,
    });
    ui::json(&answer)
}
