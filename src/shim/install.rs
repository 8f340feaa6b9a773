//! Installing a pinned toolchain before the command begins, where no go is there that would get it by itself.

use super::pinned::Need;
use crate::config::{Install, goenv::GoEnv};
use crate::face::Face;
use crate::outcome::Outcome;
use crate::proxy::collector;
use crate::proxy::own::Own;
use crate::toolchain::absent::{self, Present};
use crate::toolchain::find;
use crate::toolchain::install::{self, Failure, Ground, Request, Toolchain};
use crate::toolchain::provide::{Kind, Missing};
use crate::toolchain::version::Version;
use crate::trace::Recorder;
use crate::ui::{self, live::Mode};
use std::path::{Path, PathBuf};

/// Whether it is ours to install.
pub fn is_ours(need: &Need, face: Face) -> bool {
    let real = find::real_go(&need.world, "go").ok();
    let env = GoEnv::read(&need.world, real.as_ref().map_or(Path::new(""), |go| &go.path));
    let present = Present::look(real.as_ref(), &need.want, &need.world, &env);
    let may = need.settings.pin.install;
    absent::is_ours(&need.want, &present, may, face.program().unwrap_or("go"))
}

/// Installs it, with a line before and one after, and a trace of its own. Returns its GOROOT.
///
/// # Errors
/// [`Missing`] says what to do, and whether it is safe to run again.
pub fn install(need: &Need, want: &Version) -> Result<PathBuf, Missing> {
    let (world, settings) = (&need.world, &need.settings);
    let env = GoEnv::read(world, Path::new(""));
    if settings.pin.install == Install::Auto {
        let name = want.toolchain_name();
        ui::note(&format!(
            "{name}, pinned by {}, is not installed; installing it",
            need.by
        ));
    }
    let no_go = (Path::new(""), "");
    let recorder = Recorder::begin("toolchain install", world, settings, no_go, []);
    let mode = Mode::on_stderr(world, settings.progress);
    let own = Own::new(world, &env, settings, mode, recorder.clone());
    let ground = Ground {
        env: &env,
        gosumdb: own.gosumdb(),
        sums: &settings.pin.toolchain_sums,
        fetch: &own,
        tell: &|line| own.say(line),
        busy: &|with| own.busy(with),
    };
    let done = match request(want) {
        Some(request) => install::provide(&request, &ground),
        None => return Err(Missing::not_tried(want)),
    };
    own.stop().iter().for_each(|note| ui::note(note));
    let outcome = match &done {
        Ok(_) => Outcome::Exited(0),
        Err(failure) => Outcome::Ours(failure.code()),
    };
    let finished = collector::finish(&recorder, outcome, true, world, settings);
    match done {
        Ok(installed) => {
            if settings.pin.install == Install::Auto
                && let Some(by) = installed.vouched
            {
                let name = installed.toolchain.name();
                ui::note(&format!(
                    "{name} installed, verified by {by}: {}",
                    installed.root.display()
                ));
            }
            Ok(installed.root)
        }
        Err(failure) => {
            if let Some(path) = finished.path {
                ui::note(&format!(
                    "what happened: gosteady trace show ({})",
                    path.display()
                ));
            }
            Err(missing(failure))
        }
    }
}

fn request(want: &Version) -> Option<Request> {
    let text = want.to_string();
    match want.is_toolchain() {
        true => Toolchain::parse(&text).map(Request::Exactly),
        false => Request::parse(&text),
    }
}

fn missing(failure: Failure) -> Missing {
    Missing {
        what: format!("could not be installed: {}", failure.error.what),
        fix: failure.error.fix,
        kind: match failure.kind {
            install::Kind::Passing => Kind::Passing,
            install::Kind::Refused | install::Kind::Unknown => Kind::Refused,
        },
    }
}
