//! The directory of traces: their names, the list of them, and how long they are kept.

use jiff::Timestamp;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const TIME: &str = "%Y%m%dT%H%M%SZ";

/// A trace that changed within this time may still be written and is not removed to save space.
const FRESH: Duration = Duration::from_secs(600);

/// The name of a trace file: `20261121T040500Z-mod-download-0123456789abcdef.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// When the run began, to the second.
    pub started: Timestamp,
    /// The command words with `-` for blanks, e.g. `mod-download`.
    pub verb: String,
    /// Random id of the run, 16 hex digits.
    pub id: String,
}

impl Name {
    /// A name with a new random id. `verb` is the command words, e.g. `mod download`.
    pub fn new(verb: &str, started: SystemTime) -> Name {
        let started = Timestamp::try_from(started).unwrap_or(Timestamp::UNIX_EPOCH);
        let word = |c: char| {
            if c.is_ascii_lowercase() || c.is_ascii_digit() {
                c
            } else {
                '-'
            }
        };
        let verb: String = verb.chars().take(40).map(word).collect();
        let verb = verb.trim_matches('-');
        // A fresh `RandomState` is keyed with the system's randomness; the id need only be unique, not secret.
        let mut hasher = std::hash::RandomState::new().build_hasher();
        hasher.write_u32(std::process::id());
        hasher.write_i128(started.as_nanosecond());
        Name {
            started: Timestamp::from_second(started.as_second()).unwrap_or(Timestamp::UNIX_EPOCH),
            verb: if verb.is_empty() { "go" } else { verb }.to_string(),
            // Its milliseconds first: of two runs in one second the later one is the last one.
            id: format!(
                "{:03x}{:013x}",
                started.subsec_millisecond().max(0),
                hasher.finish() >> 12
            ),
        }
    }

    /// Reads a file name; `None` for a file that is no trace of ours.
    pub fn parse(file_name: &str) -> Option<Name> {
        let (time, rest) = file_name.strip_suffix(".jsonl")?.split_once('-')?;
        let (verb, id) = rest.rsplit_once('-')?;
        let started = jiff::civil::DateTime::strptime(TIME, time).ok()?;
        let started = started.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        let name = Name {
            started,
            verb: verb.to_string(),
            id: id.to_string(),
        };
        let is_verb = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        let ours = !verb.is_empty() && verb.chars().all(is_verb) && id.len() == 16 && id.chars().all(is_hex);
        // Printing it again catches what strptime is lenient about.
        (ours && name.to_string() == file_name).then_some(name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}-{}-{}.jsonl",
            self.started.strftime(TIME),
            self.verb,
            self.id
        )
    }
}

/// A trace in the directory.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What its name says.
    pub name: Name,
    /// Where it is.
    pub path: PathBuf,
}

/// The traces of a directory, newest first; none where the directory does not exist.
pub fn list(dir: &Path) -> io::Result<Vec<Entry>> {
    let entries = match std::fs::read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut found: Vec<Entry> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = Name::parse(entry.file_name().to_str()?)?;
            // A pipe of this name would be waited for.
            entry.file_type().ok().filter(|t| t.is_file())?;
            Some(Entry {
                name,
                path: entry.path(),
            })
        })
        .collect();
    found.sort_by(|a, b| (b.name.started, &b.name.id).cmp(&(a.name.started, &a.name.id)));
    Ok(found)
}

/// How long traces are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Older ones are removed.
    pub age: Duration,
    /// Beyond this many bytes the oldest are removed.
    pub bytes: u64,
}

/// Removes what [`doomed`] names. Returns how many are gone. What can't be removed stays.
pub fn sweep(dir: &Path, keep: Keep, now: SystemTime, spare: Option<&Path>) -> io::Result<u32> {
    let gone = doomed(dir, keep, now, spare)?
        .iter()
        .filter(|(entry, _)| std::fs::remove_file(&entry.path).is_ok())
        .count();
    Ok(u32::try_from(gone).unwrap_or(u32::MAX))
}

/// The traces that are too old or too many, with their bytes: never `spare`, never one that may still be written,
/// never a file that is not ours by its name, never what is no regular file.
pub fn doomed(
    dir: &Path,
    keep: Keep,
    now: SystemTime,
    spare: Option<&Path>,
) -> io::Result<Vec<(Entry, u64)>> {
    let mut bytes = 0u64;
    let mut doomed = Vec::new();
    for entry in list(dir)? {
        let Ok(meta) = std::fs::symlink_metadata(&entry.path) else {
            continue;
        };
        if !meta.is_file() {
            continue;
        }
        bytes = bytes.saturating_add(meta.len());
        if spare == Some(entry.path.as_path()) {
            continue;
        }
        let started = SystemTime::from(entry.name.started);
        // A time in the future (a clock that was wrong) has no age.
        let old = now.duration_since(started).is_ok_and(|age| age > keep.age);
        let fresh = meta
            .modified()
            .is_ok_and(|t| now.duration_since(t).map_or(true, |age| age < FRESH));
        if (old || bytes > keep.bytes) && !fresh {
            bytes -= meta.len();
            doomed.push((entry, meta.len()));
        }
    }
    Ok(doomed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "20261121T040500Z-mod-download-0123456789abcdef.jsonl";

    #[test]
    fn of_two_runs_in_one_second_the_later_one_comes_last() {
        let at = |ms| {
            Name::new(
                "get",
                SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(ms),
            )
        };
        for ms in [5_001, 5_009, 5_100, 5_998] {
            let (before, after) = (at(ms), at(ms + 1));
            assert_eq!(before.started, after.started);
            assert!(before.id < after.id, "{} {}", before.id, after.id);
            assert_eq!(Name::parse(&after.to_string()).unwrap().id, after.id);
        }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        let name = Name::parse(NAME).unwrap();
        assert_eq!(
            (name.verb.as_str(), name.id.as_str()),
            ("mod-download", "0123456789abcdef")
        );
        assert_eq!(
            (name.started.to_string().as_str(), name.to_string().as_str()),
            ("2026-11-21T04:05:00Z", NAME)
        );
        let new = Name::new("mod download", SystemTime::now());
        assert_eq!(Name::parse(&new.to_string()), Some(new.clone()));
        assert_ne!(new.id, Name::new("mod download", SystemTime::now()).id);
        for (verb, expected) in [("", "go"), ("../x", "x"), ("Übel", "bel")] {
            assert_eq!(Name::new(verb, SystemTime::now()).verb, expected, "{verb}");
        }
    }

    #[test]
    fn other_files_are_not_ours() {
        for name in [
            "invocations.jsonl",
            "20261121T040500Z-get-0123456789abcdef.json",
            "20261121T040500Z-get-0123456789ABCDEF.jsonl",
            "20261121T040500Z-get-0123.jsonl",
            "20261121T040500Z-0123456789abcdef.jsonl",
            "20261121T040500-get-0123456789abcdef.jsonl",
            "20261341T040500Z-get-0123456789abcdef.jsonl",
            "2026112T040500Z-get-0123456789abcdef.jsonl",
            "",
        ] {
            assert_eq!(Name::parse(name), None, "{name}");
        }
    }

    /// Traces of one verb, `(days old, bytes)`, last changed when they began.
    fn fill(dir: &Path, now: SystemTime, traces: &[(u64, usize)]) -> Vec<PathBuf> {
        let write = |&(days, size): &(u64, usize)| {
            let began = now - Duration::from_secs(days * 86400 + 3600);
            let path = dir.join(Name::new("get", began).to_string());
            std::fs::write(&path, vec![b'x'; size]).unwrap();
            std::fs::File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(began)
                .unwrap();
            path
        };
        traces.iter().map(write).collect()
    }

    #[test]
    fn the_old_and_the_many_go_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let paths = fill(
            dir.path(),
            now,
            &[(0, 40), (1, 40), (2, 40), (3, 10), (20, 1), (30, 1)],
        );
        let foreign = dir.path().join("20200101T000000Z-notes.jsonl");
        std::fs::write(&foreign, vec![b'x'; 500]).unwrap();
        let linked = dir.path().join("20200101T000000Z-get-0123456789abcdef.jsonl");
        std::os::unix::fs::symlink(&foreign, &linked).unwrap();
        let keep = Keep {
            age: Duration::from_secs(14 * 86400),
            bytes: 100,
        };
        // The oldest is the one just written: it stays although it is old.
        assert_eq!(sweep(dir.path(), keep, now, Some(&paths[5])).unwrap(), 2);
        let left: Vec<bool> = paths.iter().map(|p| p.exists()).collect();
        // The third is over the limit, the fourth fits again, the fifth is old.
        assert_eq!(left, [true, true, false, true, false, true]);
        assert!(foreign.exists() && linked.is_symlink());
    }

    #[test]
    fn what_is_still_written_stays() {
        let dir = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let path = &fill(dir.path(), now, &[(0, 40)])[0];
        std::fs::write(path, "now").unwrap();
        let keep = Keep {
            age: Duration::ZERO,
            bytes: 0,
        };
        assert_eq!(sweep(dir.path(), keep, now, None).unwrap(), 0);
        assert_eq!(sweep(&dir.path().join("none"), keep, now, None).unwrap(), 0);
        assert!(path.exists());
    }

    #[test]
    fn the_newest_comes_first() {
        let dir = tempfile::tempdir().unwrap();
        let paths = fill(dir.path(), SystemTime::now(), &[(3, 1), (1, 1), (2, 1)]);
        let listed: Vec<_> = list(dir.path()).unwrap().into_iter().map(|e| e.path).collect();
        assert_eq!(listed, [paths[1].clone(), paths[2].clone(), paths[0].clone()]);
    }
}
