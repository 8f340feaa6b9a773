//! The child's state, as wait4(2) tells it.

use crate::trace::Event;
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

/// What became of the child since the last look.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Stopped by this signal.
    Stopped(Option<Signal>),
    /// Continued.
    Continued,
    /// It ended.
    Ended(Death),
}

/// How the child ended and what it and its children used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Death {
    /// Exit status.
    pub status: Option<i32>,
    /// The signal it died of.
    pub signal: Option<i32>,
    user_ms: f64,
    system_ms: f64,
    max_rss_kib: u64,
}

impl Death {
    /// For the trace.
    pub fn event(&self) -> Event {
        Event::ChildEnd {
            status: self.status,
            signal: self.signal,
            user_ms: self.user_ms,
            system_ms: self.system_ms,
            max_rss_kib: self.max_rss_kib,
        }
    }
}

/// Asks, without waiting, whether something became of the child.
pub fn look(pid: Pid) -> Option<Change> {
    let mut status = 0;
    // SAFETY: all zeroes is a valid rusage.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let options = libc::WNOHANG | libc::WUNTRACED | libc::WCONTINUED;
    loop {
        // SAFETY: valid pointers; the pid is a child of ours that has not been reaped.
        match unsafe { libc::wait4(pid.as_raw(), &mut status, options, &mut usage) } {
            0 => return None,
            -1 if Errno::last() == Errno::EINTR => continue,
            // Somebody else reaped it: how it ended is lost.
            -1 => return Some(ended(None, None, &usage)),
            _ => break,
        }
    }
    Some(if libc::WIFSTOPPED(status) {
        Change::Stopped(Signal::try_from(libc::WSTOPSIG(status)).ok())
    } else if libc::WIFCONTINUED(status) {
        Change::Continued
    } else if libc::WIFSIGNALED(status) {
        ended(None, Some(libc::WTERMSIG(status)), &usage)
    } else {
        ended(Some(libc::WEXITSTATUS(status)), None, &usage)
    })
}

fn ended(status: Option<i32>, signal: Option<i32>, usage: &libc::rusage) -> Change {
    let millis = |t: libc::timeval| t.tv_sec as f64 * 1e3 + t.tv_usec as f64 / 1e3;
    // Linux counts in KiB, macOS in bytes (getrusage(2)).
    let unit = if cfg!(target_os = "macos") { 1024 } else { 1 };
    Change::Ended(Death {
        status,
        signal,
        user_ms: millis(usage.ru_utime),
        system_ms: millis(usage.ru_stime),
        max_rss_kib: u64::try_from(usage.ru_maxrss).unwrap_or(0) / unit,
    })
}
