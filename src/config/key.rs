//! What a setting is: its names, the kind of its value, and what a project's file may do with it.

use super::settings::{Settings, TraceTo};
use std::time::Duration;

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its path in a file, e.g. `proxy.hedge-after`.
    pub path: &'static str,
    /// Its variable by the rule: `GOSTEADY_` and the path in capitals, `.` and `-` as `_`.
    pub variable: &'static str,
    /// A shorter variable, which wins over the long one.
    pub short: Option<&'static str>,
    /// What it holds and where that is kept.
    pub kind: Kind,
    /// What a project's file may do with it.
    pub project: Project,
    /// What it means, one sentence without a full stop.
    pub doc: &'static str,
}

/// What a project's file, which travels with a clone and is not trusted, may do with a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Project {
    /// Nothing.
    Never,
    /// Make it stricter than the layers below it do: shorter, fewer, tighter; never the other way.
    Tighten,
    /// Whatever it likes.
    May,
}

impl Project {
    /// The rule in a word, as `gosteady config --json` and the documentation give it.
    pub fn word(self) -> &'static str {
        match self {
            Project::Never => "no",
            Project::Tighten => "stricter only",
            Project::May => "yes",
        }
    }
}

/// The kind of a setting, with the way to its place in [`Settings`].
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A duration longer than zero.
    Duration(fn(&mut Settings) -> &mut Duration),
    /// A duration, or `off`.
    Bound(fn(&mut Settings) -> &mut Option<Duration>),
    /// A whole number from 1 to `max`.
    Count {
        /// The greatest allowed.
        max: u32,
        /// Reads it.
        get: fn(&Settings) -> u32,
        /// Writes it.
        set: fn(&mut Settings, u32),
    },
    /// One of some words, the tightest first.
    Choice {
        /// The words.
        words: &'static [&'static str],
        /// Reads it.
        get: fn(&Settings) -> &'static str,
        /// Writes it; only ever called with one of `words`.
        set: fn(&mut Settings, &str),
    },
    /// `true` or `false`; `false` is the tighter one.
    Switch(fn(&mut Settings) -> &mut bool),
    /// A number of bytes.
    Size(fn(&mut Settings) -> &mut u64),
    /// A list of host names, each with or without a port.
    Hosts(fn(&mut Settings) -> &mut Vec<String>),
    /// A Go version, taken as it is written; whoever needs it reads it.
    GoVersion(fn(&mut Settings) -> &mut Option<String>),
    /// A list of hashes of toolchains.
    Sums(fn(&mut Settings) -> &mut Vec<String>),
    /// `state`, `off` or a path.
    Target(fn(&mut Settings) -> &mut TraceTo),
}

impl Kind {
    /// The kind in words, as the documentation and the advice of a finding put it.
    pub fn describe(&self) -> String {
        match self {
            Kind::Duration(_) => "a duration such as `30s`, `2m` or `1h 30m`".into(),
            Kind::Bound(_) => "a duration such as `30m`, or `off`".into(),
            Kind::Count { max, .. } => format!("a whole number from 1 to {max}"),
            Kind::Choice { words, .. } => {
                let words: Vec<_> = words.iter().map(|w| format!("`{w}`")).collect();
                match words.split_last() {
                    Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
                    _ => words.concat(),
                }
            }
            Kind::Switch(_) => "`true` or `false`".into(),
            Kind::Size(_) => "a size such as `200MiB` or `1GB`".into(),
            Kind::Hosts(_) => "a list of host names such as `[\"goproxy.example.com\"]`".into(),
            Kind::GoVersion(_) => "a Go version such as `1.26.6`".into(),
            Kind::Sums(_) => "a list of hashes such as `[\"go1.26.6.linux-amd64 h1:…\"]`".into(),
            Kind::Target(_) => "`state`, `off`, or the path of a file or directory".into(),
        }
    }
}

impl Key {
    /// The value that settings give it, as a person would write it.
    pub fn show(&self, settings: &Settings) -> String {
        super::value::show(self, settings)
    }

    /// The variable to recommend: the short one where there is one.
    pub fn preferred_variable(&self) -> &'static str {
        self.short.unwrap_or(self.variable)
    }
}
