//! Vendored files beside those of the module cache: go builds what lies in vendor/ and never compares.
//!
//! Source of what is copied: cmd/go/internal/modcmd/vendor.go (vendorPkg, matchPotentialSourceFile, copyMetadata).

use super::Sheet;
use super::vendor::{self, Vendored};
use crate::bounded;
use crate::gomod::{Tags, escape};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// As many files are named of each module.
const NAMED: usize = 3;
/// As many modules are compared at the same time.
const AT_ONCE: usize = 8;

/// A vendored module whose files are in the module cache.
struct Cached<'a> {
    path: &'a str,
    tree: PathBuf,
    packages: &'a [&'a str],
}

/// Compares vendor/ in a directory with the module cache, as far as that has the modules.
pub fn look(sheet: &mut Sheet<'_>, dir: &Path, modcache: Option<&Path>) {
    if sheet.levels.of("vendor-content").is_none() {
        return;
    }
    let (Ok(Some(file)), Some(modcache)) = (sheet.read(dir.join("vendor/modules.txt")), modcache) else {
        return;
    };
    let vendored = vendor::read(&file.text);
    let odd = differences(&dir.join("vendor"), &vendored, modcache);
    for ((path, version), entry) in &vendored {
        let Some(names) = odd.get(path).filter(|_| !entry.packages.is_empty()) else {
            continue;
        };
        let first: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
        let more = match names.len() - first.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let what = format!(
            "{path} {}: vendor/ is not what the module holds: {}{more}",
            version.unwrap_or_default(),
            first.join(", ")
        );
        let fix = "go mod vendor; a change of your own belongs in a fork, with a replace line";
        sheet.add(
            "vendor-content",
            Some((&file, entry.span.clone())),
            what,
            fix.into(),
        );
    }
}

/// The files that differ, by the module to which they belong. What no module in the cache could hold is not judged.
fn differences<'a>(
    vendor: &Path,
    vendored: &'a BTreeMap<vendor::Module<'a>, Vendored<'a>>,
    modcache: &Path,
) -> BTreeMap<&'a str, BTreeSet<String>> {
    let of = |(module, entry): (&vendor::Module<'a>, &'a Vendored<'a>)| {
        let (path, version) = entry.replaced.unwrap_or(*module);
        let tree = modcache.join(format!("{}@{}", escape(path), escape(version?)));
        (!entry.packages.is_empty() && tree.is_dir()).then_some(Cached {
            path: module.0,
            tree,
            packages: &entry.packages,
        })
    };
    let modules: Vec<Cached<'a>> = vendored.iter().filter_map(of).collect();
    // The directories of other modules are theirs.
    let paths: BTreeSet<&str> = vendored.keys().map(|(path, _)| *path).collect();
    let found: Mutex<BTreeMap<&str, BTreeSet<String>>> = Mutex::default();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(module) = modules.get(next.fetch_add(1, Ordering::Relaxed)) {
            let names = of_module(vendor, module, &paths);
            if !names.is_empty()
                && let Ok(mut found) = found.lock()
            {
                found.insert(module.path, names);
            }
        }
    };
    // Most of the time goes into opening many small files.
    std::thread::scope(|scope| {
        for _ in 1..AT_ONCE.min(modules.len()) {
            // A thread less is a slower answer, not a failure.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    found.into_inner().unwrap_or_default()
}

fn of_module(vendor: &Path, module: &Cached<'_>, paths: &BTreeSet<&str>) -> BTreeSet<String> {
    let mut odd = BTreeSet::new();
    let mut dirs = vec![module.path.to_owned()];
    while let Some(dir) = dirs.pop() {
        let Some(inner) = dir.strip_prefix(module.path) else {
            continue;
        };
        let origin = module.tree.join(inner.trim_start_matches('/'));
        for entry in fs::read_dir(vendor.join(&dir)).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let below = format!("{dir}/{name}");
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !paths.contains(below.as_str()) => dirs.push(below),
                Ok(kind) if kind.is_dir() => {}
                Ok(kind) if kind.is_file() && is_same(&entry.path(), &origin.join(&name)) => {}
                _ => {
                    odd.insert(below);
                }
            }
        }
    }
    for package in module.packages {
        let Some(inner) = package.strip_prefix(module.path) else {
            continue;
        };
        let origin = module.tree.join(inner.trim_start_matches('/'));
        for entry in fs::read_dir(&origin).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let below = format!("{package}/{name}");
            let left_out = !name.ends_with(".go") || name.ends_with("_test.go");
            if !left_out && !vendor.join(&below).exists() && is_built(&entry.path()) {
                odd.insert(format!("{below} (missing)"));
            }
        }
    }
    odd
}

/// Whether `go mod vendor` copies a Go file: all but those that only `ignore` would build.
fn is_built(path: &Path) -> bool {
    let any = Tags {
        any: true,
        ..Tags::default()
    };
    bounded::read_file(path).is_ok_and(|text| any.takes(&text))
}

/// Whether both are there and hold the same; line ends apart, which git changes.
fn is_same(ours: &Path, origin: &Path) -> bool {
    let (Ok(ours), Ok(origin)) = (bounded::read_file(ours), bounded::read_file(origin)) else {
        return false;
    };
    let plain = |text: &[u8]| -> Vec<u8> { text.iter().copied().filter(|b| *b != b'\r').collect() };
    ours == origin || plain(&ours) == plain(&origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A vendor directory as go leaves it, and the cache that it came from; what is done to the former; what is found.
    fn odd(change: impl Fn(&Path)) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let (b, c) = ("cache/a.io/!b@v1.2.3", "cache/fork.io/c@v1.0.0");
        for (root, ignored) in [(b, true), ("vendor/a.io/B", false)] {
            write(&format!("{root}/LICENSE"), "free\n");
            write(&format!("{root}/p/p.go"), "package p\n");
            write(&format!("{root}/p/data/x.txt"), "embedded\n");
            if ignored {
                write(&format!("{root}/b.go"), "package b // not needed\n");
                write(&format!("{root}/p/p_test.go"), "package p\n");
                write(&format!("{root}/p/gen.go"), "//go:build ignore\n\npackage main\n");
                write(&format!("{root}/go.mod"), "module a.io/B\n");
            }
        }
        for root in [c, "vendor/a.io/B/c"] {
            write(&format!("{root}/c.go"), "package c\n");
        }
        write("vendor/a.io/local/l.go", "package l\n");
        write("vendor/a.io/uncached/u.go", "package u\n");
        let list = "# a.io/B v1.2.3\n## explicit\na.io/B/p\n# a.io/B/c v1.2.0 => fork.io/c v1.0.0\na.io/B/c\n\
                    # a.io/local v1.0.0 => ./l\na.io/local\n# a.io/uncached v1.0.0\na.io/uncached\n";
        change(&dir.path().join("vendor"));
        let vendored = vendor::read(list);
        let odd = differences(&dir.path().join("vendor"), &vendored, &dir.path().join("cache"));
        odd.into_values().flatten().collect()
    }

    #[test]
    fn what_go_copied_is_what_the_module_holds() {
        assert_eq!(odd(|_| {}), [""; 0]);
        let crlf = |vendor: &Path| fs::write(vendor.join("a.io/B/p/p.go"), "package p\r\n").unwrap();
        assert_eq!(odd(crlf), [""; 0]);
    }

    #[test]
    fn what_was_changed_is_named() {
        assert_eq!(
            odd(|vendor| {
                fs::write(vendor.join("a.io/B/p/p.go"), "package q\n").unwrap();
                fs::write(vendor.join("a.io/B/p/more.go"), "package p\n").unwrap();
                fs::write(vendor.join("a.io/B/p/data/x.txt"), "else\n").unwrap();
                fs::remove_file(vendor.join("a.io/B/c/c.go")).unwrap();
                fs::write(vendor.join("a.io/local/l.go"), "package x\n").unwrap();
            }),
            [
                "a.io/B/p/data/x.txt",
                "a.io/B/p/more.go",
                "a.io/B/p/p.go",
                "a.io/B/c/c.go (missing)"
            ]
        );
        let link = |vendor: &Path| {
            let path = vendor.join("a.io/B/p/p.go");
            fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink("/etc/hostname", path).unwrap();
        };
        assert_eq!(odd(link), ["a.io/B/p/p.go"]);
    }
}
