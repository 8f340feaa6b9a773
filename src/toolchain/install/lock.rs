//! go's own lock on a module version: flock(2) on `V.lock`. Source: cmd/go/internal/lockedfile,
//! cmd/go/internal/modfetch/cache.go (lockVersion).

use super::failure::{Failure, Kind, disk};
use super::files;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long another's work is waited for before it is said, and then again each time.
const SAY: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(30)];

/// Takes the lock. Another process that holds it is waited for as long as it lives, or as `bound` says: the kernel gives
/// the lock back when it dies. What is waited for is said: another process that `does` this.
pub fn take(
    path: &Path,
    does: &str,
    bound: Option<Duration>,
    tell: &dyn Fn(&str),
) -> Result<Flock<File>, Failure> {
    let failed = |error: io::Error| disk("locking", path, &error);
    path.parent().map_or(Ok(()), files::directory).map_err(failed)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = options.open(path).map_err(failed)?;
    let file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => return Ok(lock),
        Err((file, Errno::EWOULDBLOCK)) => file,
        Err((_, error)) => return Err(failed(error.into())),
    };
    // The wait itself can't be told to say something, so another thread waits.
    let (sender, taken) = mpsc::channel();
    let wait = move || {
        let mut file = file;
        loop {
            match Flock::lock(file, FlockArg::LockExclusive) {
                Err((again, Errno::EINTR)) => file = again,
                Err((_, error)) => break sender.send(Err(error.into())),
                Ok(lock) => break sender.send(Ok(lock)),
            }
        }
    };
    std::thread::Builder::new().spawn(wait).map_err(failed)?;
    let mut says = SAY.into_iter();
    let mut pause = says.next().unwrap_or(SAY[1]);
    let begun = Instant::now();
    loop {
        let left = bound.map_or(pause, |bound| bound.saturating_sub(begun.elapsed()));
        match taken.recv_timeout(pause.min(left)) {
            Ok(lock) => return lock.map_err(failed),
            Err(RecvTimeoutError::Disconnected) => return Err(failed(io::ErrorKind::BrokenPipe.into())),
            Err(RecvTimeoutError::Timeout) => {
                let held = format!("another process that {does} (it holds {})", path.display());
                if left <= pause && bound.is_some() {
                    let what = format!("{held} did not end");
                    return Err(Failure::new(Kind::Passing, what, "try again when it is done"));
                }
                tell(&format!("waiting for {held}"));
                pause = SAY[1];
            }
        }
    }
}
