//! What runs tell each other about upstreams: a small file, replaced whole, under a lock beside it.
//!
//! Nobody depends on it. Whatever is wrong with it (damaged, unreadable, somebody else's, a full disk, no locks) means
//! only that a run learns for itself.

use super::breaker::{Breaker, REST};
use nix::unistd::Uid;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// For how long another run's experience counts.
pub const SHARED: Duration = Duration::from_secs(600);

const NAME: &str = "health.json";
const LOCK: &str = "health.lock";
const SCHEMA: u32 = 1;
/// A larger file is none of ours, in bytes.
const LARGEST: u64 = 256 << 10;
/// Upstreams that are kept, at most.
const MOST: usize = 256;

/// The file's content.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Content {
    schema: u32,
    /// By origin, `https://host[:port]`; those that are well have no entry.
    upstreams: BTreeMap<String, Entry>,
}

/// An upstream that fails. Times are seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Entry {
    /// Failures in a row.
    failures: u32,
    /// The last of them.
    failed: u64,
    /// When a probe is due; 0 where others are not preferred yet.
    #[serde(default)]
    probe: u64,
}

/// How writing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// Well, or in vain: there is no use in trying again.
    Done,
    /// Another process holds the lock.
    Busy,
}

/// A moment on both clocks: the one that processes share, and the one that never jumps.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Shared.
    pub wall: SystemTime,
    /// Our own.
    pub here: Instant,
}

impl Moment {
    /// The present.
    pub fn present() -> Moment {
        Moment {
            wall: SystemTime::now(),
            here: Instant::now(),
        }
    }

    fn seconds(&self) -> u64 {
        let since = self.wall.duration_since(SystemTime::UNIX_EPOCH);
        since.unwrap_or_default().as_secs()
    }

    /// A moment of our own clock as others understand it.
    fn shared(&self, moment: Instant) -> u64 {
        let ahead = moment.saturating_duration_since(self.here).as_secs_f64().ceil() as u64;
        let behind = self.here.saturating_duration_since(moment).as_secs();
        (self.seconds() + ahead).saturating_sub(behind)
    }

    fn own(&self, shared: u64) -> Option<Instant> {
        let now = self.seconds();
        match shared.checked_sub(now) {
            Some(ahead) => self.here.checked_add(Duration::from_secs(ahead)),
            None => self.here.checked_sub(Duration::from_secs(now - shared)),
        }
    }
}

impl Content {
    /// What counts now: no entry that is too old, and none from the future (a clock was wrong, then or now).
    fn current(mut self, now: Moment) -> Content {
        let seconds = now.seconds();
        let age = |entry: &Entry| seconds.checked_sub(entry.failed);
        self.upstreams
            .retain(|_, entry| age(entry).is_some_and(|age| age <= SHARED.as_secs()));
        self
    }

    /// The breaker of an upstream, as others left it.
    pub fn breaker(&self, origin: &str, now: Moment) -> Option<Breaker> {
        let entry = self.upstreams.get(origin)?;
        let due = entry.probe.min(now.seconds() + REST.as_secs());
        Some(Breaker {
            failures: entry.failures,
            // A machine that was started a moment ago has no such past.
            failed: now.own(entry.failed).or(Some(now.here)),
            rests_until: match entry.probe {
                0 => None,
                _ => now.own(due).or(Some(now.here)),
            },
        })
    }

    fn set(&mut self, origin: &str, breaker: &Breaker, now: Moment) {
        let Some(failed) = breaker.failed.filter(|_| breaker.failures > 0) else {
            self.upstreams.remove(origin);
            return;
        };
        let entry = Entry {
            failures: breaker.failures,
            failed: now.shared(failed),
            probe: breaker.rests_until.map_or(0, |until| now.shared(until).max(1)),
        };
        if self.upstreams.len() < MOST || self.upstreams.contains_key(origin) {
            self.upstreams.insert(origin.to_owned(), entry);
        }
    }
}

/// Reads what others left in this directory; nothing where there is nothing to go by.
pub fn read(dir: &Path, now: Moment) -> Content {
    content(dir).unwrap_or_default().current(now)
}

fn content(dir: &Path) -> Option<Content> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(dir.join(NAME))
        .ok()?;
    let meta = file.metadata().ok()?;
    // What somebody else can write could send us to whomever they like.
    let odd = !meta.is_file() || meta.len() > LARGEST;
    if odd || meta.uid() != Uid::effective().as_raw() || meta.mode() & 0o022 != 0 {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).ok()?;
    let content: Content = serde_json::from_slice(&bytes).ok()?;
    (content.schema == SCHEMA).then_some(content)
}

/// Adds what this run has learnt; what other runs have written meanwhile about other upstreams stays.
pub fn save(dir: &Path, news: &[(String, Breaker)], now: Moment) -> Saved {
    match try_save(dir, news, now) {
        Ok(saved) => saved,
        Err(error) => {
            tracing::debug!(dir = %dir.display(), %error, "the health of upstreams was not kept");
            Saved::Done
        }
    }
}

fn try_save(dir: &Path, news: &[(String, Breaker)], now: Moment) -> io::Result<Saved> {
    if !dir.is_dir() {
        let parent = dir.parent().unwrap_or(dir);
        std::fs::create_dir_all(parent)?;
        match DirBuilder::new().mode(0o700).create(dir) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
            _ => {}
        }
    }
    if dir.metadata()?.uid() != Uid::effective().as_raw() {
        return Err(io::Error::other("the directory is somebody else's"));
    }
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(dir.join(LOCK))?;
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => return Ok(Saved::Busy),
        // Where there are no locks, two runs at once may forget something; the rename keeps the file whole.
        Ok(()) | Err(TryLockError::Error(_)) => {}
    }
    let old = content(dir);
    let mut new = old.clone().unwrap_or_default().current(now);
    new.schema = SCHEMA;
    for (origin, breaker) in news {
        new.set(origin, breaker, now);
    }
    if old.as_ref() != Some(&new) {
        replace(dir, &new)?;
    }
    Ok(Saved::Done)
}

fn replace(dir: &Path, content: &Content) -> io::Result<()> {
    let mut text = serde_json::to_vec_pretty(content)?;
    text.push(b'\n');
    // Mode 0600 by itself.
    let mut file = tempfile::Builder::new().prefix(".health-").tempfile_in(dir)?;
    file.write_all(&text)?;
    file.persist(dir.join(NAME)).map(drop).map_err(|e| e.error)
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
