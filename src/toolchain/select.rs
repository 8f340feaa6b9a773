//! Which go runs: pins, the go on PATH and the toolchains that are there, put together. Nothing is changed here, no process is
//! started, and nothing is printed: the answer says what should be.

use super::find::{self, NotFound, RealGo};
use super::pin::choice::{self, Choice};
use super::pin::walk::{self, Reach};
use super::pin::{Pin, Want};
use super::version::Version;
use super::{floor, installed, provide, whose};
use crate::config::goenv::{self, GoEnv};
use crate::config::{Enforce, Loaded, Origin};
use crate::error::{Finding, Level};
use crate::trace::event::Rule;
use crate::world::World;
use std::path::{Path, PathBuf};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// `go` or `gofmt`.
    pub program: &'static str,
    /// Where go works: the working directory, `-C` applied.
    pub dir: &'a Path,
    /// Whether the project's pins count: not for `install p@v` and `run p@v`.
    pub project_pins: bool,
    /// Whether pins that are overridden are wanted too.
    pub reach: Reach,
}

/// What should be.
#[derive(Debug, Clone)]
pub struct Selection {
    /// What follows.
    pub verdict: Verdict,
    /// The go to run: the pinned one, else the one that PATH gives.
    pub real: Result<RealGo, NotFound>,
    /// The pin that the go is held to. `None` where there is none, and where one only warns.
    pub pin: Option<Pin>,
    /// The version of the go to run; only looked for where there is a pin.
    pub version: Option<Version>,
    /// Its GOROOT by where it lies, likewise.
    pub root: Option<PathBuf>,
    /// Whether the pin chose another go than PATH would give.
    pub switched: bool,
    /// Every rule that was consulted, in order.
    pub rules: Vec<Rule>,
    /// What is wrong with the pins.
    pub faults: Vec<Finding>,
    /// Lines for the user, the faults among them.
    pub notes: Vec<String>,
}

/// What follows from the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Run it.
    Run,
    /// The pinned toolchain is not there.
    Missing(Version),
    /// Run none: why, with what to do.
    Refuse(String),
}

/// Selects. `loaded` is the configuration as it is at `ask.dir`.
pub fn select(world: &World, ask: &Ask<'_>, loaded: &Loaded) -> Selection {
    let real = find::real_go(world, ask.program);
    let choice = choice::choose(pins(world, ask, loaded, real.as_ref().ok()), ask.project_pins);
    let mut faults = config_faults(loaded, ask.project_pins);
    faults.extend(choice.unusable.iter().map(not_followed));
    faults.extend(conflict(&choice));
    let told: Vec<String> = faults.iter().map(line).collect();
    let enforce = loaded.settings.pin.enforce;
    let mut selection = Selection {
        verdict: Verdict::Run,
        real,
        pin: None,
        version: None,
        root: None,
        switched: false,
        rules: choice.rules,
        faults,
        notes: Vec::new(),
    };
    if enforce == Enforce::Refuse && !told.is_empty() {
        let text = format!("{} (pin.enforce = refuse)", told.join("; "));
        selection.verdict = Verdict::Refuse(text);
        return selection;
    }
    selection.notes = told;
    if let Some(pin) = choice.pin {
        selection.enforce(pin, enforce, world, ask);
    }
    selection
}

// The pins in the order of their rank. Where a variable decides, the files are read only to tell what it overrides.
fn pins(world: &World, ask: &Ask<'_>, loaded: &Loaded, real: Option<&RealGo>) -> Vec<Pin> {
    let of_layer = |env: bool| {
        let values = loaded.go_versions.iter().rev();
        values
            .filter(move |s| matches!(s.origin, Origin::Env(_) | Origin::CommandLine) == env)
            .map(|s| Pin::configured(&s.value, &s.origin))
    };
    let mut pins: Vec<Pin> = of_layer(true).collect();
    pins.extend(world.text("GOTOOLCHAIN").and_then(Pin::gotoolchain));
    if pins.iter().any(|pin| pin.want.is_ok()) && ask.reach == Reach::Nearest {
        return pins;
    }
    if ask.project_pins || ask.reach == Reach::All {
        pins.extend(walk::project(ask.dir, &loaded.go_versions, ask.reach));
        if loaded.settings.pin.toolchain_line_exact {
            let env = GoEnv::read(world, real.map_or(Path::new(""), |real| &real.path));
            pins.extend(floor::file_in_effect(&env, ask.dir).and_then(|file| walk::toolchain_line(&file)));
        }
    }
    pins.extend(of_layer(false).filter(|pin| !pin.project));
    pins
}

// A configuration that can't be read may hide a pin, and a value that is no version is one.
fn config_faults(loaded: &Loaded, project_pins: bool) -> Vec<Finding> {
    let projects = |finding: &&Finding| {
        let file = finding.evidence.split(':').next().unwrap_or_default();
        Path::new(file)
            .file_name()
            .is_some_and(|n| n == crate::config::file::PROJECT)
    };
    let whole = loaded
        .findings
        .iter()
        .filter(|f| matches!(f.id, "config-syntax" | "config-unreadable"))
        .filter(projects);
    whole
        .chain(loaded.findings_about("go.version"))
        .filter(|f| project_pins || !projects(f))
        .map(|f| Finding {
            id: "pin-not-followed",
            what: format!("{}; a pin in it is not in effect", f.what),
            ..f.clone()
        })
        .collect()
}

fn not_followed(pin: &Pin) -> Finding {
    let why = pin.want.as_ref().err().map_or("", String::as_str);
    let what = match pin.text.as_str() {
        "" => String::new(),
        text => format!("`{text}` "),
    };
    Finding {
        id: "pin-not-followed",
        level: Level::Error,
        what: format!("{what}{why}; this pin is not in effect"),
        evidence: pin.place.to_string(),
        fix: "gosteady pin VERSION".into(),
    }
}

fn conflict(choice: &Choice) -> Option<Finding> {
    let (pin, other) = (choice.pin.as_ref()?, choice.conflict.as_ref()?);
    Some(Finding {
        id: "pin-conflict",
        level: Level::Error,
        what: format!(
            "pins Go {}, and {} pins {}; the first one counts",
            pin.text, other.place, other.text
        ),
        evidence: pin.place.to_string(),
        fix: "make them agree".into(),
    })
}

fn line(fault: &Finding) -> String {
    match fault.id {
        "pin-conflict" => format!("{} {}; {}", fault.evidence, fault.what, fault.fix),
        _ => format!("{}: {}", fault.evidence, fault.what),
    }
}

impl Selection {
    /// The rule of the pin that counts, also where it only warns or says `system`.
    pub fn in_effect(&self) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.verdict == choice::IN_EFFECT)
    }

    fn enforce(&mut self, pin: Pin, enforce: Enforce, world: &World, ask: &Ask<'_>) {
        let Ok(want) = pin.want.clone() else { return };
        let Some(asked) = pin.version().cloned() else {
            self.tell_path(None, "what `system` asks for");
            return;
        };
        let path = self.real.as_ref().ok().map(|real| real.path.clone());
        let root = path.as_deref().and_then(goenv::root_of);
        let version = root.as_deref().and_then(installed::version_at);
        let met = version.as_ref().is_some_and(|v| want.is_met_by(v));
        let newest = matches!(want, Want::Newest(_)) && enforce == Enforce::Switch;
        if met && !newest {
            self.tell_path(version.as_ref(), "what the pin asks for");
            (self.pin, self.version, self.root) = (Some(pin), version, root);
            return;
        }
        let on_path = match (&path, &version) {
            (Some(path), Some(version)) => {
                format!("the {} on PATH is {version} ({})", ask.program, path.display())
            }
            (Some(path), None) => format!("the version of {} can't be told", path.display()),
            (None, _) => format!("there is no {} on PATH", ask.program),
        };
        match enforce {
            Enforce::Warn => {
                self.tell_path(version.as_ref(), "run all the same: pin.enforce = warn");
                self.notes
                    .push(format!("{} pins Go {}, and {on_path}", pin.place, pin.text));
            }
            Enforce::Refuse => {
                self.tell_path(
                    version.as_ref(),
                    "not what the pin asks for: pin.enforce = refuse",
                );
                let env = GoEnv::read(world, Path::new(""));
                let fix = match installed::find(&want, world, &env, path.as_deref()) {
                    Some(found) => format!("put {} first on PATH", found.root.join("bin").display()),
                    None => provide::fix(&asked),
                };
                self.verdict = Verdict::Refuse(format!(
                    "{} pins Go {}, and {on_path} (pin.enforce = refuse); {fix}, or set pin.enforce to switch",
                    pin.place, pin.text
                ));
            }
            Enforce::Switch => self.switch(pin, &want, asked, (version, root, met), world, ask),
        }
    }

    fn switch(
        &mut self,
        pin: Pin,
        want: &Want,
        asked: Version,
        (version, root, met): (Option<Version>, Option<PathBuf>, bool),
        world: &World,
        ask: &Ask<'_>,
    ) {
        let env = GoEnv::read_at(world, || root.clone());
        let known = self.real.as_ref().ok().map(|real| real.path.as_path());
        let found = installed::find(want, world, &env, known);
        let better = found.filter(|f| !met || version.as_ref().is_some_and(|v| f.version > *v));
        let Some(found) = better else {
            if met {
                self.tell_path(version.as_ref(), "the newest that is installed");
                (self.pin, self.version, self.root) = (Some(pin), version, root);
            } else {
                self.tell_path(version.as_ref(), "not what the pin asks for");
                self.tell("installed", String::new(), asked.to_string(), "not there");
                (self.pin, self.verdict) = (Some(pin), Verdict::Missing(asked));
            }
            return;
        };
        self.tell_path(version.as_ref(), "not what the pin asks for");
        let path = found.program(ask.program);
        if ask.program != "go" && !path.is_file() {
            self.notes
                .push(format!("{} has no {}", found.root.display(), ask.program));
            return;
        }
        self.tell(
            "installed",
            found.root.display().to_string(),
            found.version.to_string(),
            &format!("run: it is what the pin asks for (found in: {})", found.from),
        );
        let skipped = self.real.as_ref().map(|real| real.skipped.clone());
        self.real = Ok(RealGo {
            script: whose::is_script(&path),
            path,
            why: format!("pinned to {} by {}", pin.text, pin.place),
            skipped: skipped.unwrap_or_default(),
        });
        (self.pin, self.version, self.root) = (Some(pin), Some(found.version), Some(found.root));
        self.switched = true;
    }

    fn tell_path(&mut self, version: Option<&Version>, verdict: &str) {
        let place = self
            .real
            .as_ref()
            .map_or(String::new(), |r| r.path.display().to_string());
        let says = match (version, &self.real) {
            (Some(version), _) => version.to_string(),
            (None, Ok(_)) => "unknown".into(),
            (None, Err(_)) => "none".into(),
        };
        self.tell("PATH", place, says, verdict);
    }

    fn tell(&mut self, rule: &str, place: String, says: String, verdict: &str) {
        self.rules.push(Rule {
            rule: rule.into(),
            place,
            says,
            verdict: verdict.into(),
        });
    }
}
