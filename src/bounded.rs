//! Work that may never return, with a bound.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

/// Runs `work` on a thread of its own. `None` when it takes longer than `limit`: the thread is then left to itself.
pub fn run<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (tell, told) = mpsc::channel();
    let thread = std::thread::Builder::new().name("gosteady-look".into());
    thread
        .spawn(move || {
            // Signals are the main thread's.
            let _ = nix::sys::signal::SigSet::all().thread_block();
            let _ = tell.send(work());
        })
        .ok()?;
    told.recv_timeout(limit).ok()
}

/// Opens a regular file for reading, and never waits for it.
///
/// # Errors
/// Those of the open, and a directory, a pipe or a device where the file should be.
pub fn open_file(path: &Path) -> io::Result<File> {
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    match file.metadata()? {
        m if m.is_file() => Ok(file),
        m if m.is_dir() => Err(io::Error::other("it is a directory")),
        _ => Err(io::Error::other("it is not a regular file")),
    }
}

/// The contents of a regular file; never waits for it.
///
/// # Errors
/// As [`open_file`].
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_file(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Why something can't be read, as a clause.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_a_file_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("file"), "x").unwrap();
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(read_file(&at("file")).unwrap(), b"x");
        for path in [at("pipe"), at("none"), dir.path().into(), "/dev/zero".into()] {
            assert!(read_file(&path).is_err(), "{path:?}");
        }
    }

    #[test]
    fn what_never_returns_is_left() {
        assert_eq!(run(Duration::from_secs(60), || 7), Some(7));
        let (_hold, never) = mpsc::channel::<()>();
        assert_eq!(run(Duration::from_millis(1), move || never.recv()), None);
    }
}
