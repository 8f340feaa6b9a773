//! Which trace is meant.

use super::Failed;
use crate::bounded;
use crate::config::settings::{Settings, TraceTo};
use crate::trace::file;
use crate::trace::store::{self, Entry};
use crate::ui::words::plain;
use crate::world::World;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Where traces are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The directory; `None` without HOME.
    pub dir: Option<PathBuf>,
    /// The one file that the settings name.
    pub file: Option<PathBuf>,
}

/// A trace to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    Stdin,
    File(PathBuf),
}

/// The file of a bundle that holds the records.
pub(super) const RECORDS: &str = "trace.jsonl";

/// Bytes of a bundle's records that are unpacked: more than a run writes.
const BUNDLED_MAX: u64 = 80 << 20;

impl Found {
    /// Its name for messages.
    pub fn name(&self) -> String {
        match self {
            Found::Stdin => "stdin".to_string(),
            Found::File(path) => path.display().to_string(),
        }
    }

    /// Opens it for reading from its start; of a bundle the records.
    pub fn open(&self) -> Result<Box<dyn BufRead>, Failed> {
        let mut input: Box<dyn BufRead> = match self {
            Found::Stdin => Box::new(BufReader::new(std::io::stdin())),
            Found::File(path) => Box::new(BufReader::with_capacity(
                1 << 16,
                File::open(path).map_err(|e| unreadable(path, &e))?,
            )),
        };
        // What can't be read is told by whoever reads on.
        let head = input.fill_buf().unwrap_or_default();
        if head.starts_with(&[0x1f, 0x8b]) {
            let fix = "unpack it first: gunzip -c FILE | gosteady trace show -";
            return Err(Failed::usage(format!("{} is compressed", self.name()), fix));
        }
        match self {
            Found::File(path) if head.starts_with(b"PK\x03\x04") => bundled(path).map(|records| {
                let records: Box<dyn BufRead> = Box::new(Cursor::new(records));
                records
            }),
            _ => Ok(input),
        }
    }

    /// The error for what holds no record.
    pub fn is_no_trace(&self, why: &[String]) -> Failed {
        Failed::usage(
            format!("{} is no trace: {}", self.name(), why.join(", ")),
            "see `gosteady trace list`",
        )
    }
}

/// The error for a file or a directory that is there and can't be read.
fn unreadable(path: &Path, error: &io::Error) -> Failed {
    Failed::internal(format!(
        "{} can't be read: {}",
        plain(&path.to_string_lossy()),
        bounded::reason(error)
    ))
}

fn bundled(path: &Path) -> Result<Vec<u8>, Failed> {
    let failed =
        |e: &dyn std::fmt::Display| Failed::usage(format!("{} is no bundle: {e}", path.display()), "");
    let file = File::open(path).map_err(|e| failed(&e))?;
    let mut zip = zip::ZipArchive::new(file).map_err(|e| failed(&e))?;
    let file = zip
        .by_name(RECORDS)
        .map_err(|_| failed(&format!("it has no {RECORDS}")))?;
    let mut records = Vec::new();
    file.take(BUNDLED_MAX)
        .read_to_end(&mut records)
        .map_err(|e| failed(&e))?;
    Ok(records)
}

impl Place {
    /// Where this environment's runs put their traces.
    pub fn of(world: &World) -> Place {
        Place::by(&crate::config::load(world).settings, world)
    }

    /// Where runs with these settings put them. `off` does not hide those that exist.
    pub fn by(settings: &Settings, world: &World) -> Place {
        let named = match &settings.trace {
            TraceTo::Path(to) => Some(world.cwd.as_ref().map_or_else(|| to.clone(), |cwd| cwd.join(to))),
            TraceTo::Off | TraceTo::State => None,
        };
        match named {
            Some(dir) if dir.is_dir() => Place {
                dir: Some(dir),
                file: None,
            },
            file => Place {
                dir: file::directory(world),
                file: file.filter(|file| file.is_file()),
            },
        }
    }

    /// The traces, newest first.
    pub fn entries(&self) -> Result<Vec<Entry>, Failed> {
        let Some(dir) = &self.dir else {
            return Err(Failed::usage(
                "neither HOME nor XDG_STATE_HOME is set",
                "name a file",
            ));
        };
        store::list(dir).map_err(|e| unreadable(dir, &e))
    }

    /// Says that there is nothing.
    pub fn nothing(&self) -> String {
        match &self.dir {
            Some(dir) => format!("no traces in {}", dir.display()),
            None => "no traces".to_string(),
        }
    }
}

/// The trace that `what` means: `-`, a file, the beginning of an id, or the last run.
pub(super) fn find(place: &Place, what: Option<&str>) -> Result<Found, Failed> {
    let Some(what) = what else {
        if let Some(file) = &place.file {
            return Ok(Found::File(file.clone()));
        }
        return match place.entries()?.into_iter().next() {
            Some(newest) => Ok(Found::File(newest.path)),
            None => Err(Failed::usage(
                place.nothing(),
                "a run that may download leaves one; see `gosteady trace list`",
            )),
        };
    };
    if what == "-" {
        return Ok(Found::Stdin);
    }
    match std::fs::metadata(what) {
        Ok(meta) if meta.is_dir() => {}
        // A pipe too: `<(zcat FILE)`.
        Ok(_) => return Ok(Found::File(what.into())),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
        Err(e) => return Err(unreadable(Path::new(what), &e)),
    }
    if what.is_empty() || !what.chars().all(|c| c.is_ascii_hexdigit()) {
        return Err(Failed::usage(
            format!("{} is neither a file nor the id of a run", plain(what)),
            known(&place.entries()?),
        ));
    }
    let id = what.to_ascii_lowercase();
    let entries = place.entries()?;
    let mut matching: Vec<Entry> = entries
        .iter()
        .filter(|e| e.name.id.starts_with(&id))
        .cloned()
        .collect();
    match (matching.pop(), matching.len()) {
        (None, _) => Err(Failed::usage(
            format!("no run has the id {what}"),
            known(&entries),
        )),
        (Some(only), 0) => Ok(Found::File(only.path)),
        (Some(last), more) => {
            matching.push(last);
            Err(Failed::usage(
                format!("{} runs have an id that begins with {what}", more + 1),
                known(&matching),
            ))
        }
    }
}

/// What exists, for advice.
fn known(entries: &[Entry]) -> String {
    const SHOWN: usize = 5;
    if entries.is_empty() {
        return "no run is recorded".to_string();
    }
    let ids: Vec<String> = entries
        .iter()
        .take(SHOWN)
        .map(|e| format!("{} ({})", e.name.id, e.name.verb))
        .collect();
    match entries.len().saturating_sub(SHOWN) {
        0 => format!("there is {}", ids.join(", ")),
        more => format!(
            "there is {} and {more} more: `gosteady trace list -n 0`",
            ids.join(", ")
        ),
    }
}
