//! go.sum beside a go.mod. Source: cmd/go/internal/modfetch/fetch.go (readGoSum), modload (missing go.sum entry).

use super::modfile::{Modfile, conflict_markers};
use super::{File, Sheet, Told};
use std::collections::HashMap;
use std::ops::Range;

/// What can be told without a go.mod that parses: a merge leaves its marks in both files as a rule.
pub fn alone(sheet: &mut Sheet<'_>, gomod: &File) {
    if let Ok(Some(file)) = sheet.read(gomod.path.with_extension("sum")) {
        unfinished(sheet, &file);
    }
}

/// Whether a merge left its marks in it, each of which is a problem.
fn unfinished(sheet: &mut Sheet<'_>, file: &File) -> bool {
    let markers = conflict_markers(&file.text);
    for span in &markers {
        sheet.add(
            "conflict-marker",
            Some((file, span.clone())),
            "a merge was not finished here".into(),
            "keep both sides, then: go mod tidy".into(),
        );
    }
    !markers.is_empty()
}

pub fn look(sheet: &mut Sheet<'_>, gomod: &File, modfile: &Modfile) {
    let path = gomod.path.with_extension("sum");
    // Modules of a workspace may lean on go.work.sum; then what is missing here is no fault.
    let mut above = gomod.dir().ancestors().map(|dir| dir.join("go.work.sum"));
    let work = above.find_map(|path| sheet.read(path).transpose());
    // What can't be read may hold what is missing.
    let unread = matches!(work, Some(Err(Told)));
    let work = work.and_then(Result::ok);
    let remote = |path: &str, version: &str| {
        let (path, version) = modfile.in_place(path, version);
        Some((path.to_owned(), version?.to_owned()))
    };
    let needed: Vec<_> = modfile
        .requires
        .iter()
        .filter_map(|r| Some((r, remote(&r.path, &r.version)?)))
        .collect();
    let Ok(file) = sheet.read(path) else { return };
    let Some(file) = file else {
        if !needed.is_empty() && work.is_none() && !unread {
            let what = format!("{} requirements, but no go.sum", needed.len());
            sheet.add(
                "gosum-missing",
                Some((gomod, 0..0)),
                what,
                "go mod tidy, then commit go.sum".into(),
            );
        }
        return;
    };
    if unfinished(sheet, &file) {
        return;
    }
    let mut hashes: HashMap<(&str, &str), (&str, Range<usize>)> = HashMap::new();
    let mut at = 0;
    for line in file.text.split_inclusive('\n') {
        let span = at..at + line.trim_end().len();
        at += line.len();
        match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            [] => {}
            [path, version, hash] => {
                let known = hashes.entry((path, version)).or_insert((hash, span.clone()));
                let algorithm = |hash: &str| hash.split(':').next().map(str::to_owned);
                if known.0 != *hash && algorithm(known.0) == algorithm(hash) {
                    sheet.add(
                        "gosum-conflict",
                        Some((&file, span)),
                        format!("{path} {version} has two hashes"),
                        "one of them was not made from what everybody else gets: find out which, remove the line".into(),
                    );
                }
            }
            fields => {
                let what = format!(
                    "{} fields where a path, a version and a hash belong",
                    fields.len()
                );
                sheet.add(
                    "gosum-syntax",
                    Some((&file, span)),
                    what,
                    "go mod tidy writes it anew".into(),
                );
            }
        }
    }
    let in_work = |path: &str, version: &str| {
        let line = format!("{path} {version} ");
        work.as_ref()
            .is_some_and(|file| file.text.lines().any(|l| l.starts_with(&line)))
    };
    for (require, (path, version)) in needed.into_iter().filter(|_| !unread) {
        let of_mod = format!("{version}/go.mod");
        if !hashes.contains_key(&(path.as_str(), of_mod.as_str())) && !in_work(&path, &of_mod) {
            sheet.add(
                "gosum-incomplete",
                Some((gomod, require.span.clone())),
                format!("go.sum has no line for the go.mod of {path} {version}"),
                format!("go mod download {path}"),
            );
        }
    }
}
