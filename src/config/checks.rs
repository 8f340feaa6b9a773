//! The table `[check]`: what the layers say about the rules of `gosteady check`, and what of it is in effect.
//!
//! A project's file says for its project what its people agreed on, stricter or laxer than the defaults. What a user's or
//! the machine's file says about a rule, it can only make stricter; and where a policy is enforced, all of it.

use super::layer::Owner;
use super::rules::{self, LEVELS, Profile, RULES, Rule};
use super::{Mark, finding, suggest};
use crate::error::{Finding, Level};
use crate::gomod::pattern;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// More indirect requirements than this are worth a look, where nobody says otherwise.
pub const MAX_INDIRECT: u32 = 150;

/// The name of the table.
pub const TABLE: &str = "check";
const INDIRECT: &str = "max-indirect";
const ALLOWED: &str = "allow-replace";

/// What all layers say, the weaker first.
#[derive(Debug, Clone, Default)]
pub struct Checks {
    layers: Vec<Layer>,
    /// The policy that the shim enforces: then a project's file may only make rules stricter.
    pub policy: Option<Profile>,
}

/// What one file says.
#[derive(Debug, Clone)]
struct Layer {
    owner: Owner,
    levels: Vec<Said>,
    max_indirect: Option<(u32, Mark)>,
    allow_replace: Option<(Vec<String>, Mark)>,
}

/// A level of a rule, in one profile or in all.
#[derive(Debug, Clone)]
struct Said {
    profile: Option<Profile>,
    rule: &'static Rule,
    level: Option<Level>,
    mark: Mark,
}

impl Layer {
    fn level(&self, profile: Profile, id: &str) -> Option<Option<Level>> {
        let says = |wanted: Option<Profile>| {
            let mut said = self.levels.iter();
            said.find(|said| said.profile == wanted && said.rule.id == id)
        };
        says(Some(profile)).or_else(|| says(None)).map(|said| said.level)
    }
}

impl Checks {
    /// The level of a rule in a profile; `None` where it is off.
    pub fn level(&self, profile: Profile, id: &str) -> Option<Level> {
        let projects = self.said(Owner::Project, |layer| layer.level(profile, id));
        match (projects, self.floor(profile, id)) {
            (Some(level), Some(floor)) => level.max(floor),
            (Some(level), None) => level,
            (None, Some(floor)) => floor,
            (None, None) => default(profile, id),
        }
    }

    /// How many indirect requirements are fine.
    pub fn max_indirect(&self) -> u32 {
        let limit = |layer: &Layer| layer.max_indirect.as_ref().map(|(limit, _)| *limit);
        let trusted = self.said(Owner::Trusted, limit);
        let floor = trusted.or(self.policy.map(|_| MAX_INDIRECT));
        match (self.said(Owner::Project, limit), floor) {
            (Some(limit), Some(floor)) => limit.min(floor),
            (limit, floor) => limit.or(floor).unwrap_or(MAX_INDIRECT),
        }
    }

    /// Whether replacing by this directory or module is fine.
    pub fn may_replace_by(&self, target: &str) -> bool {
        let globs = |layer: &Layer| layer.allow_replace.as_ref().map(|(globs, _)| globs.clone());
        let trusted = self.said(Owner::Trusted, globs);
        let projects = || self.said(Owner::Project, globs).filter(|_| self.policy.is_none());
        let globs = trusted.or_else(projects).unwrap_or_default();
        // `./a/../../b` is not below `./a`.
        let climbs = target
            .trim_start_matches("../")
            .split('/')
            .any(|part| part == "..");
        !climbs && globs.iter().any(|glob| pattern::matches_prefix(glob, target))
    }

    /// What a project's file says and can't have, with its place.
    pub(super) fn refused(&self) -> Vec<(Finding, Mark)> {
        let mut refused = Vec::new();
        for layer in self.layers.iter().filter(|layer| layer.owner == Owner::Project) {
            for said in &layer.levels {
                let profiles = Profile::ALL.into_iter();
                let mut profiles = profiles.filter(|p| said.profile.is_none_or(|only| only == *p));
                let below = |p: &Profile| self.floor(*p, said.rule.id).is_some_and(|f| said.level < f);
                if let Some(profile) = profiles.find(below) {
                    let floor = self.floor(profile, said.rule.id).flatten();
                    let path = format!("{TABLE}.{}.{}", profile.as_str(), said.rule.id);
                    refused.push((finding::laxer(&path, rules::word(floor)), said.mark.clone()));
                }
            }
            if let Some((limit, mark)) = &layer.max_indirect
                && *limit > self.max_indirect()
            {
                let path = format!("{TABLE}.{INDIRECT}");
                refused.push((
                    finding::laxer(&path, &self.max_indirect().to_string()),
                    mark.clone(),
                ));
            }
            let others = self.said(Owner::Trusted, |layer| layer.allow_replace.as_ref().map(drop));
            if let Some((_, mark)) = &layer.allow_replace
                && (others.is_some() || self.policy.is_some())
            {
                let path = format!("{TABLE}.{ALLOWED}");
                refused.push((finding::laxer(&path, "your own settings"), mark.clone()));
            }
        }
        refused
    }

    /// What a project's file can't go below: what a trusted file says, or with a policy the profile's own level.
    fn floor(&self, profile: Profile, id: &str) -> Option<Option<Level>> {
        let trusted = self.said(Owner::Trusted, |layer| layer.level(profile, id));
        trusted.or_else(|| self.policy.map(|_| default(profile, id)))
    }

    /// What the strongest layer of an owner says.
    fn said<T>(&self, owner: Owner, what: impl Fn(&Layer) -> Option<T>) -> Option<T> {
        let layers = self.layers.iter().rev();
        layers.filter(|layer| layer.owner == owner).find_map(what)
    }

    /// Reads a file's table. `place` makes a range of its text a mark.
    pub(super) fn read(
        &mut self,
        owner: Owner,
        table: &DeTable<'_>,
        place: &dyn Fn(Range<usize>) -> Mark,
    ) -> Vec<(Finding, Mark)> {
        let mut reading = Reading {
            layer: Layer {
                owner,
                levels: Vec::new(),
                max_indirect: None,
                allow_replace: None,
            },
            faults: Vec::new(),
            place,
        };
        for (name, value) in table {
            let (key, span) = (name.get_ref().as_ref(), name.span());
            match (Profile::parse(key), value.get_ref()) {
                (Some(profile), DeValue::Table(rules)) => {
                    for (name, value) in rules {
                        reading.level(Some(profile), name.get_ref(), name.span(), value);
                    }
                }
                (Some(_), _) => {
                    let finding = finding::not_a_table(&format!("{TABLE}.{key}"));
                    reading.faults.push((finding, place(value.span())));
                }
                (None, _) if key == INDIRECT => reading.max_indirect(value),
                (None, _) if key == ALLOWED => reading.allow_replace(value),
                (None, _) => reading.level(None, key, span, value),
            }
        }
        self.layers.push(reading.layer);
        reading.faults
    }
}

fn default(profile: Profile, id: &str) -> Option<Level> {
    rules::find(id).and_then(|rule| rule.levels[profile as usize])
}

/// A table that is being read.
struct Reading<'a> {
    layer: Layer,
    faults: Vec<(Finding, Mark)>,
    place: &'a dyn Fn(Range<usize>) -> Mark,
}

impl Reading<'_> {
    fn level(
        &mut self,
        profile: Option<Profile>,
        id: &str,
        name: Range<usize>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let table = match profile {
            Some(profile) => format!("{TABLE}.{}", profile.as_str()),
            None => TABLE.into(),
        };
        let Some(rule) = rules::find(id) else {
            let mut known: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
            if profile.is_none() {
                known.extend([INDIRECT, ALLOWED]);
                known.extend(Profile::ALL.map(Profile::as_str));
            }
            let meant = suggest::nearest(id, &known).map(|meant| format!("{table}.{meant}"));
            let finding = finding::unknown_rule(&format!("{table}.{id}"), meant.as_deref());
            return self.faults.push((finding, (self.place)(name)));
        };
        let word = value.get_ref().as_str();
        let known = word.and_then(|word| LEVELS.iter().find(|(known, _)| *known == word));
        let Some((_, level)) = known else {
            let words: Vec<&str> = LEVELS.iter().map(|(word, _)| *word).collect();
            let meant = word.and_then(|word| suggest::nearest(word, &words));
            let finding = finding::bad_level(&format!("{table}.{id}"), meant);
            return self.faults.push((finding, (self.place)(value.span())));
        };
        self.layer.levels.push(Said {
            profile,
            rule,
            level: *level,
            mark: (self.place)(name),
        });
    }

    fn max_indirect(&mut self, value: &Spanned<DeValue<'_>>) {
        let number = match value.get_ref() {
            DeValue::Integer(n) => u32::from_str_radix(n.as_str(), n.radix()).ok(),
            _ => None,
        };
        let mark = (self.place)(value.span());
        match number {
            Some(limit) => self.layer.max_indirect = Some((limit, mark)),
            None => {
                let path = format!("{TABLE}.{INDIRECT}");
                let finding = finding::bad_check(&path, "is not a whole number", "a number such as 150");
                self.faults.push((finding, mark));
            }
        }
    }

    fn allow_replace(&mut self, value: &Spanned<DeValue<'_>>) {
        let globs = value.get_ref().as_array().and_then(|items| {
            let texts = items
                .iter()
                .map(|item| item.get_ref().as_str().map(str::to_owned));
            texts.collect::<Option<Vec<String>>>()
        });
        let mark = (self.place)(value.span());
        match globs {
            Some(globs) => self.layer.allow_replace = Some((globs, mark)),
            None => {
                let path = format!("{TABLE}.{ALLOWED}");
                let fix = "a list such as [\"./tools\", \"git.corp.example/forks/*\"]";
                let finding = finding::bad_check(&path, "is not a list of directories and modules", fix);
                self.faults.push((finding, mark));
            }
        }
    }
}
