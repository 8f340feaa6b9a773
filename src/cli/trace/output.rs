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

/// Writes to the file, or to stdout without one and for `-`. Returns whether it was a file.
pub(super) fn write(to: Option<&Path>, bytes: &[u8], mode: u32) -> Result<bool, Failed> {
    match to.filter(|path| *path != Path::new("-")) {
        None => {
            // A closed stdout is not an error.
            ui::out_bytes(bytes);
            Ok(false)
        }
        Some(path) => whole(path, bytes, mode).map(|()| true),
    }
}

/// Writes a file beside its place and renames it; `mode` is that of a new file, before the umask. A device or a pipe is
/// written to as it is: `-o /dev/null` must not make a file of it.
pub(super) fn whole(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failed> {
    use std::os::unix::fs::PermissionsExt;
    let failed = |e: std::io::Error| Failed::internal(format!("{}: {e}", path.display()));
    if path.is_dir() {
        return Err(Failed::usage(
            format!("{} is a directory", path.display()),
            "name a file",
        ));
    }
    if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        let mut out = std::fs::OpenOptions::new()
            .write(true)
            .open(path)
            .map_err(failed)?;
        return out.write_all(bytes).map_err(failed);
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
    use std::os::unix::fs::FileTypeExt;

    #[test]
    fn a_hyphen_is_stdout() {
        assert!(!write(Some(Path::new("-")), b"", 0o600).unwrap());
        assert!(!Path::new("-").exists());
    }

    #[test]
    fn a_pipe_or_device_is_written_to_and_stays_what_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read(pipe).unwrap()
        });
        whole(&pipe, b"report", 0o600).unwrap();
        assert_eq!(reader.join().unwrap(), b"report");
        assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
