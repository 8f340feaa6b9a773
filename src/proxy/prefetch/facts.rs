//! What may be asked for ahead of go: the project's files, read once, and the rule over them.

use super::super::request::{Kind, Resource};
use crate::bounded;
use crate::gomod::{self, Directives, Sums, escape, pattern, semver, sums::sum_lines};
use crate::world::clean;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// A module version.
pub type Module = (String, String);

/// A module that is worked on here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Main {
    /// Its path.
    pub path: String,
    /// Where it stands.
    pub dir: PathBuf,
    /// What it requires, in its order, at the versions written.
    pub requires: Vec<Module>,
    /// Whether its go.mod lists all that its packages need (Go 1.17 and later).
    pub pruned: bool,
    /// Its `tool` lines.
    pub tools: Vec<String>,
}

/// Where a module's files are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// In a directory: a main module, or one that stands in for another.
    Dir(PathBuf),
    /// At the proxy.
    Module(Module),
}

/// The facts of a run.
#[derive(Debug, Default)]
pub struct Facts {
    /// The module in effect, or the members of the workspace.
    pub mains: Vec<Main>,
    /// Whether a go.work is in effect.
    pub workspace: bool,
    /// What go.sum has the hash of a zip of.
    pub zips: Vec<Module>,
    /// What it has the hash of a go.mod of.
    pub go_mods: Vec<Module>,
    /// Requirements of the directories that stand in for modules.
    pub local: HashMap<PathBuf, Directives>,
    versions: HashMap<String, String>,
    sums: Sums,
    replaced: HashMap<(String, Option<String>), Place>,
    excluded: HashSet<Module>,
    private: String,
}

impl Facts {
    /// Reads the files: the go.mod, or the go.work, in effect. `private` is GONOPROXY.
    pub fn read(module: Option<&Path>, work: Option<&Path>, private: &str) -> Facts {
        let text = |path: &Path| bounded::read_file(path).unwrap_or_default();
        let mut sums = Vec::new();
        let mut files = Vec::new();
        let mut modules: Vec<PathBuf> = module.map(Path::to_path_buf).into_iter().collect();
        if let Some(work) = work {
            let own = text(work);
            sums.push(text(&work.with_extension("work.sum")));
            let dir = work.parent().unwrap_or(work);
            let uses = gomod::workspace_uses(&own, dir);
            modules = uses.iter().map(|dir| dir.join("go.mod")).collect();
            // Its `replace` lines win over those of the members.
            let own = Directives {
                requires: Vec::new(),
                module: None,
                ..gomod::directives(&own)
            };
            files.push((dir.to_path_buf(), own));
        }
        for module in &modules {
            sums.push(text(&module.with_extension("sum")));
            let dir = module.parent().unwrap_or(module).to_path_buf();
            files.push((dir, gomod::directives(&text(module))));
        }
        let mut facts = Facts::of(files, &sums, private);
        facts.workspace = work.is_some();
        for place in facts.replaced.values() {
            if let Place::Dir(dir) = place {
                let directives = gomod::directives(&text(&dir.join("go.mod")));
                facts.local.insert(dir.clone(), directives);
            }
        }
        facts.choose();
        facts
    }

    /// The facts in what was read: each file with its directory, and the go.sum files.
    pub fn of(files: Vec<(PathBuf, Directives)>, sums: &[Vec<u8>], private: &str) -> Facts {
        let mut facts = Facts {
            private: private.to_owned(),
            ..Facts::default()
        };
        for text in sums {
            facts.sums.add(text);
            for line in sum_lines(text) {
                let module = (line.module.to_owned(), line.version.to_owned());
                match line.go_mod {
                    true => facts.go_mods.push(module),
                    false => facts.zips.push(module),
                }
            }
        }
        for (dir, file) in files {
            let pruned = file.is_pruned();
            for replace in file.replaced {
                let place = match replace.at {
                    Some(version) => Place::Module((replace.by, version)),
                    None => Place::Dir(clean(&dir.join(replace.by))),
                };
                let key = (replace.path, replace.version);
                facts.replaced.entry(key).or_insert(place);
            }
            facts.excluded.extend(file.excluded);
            let Some(path) = file.module else { continue };
            facts.mains.push(Main {
                path,
                dir,
                requires: file.requires.into_iter().map(|r| (r.path, r.version)).collect(),
                pruned,
                tools: file.tools,
            });
        }
        facts.choose();
        facts
    }

    /// Whether the go.mod files tell the whole build list, and so the version of every module that can be imported.
    pub fn is_pruned(&self) -> bool {
        self.mains.iter().all(|main| main.pruned)
    }

    // The version of each path in the build list. The go.mod of a main module of Go 1.17 or later names it, and the
    // build list of a workspace has the highest of them. An older one names a lower bound; go.sum has the hash of the
    // zip of what was chosen in the end, as `go mod tidy` leaves it.
    fn choose(&mut self) {
        let mut versions: HashMap<String, String> = HashMap::new();
        for (path, version) in self.mains.iter().flat_map(|main| &main.requires) {
            let known = versions.entry(path.clone()).or_insert_with(|| version.clone());
            if semver::compare(known, version) == Ordering::Less {
                known.clone_from(version);
            }
        }
        if self.workspace || !self.is_pruned() {
            let mut listed: HashMap<&String, Vec<&String>> = HashMap::new();
            for (path, version) in &self.zips {
                let of = listed.entry(path).or_default();
                if !of.contains(&version) {
                    of.push(version);
                }
            }
            for (path, of) in listed {
                let known = versions.get(path).is_some_and(|v| of.contains(&v));
                if let [one] = of.as_slice()
                    && !known
                {
                    versions.insert(path.clone(), (*one).clone());
                }
            }
        }
        self.versions = versions;
    }

    /// What the main modules require, in their order, at the versions of the build list.
    pub fn requires(&self) -> Vec<Module> {
        let required = self.mains.iter().flat_map(|main| &main.requires);
        let mut seen = HashSet::new();
        let paths = required.map(|(path, _)| path).filter(|path| seen.insert(*path));
        paths.filter_map(|path| self.selected(path)).collect()
    }

    /// The version of a path in the build list, as far as the files tell.
    pub fn selected(&self, path: &str) -> Option<Module> {
        Some((path.to_owned(), self.versions.get(path)?.clone()))
    }

    /// Where a module's files are, by the `replace` lines.
    pub fn place(&self, (path, version): &Module) -> Place {
        let at = |version: Option<&String>| self.replaced.get(&(path.clone(), version.cloned()));
        match at(Some(version)).or_else(|| at(None)) {
            Some(place) => place.clone(),
            None => Place::Module((path.clone(), version.clone())),
        }
    }

    /// Every module of the build list that a package may be in, by its path, longest first: go looks at all of them,
    /// in case two provide it (cmd/go/internal/modload/import.go: importFromModules).
    pub fn providers<'a>(&self, package: &'a str) -> Vec<(&'a str, Place)> {
        let mut found = Vec::new();
        let mut prefix = package;
        loop {
            if let Some(main) = self.mains.iter().find(|main| main.path == prefix) {
                found.push((prefix, Place::Dir(main.dir.clone())));
            } else if let Some(version) = self.versions.get(prefix) {
                found.push((prefix, self.place(&(prefix.to_owned(), version.clone()))));
            }
            match prefix.rsplit_once('/') {
                Some((shorter, _)) => prefix = shorter,
                None => return found,
            }
        }
    }

    /// Whether a path is that of a module worked on here.
    pub fn is_main(&self, path: &str) -> bool {
        self.mains.iter().any(|main| main.path == path)
    }

    /// The request for a module's file, if it may be made ahead of go's: its exact go.sum line exists, and go itself
    /// would ask the proxy for it. A `.info` has no line of its own; any line of its version speaks for it.
    pub fn resource(&self, module: &Module, kind: &Kind) -> Option<Resource> {
        let (path, version) = module;
        let line = |go_mod| !self.sums.of(path, version, go_mod).is_empty();
        let (listed, extension) = match kind {
            Kind::Zip => (line(false), "zip"),
            Kind::Mod => (line(true), "mod"),
            Kind::Info => (line(false) || line(true), "info"),
            _ => return None,
        };
        let kept = self.place(module) != Place::Module(module.clone())
            || self.is_main(path)
            || self.excluded.contains(module)
            || pattern::matches_prefix(&self.private, path);
        if !listed || kept {
            return None;
        }
        // go escapes `!` in its turn (modfetch/proxy.go: pathEscape).
        let wire = file(path, version, extension).replace('!', "%21");
        Resource::parse(&wire).filter(|r| r.immutable)
    }
}

/// Where the module cache keeps a file, below `cache/download`, and the proxy's path of it
/// (golang.org/x/mod/module: EscapePath).
pub fn file(path: &str, version: &str, extension: &str) -> String {
    format!("{}/@v/{}.{extension}", escape(path), escape(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(go: &str) -> Facts {
        let main = gomod::directives(
            format!(
                "module m.io/main\ngo {go}\nrequire (\n z.io/ind v1.0.0 // indirect\n a.io/Up v1.0.0\n b.io/two v1.0.0\n\
                 m.io/other v1.0.0\n r.io/to v1.0.0\n r.io/all v1.0.0\n b.io/two/sub v0.1.0\n)\n\
                 replace r.io/all => ./r\nreplace r.io/one v1.0.0 => ./o\nreplace r.io/to => t.io/t v1.0.0\nexclude e.io/e v1.0.0\n"
            )
            .as_bytes(),
        );
        let other = gomod::directives(b"module m.io/other\ngo 1.21\nrequire b.io/two v1.1.0\n");
        let mut sums = Vec::new();
        for path in [
            "a.io/Up",
            "m.io/other",
            "r.io/all",
            "r.io/one",
            "e.io/e",
            "p.corp.io/x",
        ] {
            for version in ["v1.0.0", "v1.1.0", "main"] {
                sums.push(format!("{path} {version} h1:x\n{path} {version}/go.mod h1:x\n").into_bytes());
            }
        }
        sums.push(b"g.io/g v1.0.0/go.mod h1:x\ns.io/s v1.2.0 h1:x\n".to_vec());
        let files = vec![("/m".into(), main), ("/o".into(), other)];
        Facts::of(files, &sums, "*.corp.io")
    }

    #[test]
    fn only_what_has_its_line_and_is_gos_to_ask() {
        let facts = facts("1.21");
        for (path, version, kind, want) in [
            ("a.io/Up", "v1.0.0", Kind::Zip, Some("a.io/%21up/@v/v1.0.0.zip")),
            ("a.io/Up", "v1.0.0", Kind::Mod, Some("a.io/%21up/@v/v1.0.0.mod")),
            ("a.io/Up", "v1.0.0", Kind::Info, Some("a.io/%21up/@v/v1.0.0.info")),
            ("a.io/Up", "v1.0.1", Kind::Info, None),
            ("a.io/Up", "main", Kind::Zip, None),
            ("a.io/Up", "v1.0.0", Kind::List, None),
            ("g.io/g", "v1.0.0", Kind::Zip, None),
            ("g.io/g", "v1.0.0", Kind::Mod, Some("g.io/g/@v/v1.0.0.mod")),
            ("g.io/g", "v1.0.0", Kind::Info, Some("g.io/g/@v/v1.0.0.info")),
            ("m.io/other", "v1.0.0", Kind::Zip, None),
            ("r.io/all", "v1.1.0", Kind::Zip, None),
            ("r.io/one", "v1.0.0", Kind::Zip, None),
            ("r.io/one", "v1.1.0", Kind::Zip, Some("r.io/one/@v/v1.1.0.zip")),
            ("e.io/e", "v1.0.0", Kind::Mod, None),
            ("e.io/e", "v1.1.0", Kind::Mod, Some("e.io/e/@v/v1.1.0.mod")),
            ("p.corp.io/x", "v1.0.0", Kind::Info, None),
        ] {
            let got = facts.resource(&(path.into(), version.into()), &kind);
            assert_eq!(got.map(|r| r.wire).as_deref(), want, "{path}@{version} {kind:?}");
        }
    }

    #[test]
    fn packages_have_their_modules() {
        let module = |path: &str, version: &str| Place::Module((path.into(), version.into()));
        let new = facts("1.21");
        for (package, want) in [
            ("a.io/Up/x", vec![("a.io/Up", module("a.io/Up", "v1.0.0"))]),
            (
                "b.io/two/sub/y",
                vec![
                    ("b.io/two/sub", module("b.io/two/sub", "v0.1.0")),
                    ("b.io/two", module("b.io/two", "v1.1.0")),
                ],
            ),
            ("m.io/main/cmd", vec![("m.io/main", Place::Dir("/m".into()))]),
            ("r.io/all", vec![("r.io/all", Place::Dir("/m/r".into()))]),
            ("r.io/to/z", vec![("r.io/to", module("t.io/t", "v1.0.0"))]),
            ("s.io/s", vec![]),
            ("net/http", vec![]),
        ] {
            assert_eq!(new.providers(package), want, "{package}");
        }
        // What an old go.mod does not say stands in go.sum.
        let old = facts("1.16");
        assert!(!old.is_pruned() && new.is_pruned());
        assert_eq!(old.providers("s.io/s"), [("s.io/s", module("s.io/s", "v1.2.0"))]);
        assert_eq!(old.selected("s.io/s"), Some(("s.io/s".into(), "v1.2.0".into())));
        assert_eq!(new.requires().len(), 7);
    }
}
