//! Taking a toolchain off the disk again.

use super::failure::{Failure, disk};
use super::name::Toolchain;
use super::place::Place;
use super::{files, lock};
use crate::config::goenv::GoEnv;
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
    if !root.exists() && !place.file(toolchain, "zip").exists() {
        let mut there: Vec<_> = place.installed();
        there.sort_by_key(|t| crate::toolchain::version::Version::parse(t.name()));
        return Ok(Removed::Absent(
            there.iter().map(|t| t.name().to_owned()).collect(),
        ));
    }
    let _lock = lock::take(&place.lock(toolchain), toolchain, tell)?;
    // It is gone for everybody in one step; a killed removal leaves what the next install clears away.
    let aside = root.with_file_name(format!(
        "{}.tmp-{}",
        root.file_name().unwrap_or_default().to_string_lossy(),
        std::process::id()
    ));
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

/// Removes what was downloaded; the hash first, without which go takes the directory for incomplete.
pub fn forget(place: &Place, toolchain: &Toolchain) {
    for extension in ["ziphash", "zip", "info", "mod", "partial"] {
        let _ = files::remove(&place.file(toolchain, extension));
    }
}
