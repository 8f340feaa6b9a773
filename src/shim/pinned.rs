//! The go that a command gets: what the pins ask for, and what that changes in its surroundings.

use super::argv::Command;
use super::{fast, scene};
use crate::config::goenv::{self, GoEnv};
use crate::config::{self, Loaded, Settings};
use crate::face::Face;
use crate::outcome::{Code, Outcome};
use crate::toolchain::absent::{self, Instead, Present};
use crate::toolchain::find::{NotFound, RealGo};
use crate::toolchain::hold::{self, Hold};
use crate::toolchain::pin::{Pin, walk::Reach};
use crate::toolchain::provide::Missing;
use crate::toolchain::version::Version;
use crate::toolchain::{self, Ask, Selection, Verdict};
use crate::trace::event::Rule;
use crate::ui;
use crate::world::World;
use std::path::Path;

/// The go that runs, and why.
#[derive(Debug, Clone)]
pub struct Go {
    /// The program.
    pub real: RealGo,
    /// The pin that it is held to.
    pub pin: Option<Pin>,
    /// Its version, where a pin made us look.
    pub version: Option<Version>,
    /// Whether the pin chose another go than PATH would give.
    pub elsewhere: bool,
    /// Whether it is to switch to the pinned version by itself.
    pub switches: bool,
    /// Every rule that was consulted.
    pub rules: Vec<Rule>,
    /// Lines for the user, told when the command is started.
    pub notes: Vec<String>,
}

/// A pinned toolchain that is not there.
#[derive(Debug)]
pub struct Need {
    /// Its version; a language version stands for its newest patch.
    pub want: Version,
    /// Where it is pinned.
    pub by: String,
    /// Our settings, as they are where go works: whether it may be installed, and how.
    pub settings: Settings,
    /// The surroundings without what a shim above put in.
    pub world: World,
}

/// A go with all that it is run with.
#[derive(Debug)]
pub struct Chosen {
    /// The surroundings, with what the pin puts in.
    pub world: World,
    /// The go.
    pub go: Go,
    /// Its settings, where they had to be read.
    pub env: Option<GoEnv>,
    /// The configuration as it is where go works.
    pub loaded: Loaded,
}

/// What came of the pins.
#[derive(Debug)]
pub enum Choice {
    /// Run this.
    Run(Box<Chosen>),
    /// The pinned toolchain must be provided first.
    Missing(Box<Need>),
    /// There is nothing to run.
    NotFound(NotFound),
    /// A pin or a policy says no: a line for the user, and the status.
    Refuse(String, Code),
}

impl Go {
    /// Tells what there is to tell.
    pub fn tell(&self) {
        for note in &self.notes {
            ui::note(note);
        }
    }

    /// Tells what there is to tell and hands the process over.
    pub fn hand_over(&self, world: &World) -> Outcome {
        self.tell();
        fast::hand_over(world, &self.real)
    }
}

/// Chooses the go. `missing` says why the pinned toolchain could not be provided, where that was tried.
pub fn choose(world: &World, face: Face, missing: Option<&Missing>) -> Choice {
    let released = hold::released(world).map(|env| world.with_env(env));
    let world = released.unwrap_or_else(|| world.clone());
    let command = Command::parse(if face == Face::Gofmt { &[] } else { &world.args });
    let dir = scene::dir(&world, &command);
    let loaded = config::load_in(&world, &dir);
    let ask = Ask {
        program: face.program().unwrap_or("go"),
        dir: &dir,
        // cmd/go/internal/toolchain/select.go (maybeSwitchForGoInstallVersion): the go line of what is named counts.
        project_pins: !command.leaves_the_module(),
        reach: Reach::Nearest,
    };
    let mut selection = toolchain::select(&world, &ask, &loaded);
    // What `go env` shows is the user's own setting.
    let shows = command.words.first() == Some(&"env");
    if scene::exempt(&command) && selection.verdict != Verdict::Run {
        // With these a setting is looked at and mended.
        (selection.verdict, selection.pin) = (Verdict::Run, None);
    }
    let mut switch_to = None;
    match std::mem::replace(&mut selection.verdict, Verdict::Run) {
        Verdict::Run => {}
        Verdict::Refuse(text) => return Choice::Refuse(text, Code::Refused),
        Verdict::Missing(want) => match without(&want, &selection, &world, &loaded, missing, face) {
            Ok(line) => {
                selection.notes.extend(line.filter(|_| !shows));
                switch_to = Some(want);
            }
            Err(choice) => return choice,
        },
    }
    let real = match selection.real {
        Ok(real) => real,
        Err(error) => return Choice::NotFound(error),
    };
    let switches = switch_to.is_some();
    let version = switch_to.or(selection.version);
    let go = Go {
        real,
        pin: selection.pin,
        version,
        elsewhere: selection.switched,
        switches,
        rules: selection.rules,
        notes: selection.notes,
    };
    let holds = face == Face::Go && go.pin.is_some();
    // Not for `p@v`: the go line of that module may move it. A pin that must be switched to is another thing.
    let version = go.version.as_ref();
    let hold = Hold {
        version: version.filter(|_| !shows && (switches || ask.project_pins)),
        switch: switches,
        root: selection.root.as_deref().filter(|_| selection.switched),
    };
    let root = || selection.root.clone().or_else(|| goenv::root_of(&go.real.path));
    let mut env = holds.then(|| GoEnv::read_at(&world, root));
    let held = env.as_ref().and_then(|env| hold::held(&world, env, hold));
    let world = match held {
        Some(held) => {
            let changed = world.with_env(held);
            let moved = changed.var("GOROOT") != world.var("GOROOT");
            let toolchain = changed.var("GOTOOLCHAIN").filter(|_| !moved);
            env = env
                .zip(toolchain)
                .map(|(env, value)| env.with_var("GOTOOLCHAIN", value));
            changed
        }
        None => world,
    };
    Choice::Run(Box::new(Chosen {
        world,
        go,
        env,
        loaded,
    }))
}

// What to do without the pinned toolchain: `Ok`, with a line for the user, where the go of PATH is to switch to it by
// itself.
fn without(
    want: &Version,
    selection: &Selection,
    world: &World,
    loaded: &Loaded,
    missing: Option<&Missing>,
    face: Face,
) -> Result<Option<String>, Choice> {
    let real = selection.real.as_ref().ok();
    let env = GoEnv::read(world, real.map_or(Path::new(""), |real| &real.path));
    let present = Present::look(real, want, world, &env);
    let (pin, settings) = (selection.pin.as_ref(), &loaded.settings);
    if face == Face::Go && pin.is_some_and(|pin| absent::is_gos_affair(pin, &present, settings)) {
        return Ok(None);
    }
    let (Some(missing), Some(pin)) = (missing, pin) else {
        return Err(Choice::Missing(Box::new(Need {
            want: want.clone(),
            by: pin.map(|pin| pin.place.to_string()).unwrap_or_default(),
            settings: settings.clone(),
            world: world.clone(),
        })));
    };
    match absent::pinned(want, pin, missing, &present, settings) {
        Instead::ByGo(line) if face == Face::Go => Ok(line),
        Instead::ByGo(_) => {
            let text = format!(
                "go{want}, pinned by {}, is not installed, so there is no gofmt of it; {}",
                pin.place, missing.fix
            );
            Err(Choice::Refuse(text, Code::Refused))
        }
        Instead::Refuse(text, Code::Refused) if real.is_none() => Err(Choice::Refuse(text, Code::NotFound)),
        Instead::Refuse(text, code) => Err(Choice::Refuse(text, code)),
    }
}
