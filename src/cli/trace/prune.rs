//! `gosteady trace prune`: what every run does at its end, on request.

use super::Failed;
use super::find::Place;
use crate::config;
use crate::trace::store::{self, Keep};
use crate::ui;
use crate::ui::words::{bytes, count};
use crate::world::World;
use std::time::{Duration, SystemTime};

pub(super) fn run(
    place: &Place,
    older_than: Option<Duration>,
    all: bool,
    dry_run: bool,
    world: &World,
) -> Result<(), Failed> {
    let Some(dir) = &place.dir else {
        ui::note(&place.nothing());
        return Ok(());
    };
    let settings = config::load(world).settings;
    let keep = match older_than {
        _ if all => Keep {
            age: Duration::ZERO,
            bytes: 0,
        },
        Some(age) => Keep { age, bytes: u64::MAX },
        None => Keep {
            age: settings.trace_keep,
            bytes: settings.trace_max_size,
        },
    };
    let failed = |e: std::io::Error| Failed::internal(format!("{}: {e}", dir.display()));
    let doomed = store::doomed(dir, keep, SystemTime::now(), None).map_err(failed)?;
    let (mut n, mut size) = (0, 0);
    for (entry, len) in &doomed {
        let gone = match dry_run {
            true => {
                ui::out(&format!("{}\n", entry.path.display()));
                Ok(())
            }
            false => std::fs::remove_file(&entry.path),
        };
        match gone {
            Ok(()) => {
                n += 1;
                size += len;
            }
            Err(e) => ui::note(&format!("{}: {e}", entry.path.display())),
        }
    }
    let would = if dry_run { "would be removed" } else { "removed" };
    ui::note(&format!("{}, {} {would}", count(n, "trace"), bytes(size)));
    Ok(())
}
