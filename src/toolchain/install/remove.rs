//! Taking a toolchain off the disk again.

use super::failure::{Failure, disk};
use super::name::Toolchain;
use super::place::Place;
use super::{files, lock};
use crate::config::goenv::GoEnv;
use crate::toolchain::version::Version;
use std::path::PathBuf;

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// The toolchain that was in this directory.
    From(PathBuf),
    /// Nothing: it is not in the module cache. Those that are, by name, oldest first.
    Absent(Vec<String>),
}

/// Removes a toolchain from the module cache: its directory and what was downloaded for it; go's lock file stays, as
/// another process may wait for it. Toolchains elsewhere (of the system, of a version manager) are not ours to remove.
pub fn remove(toolchain: &Toolchain, env: &GoEnv, tell: &dyn Fn(&str)) -> Result<Removed, Failure> {
    let place = Place::of(env)?;
    let root = place.root(toolchain);
    let here = || root.exists() || place.file(toolchain, "zip").exists();
    if !here() && place.leftovers(toolchain).is_empty() {
        return Ok(absent(&place));
    }
    let _lock = lock::take(
        &place.lock(toolchain),
        &format!("installs {}", toolchain.name()),
        None,
        tell,
    )?;
    sweep(&place, toolchain)?;
    if !here() {
        return Ok(absent(&place));
    }
    // It is gone for everybody in one step; what a killed removal leaves is swept up by the next install.
    let aside = place.beside(toolchain);
    let failed = |error: std::io::Error| disk("removing", &root, &error);
    forget(&place, toolchain);
    if root.exists() {
        // Some systems rename no directory that can't be written.
        files::writable(&root);
        std::fs::rename(&root, &aside).map_err(failed)?;
        files::remove_tree(&aside).map_err(failed)?;
    }
    Ok(Removed::From(root))
}

fn absent(place: &Place) -> Removed {
    let mut there = place.installed();
    there.sort_by_key(|t| Version::parse(t.name()));
    Removed::Absent(there.iter().map(|t| t.name().to_owned()).collect())
}

/// Removes what killed processes have left. The caller holds the lock, so whoever made it is dead.
pub fn sweep(place: &Place, toolchain: &Toolchain) -> Result<(), Failure> {
    for left in place.leftovers(toolchain) {
        let done = match left.is_dir() {
            true => files::remove_tree(&left),
            false => files::remove(&left),
        };
        done.map_err(|error| disk("removing", &left, &error))?;
    }
    Ok(())
}

/// Removes what was downloaded; the hash first, without which go takes the directory for incomplete.
pub fn forget(place: &Place, toolchain: &Toolchain) {
    for extension in ["ziphash", "zip", "info", "mod", "partial"] {
        let _ = files::remove(&place.file(toolchain, extension));
    }
}
