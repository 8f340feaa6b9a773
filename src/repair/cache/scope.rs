//! Which modules are meant, and what go.sum says about them.

use super::layout::{Layout, Module};
use crate::bounded;
use crate::config::goenv::GoEnv;
use crate::gomod::sums::sum_lines;
use crate::gomod::{self, Sums};
use crate::toolchain::floor;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The files of hashes that count at a directory, there or not: a workspace's and its members', or a module's own, beside
/// `-modfile` in GOFLAGS where that is set. Empty outside of a module.
pub fn sum_files(env: &GoEnv, dir: &Path) -> Vec<PathBuf> {
    let Some(file) = floor::file_in_effect(env, dir) else {
        return Vec::new();
    };
    if file.extension().is_some_and(|e| e == "work") {
        return gomod::workspace_sums(&file, &bounded::read_file(&file).unwrap_or_default());
    }
    let named = env.flag("modfile").filter(|named| !named.is_empty());
    let named = named.map(|named| dir.join(named));
    vec![named.unwrap_or(file).with_extension("sum")]
}

/// What is looked at.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Those of which something is in the cache, in order.
    pub modules: Vec<Module>,
    /// What the project's files say.
    pub sums: Sums,
    /// The lines of those files, for a go that is to know them too.
    pub lines: Vec<u8>,
    /// The files that are there.
    pub files: Vec<PathBuf>,
}

impl Scope {
    /// What the project's go.sum files name, or everything in the cache; the hashes are the project's either way.
    pub fn of(layout: &Layout, env: &GoEnv, dir: &Path, all: bool) -> Scope {
        let mut scope = Scope::default();
        for file in sum_files(env, dir) {
            let Ok(text) = bounded::read_file(&file) else {
                continue;
            };
            scope.sums.add(&text);
            scope.lines.extend_from_slice(&text);
            scope.lines.push(b'\n');
            scope.files.push(file);
        }
        scope.modules = match all {
            true => layout.modules(),
            false => {
                let lines = sum_lines(&scope.lines);
                let named: BTreeSet<Module> =
                    lines.filter_map(|l| Module::new(l.module, l.version)).collect();
                named.into_iter().filter(|module| layout.holds(module)).collect()
            }
        };
        scope
    }

    /// Only these: `PATH@VERSION`, or `PATH` for all of its versions. Fails with the first that is not there.
    pub fn only(&mut self, layout: &Layout, names: &[String]) -> Result<(), String> {
        let mut chosen = BTreeSet::new();
        for name in names {
            let mut here = self.modules.clone();
            here.retain(|m| m.path == *name || m.to_string() == *name);
            here.extend(Module::parse(name).filter(|module| layout.holds(module)));
            if here.is_empty() {
                return Err(name.clone());
            }
            chosen.extend(here);
        }
        self.modules = chosen.into_iter().collect();
        Ok(())
    }
}
