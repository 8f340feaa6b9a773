//! Which go would run here: pins, their conflicts, and what go.mod asks for.

use super::check::Verdict;
use super::subject::Subject;
use crate::config::goenv::root_of;
use crate::toolchain::pin::walk::Reach;
use crate::toolchain::{self, Ask, floor, installed, provide};
use std::path::Path;

/// Pins and floors.
pub fn look(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    let world = &subject.world;
    let dir = world.cwd.as_deref().unwrap_or(Path::new("/"));
    let asked = Ask {
        program: "go",
        dir,
        project_pins: true,
        reach: Reach::All,
    };
    let selection = toolchain::select(world, &asked, &subject.config);
    if let Some(rule) = selection.in_effect() {
        let place = if rule.place.is_empty() {
            &rule.rule
        } else {
            &rule.place
        };
        verdict.saw(format!("{place} pins Go {}", rule.says));
    }
    verdict.findings.extend(selection.faults.iter().cloned());
    let pinned = selection.pin.as_ref();
    match &selection.verdict {
        toolchain::Verdict::Missing(want) => {
            verdict.found(
                "pin-not-installed",
                format!("Go {want} is pinned and not on this machine"),
                pinned.map(|pin| pin.place.to_string()).unwrap_or_default(),
                provide::fix(want),
            );
            return verdict;
        }
        toolchain::Verdict::Refuse(text) if selection.faults.is_empty() => {
            verdict.found(
                "pin-not-met",
                "no go command runs here",
                text,
                "gosteady which --why",
            );
            return verdict;
        }
        toolchain::Verdict::Refuse(_) => return verdict,
        toolchain::Verdict::Run => {}
    }
    let Ok(real) = &selection.real else {
        return verdict;
    };
    if selection.switched {
        verdict.saw(format!("{} runs: {}", real.path.display(), real.why));
    }
    let root = root_of(&real.path);
    let file = floor::file_in_effect(&subject.env, dir);
    if let (Some(version), Some(file)) = (root.as_deref().and_then(installed::version_at), file)
        && let Some((place, needs)) = floor::too_old(&version, &file)
    {
        // A pin keeps go from switching by itself.
        let wanted = floor::wanted(&subject.env, &version, Some(&file)).filter(|_| pinned.is_none());
        match wanted {
            None => verdict.found(
                "go-too-old",
                format!("Go {version} refuses to work here: {place} asks for Go {needs}"),
                format!(
                    "GOTOOLCHAIN={} keeps it from switching",
                    subject.text("GOTOOLCHAIN")
                ),
                format!("gosteady toolchain install {needs}; gosteady pin {needs}"),
            ),
            Some(wanted) if floor::is_at_hand(world, &subject.env, &wanted.name) => {
                verdict.saw(format!("go switches to {} for {}", wanted.name, wanted.by));
            }
            Some(_) if floor::is_offline(&subject.env) => verdict.found(
                "go-too-old",
                format!("{place} asks for Go {needs}, and GOPROXY=off keeps go from getting it"),
                format!("Go {version} at {}", real.path.display()),
                format!("gosteady toolchain install {needs}"),
            ),
            Some(wanted) => verdict.saw(format!("go downloads {} for {}", wanted.name, wanted.by)),
        }
    }
    verdict
}
