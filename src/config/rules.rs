//! The rules of `gosteady check`: a stable id, how much each matters in which profile, what it is about. They stand here
//! because files of settings name them.

use crate::error::Level::{self, Error, Note, Warning};

/// What the code is about to be used for; each is stricter than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Profile {
    /// On a developer's machine: replacing by directories is normal work.
    #[default]
    Dev,
    /// For a merge: what everybody would get.
    Test,
    /// For a release: only tagged, verified versions.
    Prod,
}

impl Profile {
    /// All, the least strict first.
    pub const ALL: [Profile; 3] = [Profile::Dev, Profile::Test, Profile::Prod];

    /// The profile of a name.
    pub fn parse(name: &str) -> Option<Profile> {
        Profile::ALL.into_iter().find(|profile| profile.as_str() == name)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Profile::Dev => "dev",
            Profile::Test => "test",
            Profile::Prod => "prod",
        }
    }
}

/// A rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Stable id.
    pub id: &'static str,
    /// Its level in the profiles dev, test and prod; `None`: off.
    pub levels: [Option<Level>; 3],
    /// What it demands, in one sentence.
    pub about: &'static str,
}

/// The words of levels, as files and the command line have them; `None` switches a rule off.
pub const LEVELS: &[(&str, Option<Level>)] = &[
    ("error", Some(Error)),
    ("warn", Some(Warning)),
    ("note", Some(Note)),
    ("off", None),
];

/// The word of a level.
pub fn word(level: Option<Level>) -> &'static str {
    let known = LEVELS.iter().find(|(_, known)| *known == level);
    known.map_or("off", |(word, _)| word)
}

/// The rule with an id.
pub fn find(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

const fn rule(id: &'static str, levels: [Option<Level>; 3], about: &'static str) -> Rule {
    Rule { id, levels, about }
}

const ALWAYS: [Option<Level>; 3] = [Some(Error); 3];
const ADVICE: [Option<Level>; 3] = [Some(Warning); 3];
const STRICTER: [Option<Level>; 3] = [Some(Warning), Some(Error), Some(Error)];
const RELEASE: [Option<Level>; 3] = [None, Some(Warning), Some(Error)];

/// All of them; `docs/check.md` shows a bad and a good example of each.
pub const RULES: &[Rule] = &[
    rule(
        "conflict-marker",
        ALWAYS,
        "no file holds the markers of an unfinished merge",
    ),
    rule("unreadable", ALWAYS, "what go reads of a module can be read"),
    rule("gomod-syntax", ALWAYS, "go.mod and go.work can be read by go"),
    rule(
        "version-not-canonical",
        ALWAYS,
        "versions have the form v1.2.3; go asks the network about any other",
    ),
    rule(
        "version-wrong-major",
        ALWAYS,
        "from v2 on, the major version ends the path",
    ),
    rule("require-duplicate", ADVICE, "a module is required once"),
    rule(
        "go-line-missing",
        ADVICE,
        "go.mod says which language it is written in",
    ),
    rule(
        "toolchain-below-go",
        ADVICE,
        "the toolchain line is not older than the go line",
    ),
    rule(
        "work-below-module",
        ALWAYS,
        "go.work asks for no older Go than its modules",
    ),
    rule(
        "toolchain-not-in-work",
        [Some(Note), Some(Warning), Some(Warning)],
        "go.work asks for the newest toolchain that its modules ask for",
    ),
    rule(
        "go-lines-differ",
        [None, Some(Note), Some(Note)],
        "the modules of a repository have one go line",
    ),
    rule(
        "pin-below-go",
        STRICTER,
        "the pinned Go is not older than the go line",
    ),
    rule(
        "pin-below-toolchain",
        ADVICE,
        "the pinned Go is not older than the toolchain line",
    ),
    rule("pins-disagree", ADVICE, "the pins of a directory name one Go"),
    rule(
        "replace-local",
        [None, Some(Error), Some(Error)],
        "nothing is replaced by a directory inside the repository",
    ),
    rule(
        "replace-outside",
        STRICTER,
        "nothing is replaced by a directory outside the repository",
    ),
    rule(
        "replace-missing",
        ALWAYS,
        "a directory that replaces a module is there and has a go.mod",
    ),
    rule(
        "replace-fork",
        [None, None, Some(Warning)],
        "nothing is replaced by another module",
    ),
    rule(
        "replace-unused",
        [Some(Note), Some(Warning), Some(Warning)],
        "what is replaced is used",
    ),
    rule(
        "pseudo-version",
        [None, Some(Error), Some(Error)],
        "requirements are tagged versions",
    ),
    rule(
        "pseudo-version-indirect",
        [None, Some(Note), Some(Warning)],
        "what others require is tagged too",
    ),
    rule(
        "pre-release",
        [None, None, Some(Warning)],
        "requirements are releases",
    ),
    rule(
        "incompatible",
        [None, None, Some(Note)],
        "requirements from v2 on are modules",
    ),
    rule(
        "several-majors",
        [None, Some(Note), Some(Note)],
        "a module is used in one major version",
    ),
    rule(
        "too-many-indirect",
        ADVICE,
        "not more than 150 indirect requirements",
    ),
    rule(
        "gosum-missing",
        ALWAYS,
        "a go.mod with requirements has its go.sum",
    ),
    rule(
        "gosum-syntax",
        ALWAYS,
        "each line of go.sum is a path, a version and a hash",
    ),
    rule("gosum-conflict", ALWAYS, "go.sum names one hash for one file"),
    rule(
        "gosum-incomplete",
        ALWAYS,
        "go.sum vouches for the go.mod of each requirement",
    ),
    rule("vendor-drift", ALWAYS, "vendor/modules.txt agrees with go.mod"),
    rule(
        "vendor-content",
        STRICTER,
        "vendored files are those of their modules",
    ),
    rule("sumdb-off", STRICTER, "the checksum database is in use"),
    rule("goflags-mod-mod", RELEASE, "no build rewrites go.mod"),
    rule(
        "goproxy-direct",
        [None, None, Some(Error)],
        "modules come through a proxy, never directly",
    ),
    rule(
        "goproxy-bypass",
        [None, None, Some(Error)],
        "no module is fetched past the proxy",
    ),
    rule(
        "settings-faulty",
        ADVICE,
        "gosteady's own settings are in effect as they are written",
    ),
    rule(
        "credentials-in-settings",
        ALWAYS,
        "no password stands in go's settings or in gosteady.toml",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_unique_and_documented_with_examples() {
        let docs = include_str!("../../docs/check.md");
        for (n, rule) in RULES.iter().enumerate() {
            assert!(RULES[..n].iter().all(|other| other.id != rule.id), "{}", rule.id);
            let section = docs.split("\n### ").find(|s| s.lines().next() == Some(rule.id));
            let section = section.unwrap_or_else(|| panic!("{} is not in docs/check.md", rule.id));
            assert!(
                section.contains("Bad:") && section.contains("Good:"),
                "{}",
                rule.id
            );
        }
        let documented = docs.matches("\n### ").count();
        assert_eq!(
            documented,
            RULES.len(),
            "docs/check.md describes rules that are not there"
        );
    }
}
