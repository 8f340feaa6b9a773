//! The toolchain's zip in go's download cache: fetched, hashed, and kept only if it is what somebody vouches for.
//! Source: cmd/go/internal/modfetch/fetch.go (downloadZip, hashZip).

use super::failure::{Failure, Kind, disk, missed};
use super::name::{MODULE, Toolchain};
use super::place::Place;
use super::vouch::Vouched;
use super::{Ground, files};
use crate::gomod::h1::{self, Bad, MAX_ZIP};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// A zip that may be unpacked.
#[derive(Debug)]
pub struct Zip {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it was fetched just now.
    pub fresh: bool,
}

/// Finds or fetches the zip. The caller holds the lock.
pub fn obtain(
    toolchain: &Toolchain,
    place: &Place,
    vouched: &Vouched,
    ground: &Ground,
) -> Result<Zip, Failure> {
    let path = place.file(toolchain, "zip");
    if path.exists() {
        match hash(&path, toolchain) {
            Ok(h1) if h1 == vouched.h1 => {
                record(&place.file(toolchain, "ziphash"), &h1)?;
                return Ok(Zip { path, fresh: false });
            }
            _ => {
                (ground.tell)(&format!(
                    "{} is not what {} says; it is removed and fetched again",
                    path.display(),
                    vouched.by
                ));
                super::remove::forget(place, toolchain);
            }
        }
    }
    allowed(toolchain, ground)?;
    fetch(toolchain, place, vouched, ground, &path)?;
    Ok(Zip { path, fresh: true })
}

/// Whether there is something to install from. Where GOPROXY allows no download and nothing was downloaded before, the
/// checksum database is not asked either.
pub fn possible(toolchain: &Toolchain, place: &Place, ground: &Ground) -> Result<(), Failure> {
    let there = place.file(toolchain, "zip").exists() || place.unpacked(toolchain).is_some();
    if there { Ok(()) } else { allowed(toolchain, ground) }
}

fn allowed(toolchain: &Toolchain, ground: &Ground) -> Result<(), Failure> {
    if ground.fetch.is_off() {
        return Err(Failure::new(
            Kind::Refused,
            format!(
                "{} is not in the module cache and GOPROXY=off allows no download",
                toolchain.name()
            ),
            "",
        ));
    }
    Ok(())
}

fn fetch(
    toolchain: &Toolchain,
    place: &Place,
    vouched: &Vouched,
    ground: &Ground,
    path: &Path,
) -> Result<(), Failure> {
    let version = toolchain.version();
    ground.fetch.expect(&format!("{MODULE} {version} {}", vouched.h1));
    let mut file = files::beside(path).map_err(|e| disk("writing", path, &e))?;
    let what = format!("{} could not be fetched", toolchain.name());
    let asked = format!("{MODULE}/@v/{version}.zip");
    let by = ground
        .fetch
        .module(&asked, MAX_ZIP, file.as_file_mut())
        .map_err(|m| missed(&what, m, file.path()))?;
    let refused = |why: String| {
        Failure::new(
            Kind::Refused,
            format!("{}: what {by} sent {why}", toolchain.name()),
            "it was thrown away; ask another mirror, or whoever runs this one",
        )
    };
    (ground.busy)(&format!("verifying {}", toolchain.name()));
    match hash(file.path(), toolchain) {
        Ok(h1) if h1 == vouched.h1 => {}
        Ok(h1) => {
            return Err(refused(format!(
                "has the hash {h1}, {} says {}",
                vouched.by, vouched.h1
            )));
        }
        Err(why) => return Err(refused(why)),
    }
    record(&place.file(toolchain, "ziphash"), &vouched.h1)?;
    file.persist(path)
        .map(drop)
        .map_err(|e| disk("writing", path, &e.error))
}

/// The hash of a zip, if its names are the toolchain's. The error is a clause.
fn hash(path: &Path, toolchain: &Toolchain) -> Result<String, String> {
    let zip = File::open(path).map(BufReader::new).map_err(|e| e.to_string())?;
    let bad = |bad: Bad| match bad {
        Bad::Broken(why) => format!("is damaged: {why}"),
        Bad::Foreign(why) => format!("is not this toolchain: {why}"),
    };
    h1::of_module_zip(zip, MODULE, &toolchain.version())
        .map_err(bad)?
        .ok_or_else(|| "is too large to be looked at".into())
}

fn record(path: &Path, h1: &str) -> Result<(), Failure> {
    let known = std::fs::read(path).is_ok_and(|there| there == h1.as_bytes());
    match known {
        true => Ok(()),
        false => files::write(path, h1.as_bytes()).map_err(|e| disk("writing", path, &e)),
    }
}
