//! Putting one layer on top of those below it. Pure: texts in; settings, origins and findings out.

use super::checks::{self, Checks};
use super::key::{Key, Kind, Project};
use super::keys::{self, KEYS};
use super::origin::{Origin, Sourced, line_column};
use super::settings::Settings;
use super::value::{self, Base, Raw, Refusal};
use super::{Mark, finding, printable, suggest};
use crate::error::Finding;
use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What the layers so far add up to.
#[derive(Debug, Clone, Default)]
pub struct Stack {
    /// The values.
    pub settings: Settings,
    /// Who set what: indices into [`KEYS`], the later of two entries counts. A key without one has its default.
    pub origins: Vec<(usize, Origin)>,
    /// Every value that `go.version` was given, the weaker first: a pin that is overridden is told as well.
    pub go_versions: Vec<Sourced<String>>,
    /// What is said about the rules of `gosteady check`.
    pub checks: Checks,
    /// What was not taken and why, with its place where it has one in a file.
    pub faults: Vec<(Finding, Option<Mark>)>,
}

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The machine's or the user's: trusted.
    Trusted,
    /// The project's: may only tighten.
    Project,
}

/// A file that is being put on.
struct File<'a> {
    path: &'a Path,
    text: Arc<str>,
    owner: Owner,
    home: Option<&'a Path>,
}

impl File<'_> {
    fn mark(&self, span: Range<usize>) -> Mark {
        Mark {
            path: self.path.into(),
            text: Arc::clone(&self.text),
            span,
        }
    }
}

impl Stack {
    /// Puts a file on. A file that is no TOML gives one finding and changes nothing.
    pub fn file(&mut self, path: &Path, bytes: &[u8], owner: Owner, home: Option<&Path>) {
        // Editors elsewhere put a byte order mark in front; it is no part of the text.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let utf8 = std::str::from_utf8(bytes);
        let text: Arc<str> = String::from_utf8_lossy(bytes).into();
        let source = Arc::clone(&text);
        let file = File {
            path,
            text,
            owner,
            home,
        };
        if let Err(e) = utf8 {
            let at = e.valid_up_to();
            let replaced = at..at + char::REPLACEMENT_CHARACTER.len_utf8();
            return self.fault(file.mark(replaced), finding::syntax("a byte that is not UTF-8"));
        }
        let before = self.faults.len();
        match DeTable::parse(&source) {
            Ok(table) => self.table(&file, "", table.get_ref()),
            Err(e) => {
                let span = e.span().unwrap_or(0..0);
                self.fault(file.mark(span), finding::syntax(&printable(e.message(), 200)));
            }
        }
        // The parsed table is in the order of its keys; a reader goes from top to bottom.
        self.faults[before..].sort_by_key(|(_, mark)| mark.as_ref().map(|m| m.span.start));
    }

    /// Notes a file that is there and can't be read.
    pub fn unreadable(&mut self, path: &Path, why: &str) {
        let place = super::printable_path(path);
        self.plain(finding::unreadable(place, why));
    }

    fn table(&mut self, file: &File<'_>, prefix: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let path = match prefix {
                "" => name.get_ref().to_string(),
                _ => format!("{prefix}.{}", name.get_ref()),
            };
            self.entry(file, &path, name.span(), value);
        }
    }

    fn entry(&mut self, file: &File<'_>, path: &str, name: Range<usize>, value: &Spanned<DeValue<'_>>) {
        if let Some(index) = KEYS.iter().position(|k| k.path == path) {
            return self.setting(file, index, name, value);
        }
        match value.get_ref() {
            DeValue::Table(rules) if path == checks::TABLE => {
                let place = |span| file.mark(span);
                for (finding, mark) in self.checks.read(file.owner, rules, &place) {
                    self.fault(mark, finding);
                }
            }
            _ if path == checks::TABLE => self.fault(file.mark(value.span()), finding::not_a_table(path)),
            DeValue::Table(below) if keys::is_table(path) => self.table(file, path, below),
            // One finding for the table, not one for everything in it.
            DeValue::Table(_) => self.fault(file.mark(name), finding::unknown(path, suggest::table(path))),
            _ if keys::is_table(path) => self.fault(file.mark(value.span()), finding::not_a_table(path)),
            _ => self.fault(file.mark(name), finding::unknown(path, suggest::path(path))),
        }
    }

    fn setting(&mut self, file: &File<'_>, index: usize, name: Range<usize>, value: &Spanned<DeValue<'_>>) {
        let key = &KEYS[index];
        let project = file.owner == Owner::Project;
        if project && key.project == Project::Never {
            return self.fault(file.mark(name), finding::not_allowed(key));
        }
        let base = Base {
            cwd: None,
            home: file.home,
        };
        match value::assign(key, &mut self.settings, Raw::Toml(value.get_ref()), base, project) {
            Ok(()) => {
                let (line, column) = line_column(&file.text, name.start);
                let path = file.path.into();
                self.taken(index, Origin::File { path, line, column });
            }
            Err(Refusal::Bad(why)) => {
                let written = file.text.get(value.span()).unwrap_or_default();
                self.fault(file.mark(value.span()), finding::bad(key, written, &why));
            }
            Err(Refusal::Looser(limit)) => {
                self.fault(file.mark(value.span()), finding::looser(key, &limit));
            }
        }
    }

    fn taken(&mut self, index: usize, origin: Origin) {
        if let (Kind::GoVersion(field), origin) = (KEYS[index].kind, origin.clone()) {
            let value = field(&mut self.settings).clone().unwrap_or_default();
            self.go_versions.push(Sourced { value, origin });
        }
        self.origins.push((index, origin));
    }

    /// Once every layer is there: what a project's file says about rules and can't have.
    pub fn settle(&mut self) {
        self.checks.policy = self.settings.policy;
        for (finding, mark) in self.checks.refused() {
            self.fault(mark, finding);
        }
    }

    fn fault(&mut self, mark: Mark, mut finding: Finding) {
        let (line, column) = line_column(&mark.text, mark.span.start);
        let path = super::printable_path(&mark.path);
        finding.evidence = format!("{path}:{line}:{column}");
        self.faults.push((finding, Some(mark)));
    }

    /// Puts the environment on. `names` are variables that are no settings and still ours.
    pub fn environment<'a>(
        &mut self,
        vars: impl Iterator<Item = (&'a OsStr, &'a OsStr)>,
        base: Base<'_>,
        known: impl Fn(&str) -> bool,
    ) {
        let mut seen = Vec::new();
        for (name, value) in vars.filter(|(n, _)| n.as_bytes().starts_with(b"GOSTEADY_")) {
            // As in `World::var`: the first of two equal names counts, and an empty one is unset.
            if value.is_empty() || seen.contains(&name) {
                continue;
            }
            seen.push(name);
            let name = name.to_string_lossy();
            let long = KEYS.iter().position(|k| k.variable == name);
            let short = KEYS.iter().position(|k| k.short == Some(&*name));
            match (long, short) {
                (Some(index), _) | (None, Some(index)) => {
                    // Short after long, whatever their order: the short name wins.
                    let beaten = long.is_some()
                        && self.origins.iter().any(|(i, origin)| {
                            *i == index && *origin == Origin::Env(KEYS[index].short.unwrap_or_default())
                        });
                    if !beaten {
                        let origin = if long.is_some() {
                            KEYS[index].variable
                        } else {
                            KEYS[index].preferred_variable()
                        };
                        self.text(index, value, base, Origin::Env(origin));
                    }
                }
                (None, None) if known(&name) => {}
                // Others may use the prefix for things of their own; only a near miss is worth a word.
                (None, None) => {
                    if let Some(meant) = suggest::variable(&name) {
                        self.plain(finding::unknown_variable(&printable(&name, 60), meant));
                    }
                }
            }
        }
    }

    /// Puts `KEY=VALUE` pairs of a command line on.
    pub fn command_line(&mut self, pairs: &[std::ffi::OsString], base: Base<'_>) {
        for pair in pairs {
            let bytes = pair.as_bytes();
            let (path, value) = match bytes.iter().position(|b| *b == b'=') {
                Some(i) => (&bytes[..i], &bytes[i + 1..]),
                None => (bytes, &b""[..]),
            };
            let path = String::from_utf8_lossy(path);
            match KEYS.iter().position(|k| k.path == path) {
                Some(index) => self.text(index, OsStr::from_bytes(value), base, Origin::CommandLine),
                None => {
                    let mut finding = finding::unknown(&path, suggest::path(&path));
                    finding.evidence = "command line".into();
                    self.plain(finding);
                }
            }
        }
    }

    fn text(&mut self, index: usize, value: &OsStr, base: Base<'_>, origin: Origin) {
        let key: &'static Key = &KEYS[index];
        match value::assign(key, &mut self.settings, Raw::Text(value), base, false) {
            Ok(()) => self.taken(index, origin),
            Err(Refusal::Bad(why) | Refusal::Looser(why)) => {
                let mut finding = finding::bad(key, &value.to_string_lossy(), &why);
                finding.evidence = origin.to_string();
                self.plain(finding);
            }
        }
    }

    fn plain(&mut self, finding: Finding) {
        self.faults.push((finding, None));
    }
}
