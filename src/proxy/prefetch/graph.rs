//! Which go.mod files go reads to know the module graph. Pure.
//!
//! Source: cmd/go/internal/modload/buildlist.go (readModGraph).

use super::facts::{Facts, Module, Place};
use crate::gomod::{self, Directives};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The walk through it.
#[derive(Debug)]
pub struct Graph {
    facts: Arc<Facts>,
    /// Modules, and whether all that they lead to is read.
    visited: HashSet<(Module, bool)>,
    /// Those whose go.mod has not come, and whether all that they lead to is read.
    waiting: HashMap<Module, Vec<bool>>,
    known: HashMap<Module, Arc<Summary>>,
    fresh: Vec<Module>,
    reached: Vec<String>,
}

/// What counts in a go.mod.
#[derive(Debug)]
struct Summary {
    pruned: bool,
    requires: Vec<Module>,
}

impl Summary {
    fn of(directives: &Directives) -> Arc<Summary> {
        let requires = directives.requires.iter();
        Arc::new(Summary {
            pruned: directives.is_pruned(),
            requires: requires.map(|r| (r.path.clone(), r.version.clone())).collect(),
        })
    }
}

impl Graph {
    /// The graph of the main modules. Of an old one every go.mod with a line in go.sum is read, in the end.
    pub fn new(facts: Arc<Facts>) -> Graph {
        let mut graph = Graph {
            facts: Arc::clone(&facts),
            visited: HashSet::new(),
            waiting: HashMap::new(),
            known: HashMap::new(),
            fresh: Vec::new(),
            reached: Vec::new(),
        };
        for main in &facts.mains {
            for module in &main.requires {
                graph.visit(module.clone(), !main.pruned);
            }
        }
        if !facts.is_pruned() {
            graph.fresh.extend(facts.go_mods.iter().cloned());
        }
        graph
    }

    /// The modules whose go.mod is wanted since this was asked last.
    pub fn fresh(&mut self) -> Vec<Module> {
        std::mem::take(&mut self.fresh)
    }

    /// The paths that were met since this was asked last; some may come again.
    pub fn reached(&mut self) -> Vec<String> {
        std::mem::take(&mut self.reached)
    }

    /// Whether the go.mod of a module would lead on.
    pub fn waits_for(&self, module: &Module) -> bool {
        self.waiting.contains_key(module)
    }

    /// A go.mod has come.
    pub fn learn(&mut self, module: &Module, text: &[u8]) {
        let Some(waiting) = self.waiting.remove(module) else {
            return;
        };
        let summary = Summary::of(&gomod::directives(text));
        self.known.insert(module.clone(), Arc::clone(&summary));
        for whole in waiting {
            self.expand(&summary, whole);
        }
    }

    fn visit(&mut self, module: Module, whole: bool) {
        let mut next = vec![(module, whole)];
        while let Some((module, whole)) = next.pop() {
            if self.facts.is_main(&module.0) || !self.visited.insert((module.clone(), whole)) {
                continue;
            }
            self.reached.push(module.0.clone());
            let known = match self.facts.place(&module) {
                Place::Dir(dir) => self.facts.local.get(&dir).map(Summary::of),
                Place::Module(at) => {
                    let known = self.known.get(&at).cloned();
                    if known.is_none() {
                        let waiting = self.waiting.entry(at.clone()).or_default();
                        if waiting.is_empty() {
                            self.fresh.push(at);
                        }
                        waiting.push(whole);
                    }
                    known
                }
            };
            if let Some(summary) = known {
                next.extend(leads_to(&summary, whole));
            }
        }
    }

    fn expand(&mut self, summary: &Summary, whole: bool) {
        for (module, whole) in leads_to(summary, whole) {
            self.visit(module, whole);
        }
    }
}

// What a module of Go 1.17 or later leads to is in the go.mod of whoever requires it.
fn leads_to(summary: &Summary, whole: bool) -> Vec<(Module, bool)> {
    let whole = whole || !summary.pruned;
    let requires = summary.requires.iter().filter(|_| whole);
    requires.map(|module| (module.clone(), whole)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(main: &str, sums: &str) -> Vec<String> {
        let files = vec![("/m".into(), gomod::directives(main.as_bytes()))];
        let facts = Facts::of(files, &[sums.as_bytes().to_vec()], "");
        let mut graph = Graph::new(Arc::new(facts));
        let mut asked = Vec::new();
        loop {
            let fresh = graph.fresh();
            if fresh.is_empty() {
                asked.sort();
                asked.dedup();
                return asked;
            }
            for module in fresh {
                let text = match module.0.as_str() {
                    "new.io" => "go 1.17\nrequire b.io v1.0.0\n",
                    "old.io" => "go 1.16\nrequire (\n c.io v1.0.0\n new.io v1.0.0\n)\n",
                    "c.io" => "require d.io v1.0.0\n",
                    _ => "go 1.21\n",
                };
                asked.push(format!("{}@{}", module.0, module.1));
                graph.learn(&module, text.as_bytes());
            }
        }
    }

    #[test]
    fn old_modules_are_read_to_their_ends() {
        let requires = "require new.io v1.0.0\n";
        assert_eq!(
            walk(&format!("module m\ngo 1.21\n{requires}"), ""),
            ["new.io@v1.0.0"]
        );
        let all = ["b.io@v1.0.0", "new.io@v1.0.0"];
        assert_eq!(walk(&format!("module m\ngo 1.16\n{requires}"), ""), all);
        let all = [
            "b.io@v1.0.0",
            "c.io@v1.0.0",
            "d.io@v1.0.0",
            "new.io@v1.0.0",
            "old.io@v1.0.0",
        ];
        assert_eq!(walk("module m\ngo 1.21\nrequire old.io v1.0.0\n", ""), all);
        let sums = "x.io v1.0.0/go.mod h1:x\n";
        assert_eq!(walk("module m\ngo 1.16\n", sums), ["x.io@v1.0.0"]);
        assert!(walk("module m\ngo 1.17\n", sums).is_empty());
        let replaced = "module m\ngo 1.21\nrequire new.io v1.0.0\nreplace new.io => r.io v1.5.0\n";
        assert_eq!(walk(replaced, ""), ["r.io@v1.5.0"]);
    }
}
