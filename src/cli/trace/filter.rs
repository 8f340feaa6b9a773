//! Which runs are meant: by outcome, verb, time, project.

use crate::trace::store::Entry;
use crate::trace::summary::Summary;
use crate::world::World;
use jiff::Timestamp;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

/// Which runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct Args {
    /// Only runs that failed or have no end
    #[arg(long)]
    pub failed: bool,
    /// Only runs in which nothing moved for long, or that were ended as hung
    #[arg(long)]
    pub hung: bool,
    /// Only this command, e.g. "mod download" or build
    #[arg(long, value_name = "VERB")]
    pub verb: Option<String>,
    /// Only runs since: 2h, 7d, 2026-11-20 or a time
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub since: Option<Since>,
    /// Only runs in this directory or below
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,
}

/// A moment, absolute or as an age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    Ago(std::time::Duration),
    At(Timestamp),
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(age) = humantime::parse_duration(text) {
        return Ok(Since::Ago(age));
    }
    let day = || {
        let day: jiff::civil::Date = text.parse().ok()?;
        // The last day of the calendar ends later than time does.
        let begins = day.to_zoned(jiff::tz::TimeZone::UTC);
        Some(begins.map_or(Timestamp::MAX, |begins| begins.timestamp()))
    };
    text.parse::<Timestamp>()
        .ok()
        .or_else(day)
        .map(Since::At)
        .ok_or_else(|| "not a time: write 2h, 7d, 2026-11-20 or 2026-11-20T08:00:00Z".to_string())
}

impl Args {
    /// Whether a run may be meant, as far as its name tells.
    pub fn may_take(&self, entry: &Entry, now: SystemTime) -> bool {
        let since = self.since.map(|since| match since {
            Since::At(at) => at,
            Since::Ago(age) => now
                .checked_sub(age)
                .and_then(|at| Timestamp::try_from(at).ok())
                .unwrap_or(Timestamp::UNIX_EPOCH),
        });
        let verb = self.verb.as_ref().map(|verb| verb.trim().replace(' ', "-"));
        // Names tell whole seconds: the second in which the time lies counts.
        since.is_none_or(|since| entry.name.started.as_second() >= since.as_second())
            && verb.is_none_or(|verb| {
                entry.name.verb == verb || entry.name.verb.starts_with(&format!("{verb}-"))
            })
    }

    /// Whether a run that was read is meant.
    pub fn takes(&self, summary: &Summary, world: &World) -> bool {
        let below = |dir: &Path| {
            let dir = world
                .cwd
                .as_ref()
                .map_or_else(|| dir.to_path_buf(), |cwd| cwd.join(dir));
            let real = dir.canonicalize().unwrap_or_else(|_| tidy(&dir));
            let of = summary
                .run
                .as_ref()
                .map(|run| PathBuf::from(&run.dir))
                .unwrap_or_default();
            // It may have been entered under another name.
            let of_real = || of.canonicalize().is_ok_and(|of| of.starts_with(&real));
            of.starts_with(&real) || of.starts_with(tidy(&dir)) || of_real()
        };
        (!self.failed || summary.is_failed())
            && (!self.hung || summary.is_hung())
            && self.project.as_deref().is_none_or(below)
    }
}

/// Without `.` and final slashes.
fn tidy(path: &Path) -> PathBuf {
    path.components().filter(|c| *c != Component::CurDir).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::event::Run;
    use crate::trace::store::Name;
    use std::time::Duration;

    fn entry(name: &str) -> Entry {
        Entry {
            name: Name::parse(name).unwrap(),
            path: name.into(),
        }
    }

    #[test]
    fn names_tell_time_and_verb() {
        let entry = entry("20261121T040500Z-mod-download-0123456789abcdef.jsonl");
        let now = SystemTime::from(entry.name.started) + Duration::from_secs(3600);
        for (verb, time, taken) in [
            (None, None, true),
            (Some("mod download"), None, true),
            (Some("mod"), None, true),
            (Some("mo"), None, false),
            (None, Some("2h"), true),
            (None, Some("60m"), true),
            (None, Some("30m"), false),
            (None, Some("2026-11-21"), true),
            (None, Some("2026-11-22"), false),
            (None, Some("9999-12-31"), false),
            (None, Some("2026-11-21T04:05:00.5Z"), true),
        ] {
            let args = Args {
                verb: verb.map(str::to_string),
                since: time.map(|time| since(time).unwrap()),
                ..Args::default()
            };
            assert_eq!(args.may_take(&entry, now), taken, "{verb:?} {time:?}");
        }
        assert!(since("yesterday").unwrap_err().contains("2h"));
    }

    #[test]
    fn a_project_is_its_directory_and_what_is_below() {
        let summary = Summary {
            run: Some(Run {
                dir: "/src/p/sub".into(),
                ..Run::default()
            }),
            ..Summary::default()
        };
        let world = World {
            cwd: Some("/src/p".into()),
            ..World::default()
        };
        for (dir, taken) in [
            (".", true),
            ("/src/p/", true),
            ("sub", true),
            ("/src/p/other", false),
            ("/src/pp", false),
        ] {
            let args = Args {
                project: Some(dir.into()),
                ..Args::default()
            };
            assert_eq!(args.takes(&summary, &world), taken, "{dir}");
        }
        // Without an end a run has failed.
        let failed = Args {
            failed: true,
            ..Args::default()
        };
        let hung = Args {
            hung: true,
            ..Args::default()
        };
        assert!(failed.takes(&summary, &world) && !hung.takes(&summary, &world));
    }
}
