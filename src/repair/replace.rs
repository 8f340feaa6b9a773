//! Writing a file of the user's.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Writes a file whole or not at all, by rename, with the old file's mode; a link keeps leading to it.
pub fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let dir = real.parent().unwrap_or(Path::new("."));
    let mode = std::fs::metadata(&real).map(|m| m.permissions());
    let mode = mode.unwrap_or_else(|_| std::fs::Permissions::from_mode(0o644));
    let mut beside = tempfile::NamedTempFile::new_in(dir)?;
    beside.write_all(text.as_bytes())?;
    beside.as_file().set_permissions(mode)?;
    beside.persist(&real)?;
    Ok(())
}
