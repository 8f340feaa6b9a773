//! What may be asked for ahead of go: the project's files, read once, and the rule over them.

use super::super::request::{Kind, Resource};
use crate::gomod::{self, Directives, Require, Sums, pattern};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Which commands are helped how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `go mod download` without arguments: everything that go.mod requires.
    Download,
    /// A command that loads packages: what go's own requests lead to.
    Load,
}

/// Where to read; nothing is read before go's first request.
#[derive(Debug, Clone)]
pub struct Sources {
    /// What the command needs.
    pub scope: Scope,
    /// The go.mod in effect; its go.sum stands beside it.
    pub module: Option<PathBuf>,
    /// The go.work in effect.
    pub work: Option<PathBuf>,
    /// GOMODCACHE.
    pub modcache: PathBuf,
}

/// A module version.
pub type Module = (String, String);

/// The facts of a run.
#[derive(Debug, Default)]
pub struct Facts {
    /// `require` lines of the main modules, direct ones first; paths required at two versions are left out.
    pub requires: Vec<Require>,
    versions: HashMap<String, String>,
    sums: Sums,
    members: HashSet<String>,
    replaced: HashSet<(String, Option<String>)>,
    excluded: HashSet<Module>,
    private: String,
}

impl Facts {
    /// Reads the files. `private` is GONOPROXY.
    pub fn read(sources: &Sources, private: &str) -> Facts {
        let text = |path: &Path| std::fs::read(path).unwrap_or_default();
        let mut sums = Sums::default();
        let mut files = Vec::new();
        let mut modules: Vec<PathBuf> = sources.module.iter().cloned().collect();
        if let Some(work) = &sources.work {
            let own = text(work);
            sums.add(&text(&work.with_extension("work.sum")));
            let uses = gomod::workspace_uses(&own, work.parent().unwrap_or(work));
            modules = uses.iter().map(|dir| dir.join("go.mod")).collect();
            files.push(gomod::directives(&own));
        }
        for module in &modules {
            sums.add(&text(&module.with_extension("sum")));
            files.push(gomod::directives(&text(module)));
        }
        Facts::of(files, sums, private)
    }

    /// The facts in what was read.
    pub fn of(files: Vec<Directives>, sums: Sums, private: &str) -> Facts {
        let mut facts = Facts {
            sums,
            private: private.to_owned(),
            ..Facts::default()
        };
        let mut ambiguous = HashSet::new();
        for file in files {
            facts.members.extend(file.module);
            facts.replaced.extend(file.replaced);
            facts.excluded.extend(file.excluded);
            for require in file.requires {
                match facts.versions.get(&require.path) {
                    None => {
                        facts
                            .versions
                            .insert(require.path.clone(), require.version.clone());
                        facts.requires.push(require);
                    }
                    Some(version) if *version == require.version => {}
                    Some(_) => drop(ambiguous.insert(require.path)),
                }
            }
        }
        facts.versions.retain(|path, _| !ambiguous.contains(path));
        facts.requires.retain(|r| !ambiguous.contains(&r.path));
        facts.requires.sort_by_key(|r| r.indirect);
        facts
    }

    /// The version at which the main modules require a path.
    pub fn version(&self, path: &str) -> Option<&str> {
        self.versions.get(path).map(String::as_str)
    }

    /// The request for a module's file, if it may be made ahead of go's: its exact go.sum line exists, and go itself
    /// would ask the proxy for it. A `.info` has no line of its own; any line of its version speaks for it.
    pub fn resource(&self, (path, version): &Module, kind: &Kind) -> Option<Resource> {
        let line = |go_mod| !self.sums.of(path, version, go_mod).is_empty();
        let (listed, extension) = match kind {
            Kind::Zip => (line(false), "zip"),
            Kind::Mod => (line(true), "mod"),
            Kind::Info => (line(false) || line(true), "info"),
            _ => return None,
        };
        let replaced = self.replaced.contains(&(path.clone(), None))
            || self.replaced.contains(&(path.clone(), Some(version.clone())));
        let kept = replaced
            || self.members.contains(path)
            || self.excluded.contains(&(path.clone(), version.clone()))
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

/// go's case escaping: `A` becomes `!a` (x/mod/module: escapeString).
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_uppercase() {
            out.push('!');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let main = gomod::directives(
            b"module m.io/main\nrequire (\n z.io/ind v1.0.0 // indirect\n a.io/Up v1.0.0\n b.io/two v1.0.0\n m.io/other v1.0.0\n)\n\
              replace r.io/all => ./r\nreplace r.io/one v1.0.0 => ./o\nexclude e.io/e v1.0.0\n",
        );
        let other = gomod::directives(b"module m.io/other\nrequire b.io/two v1.1.0\n");
        let mut sums = Sums::default();
        for path in [
            "a.io/Up",
            "m.io/other",
            "r.io/all",
            "r.io/one",
            "e.io/e",
            "p.corp.io/x",
        ] {
            for version in ["v1.0.0", "v1.1.0", "main"] {
                sums.add(format!("{path} {version} h1:x\n{path} {version}/go.mod h1:x\n").as_bytes());
            }
        }
        sums.add(b"g.io/g v1.0.0/go.mod h1:x\n");
        Facts::of(vec![main, other], sums, "*.corp.io")
    }

    #[test]
    fn only_what_has_its_line_and_is_gos_to_ask() {
        let facts = facts();
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
    fn direct_requirements_come_first_and_two_versions_are_none() {
        let facts = facts();
        let order: Vec<_> = facts.requires.iter().map(|r| r.path.as_str()).collect();
        assert_eq!(order, ["a.io/Up", "m.io/other", "z.io/ind"]);
        assert_eq!(facts.version("z.io/ind"), Some("v1.0.0"));
        assert_eq!(facts.version("b.io/two"), None);
    }
}
