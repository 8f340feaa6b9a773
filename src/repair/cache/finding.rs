//! What can be wrong with a cached module: the stable ids, how much each matters and what mends it.

use super::layout::Module;
use crate::error::{Finding, Level};

/// A part of a cached module that can be replaced by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// `V.zip`.
    Zip,
    /// `V.ziphash`.
    Hash,
    /// The extracted tree.
    Tree,
    /// `V.mod`.
    Mod,
    /// `V.info`.
    Info,
}

/// A thing that can be wrong.
#[derive(Debug)]
pub struct Kind {
    /// Its id, which never changes its meaning.
    pub id: &'static str,
    /// How much it matters.
    pub level: Level,
    /// What it means, for docs/cache.md.
    pub means: &'static str,
    /// What `repair` replaces; empty where it can't help.
    pub parts: &'static [Part],
}

const fn kind(id: &'static str, level: Level, parts: &'static [Part], means: &'static str) -> Kind {
    Kind {
        id,
        level,
        means,
        parts,
    }
}

use Level::{Error, Note, Warning};
use Part::{Hash, Info, Mod, Tree, Zip};

/// go takes a tree whose `.ziphash` is gone for half extracted, so the tree goes with the hash, and the hash with the zip.
const WHOLE: &[Part] = &[Zip, Hash, Tree];

/// All of them; docs/cache.md is held against this table.
pub const KINDS: &[Kind] = &[
    kind("zip-broken", Error, WHOLE, "the zip can't be read to its end"),
    kind(
        "zip-foreign",
        Error,
        WHOLE,
        "the zip holds files that are not this module's",
    ),
    kind(
        "zip-sum",
        Error,
        WHOLE,
        "the zip is not what go.sum says; go checks only the `.ziphash` beside it",
    ),
    kind(
        "zip-hash",
        Error,
        WHOLE,
        "the zip is not what its `.ziphash` says, and no go.sum here tells which is right",
    ),
    kind(
        "hash-sum",
        Error,
        &[Hash, Tree],
        "the `.ziphash` is not what go.sum says, though the zip is: go refuses it",
    ),
    kind(
        "hash-missing",
        Warning,
        &[Hash, Tree],
        "there is no `.ziphash`: go extracts the module again each time it finds that",
    ),
    kind(
        "tree-changed",
        Error,
        &[Tree],
        "extracted files are not those of the zip: builds use what nobody vouches for",
    ),
    kind(
        "tree-missing",
        Error,
        &[Tree],
        "files of the zip are not in the extracted tree",
    ),
    kind(
        "tree-extra",
        Error,
        &[Tree],
        "the extracted tree holds files that are not in the zip; go compiles those too",
    ),
    kind(
        "tree-sum",
        Error,
        WHOLE,
        "the extracted tree is not what go.sum or the `.ziphash` says, and no sound zip is there to compare with",
    ),
    kind(
        "tree-partial",
        Warning,
        &[Tree],
        "the tree was never extracted to its end, or is no directory; go does it again when it needs it",
    ),
    kind("mod-sum", Error, &[Mod], "the `.mod` is not what go.sum says"),
    kind(
        "mod-zip",
        Error,
        &[Mod],
        "the `.mod` is not the go.mod in the zip",
    ),
    kind(
        "mod-missing",
        Warning,
        &[Mod],
        "there is no `.mod`, so go needs the network for it",
    ),
    kind(
        "info-broken",
        Warning,
        &[Info],
        "the `.info` is not JSON, or speaks of another version",
    ),
    kind("unreadable", Error, &[], "a file could not be read at all"),
    kind(
        "foreign-owner",
        Warning,
        &[],
        "entries belong to another user, who can change them and may keep go from doing so",
    ),
    kind(
        "open-to-all",
        Warning,
        &[],
        "everybody may write to entries: whoever is on this machine chooses what is compiled",
    ),
    kind(
        "not-writable",
        Warning,
        &[],
        "go can't lock or add files beside these",
    ),
    kind(
        "zip-unread",
        Note,
        &[],
        "the zip has too large a directory to be looked at here",
    ),
    kind(
        "in-progress",
        Note,
        &[],
        "another process downloads or extracts it now",
    ),
    kind(
        "info-missing",
        Note,
        &[],
        "there is no `.info`; go needs one only for some commands",
    ),
];

/// A finding about a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Which; `None` for what concerns many.
    pub module: Option<Module>,
    /// Id, level, words, evidence and fix.
    pub finding: Finding,
    /// What `repair` would replace.
    pub parts: &'static [Part],
}

impl Damage {
    /// Of this id, which must be one of [`KINDS`]; `evidence` is the file or directory.
    pub fn new(id: &'static str, module: &Module, what: String, evidence: String) -> Damage {
        let mut damage = Damage::of_many(id, what, evidence, String::new());
        damage.finding.what = format!("{module}: {}", damage.finding.what);
        if !damage.parts.is_empty() {
            damage.finding.fix = format!("gosteady cache repair {module}");
        } else if id == "unreadable" {
            damage.finding.fix = "make it readable for yourself, then verify again".into();
        }
        damage.module = Some(module.clone());
        damage
    }

    /// The same about many modules at once.
    pub fn of_many(id: &'static str, what: String, evidence: String, fix: String) -> Damage {
        let kind = KINDS.iter().find(|kind| kind.id == id);
        debug_assert!(kind.is_some(), "{id} is in no table");
        Damage {
            module: None,
            finding: Finding {
                id,
                level: kind.map_or(Level::Error, |kind| kind.level),
                what,
                evidence,
                fix,
            },
            parts: kind.map_or(&[], |kind| kind.parts),
        }
    }
}

/// Whether anything is worse than a note.
pub fn faulty(found: &[Damage]) -> bool {
    found.iter().any(|damage| damage.finding.level > Level::Note)
}
