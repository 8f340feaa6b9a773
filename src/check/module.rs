//! What a go.mod or go.work says, judged.

use super::modfile::{Modfile, Replace};
use super::{File, Sheet};
use crate::gomod::semver;
use crate::toolchain::version::Version;
use crate::world;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub fn look(sheet: &mut Sheet<'_>, file: &File, modfile: &Modfile) {
    requires(sheet, file, modfile);
    for replace in &modfile.replaces {
        self::replace(sheet, file, modfile, replace);
    }
    if modfile.go.is_none() && modfile.module.is_some() {
        let fix = "go mod edit -go=VERSION, the oldest Go that must build it";
        let what = "no go line: go takes it for Go 1.16".to_owned();
        sheet.add("go-line-missing", Some((file, 0..0)), what, fix.into());
    }
    if let (Some((go, _)), Some((name, span))) = (&modfile.go, &modfile.toolchain)
        && let Some(version) = name.strip_prefix("go")
        && let (Some(has), Some(needs)) = (Version::parse(version), Version::parse(go))
        && has < needs.first_release()
    {
        sheet.add(
            "toolchain-below-go",
            Some((file, span.clone())),
            format!("toolchain {name} is older than go {go}, and so has no effect"),
            format!("toolchain go{go}, or no toolchain line"),
        );
    }
}

fn requires(sheet: &mut Sheet<'_>, file: &File, modfile: &Modfile) {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    let mut majors: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for require in &modfile.requires {
        let place = Some((file, require.span.clone()));
        let (path, version) = (&require.path, &require.version);
        if let Some(other) = first.insert(path, version) {
            let what = format!("{path} is required before, at {other}; go takes the higher one");
            sheet.add("require-duplicate", place.clone(), what, "go mod tidy".into());
        }
        let end = semver::path_major(path).unwrap_or_default();
        majors
            .entry(path.strip_suffix(end).unwrap_or(path))
            .or_default()
            .push(path);
        let Some(parsed) = semver::parse(version) else {
            continue;
        };
        let fix = format!("go get {path}@latest");
        if parsed.is_pseudo() {
            let what = format!("{path} {version} is a commit, not a tagged version");
            // What others require, only they can mend.
            let rule = match require.indirect {
                true => "pseudo-version-indirect",
                false => "pseudo-version",
            };
            sheet.add(rule, place, what, fix);
        } else if !parsed.pre.is_empty() {
            sheet.add(
                "pre-release",
                place,
                format!("{path} {version} is a pre-release"),
                fix,
            );
        } else if parsed.is_incompatible() {
            let what = format!("{path} {version} has no go.mod of its own");
            sheet.add(
                "incompatible",
                place,
                what,
                format!("see whether there is a {path}/{}", parsed.major),
            );
        }
    }
    for (base, mut paths) in majors {
        paths.dedup();
        if paths.len() > 1 {
            let what = format!(
                "{base} is used in {} major versions: {}",
                paths.len(),
                paths.join(", ")
            );
            sheet.add(
                "several-majors",
                Some((file, 0..0)),
                what,
                format!("go mod why -m {}", paths[0]),
            );
        }
    }
    let indirect = modfile.requires.iter().filter(|r| r.indirect).count();
    let limit = sheet.levels.max_indirect();
    if indirect > limit {
        let what = format!("{indirect} indirect requirements, more than {limit}");
        let fix = "go mod graph shows who brings them";
        sheet.add("too-many-indirect", Some((file, 0..0)), what, fix.into());
    }
}

fn replace(sheet: &mut Sheet<'_>, file: &File, modfile: &Modfile, replace: &Replace) {
    let place = || Some((file, replace.span.clone()));
    let (old, version) = &replace.old;
    let used =
        |r: &super::modfile::Require| r.path == *old && version.as_ref().is_none_or(|v| *v == r.version);
    // A go.work replaces for all its modules.
    if modfile.module.is_some() && !modfile.requires.iter().any(used) {
        let what = match version {
            Some(version) => format!("{old} {version} is replaced, but not required"),
            None => format!("{old} is replaced, but not required"),
        };
        sheet.add(
            "replace-unused",
            place(),
            what,
            format!("go mod edit -dropreplace={old}"),
        );
    }
    let allowed = sheet.levels.may_replace_by(&replace.new.0);
    let (new, None) = &replace.new else {
        if allowed {
            return;
        }
        let what = format!("{old} is replaced by {}", replace.new.0);
        return sheet.add(
            "replace-fork",
            place(),
            what,
            format!("go mod edit -dropreplace={old}"),
        );
    };
    // Links on the way are not looked at, as go does not (modload: replaceRelativeTo, filepath.Join).
    let dir = world::clean(&file.dir().join(new));
    let drop = format!("go mod edit -dropreplace={old}   # a go.work keeps it out of go.mod");
    if let Ok(None) = sheet.read(dir.join("go.mod")) {
        let what = format!("{old} is replaced by {new}, where there is no go.mod");
        sheet.add("replace-missing", place(), what, drop.clone());
    }
    if allowed {
        return;
    }
    let inside = Path::new(new).is_relative() && is_inside(&dir, repository(file.dir()).as_deref());
    let (rule, word) = if inside {
        ("replace-local", "inside")
    } else {
        ("replace-outside", "outside")
    };
    let what = format!("{old} is replaced by {new}, a directory {word} the repository");
    sheet.add(rule, place(), what, drop);
}

/// The root of the repository; the directory itself where there is none.
fn repository(dir: &Path) -> Option<PathBuf> {
    let dir = std::path::absolute(dir).ok()?;
    Some(world::repository(&dir).unwrap_or(&dir).to_path_buf())
}

/// Whether a path lies below a root when its `..` are worked out, links not followed.
fn is_inside(path: &Path, root: Option<&Path>) -> bool {
    let (Some(root), Ok(path)) = (root, std::path::absolute(path)) else {
        return false;
    };
    world::clean(&path).starts_with(root)
}
