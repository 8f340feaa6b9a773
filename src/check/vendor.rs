//! vendor/modules.txt beside a go.mod: what `go build` would refuse.
//!
//! Source: cmd/go/internal/modload/vendor.go (readVendorList, checkVendorConsistency), for go.mod lines from 1.14 on.

use super::modfile::Modfile;
use super::{File, Sheet};
use crate::gomod::semver;
use crate::world::nearest_file;
use std::collections::BTreeMap;
use std::ops::Range;

/// A path, and a version where one is named.
pub type Module<'a> = (&'a str, Option<&'a str>);

/// What modules.txt says of a module.
#[derive(Debug, Default)]
pub struct Vendored<'a> {
    /// The main module requires it.
    pub explicit: bool,
    /// The packages that were copied.
    pub packages: Vec<&'a str>,
    /// What stands in its place; without a version it is a directory.
    pub replaced: Option<Module<'a>>,
    /// Its line.
    pub span: Range<usize>,
}

pub fn look(sheet: &mut Sheet<'_>, gomod: &File, modfile: &Modfile) {
    // In a workspace the vendor directory, if any, is that of the workspace.
    if nearest_file(gomod.dir(), "go.work").is_some() {
        return;
    }
    let Ok(Some(file)) = sheet.read(gomod.dir().join("vendor/modules.txt")) else {
        return;
    };
    let fix = || "go mod vendor".to_owned();
    let vendored = read(&file.text);
    for require in &modfile.requires {
        let module = (require.path.as_str(), Some(require.version.as_str()));
        if !vendored.get(&module).is_some_and(|v| v.explicit) {
            let what = format!(
                "vendor/modules.txt does not list {} {} as required",
                module.0, require.version
            );
            sheet.add("vendor-drift", Some((gomod, require.span.clone())), what, fix());
        }
    }
    for replace in &modfile.replaces {
        let old = (replace.old.0.as_str(), replace.old.1.as_deref());
        let new = (replace.new.0.as_str(), replace.new.1.as_deref());
        if vendored.get(&old).and_then(|v| v.replaced) != Some(new) {
            let what = format!(
                "vendor/modules.txt does not say that {} is replaced by {}",
                old.0, new.0
            );
            sheet.add("vendor-drift", Some((gomod, replace.span.clone())), what, fix());
        }
    }
    for ((path, version), entry) in &vendored {
        let required = |r: &&super::modfile::Require| r.path == *path && Some(r.version.as_str()) == *version;
        let shown = version.unwrap_or_default();
        if entry.explicit && !entry.packages.is_empty() && !modfile.requires.iter().any(|r| required(&r)) {
            let what = format!("{path} {shown} is listed as required, but go.mod does not require it");
            sheet.add("vendor-drift", Some((&file, entry.span.clone())), what, fix());
        }
        let replaces = |r: &super::modfile::Replace| {
            r.old.0 == *path && (r.old.1.is_none() || r.old.1.as_deref() == *version)
        };
        if entry.replaced.is_some() && !modfile.replaces.iter().any(replaces) {
            let what = format!("{path} {shown} is listed as replaced, but go.mod does not replace it");
            sheet.add("vendor-drift", Some((&file, entry.span.clone())), what, fix());
        }
    }
}

/// Reads a modules.txt.
pub fn read(text: &str) -> BTreeMap<Module<'_>, Vendored<'_>> {
    let mut found: BTreeMap<Module<'_>, Vendored<'_>> = BTreeMap::new();
    let mut module: Option<Module<'_>> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let span = at..at + line.trim_end().len();
        at += line.len();
        if line.starts_with("# ") {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (named, rest) = match fields.as_slice() {
                ["#", path, version, rest @ ..] if semver::is_version(version) => {
                    ((*path, Some(*version)), rest)
                }
                ["#", path, rest @ ..] if rest.first() == Some(&"=>") => ((*path, None), rest),
                _ => {
                    module = None;
                    continue;
                }
            };
            module = Some(named);
            let entry = found.entry(named).or_default();
            entry.span = span;
            entry.replaced = match rest {
                ["=>", dir] => Some((dir, None)),
                ["=>", path, version] => Some((path, Some(version))),
                _ => entry.replaced,
            };
        } else if let Some(entry) = module.and_then(|m| found.get_mut(&m)) {
            match line.strip_prefix("## ") {
                Some(words) => entry.explicit |= words.split(';').any(|w| w.trim() == "explicit"),
                None => entry
                    .packages
                    .extend(Some(line.trim()).filter(|name| !name.is_empty())),
            }
        }
    }
    found
}
