//! go's own lock on a module version: flock(2) on `V.lock`. Source: cmd/go/internal/lockedfile,
//! cmd/go/internal/modfetch/cache.go (lockVersion).

use super::failure::{Failure, disk};
use super::files;
use super::name::Toolchain;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// How long another's work is waited for before it is said, and then again each time.
const SAY: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(30)];

/// Takes the lock. Another process that holds it is waited for as long as it lives: the kernel gives the lock back when
/// it dies. What is waited for is said.
pub fn take(path: &Path, toolchain: &Toolchain, tell: &dyn Fn(&str)) -> Result<Flock<File>, Failure> {
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
    loop {
        match taken.recv_timeout(pause) {
            Ok(lock) => return lock.map_err(failed),
            Err(RecvTimeoutError::Disconnected) => return Err(failed(io::ErrorKind::BrokenPipe.into())),
            Err(RecvTimeoutError::Timeout) => {
                tell(&format!(
                    "waiting for another process that installs {} (it holds {})",
                    toolchain.name(),
                    path.display()
                ));
                pause = SAY[1];
            }
        }
    }
}
