//! Where output goes: to stdout in few writes, or to a file that is whole or not there.

use super::Failed;
use crate::ui;
use std::io::Write;
use std::path::Path;

/// Text for stdout, written in large pieces.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    text: String,
}

impl Chunks {
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        if self.text.len() > 1 << 16 {
            self.flush();
        }
    }

    fn flush(&mut self) {
        ui::out(&self.text);
        self.text.clear();
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Writes to the file, or to stdout without one. Returns whether it was a file.
pub(super) fn write(to: Option<&Path>, bytes: &[u8], mode: u32) -> Result<bool, Failed> {
    match to {
        None => {
            // A closed stdout is not an error.
            let _ = std::io::stdout().lock().write_all(bytes);
            Ok(false)
        }
        Some(path) => whole(path, bytes, mode).map(|()| true),
    }
}

/// Writes a file beside its place and renames it; `mode` is that of a new file, before the umask.
pub(super) fn whole(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failed> {
    use std::os::unix::fs::PermissionsExt;
    let failed = |e: std::io::Error| Failed::internal(format!("{}: {e}", path.display()));
    if path.is_dir() {
        return Err(Failed::usage(
            format!("{} is a directory", path.display()),
            "name a file",
        ));
    }
    // A device or a pipe is written to, never replaced.
    if path.metadata().is_ok_and(|m| !m.is_file()) {
        return std::fs::write(path, bytes).map_err(failed);
    }
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".gosteady-")
        .permissions(std::fs::Permissions::from_mode(mode))
        .tempfile_in(dir)
        .map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_not_replaced() {
        use std::os::unix::fs::FileTypeExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        // Held open, so that neither side waits for the other.
        let held = std::fs::OpenOptions::new().read(true).write(true).open(&path);
        assert!(whole(&path, b"text", 0o600).is_ok());
        assert!(path.metadata().unwrap().file_type().is_fifo());
        drop(held);
    }
}
