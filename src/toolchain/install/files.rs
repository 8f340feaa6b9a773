//! Writing and removing files of the module cache as cmd/go does.

use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Creates a directory with its parents.
pub fn directory(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// A file beside its later place, `NAME….tmp`: go removes those that a killed process left, and so do we. It goes away
/// by itself unless it is persisted.
pub fn beside(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let dir = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    directory(dir)?;
    tempfile::Builder::new()
        .prefix(name)
        .suffix(".tmp")
        .permissions(std::fs::Permissions::from_mode(0o666))
        .tempfile_in(dir)
}

/// Writes a file whole or not at all.
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(content)?;
    file.persist(path).map(drop).map_err(|e| e.error)
}

/// Removes a file; one that is not there is removed already.
pub fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Removes a tree whose directories may be read-only (fetch.go: RemoveAll).
pub fn remove_tree(root: &Path) -> io::Result<()> {
    each_directory(root, &mut |dir| {
        writable(dir);
        Ok(())
    })?;
    match std::fs::remove_dir_all(root) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Makes a directory writable, where that can be done.
pub fn writable(dir: &Path) {
    let _ = std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o777));
}

/// Takes the right to write off every directory of a tree (fetch.go: makeDirsReadOnly). What can't be done is left.
pub fn read_only(root: &Path) {
    let mut directories = Vec::new();
    let _ = each_directory(root, &mut |dir| {
        directories.push(dir.to_path_buf());
        Ok(())
    });
    for dir in directories.iter().rev() {
        if let Ok(metadata) = std::fs::metadata(dir) {
            let mode = metadata.permissions().mode() & 0o7555;
            let _ = std::fs::set_permissions(dir, std::fs::Permissions::from_mode(mode));
        }
    }
}

/// Visits directories, each before those inside it; links are not followed.
fn each_directory(root: &Path, visit: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    if !std::fs::symlink_metadata(root).is_ok_and(|m| m.is_dir()) {
        return Ok(());
    }
    visit(root)?;
    for entry in std::fs::read_dir(root)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            each_directory(&entry.path(), visit)?;
        }
    }
    Ok(())
}
