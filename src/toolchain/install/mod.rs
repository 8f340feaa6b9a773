//! Installing Go toolchains: fetched through the user's mirrors, vouched for by the checksum database, unpacked whole or
//! not at all where cmd/go itself would have put them, so that go finds them too.
//!
//! Sources: cmd/go/internal/toolchain/select.go (Exec), cmd/go/internal/modfetch (fetch.go, cache.go), x/mod/zip.

mod desk;
mod failure;
pub mod files;
pub mod lock;
mod name;
mod place;
mod published;
mod ready;
mod remove;
mod unpack;
mod vouch;
mod zipfile;

pub use failure::{Failure, Kind};
pub use name::{Request, Toolchain};
pub use place::Place;
pub use published::resolve;
pub use remove::{Removed, remove};

use crate::config::goenv::GoEnv;
use crate::fetch::Fetch;
use std::path::PathBuf;

/// What an install stands on.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// go's settings: they say where the module cache is.
    pub env: &'a GoEnv,
    /// GOSUMDB in effect.
    pub gosumdb: &'a str,
    /// `pin.toolchain-sums`: hashes that the user or the machine's owner vouches for, `go1.26.6.linux-amd64 h1:…`.
    pub sums: &'a [String],
    /// How files are fetched.
    pub fetch: &'a dyn Fetch,
    /// Takes a line for the user: what is waited for, what was found damaged.
    pub tell: &'a dyn Fn(&str),
    /// Takes what this machine is busy with, for a progress line: `unpacking go1.26.6`.
    pub busy: &'a dyn Fn(&str),
}

/// A toolchain that is there, whole and verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Which one.
    pub toolchain: Toolchain,
    /// Its GOROOT.
    pub root: PathBuf,
    /// Who vouched for it; `None` where it was there already.
    pub vouched: Option<String>,
}

/// Makes a toolchain available: the one function that a pin needs. `request` is `1.26.6` or `go1.26.6`; `1.26` is its
/// newest published patch and `latest` the newest of all, for which a mirror is asked each time. What is there already is
/// returned at once and without a request. Of many processes that want the same one, one downloads; the others wait
/// for it and say so. After an error nothing that could be run is on the disk.
///
/// # Errors
/// [`Failure`] says whether trying again may help ([`Kind::Passing`]), whether verification refused it
/// ([`Kind::Refused`]), or whether there is no such toolchain ([`Kind::Unknown`]).
pub fn provide(request: &Request, ground: &Ground) -> Result<Installed, Failure> {
    let place = Place::of(ground.env)?;
    let toolchain = match request {
        Request::Exactly(toolchain) => toolchain.clone(),
        Request::Newest(line) => resolve(line.as_ref(), ground.fetch)?,
    };
    let there = |vouched| Installed {
        root: place.root(&toolchain),
        toolchain: toolchain.clone(),
        vouched,
    };
    if place.is_complete(&toolchain) {
        return Ok(there(None));
    }
    let _lock = lock::take(
        &place.lock(&toolchain),
        &format!("installs {}", toolchain.name()),
        None,
        ground.tell,
    )?;
    // Somebody else may have done it while we waited.
    if place.is_complete(&toolchain) {
        return Ok(there(None));
    }
    remove::sweep(&place, &toolchain)?;
    zipfile::possible(&toolchain, &place, ground)?;
    let vouched = vouch::vouch(&toolchain, &place, ground)?;
    // go makes what it has unpacked runnable only when it first runs it.
    if place.unpacked(&toolchain).is_some_and(|h1| h1 == vouched.h1) {
        let root = place.root(&toolchain);
        ready::make_ready(&root).map_err(|error| failure::disk("finishing", &root, &error))?;
        return Ok(there(Some(vouched.by)));
    }
    let zip = zipfile::obtain(&toolchain, &place, &vouched, ground)?;
    (ground.busy)(&format!("unpacking {}", toolchain.name()));
    unpack::unpack(&toolchain, &place, &zip.path).map_err(|error| {
        // A full disk is not made fuller by what could not be used.
        if zip.fresh {
            remove::forget(&place, &toolchain);
        }
        failure::disk("unpacking", &place.root(&toolchain), &error)
    })?;
    tracing::info!(toolchain = toolchain.name(), by = vouched.by, "installed");
    Ok(there(Some(vouched.by)))
}

#[cfg(test)]
mod tests;
