//! Which modules a command's packages are in, found out as go itself does: a package's imports are known when its
//! module is there. Pure: what is to be read, and what was found there, go in and out.
//!
//! Source: cmd/go/internal/modload/load.go (loader.load, applyPkgFlags).

use super::contents::Imports;
use super::facts::{Facts, Place};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Whose tests are loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tests {
    /// Nobody's: `go build`.
    None,
    /// Those of the packages named: `go test`.
    Named,
    /// Those of the main modules: the pattern `all`, `go mod vendor`.
    Main,
    /// Those of every package in `all`: `go mod tidy`.
    All,
}

/// A package to be read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Package {
    /// Its directory in the module.
    pub dir: String,
    /// The module's path, by which it is imported; its files may be those of another one.
    pub module: String,
    /// Whether its tests may count, as it was named or is part of `all`.
    pub inner: bool,
}

/// The state of it.
#[derive(Debug)]
pub struct Needed {
    facts: Arc<Facts>,
    tests: Tests,
    seen: HashSet<(String, bool)>,
    reading: HashMap<Place, Vec<Package>>,
    fresh: Vec<Place>,
}

impl Needed {
    /// Nothing is needed yet.
    pub fn new(facts: Arc<Facts>, tests: Tests) -> Needed {
        Needed {
            facts,
            tests,
            seen: HashSet::new(),
            reading: HashMap::new(),
            fresh: Vec::new(),
        }
    }

    /// A package that was named.
    pub fn named(&mut self, package: &str) {
        self.want(package, true);
    }

    /// A package that is imported by what was named.
    pub fn imported(&mut self, package: &str) {
        self.want(package, false);
    }

    fn want(&mut self, package: &str, inner: bool) {
        let first = package.split('/').next().unwrap_or_default();
        if first.is_empty() || self.seen.contains(&(package.to_owned(), true)) {
            return;
        }
        if !self.seen.insert((package.to_owned(), inner)) {
            return;
        }
        for (module, place) in self.facts.providers(package) {
            let dir = package[module.len()..].trim_start_matches('/').to_owned();
            let module = module.to_owned();
            let package = Package { dir, module, inner };
            let waiting = self.reading.entry(place.clone()).or_default();
            if waiting.is_empty() {
                self.fresh.push(place);
            }
            waiting.push(package);
        }
    }

    /// The places in which packages wait to be read since this was asked last, in the order of the imports.
    pub fn fresh(&mut self) -> Vec<Place> {
        std::mem::take(&mut self.fresh)
    }

    /// What is to be read there; it is being read from now on.
    pub fn take(&mut self, place: &Place) -> Vec<Package> {
        self.reading.remove(place).unwrap_or_default()
    }

    /// What was read.
    pub fn found(&mut self, package: &Package, imports: &Imports) {
        let main = self.facts.is_main(&package.module);
        // Whether what it imports is part of `all`, as it is itself.
        let spreads = package.inner && matches!(self.tests, Tests::Main | Tests::All);
        for path in &imports.own {
            self.want(path, spreads);
        }
        let tests = match self.tests {
            Tests::None => false,
            Tests::Named | Tests::All => package.inner,
            Tests::Main => package.inner && main,
        };
        if tests {
            for path in &imports.tests {
                self.want(path, spreads && main);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gomod;

    fn imports(own: &[&str], tests: &[&str]) -> Imports {
        let list = |paths: &[&str]| paths.iter().map(|p| p.to_string()).collect();
        Imports {
            own: list(own),
            tests: list(tests),
        }
    }

    fn module_of(package: &str) -> String {
        package.split('/').take(2).collect::<Vec<_>>().join("/")
    }

    // Loads as the engine would, from a table of packages; gives the modules asked for.
    fn load(tests: Tests, named: &[&str], table: &[(&str, Imports)]) -> Vec<String> {
        let requires: String = table
            .iter()
            .map(|(p, _)| format!("require {} v1.0.0\n", module_of(p)))
            .collect();
        let text = format!(
            "module m.io/m\ngo 1.21\n{}",
            requires.replace("require m.io/m v1.0.0\n", "")
        );
        let main = gomod::directives(text.as_bytes());
        let facts = Facts::of(vec![("/m".into(), main)], &[], "");
        let mut needed = Needed::new(Arc::new(facts), tests);
        named.iter().for_each(|package| needed.named(package));
        let mut modules = Vec::new();
        let mut waiting = needed.fresh();
        while let Some(place) = waiting.pop() {
            if let Place::Module((path, _)) = &place {
                modules.push(path.clone());
            }
            for package in needed.take(&place) {
                let name = format!("{}/{}", package.module, package.dir);
                let name = name.trim_end_matches('/');
                if let Some((_, imports)) = table.iter().find(|(p, _)| *p == name) {
                    needed.found(&package, imports);
                }
            }
            waiting.extend(needed.fresh());
        }
        modules.sort();
        modules.dedup();
        modules
    }

    #[test]
    fn what_is_loaded_depends_on_whose_tests_count() {
        let table = [
            ("m.io/m", imports(&["fmt", "a.io/a", "m.io/m/sub"], &["b.io/b"])),
            ("m.io/m/sub", imports(&["c.io/c/deep"], &["d.io/d"])),
            ("m.io/m/other", imports(&["z.io/z"], &[])),
            ("a.io/a", imports(&["e.io/e"], &["f.io/f"])),
            ("b.io/b", imports(&[], &["g.io/g"])),
            ("c.io/c/deep", imports(&[], &[])),
            ("d.io/d", imports(&[], &[])),
            ("e.io/e", imports(&["a.io/a"], &["f.io/f"])),
            ("f.io/f", imports(&["h.io/h"], &["y.io/y"])),
            ("g.io/g", imports(&[], &[])),
            ("h.io/h", imports(&[], &[])),
            ("y.io/y", imports(&[], &[])),
            ("z.io/z", imports(&[], &[])),
        ];
        for (tests, want) in [
            (Tests::None, "a c e"),
            (Tests::Named, "a b c e"),
            (Tests::Main, "a b c d e"),
            (Tests::All, "a b c d e f g h"),
        ] {
            let got = load(tests, &["m.io/m"], &table).join(" ");
            let want: Vec<String> = want.split(' ').map(|l| format!("{l}.io/{l}")).collect();
            assert_eq!(got, want.join(" "), "{tests:?}");
        }
        assert_eq!(load(Tests::None, &["f.io/f"], &table), ["f.io/f", "h.io/h"]);
    }
}
