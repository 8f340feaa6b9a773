//! `gosteady pin`: write the project's pin, show it, or check it.

use super::{frame, which};
use crate::config::Install;
use crate::config::file::{self, Content};
use crate::error::{Error, Finding, Level};
use crate::outcome::{Code, Outcome};
use crate::repair::replace;
use crate::toolchain::pin::{Place, Want, edit};
use crate::toolchain::version::Version;
use crate::toolchain::{Verdict, floor, provide};
use crate::ui::words::plain;
use crate::ui::{self, Stream, Style};
use crate::world::{self, World};
use std::path::{Path, PathBuf};

/// Pin the Go version of this project, or check that it is pinned and that this Go runs.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gosteady pin                    what is pinned here, and where
  gosteady pin 1.26.6             pin it: in the file that pins Go today, else
                                  in .go-version beside go.mod
  gosteady pin --in gosteady.toml 1.26.6
  gosteady pin --check            for CI: 0 if one exact version is pinned and
                                  that Go would run here, else 1

More: docs/pins.md")]
pub struct Args {
    /// The version, e.g. 1.26.6.
    #[arg(conflicts_with = "check")]
    pub version: Option<String>,
    /// Check the pin; exit 1 if anything is wrong with it.
    #[arg(long)]
    pub check: bool,
    /// The file to write: .go-version, gosteady.toml, .tool-versions, mise.toml or .mise.toml.
    #[arg(long = "in", value_name = "FILE", requires = "version", value_parser = edit::FILES.to_vec())]
    pub file: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
pub fn run(args: &Args, world: &World) -> Outcome {
    let done = match &args.version {
        Some(version) => write(version, args, world),
        None if args.check => Ok(check(args.json, world)),
        None => Ok(show(args.json, world)),
    };
    done.unwrap_or_else(|(error, code)| {
        ui::note(&error.to_string());
        Outcome::Ours(code)
    })
}

fn show(json: bool, world: &World) -> Outcome {
    let answer = which::ask(world, "go");
    let pin = answer.selection.in_effect();
    if json {
        let pin =
            pin.map(|pin| serde_json::json!({"rule": pin.rule, "place": pin.place, "version": pin.says}));
        ui::out(&ui::json(&serde_json::json!({ "pin": pin })));
    } else if let Some(pin) = pin {
        ui::out(&format!("{}  {}\n", pin.says, pin.place));
    } else {
        ui::out("nothing pins the Go version here; gosteady pin VERSION\n");
    }
    answer.selection.notes.iter().for_each(|note| ui::note(note));
    Outcome::Ours(Code::Ok)
}

fn check(json: bool, world: &World) -> Outcome {
    let answer = which::ask(world, "go");
    let findings = findings(&answer);
    let faulty = findings.iter().any(|f| f.level > Level::Note);
    if json {
        let pin = answer.selection.pin.as_ref();
        let all = serde_json::json!({
            "ok": !faulty,
            "pin": pin.map(|pin| pin.text.clone()),
            "place": pin.map(|pin| pin.place.to_string()),
            "path": answer.path.as_ref().map(|p| p.to_string_lossy()),
            "findings": findings,
        });
        ui::out(&ui::json(&all));
    } else {
        let style = Style::of(world, Stream::Out);
        for finding in &findings {
            ui::out(&frame::render(finding, None, style));
        }
        if let (false, Some(pin), Some(path)) = (faulty, &answer.selection.pin, &answer.path) {
            let line = format!("Go {}, pinned by {}: {}", pin.text, pin.place, path.display());
            ui::out(&format!("{line}\n"));
        }
    }
    Outcome::Ours(if faulty { Code::Findings } else { Code::Ok })
}

fn findings(answer: &which::Answer) -> Vec<Finding> {
    let error = |id, place: String, what: String, fix: String| Finding {
        id,
        level: Level::Error,
        what,
        evidence: place,
        fix,
    };
    let selection = &answer.selection;
    let mut found = selection.faults.clone();
    let Some(rule) = selection.in_effect() else {
        if found.is_empty() {
            let fix = "gosteady pin VERSION".into();
            let what = "nothing pins the Go version".into();
            found.push(error("pin-missing", "here".into(), what, fix));
        }
        return found;
    };
    let place = rule.place.clone();
    let want = Want::parse(&rule.says);
    if let Ok(want) = &want
        && let Some((line, needs)) = too_old(want, answer)
    {
        let what = format!(
            "pins Go {}, and {line} asks for {needs}: go will refuse",
            rule.says
        );
        let least = Version::parse(&needs).map(Version::first_release);
        let fix = least.map_or_else(String::new, |least| format!("gosteady pin {least}, or newer"));
        found.push(error("pin-too-old", place.clone(), what, fix));
    }
    match want {
        Ok(Want::Exact(_)) | Err(_) => {}
        Ok(_) => {
            let what = format!("`{}` is not one exact version", rule.says);
            let runs = answer.version.as_ref().map(Version::to_string);
            let fix = format!("gosteady pin {}", runs.as_deref().unwrap_or("VERSION"));
            found.push(error("pin-not-exact", place.clone(), what, fix));
        }
    }
    match &selection.verdict {
        Verdict::Missing(want) => {
            let what = format!("Go {want} is not installed");
            found.push(error("pin-not-installed", place, what, provide::fix(want)));
        }
        Verdict::Refuse(text) if selection.faults.is_empty() => {
            found.push(error("pin-not-met", place, text.clone(), String::new()));
        }
        // Only a pin that warns is in effect and holds nothing.
        Verdict::Run if selection.pin.is_none() && rule.says != "system" => {
            let what = "another Go runs: pin.enforce = warn".to_string();
            found.push(error("pin-not-met", place, what, "gosteady which --why".into()));
        }
        _ => {}
    }
    found
}

type Failed = (Error, Code);

fn write(version: &str, args: &Args, world: &World) -> Result<Outcome, Failed> {
    let want =
        Want::parse(version).map_err(|why| (Error::new(format!("`{version}` {why}"), ""), Code::Usage))?;
    let text = version.strip_prefix("go").unwrap_or(version);
    let before = which::ask(world, "go");
    let path = target(args.file.as_deref(), &before, world).ok_or_else(|| {
        (
            Error::new("the working directory is gone", "cd somewhere else"),
            Code::Usage,
        )
    })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let failed = |what: String| {
        (
            Error::new(format!("{}: {what}", path.display()), ""),
            Code::Internal,
        )
    };
    let old = match file::read(&path) {
        Content::Absent => String::new(),
        Content::Bytes(old) => String::from_utf8(old).map_err(|_| failed("is not UTF-8".into()))?,
        Content::Unreadable(why) => return Err(failed(why)),
    };
    let new = edit::pinned(&name, &old, text).map_err(failed)?;
    if new != old {
        replace(&path, &new).map_err(|e| failed(e.to_string()))?;
    }
    ui::out(&format!(
        "pinned Go {text} in {}\n",
        plain(&path.to_string_lossy())
    ));
    afterwards(&path, &want, world);
    Ok(Outcome::Ours(Code::Ok))
}

// What stands in the way of the pin that was just written.
fn afterwards(path: &Path, want: &Want, world: &World) {
    let after = which::ask(world, "go");
    for fault in &after.selection.faults {
        ui::note(&format!("{}: {}; {}", fault.evidence, fault.what, fault.fix));
    }
    let in_effect = after.selection.in_effect();
    let ours = path.to_string_lossy();
    match in_effect {
        Some(rule) if !rule.place.starts_with(&*ours) => {
            ui::note(&format!("{} stands before it and pins {}", rule.place, rule.says));
        }
        _ => {}
    }
    if let (Verdict::Missing(missing), true) = (&after.selection.verdict, in_effect.is_some()) {
        let fix = match after.loaded.settings.pin.install {
            Install::Never => provide::fix(missing),
            Install::Auto | Install::Always => "the first command that needs it gets it".into(),
        };
        ui::note(&format!("Go {missing} is not installed; {fix}"));
    }
    if let Want::Newest(line) = want {
        let line = line.language();
        ui::note(&format!(
            "{line} is the newest patch that a machine has; write one such as {line}.1 to have the same everywhere"
        ));
    }
    if let Some((line, needs)) = too_old(want, &after) {
        ui::note(&format!(
            "{line} asks for Go {needs}: a Go {want} will refuse to work"
        ));
    }
}

// The `go` line that is newer than all that the pin can mean, and what it asks for.
fn too_old(want: &Want, answer: &which::Answer) -> Option<(String, String)> {
    let (Want::Exact(version) | Want::Newest(version)) = want else {
        return None;
    };
    let (place, needs) = floor::too_old(version, answer.file.as_deref()?)?;
    let later_patch = matches!(want, Want::Newest(_))
        && Version::parse(&needs).is_some_and(|needs| needs.is_same_line(version));
    (!later_patch).then_some((place, needs))
}

// The file that pins Go today where it is the project's, else one beside go.mod.
fn target(named: Option<&str>, answer: &which::Answer, world: &World) -> Option<PathBuf> {
    let cwd = world.cwd.as_deref()?;
    let module = answer.file.as_deref().and_then(Path::parent).unwrap_or(cwd);
    let top = world::repository(cwd);
    if let Some(name) = named {
        return Some(module.join(name));
    }
    let present = answer.selection.pin.as_ref().filter(|pin| pin.project);
    if let Some(Place::File { path, .. }) = present.map(|pin| &pin.place)
        && path.starts_with(top.unwrap_or(module))
        && path
            .file_name()
            .is_some_and(|name| edit::FILES.iter().any(|file| name == *file))
    {
        return Some(path.clone());
    }
    let there = edit::FILES
        .iter()
        .map(|name| module.join(name))
        .find(|path| path.is_file());
    Some(there.unwrap_or_else(|| module.join(edit::FILES[0])))
}
