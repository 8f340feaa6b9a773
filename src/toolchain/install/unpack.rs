//! A verified zip becomes a GOROOT: made beside its place and renamed, so that there is never half of one.
//!
//! The outcome is what cmd/go leaves: modfetch (fetch.go: unzip, makeDirsReadOnly) and toolchain (select.go: Exec) do it
//! in steps, the last of them when it is first run.

use super::files;
use super::name::Toolchain;
use super::place::Place;
use super::ready::is_program;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use zip::ZipArchive;

/// Unpacks. The caller holds the lock and has verified the zip. After an error nothing of it is left.
pub fn unpack(toolchain: &Toolchain, place: &Place, zip: &Path) -> io::Result<()> {
    let root = place.root(toolchain);
    root.parent().map_or(Ok(()), files::directory)?;
    let made = place.beside(toolchain);
    let work = || {
        extract(toolchain, zip, &made)?;
        // Only now what stood in its place goes: nobody could have run it, or we would not be here.
        files::remove_tree(&root)?;
        std::fs::rename(&made, &root)?;
        files::remove(&place.file(toolchain, "partial"))
    };
    if let Err(error) = work() {
        let _ = files::remove_tree(&made);
        return Err(error);
    }
    if !place.writable {
        files::read_only(&root);
    }
    Ok(())
}

fn extract(toolchain: &Toolchain, zip: &Path, into: &Path) -> io::Result<()> {
    let mut archive = ZipArchive::new(BufReader::new(File::open(zip)?)).map_err(io::Error::other)?;
    let top = format!("{}/", toolchain.versioned());
    for n in 0..archive.len() {
        let mut file = archive.by_index(n).map_err(io::Error::other)?;
        let name = std::str::from_utf8(file.name_raw()).map_err(io::Error::other)?;
        // Verified before, and still never outside.
        let name = name.strip_prefix(&top).ok_or(io::ErrorKind::InvalidData)?;
        if name.is_empty() || name.ends_with('/') {
            continue;
        }
        let name = name.to_owned();
        let path = into.join(&name);
        path.parent().map_or(Ok(()), files::directory)?;
        let size = file.size();
        let mode = if is_program(&name) { 0o555 } else { 0o444 };
        copy(&mut file, size, &path, mode)?;
        // A zip of a module can't hold another module's go.mod, so these come under another name.
        if let Some(dir) = name
            .strip_suffix("_go.mod")
            .filter(|dir| dir.is_empty() || dir.ends_with('/'))
        {
            let mut original = File::open(&path)?;
            copy(&mut original, size, &into.join(format!("{dir}go.mod")), 0o444)?;
        }
    }
    Ok(())
}

fn copy(from: &mut dyn Read, size: u64, to: &Path, mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(to)?;
    match io::copy(&mut from.take(size + 1), &mut file)? {
        n if n == size => Ok(()),
        _ => Err(io::Error::other(format!(
            "{} is not as large as it says",
            to.display()
        ))),
    }
}
