//! Go versions across files: go.work and its modules, the modules among each other, and the pins above them.

use super::modfile::Modfile;
use super::{File, Sheet};
use crate::config::Sourced;
use crate::gomod;
use crate::toolchain::pin::{Pin, Place, Want, choice, walk};
use crate::toolchain::version::Version;
use std::ops::Range;

/// A go.work without a go line asks for this (cmd/go/internal/gover/version.go: DefaultGoWorkVersion).
const WORK_GO: &str = "1.18";
/// From here on go refuses what asks for a newer Go (GoStrictVersion).
const STRICT: &str = "1.21";

/// A file that could be read: itself, what it says, whether it is a go.work.
pub type Read = (File, Modfile, bool);

/// Workspaces beside their modules, and the modules beside each other.
pub fn files(sheet: &mut Sheet<'_>, read: &[Read]) {
    for (work, says, _) in read.iter().filter(|(_, _, is_work)| *is_work) {
        let uses = gomod::workspace_uses(work.text.as_bytes(), work.dir());
        let members = read
            .iter()
            .filter(|(file, _, is_work)| !is_work && uses.iter().any(|dir| dir.join("go.mod") == file.path));
        for (file, member, _) in members {
            workspace(sheet, (work, says), (file, member));
        }
    }
    let lines: Vec<(&File, &str, &Range<usize>)> = read
        .iter()
        .filter(|(_, _, is_work)| !is_work)
        .filter_map(|(file, says, _)| says.go.as_ref().map(|(go, span)| (file, go.as_str(), span)))
        .collect();
    let newest = lines
        .iter()
        .filter_map(|line| Some((Version::parse(line.1)?, line)))
        .max_by(|a, b| a.0.cmp(&b.0));
    let Some((newest, (first, go, _))) = newest else {
        return;
    };
    for (file, older, span) in lines
        .iter()
        .filter(|l| Version::parse(l.1).is_some_and(|v| v < newest))
    {
        let what = format!("go {older} here, go {go} in {}", first.path.display());
        let fix = format!(
            "where that is not meant: go mod edit -go={go} {}",
            file.path.display()
        );
        sheet.add("go-lines-differ", Some((file, (*span).clone())), what, fix);
    }
}

/// Source: cmd/go/internal/modload/init.go (errWorkTooOld); of toolchain lines go reads go.work's alone
/// (cmd/go/internal/toolchain/select.go: Select).
fn workspace(sheet: &mut Sheet<'_>, work: (&File, &Modfile), member: (&File, &Modfile)) {
    let parse = Version::parse;
    let ours = work.1.go.as_ref().map_or(WORK_GO, |(go, _)| go);
    let at_work = work.1.go.as_ref().map_or(0..0, |(_, span)| span.clone());
    if let (Some((go, _)), Some(has), Some(strict)) = (&member.1.go, parse(ours), parse(STRICT))
        && let Some(needs) = parse(go)
        && needs > has
        && needs >= strict
    {
        let what = format!(
            "{} asks for go {go}, go.work for go {ours}",
            member.0.path.display()
        );
        sheet.add(
            "work-below-module",
            Some((work.0, at_work)),
            what,
            "go work use".into(),
        );
    }
    let Some((name, span)) = &member.1.toolchain else {
        return;
    };
    let toolchain = work.1.toolchain.as_ref().map_or(ours, |(name, _)| name);
    if let (Some(needs), Some(has)) = (parse(name), parse(toolchain))
        && needs > has.first_release()
    {
        let what =
            format!("toolchain {name} has no effect in the workspace, whose go.work asks for {toolchain}");
        let fix = format!("go work edit -toolchain={name}");
        sheet.add("toolchain-not-in-work", Some((member.0, span.clone())), what, fix);
    }
}

/// The pins that count in the directory of a file, beside what the file asks for.
pub fn pins(sheet: &mut Sheet<'_>, file: &File, says: &Modfile, configured: &[Sourced<String>]) {
    let Ok(dir) = std::path::absolute(file.dir()) else {
        return;
    };
    let choice = choice::choose(walk::project(&dir, configured, walk::Reach::Nearest), true);
    let Some(pin) = choice.pin else { return };
    if let Some(other) = &choice.conflict {
        let what = format!("pins Go {}, and {} pins Go {}", pin.text, other.place, other.text);
        add(sheet, "pins-disagree", &pin, what, "keep one, or make them agree");
    }
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    let asked = [
        ("pin-below-go", "go", says.go.as_ref().map(|(go, _)| go)),
        (
            "pin-below-toolchain",
            "toolchain",
            says.toolchain.as_ref().map(|(name, _)| name),
        ),
    ];
    for (rule, word, text) in asked {
        let Some((text, needs)) = text.and_then(|text| Some((text, Version::parse(text)?))) else {
            continue;
        };
        let below = match &pin.want {
            Ok(Want::Exact(has)) => *has < needs.first_release(),
            Ok(Want::Newest(line)) => !line.is_same_line(&needs) && *line < needs,
            _ => false,
        };
        if below {
            let what = format!("pins Go {}, but {name} has `{word} {text}`", pin.text);
            let fix = format!("gosteady pin {}", text.strip_prefix("go").unwrap_or(text));
            add(sheet, rule, &pin, what, &fix);
            break;
        }
    }
}

/// A problem at the line of a pin, once: several modules may lie below it.
fn add(sheet: &mut Sheet<'_>, rule: &'static str, pin: &Pin, what: String, fix: &str) {
    let Place::File { path, line } = &pin.place else {
        return;
    };
    let known =
        |p: &&super::Problem| p.finding.id == rule && p.mark.as_ref().is_some_and(|m| m.path == *path);
    if sheet.problems.iter().any(|p| known(&p)) {
        return;
    }
    let Ok(file) = File::read(path.clone()) else {
        return;
    };
    let span = line_span(&file.text, *line);
    sheet.add(rule, Some((&file, span)), what, fix.into());
}

/// A line, counted from 1, without its end.
fn line_span(text: &str, line: usize) -> Range<usize> {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let len = text[start..].lines().next().map_or(0, str::len);
    start..start + len
}
