//! Which packages a command's arguments name. Blocking: it walks directories.
//!
//! Source: cmd/go/internal/search/search.go, cmd/go/internal/modload/search.go (matchPackages).

use super::contents;
use super::facts::{Facts, Main};
use crate::world::clean;
use std::path::{Path, PathBuf};

/// What a command begins with.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Roots {
    /// Packages by their import paths.
    pub packages: Vec<String>,
    /// What files that were named import.
    pub imports: Vec<String>,
}

/// The most packages that a pattern is resolved to; go itself finds the others.
const MOST: usize = 20_000;

/// Finds them; `dir` is where the command works.
pub fn roots(facts: &Facts, dir: &Path, patterns: &[String]) -> Roots {
    let mut roots = Roots::default();
    let here = [".".to_owned()];
    let patterns = if patterns.is_empty() { &here } else { patterns };
    if patterns.iter().all(|p| p.ends_with(".go")) {
        let files: Vec<PathBuf> = patterns.iter().map(|file| dir.join(file)).collect();
        roots.imports = contents::of_files(&files);
        return roots;
    }
    for pattern in patterns {
        let local = pattern.starts_with('.') || pattern.starts_with('/');
        match pattern.as_str() {
            "std" | "cmd" => {}
            "all" => {
                for main in &facts.mains {
                    walk(main, &main.dir, &|_| true, &mut roots.packages);
                }
            }
            "tool" => roots
                .packages
                .extend(facts.mains.iter().flat_map(|main| main.tools.clone())),
            _ if local => of_dir(facts, &clean(&dir.join(pattern)), &mut roots.packages),
            _ if pattern.contains("...") => {
                for main in &facts.mains {
                    walk(
                        main,
                        &main.dir,
                        &|name| matches(pattern, name),
                        &mut roots.packages,
                    );
                }
            }
            literal => roots.packages.push(literal.trim_end_matches('/').to_owned()),
        }
    }
    roots
}

// `./x`, `./x/...`: a directory of a main module.
fn of_dir(facts: &Facts, path: &Path, into: &mut Vec<String>) {
    let text = path.to_string_lossy();
    let (base, wild) = match text.split_once("...") {
        Some((base, _)) => (PathBuf::from(base.rsplit_once('/').map_or("", |(b, _)| b)), true),
        None => (path.to_path_buf(), false),
    };
    let main = facts
        .mains
        .iter()
        .filter(|main| base.starts_with(clean(&main.dir)));
    let Some(main) = main.max_by_key(|main| main.dir.as_os_str().len()) else {
        return;
    };
    let root = clean(&main.dir);
    if !wild {
        into.extend(name_of(main, &root, &base));
        return;
    }
    // The pattern as one of import paths: what stands before the module's directory is its path.
    let Some(rest) = text.strip_prefix(root.to_string_lossy().as_ref()) else {
        return;
    };
    let pattern = format!("{}{rest}", main.path);
    walk(main, &base, &|name| matches(&pattern, name), into);
}

fn name_of(main: &Main, root: &Path, dir: &Path) -> Option<String> {
    let below = dir.strip_prefix(root).ok()?.to_str()?;
    Some(match below {
        "" => main.path.clone(),
        below => format!("{}/{below}", main.path),
    })
}

fn walk(main: &Main, from: &Path, take: &dyn Fn(&str) -> bool, into: &mut Vec<String>) {
    let root = clean(&main.dir);
    let mut waiting = vec![clean(from)];
    while let Some(dir) = waiting.pop() {
        if into.len() >= MOST {
            return;
        }
        if let Some(name) = name_of(main, &root, &dir).filter(|name| take(name)) {
            into.push(name);
        }
        for entry in std::fs::read_dir(&dir).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let skipped = name.starts_with(['.', '_']) || matches!(name.as_ref(), "testdata" | "vendor");
            let is_dir = entry.file_type().is_ok_and(|t| t.is_dir());
            if is_dir && !skipped && !entry.path().join("go.mod").is_file() {
                waiting.push(entry.path());
            }
        }
    }
}

/// Whether a pattern with `...` in it matches an import path; `x/...` matches `x`, too
/// (cmd/internal/pkgpattern: MatchPattern).
fn matches(pattern: &str, name: &str) -> bool {
    if pattern.strip_suffix("/...").is_some_and(|base| glob(base, name)) {
        return true;
    }
    glob(pattern, name)
}

fn glob(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split("...");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gomod;

    #[test]
    fn patterns_name_packages() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for sub in [
            "cmd/x",
            "cmd/y",
            "lib",
            "testdata/no",
            "_no",
            "nested/no",
            "vendor/no",
        ] {
            std::fs::create_dir_all(root.join(sub)).unwrap();
        }
        std::fs::write(root.join("nested/go.mod"), "module n\n").unwrap();
        std::fs::write(root.join("lib/gen.go"), "package main\nimport \"g.io/g\"\n").unwrap();
        let main = gomod::directives(b"module m.io/m\ntool t.io/t/cmd\n");
        let facts = Facts::of(vec![(root.to_path_buf(), main)], &[], "");
        let of = |dir: &str, patterns: &[&str]| {
            let patterns: Vec<String> = patterns.iter().map(|p| p.to_string()).collect();
            let mut roots = roots(&facts, &root.join(dir), &patterns);
            roots.packages.sort();
            roots
        };
        let all = [
            "m.io/m",
            "m.io/m/cmd",
            "m.io/m/cmd/x",
            "m.io/m/cmd/y",
            "m.io/m/lib",
        ];
        for (dir, patterns, want) in [
            ("", &[][..], &["m.io/m"][..]),
            ("cmd", &["./x"], &["m.io/m/cmd/x"]),
            ("cmd/x", &["../.."], &["m.io/m"]),
            ("", &["./..."], &all),
            ("cmd", &["./..."], &["m.io/m/cmd", "m.io/m/cmd/x", "m.io/m/cmd/y"]),
            ("", &["all"], &all),
            (
                "lib",
                &["m.io/m/cmd/..."],
                &["m.io/m/cmd", "m.io/m/cmd/x", "m.io/m/cmd/y"],
            ),
            ("", &["m.io/m/c.../y"], &["m.io/m/cmd/y"]),
            ("", &["o.io/tool/cmd", "std"], &["o.io/tool/cmd"]),
            ("", &["tool"], &["t.io/t/cmd"]),
            ("", &["../elsewhere"], &[]),
        ] {
            assert_eq!(of(dir, patterns).packages, want, "{dir} {patterns:?}");
        }
        assert_eq!(of("lib", &["gen.go"]).imports, ["g.io/g"]);
    }
}
