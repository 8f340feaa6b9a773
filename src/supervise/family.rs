//! Who started whom, and what kind of program each branch is: pure.

use super::evidence::processes::Sighting;

/// Version control programs that go starts itself (cmd/go/internal/vcs/vcs.go).
const VCS: [&str; 5] = ["git", "hg", "svn", "bzr", "fossil"];

/// What go has started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A version control program.
    Vcs,
    /// A command of GOAUTH.
    Helper,
    /// Anything else: go's own tools, compilers, programs of the user's.
    Other,
}

/// The processes of a silence, the child first.
#[derive(Debug)]
pub struct Family<'a> {
    // go itself, which may have been started by a script, and its descendants.
    root: Option<&'a Sighting>,
    below: Vec<&'a Sighting>,
    helpers: &'a [String],
}

impl<'a> Family<'a> {
    /// Of what was found; `helpers`: the programs of GOAUTH.
    pub fn new(all: &'a [Sighting], helpers: &'a [String]) -> Family<'a> {
        // golang.org/x/telemetry/start.go: go's own sidecar, which outlives it.
        let telemetry = |s: &Sighting| s.argv.get(1).is_some_and(|arg| arg.starts_with("** telemetry"));
        let mut root = all.first();
        let child = |of: &Sighting| {
            let mut children = all
                .iter()
                .skip(1)
                .filter(|s| s.process.parent == of.process.id.pid);
            children.next().filter(|_| children.next().is_none())
        };
        while let Some(only) = root.filter(|r| r.process.name != "go").and_then(child) {
            if !all.iter().any(|s| s.process.name == "go") {
                break;
            }
            root = Some(only);
        }
        let other = |s: &&Sighting| !telemetry(s) && root.is_none_or(|r| r.process.id != s.process.id);
        Family {
            root,
            below: all.iter().skip(1).filter(other).collect(),
            helpers,
        }
    }

    /// The youngest process of a kind that the child started itself.
    pub fn top(&self, kind: Kind) -> Option<&'a Sighting> {
        let root = self.root?.process.id.pid;
        let tops = self.below.iter().copied().filter(|s| s.process.parent == root);
        tops.filter(|s| self.kind(s) == kind)
            .max_by_key(|s| (s.process.id.started, s.process.id.pid))
    }

    /// A process and all that descend from it, itself first.
    pub fn below(&self, top: &'a Sighting) -> Vec<&'a Sighting> {
        let mut found = vec![top];
        let mut at = 0;
        while let Some(parent) = found.get(at).map(|s| s.process.id.pid) {
            found.extend(self.below.iter().filter(|s| s.process.parent == parent));
            at += 1;
        }
        found
    }

    /// The youngest below a process (or it itself) that has no children.
    pub fn leaf(&self, top: &'a Sighting) -> &'a Sighting {
        let below = self.below(top);
        youngest_childless(&below).unwrap_or(top)
    }

    /// The youngest descendant of the child that has no children.
    pub fn youngest_leaf(&self) -> Option<&'a Sighting> {
        youngest_childless(&self.below)
    }

    fn kind(&self, sighting: &Sighting) -> Kind {
        let program = sighting
            .argv
            .first()
            .map_or("", |p| p.rsplit('/').next().unwrap_or(p));
        let (program, name) = (program, sighting.process.name.as_str());
        if self.helpers.iter().any(|h| runs(&sighting.argv, h)) {
            Kind::Helper
        } else if VCS.contains(&program) || (program.is_empty() && VCS.contains(&name)) {
            Kind::Vcs
        } else {
            Kind::Other
        }
    }
}

// A script stands in its interpreter's arguments.
fn runs(argv: &[String], program: &str) -> bool {
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_string();
    argv.iter().take(2).any(|arg| name(arg) == name(program))
}

fn youngest_childless<'a>(processes: &[&'a Sighting]) -> Option<&'a Sighting> {
    let childless = |s: &&&Sighting| !processes.iter().any(|c| c.process.parent == s.process.id.pid);
    processes
        .iter()
        .filter(childless)
        .max_by_key(|s| (s.process.id.started, s.process.id.pid))
        .copied()
}
