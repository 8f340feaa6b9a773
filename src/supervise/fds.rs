//! File descriptors: pipes that no other child inherits, and the three standard ones.

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Opens `/dev/null` on each of descriptors 0, 1 and 2 that is closed, as the Go runtime does at its own start
/// (runtime/os_unix.go: checkfds), so that nothing opened later is mistaken for a standard stream. Call it before
/// anything that stays open.
pub fn hold_standard() {
    for fd in 0..3 {
        // SAFETY: plain system calls on descriptor numbers; the descriptor is meant to stay open for good.
        unsafe {
            if libc::fcntl(fd, libc::F_GETFD) == -1 && Errno::last() == Errno::EBADF {
                libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
            }
        }
    }
}

/// A pipe (read end, write end) that is closed in every child that does not ask for it.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
    let ends = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
    let ends = {
        let ends = nix::unistd::pipe()?;
        for end in [&ends.0, &ends.1] {
            fcntl(end, FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))?;
        }
        ends
    };
    Ok(ends)
}

/// Makes reads and writes on the descriptor return instead of waiting. For our own ends of pipes only: the flag
/// belongs to the open file and would show in every process that shares it.
pub fn set_nonblocking(fd: impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(&fd, FcntlArg::F_GETFL)?);
    fcntl(&fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

/// `/dev/null` for reading and writing.
pub fn null() -> io::Result<OwnedFd> {
    let file = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")?;
    Ok(file.into())
}

/// Whether two descriptors are the same file, so that the order of writes to the two is visible.
pub fn same_file(a: BorrowedFd<'_>, b: BorrowedFd<'_>) -> bool {
    use nix::sys::stat::fstat;
    match (fstat(a), fstat(b)) {
        (Ok(a), Ok(b)) => (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino),
        _ => false,
    }
}

/// Waits for any of `wanted` for at most `timeout` and returns what each is ready for, in order. A signal ends the
/// wait early.
pub fn wait(wanted: &[(BorrowedFd<'_>, PollFlags)], timeout: std::time::Duration) -> Vec<PollFlags> {
    let mut set: Vec<PollFd<'_>> = wanted
        .iter()
        .map(|(fd, flags)| PollFd::new(*fd, *flags))
        .collect();
    // Round up: a wait of 0.4 ms must not become a busy loop.
    let millis = timeout.as_nanos().div_ceil(1_000_000);
    let timeout = PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX);
    match nix::poll::poll(&mut set, timeout) {
        Ok(_) => set
            .iter()
            .map(|fd| fd.revents().unwrap_or(PollFlags::empty()))
            .collect(),
        Err(_) => vec![PollFlags::empty(); wanted.len()],
    }
}
