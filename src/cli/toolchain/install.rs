//! `gosteady toolchain install`.

use super::{failed, not_a_version, settings_of_go};
use crate::config::{self, Settings};
use crate::outcome::{Code, Outcome};
use crate::proxy::collector;
use crate::proxy::own::Own;
use crate::toolchain::install::{Failure, Ground, Installed, Kind, Request, provide};
use crate::trace::Recorder;
use crate::ui::{self, live::Mode};
use crate::world::World;
use std::path::Path;
use std::time::Instant;

/// Installs what is named, one after the other; the first failure ends it.
pub fn run(versions: &[String], world: &World) -> Outcome {
    let mut requests = Vec::new();
    for text in versions {
        match Request::parse(text) {
            Some(request) => requests.push(request),
            None => return not_a_version(text, "1.26.6, 1.26 or latest"),
        }
    }
    let loaded = config::load(world);
    if let Some(warning) = config::warning(&loaded.findings) {
        ui::note(&warning);
    }
    let no_go = (Path::new(""), "");
    let recorder = Recorder::begin("toolchain install", world, &loaded.settings, no_go, []);
    let outcome = requests
        .iter()
        .map(|request| one(request, world, &loaded.settings, &recorder))
        .find(|outcome| !outcome.success())
        .unwrap_or(Outcome::Ours(Code::Ok));
    let finished = collector::finish(&recorder, outcome, true, world, &loaded.settings);
    if let Some(warning) = finished.warning {
        ui::note(&warning);
    }
    if let Some(path) = finished.path.filter(|_| !outcome.success()) {
        ui::note(&format!(
            "what happened: gosteady trace show ({})",
            path.display()
        ));
    }
    outcome
}

fn one(request: &Request, world: &World, settings: &Settings, recorder: &Recorder) -> Outcome {
    let begun = Instant::now();
    let mode = Mode::on_stderr(world, settings.progress);
    match get(request, world, settings, mode, recorder) {
        Err(failure) => failed(&failure),
        Ok(Installed {
            toolchain,
            root,
            vouched,
        }) => {
            let root = root.display();
            ui::note(&match vouched {
                None => format!("{} is there: {root}", toolchain.name()),
                Some(by) => format!(
                    "{} installed in {:.1}s, verified by {by}: {root}",
                    toolchain.name(),
                    begun.elapsed().as_secs_f64()
                ),
            });
            Outcome::Ours(Code::Ok)
        }
    }
}

/// Joins the two engines for one toolchain.
fn get(
    request: &Request,
    world: &World,
    settings: &Settings,
    mode: Mode,
    recorder: &Recorder,
) -> Result<Installed, Failure> {
    let env = settings_of_go(world);
    let own = Own::new(world, &env, settings, mode, recorder.clone());
    let ground = Ground {
        env: &env,
        gosumdb: own.gosumdb(),
        sums: &settings.pin.toolchain_sums,
        fetch: &own,
        tell: &|line| own.say(line),
        busy: &|with| own.busy(with),
    };
    let installed = provide(request, &ground);
    let notes = own.stop();
    // A refusal says more than what the proxy saw of it.
    if !matches!(&installed, Err(failure) if failure.kind == Kind::Refused) {
        notes.iter().for_each(|note| ui::note(note));
    }
    installed
}
