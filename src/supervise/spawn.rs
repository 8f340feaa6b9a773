//! Starting the child: fork and exec by hand, because `std::process::Command` sorts the environment, drops repeated
//! names and resets signals.

use super::Job;
use super::fds;
use super::signals::Signals;
use nix::unistd::Pid;
use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;

/// What becomes the child's descriptors 0, 1 and 2. All lie above 2 or are the number itself.
#[derive(Debug, Clone, Copy)]
pub struct Stdio(pub [RawFd; 3]);

/// Starts the child in our process group, with the signal mask and dispositions a plain exec would have given it.
/// Call it between [`Signals::install`] and [`Signals::unblock`], and from a thread that lives as long as the child.
pub fn start(job: &Job, stdio: Stdio, signals: &Signals) -> io::Result<Pid> {
    // All memory is taken before the fork: after it only async-signal-safe calls are allowed, other threads may
    // have held any lock.
    let program = CString::new(job.program.as_os_str().as_bytes())?;
    let argv = Block::new(job.argv.iter().map(|arg| arg.as_bytes().to_vec()))?;
    let env = Block::new(
        job.env
            .iter()
            .map(|(k, v)| [k.as_bytes(), b"=", v.as_bytes()].concat()),
    )?;
    let (failure, report) = fds::pipe()?;
    let parent = nix::unistd::getpid();
    // SAFETY: the child calls only async-signal-safe functions and ends in exec or _exit.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            // SAFETY: as above; the pointers are valid, their owners live in this frame.
            unsafe {
                die_with(parent);
                connect(stdio);
                signals.reset_in_child();
                libc::execve(program.as_ptr(), argv.as_ptr(), env.as_ptr());
                let errno = nix::errno::Errno::last_raw().to_ne_bytes();
                libc::write(report.as_raw_fd(), errno.as_ptr().cast(), errno.len());
                libc::_exit(127);
            }
        }
        pid => {
            drop(report);
            started(Pid::from_raw(pid), failure)
        }
    }
}

// The pipe closes without a word when the exec succeeds; otherwise it brings the errno.
fn started(pid: Pid, failure: OwnedFd) -> io::Result<Pid> {
    let mut errno = [0u8; 4];
    loop {
        match nix::unistd::read(&failure, &mut errno) {
            Err(nix::errno::Errno::EINTR) => continue,
            Ok(4) => break,
            _ => return Ok(pid),
        }
    }
    let mut status = 0;
    // SAFETY: waits for the child of ours that is ending right now.
    while unsafe { libc::waitpid(pid.as_raw(), &mut status, 0) } == -1
        && nix::errno::Errno::last() == nix::errno::Errno::EINTR
    {}
    Err(io::Error::from_raw_os_error(i32::from_ne_bytes(errno)))
}

/// A SIGKILLed shim takes its proxy with it, and a go that goes on waiting for a dead proxy helps nobody: the kernel
/// sends it TERM in our place. Linux only; elsewhere go fails at its next request, the connection being refused.
#[cfg(target_os = "linux")]
unsafe fn die_with(parent: Pid) {
    // SAFETY: async-signal-safe system calls.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
        // The parent may have died before that took effect.
        if libc::getppid() != parent.as_raw() {
            libc::_exit(128 + libc::SIGTERM);
        }
    }
}

#[cfg(not(target_os = "linux"))]
unsafe fn die_with(_: Pid) {}

unsafe fn connect(stdio: Stdio) {
    for (number, fd) in (0..).zip(stdio.0) {
        if fd != number {
            // SAFETY: async-signal-safe; the copy is not close-on-exec.
            unsafe { libc::dup2(fd, number) };
        }
    }
}

/// A null-terminated array of C strings.
struct Block {
    _strings: Vec<CString>,
    pointers: Vec<*const libc::c_char>,
}

impl Block {
    fn new(items: impl Iterator<Item = Vec<u8>>) -> io::Result<Block> {
        let strings = items.map(CString::new).collect::<Result<Vec<_>, _>>()?;
        let pointers = strings
            .iter()
            .map(|s| s.as_ptr())
            .chain([std::ptr::null()])
            .collect();
        Ok(Block {
            _strings: strings,
            pointers,
        })
    }

    fn as_ptr(&self) -> *const *const libc::c_char {
        self.pointers.as_ptr()
    }
}
