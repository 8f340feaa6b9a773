//! The files that a path speaks of.

use crate::bounded;
use crate::gomod;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// Whether an error says that nothing is there.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Whether nothing is at a path. What can't be looked at may be there.
pub fn is_missing(path: &Path) -> bool {
    path.metadata().is_err_and(|error| is_absent(&error))
}

/// A workspace with its modules: the go.work, then the go.mod of each directory that it uses, as far as they are there.
pub fn workspace(work: &Path) -> Vec<PathBuf> {
    let dir = work.parent().unwrap_or(Path::new(""));
    let uses = gomod::workspace_uses(&bounded::read_file(work).unwrap_or_default(), dir);
    let modules = uses.iter().map(|dir| dir.join("go.mod"));
    let modules = modules.filter(|file| !is_missing(file));
    [work.to_path_buf()].into_iter().chain(modules).collect()
}

/// The module files that a path speaks of: itself, or the nearest go.work with its modules and the nearest go.mod. A
/// go.sum, a modules.txt or a gosteady.toml speaks of the module that it lies in, a device of none. What can't be read
/// is among them: that is for whoever reads it to tell.
pub(super) fn files(path: &Path) -> Vec<PathBuf> {
    let beside = |e: &std::ffi::OsStr| e == "sum" || e == "txt" || e == "toml";
    let dir = match path.metadata() {
        Ok(meta) if meta.is_dir() => path,
        Ok(meta) if meta.file_type().is_char_device() => return Vec::new(),
        Ok(meta) if meta.is_file() && path.extension().is_some_and(beside) => path.parent().unwrap_or(path),
        _ => return vec![path.to_path_buf()],
    };
    let mut files: Vec<PathBuf> = Vec::new();
    files.extend(nearest(dir, "go.work").iter().flat_map(|work| workspace(work)));
    files.extend(nearest(dir, "go.mod"));
    let mut seen = Vec::new();
    files.retain(|file| {
        let real = std::fs::canonicalize(file).unwrap_or_else(|_| file.clone());
        let new = !seen.contains(&real);
        seen.push(real);
        new
    });
    files
}

/// Whether there is nothing to check at a path: no module, and no settings of ours.
pub fn is_bare(path: &Path) -> bool {
    let ours = path.is_file() && path.ends_with("gosteady.toml");
    !ours && files(path).is_empty()
}

/// The nearest thing of this name at or above a directory. As go does, it passes over directories above it; but one in
/// the very place of the file is a mistake, and so is what can't be looked at.
fn nearest(dir: &Path, name: &str) -> Option<PathBuf> {
    let found = |file: &PathBuf| match file.metadata() {
        Ok(meta) => !meta.is_dir() || file.parent() == Some(dir),
        Err(error) => !is_absent(&error),
    };
    dir.ancestors().map(|dir| dir.join(name)).find(found)
}
