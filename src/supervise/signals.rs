//! Signals on their way through us to the child.
//!
//! The child shares our process group, so a signal may come by two roads. One from the terminal (Ctrl-C, Ctrl-\,
//! Ctrl-Z) is sent by the kernel to the whole foreground group: the child has it already and must not get it twice.
//! One that somebody sends to our pid alone must be passed on, because they mean go. `siginfo` tells the two apart:
//! on Linux what the kernel itself sends has `si_code` SI_KERNEL, and the sender's pid is no guide (it is 0 as well
//! for a `docker stop` from outside our pid namespace); elsewhere the kernel's pid is 0. Three cases remain:
//!
//! - `kill -- -PGID` from a shell reaches both and looks as if it were for us alone, so the child gets it twice. For
//!   HUP, INT, QUIT and TERM that is harmless: go dies of the first.
//! - HUP is passed on whoever sends it: a terminal that hangs up tells only the session's leader, which may be us.
//!   So is ALRM: an alarm set before `exec` is ours alone.
//! - What came before the child existed is passed on, wherever it came from: the child cannot have had it.
//!
//! A signal that was ignored when we were started stays ignored, in us and in the child (nohup, a shell's `&`). A
//! background read or write (TTIN, TTOU) keeps its default action: the kernel stops the whole group.

use super::fds;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, pthread_sigmask};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, MutexGuard};

/// Signals that end go: while it lives they do not end us.
const ENDING: [Signal; 4] = [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM];

const CAUGHT: [Signal; 10] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGWINCH,
    Signal::SIGTSTP,
    Signal::SIGCONT,
];

/// One of us at a time: dispositions belong to the process.
static TURN: Mutex<()> = Mutex::new(());
/// Where the handler writes; -1 while there is no handler.
static PIPE: AtomicI32 = AtomicI32::new(-1);

/// A signal that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Which.
    pub signal: Signal,
    /// Whether the kernel sent it (the terminal, mostly) and not a process.
    pub from_kernel: bool,
}

impl Arrival {
    /// Whether the child is to get it from us. `before_child`: it came before the child was there.
    pub fn forward(self, before_child: bool) -> bool {
        match self.signal {
            Signal::SIGCHLD => false,
            Signal::SIGHUP | Signal::SIGALRM => true,
            _ => before_child || !self.from_kernel,
        }
    }

    /// Whether it asks go to end.
    pub fn ends(self) -> bool {
        ENDING.contains(&self.signal)
    }
}

/// A signal's disposition before we changed it.
#[derive(Clone, Copy)]
struct Saved {
    signal: i32,
    old: libc::sigaction,
}

/// Handlers installed for the time of one child; dropping this puts everything back.
pub struct Signals {
    read: OwnedFd,
    // Open as long as the handler may write to it.
    _write: OwnedFd,
    saved: Vec<Saved>,
    mask: SigSet,
    _turn: MutexGuard<'static, ()>,
}

impl Signals {
    /// Blocks the signals concerned in this thread and installs the handlers. [`Signals::unblock`] follows once the
    /// child is there.
    pub fn install() -> io::Result<Signals> {
        let turn = TURN.lock().unwrap_or_else(|e| e.into_inner());
        let (read, write) = fds::pipe()?;
        fds::set_nonblocking(&read)?;
        fds::set_nonblocking(&write)?;
        let mut concerned: SigSet = CAUGHT.into_iter().collect();
        concerned.add(Signal::SIGCHLD);
        let mut mask = SigSet::empty();
        pthread_sigmask(SigmaskHow::SIG_BLOCK, Some(&concerned), Some(&mut mask))?;
        PIPE.store(write.as_raw_fd(), Ordering::SeqCst);
        let mut signals = Signals {
            read,
            _write: write,
            saved: Vec::new(),
            mask,
            _turn: turn,
        };
        for signal in CAUGHT {
            if disposition(signal as i32)?.sa_sigaction != libc::SIG_IGN {
                signals.set(signal as i32, action(note_arrival as *const () as usize))?;
            }
        }
        // Where SIGCHLD is ignored the kernel would throw the child's status away.
        signals.set(libc::SIGCHLD, action(note_arrival as *const () as usize))?;
        if disposition(libc::SIGPIPE)?.sa_sigaction == libc::SIG_DFL {
            signals.set(libc::SIGPIPE, action(do_nothing as *const () as usize))?;
        }
        Ok(signals)
    }

    /// Lets the signals come, but for those that our own starter had blocked.
    pub fn unblock(&self) -> io::Result<()> {
        let mut mask = self.mask;
        mask.remove(Signal::SIGCHLD);
        Ok(pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&mask), None)?)
    }

    /// What came since the last call, in order.
    pub fn take(&self) -> Vec<Arrival> {
        let mut arrivals = Vec::new();
        let mut buffer = [0u8; 512];
        while let Ok(n @ 1..) = nix::unistd::read(&self.read, &mut buffer) {
            arrivals.extend(buffer[..n].chunks_exact(2).filter_map(|pair| {
                Some(Arrival {
                    signal: Signal::try_from(i32::from(pair[0])).ok()?,
                    from_kernel: pair[1] != 0,
                })
            }));
        }
        arrivals
    }

    /// Becomes readable when a signal has come.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.read.as_fd()
    }

    /// In a child between fork and exec: the mask and the dispositions that a plain exec would have given it.
    /// Handlers become the default, as exec makes them; the rest becomes what it was.
    pub fn reset_in_child(&self) {
        for saved in &self.saved {
            let mut old = saved.old;
            if old.sa_sigaction != libc::SIG_IGN {
                old = action(libc::SIG_DFL);
            }
            // SAFETY: async-signal-safe, with a valid structure.
            unsafe { libc::sigaction(saved.signal, &old, std::ptr::null_mut()) };
        }
        let _ = pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&self.mask), None);
    }

    /// Stops us as the child was stopped, and returns once we are continued. In an orphaned process group, where
    /// nobody could continue us, the kernel does not stop us.
    pub fn stop_self(&self, signal: Signal) {
        let (mut old, default) = (action(libc::SIG_DFL), action(libc::SIG_DFL));
        let mut one = SigSet::empty();
        one.add(signal);
        // SAFETY: valid structures; the disposition is put back at once.
        unsafe {
            libc::sigaction(signal as i32, &default, &mut old);
            let mut mask = SigSet::empty();
            let unblocked = pthread_sigmask(SigmaskHow::SIG_UNBLOCK, Some(&one), Some(&mut mask));
            libc::raise(signal as i32);
            if unblocked.is_ok() {
                let _ = pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&mask), None);
            }
            libc::sigaction(signal as i32, &old, std::ptr::null_mut());
        }
    }

    fn set(&mut self, signal: i32, new: libc::sigaction) -> io::Result<()> {
        let mut old = action(libc::SIG_DFL);
        // SAFETY: valid structures, and handlers that do only what a handler may.
        if unsafe { libc::sigaction(signal, &new, &mut old) } == -1 {
            return Err(io::Error::last_os_error());
        }
        self.saved.push(Saved { signal, old });
        Ok(())
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for saved in &self.saved {
            // SAFETY: puts back what the system gave us.
            unsafe { libc::sigaction(saved.signal, &saved.old, std::ptr::null_mut()) };
        }
        PIPE.store(-1, Ordering::SeqCst);
        let _ = pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&self.mask), None);
    }
}

/// Makes a write to a closed pipe an error instead of our death, unless SIGPIPE is ignored already. It installs an
/// empty handler: unlike an ignored signal it does not outlive an exec, so nothing has to be put back for a child.
pub fn survive_broken_pipes() {
    if let Ok(old) = disposition(libc::SIGPIPE)
        && old.sa_sigaction == libc::SIG_DFL
    {
        let empty = action(do_nothing as *const () as usize);
        // SAFETY: a valid structure and a handler that does nothing.
        unsafe { libc::sigaction(libc::SIGPIPE, &empty, std::ptr::null_mut()) };
    }
}

/// Whether a Go program that does nothing about it ends by this signal, from within.
pub fn ends_go(signal: i32) -> bool {
    ENDING.iter().any(|s| *s as i32 == signal)
}

/// Ends this process by a signal's default action, so that whoever waits for us sees what became of go. It leaves
/// no core dump of ours in place of go's. Returns only if the signal does not end a process.
pub fn die_of(signal: i32) {
    let none = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: plain system calls with valid structures.
    unsafe {
        libc::setrlimit(libc::RLIMIT_CORE, &none);
        libc::sigaction(signal, &action(libc::SIG_DFL), std::ptr::null_mut());
        let mut one: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut one);
        libc::sigaddset(&mut one, signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &one, std::ptr::null_mut());
        libc::raise(signal);
    }
}

fn disposition(signal: i32) -> io::Result<libc::sigaction> {
    let mut old = action(libc::SIG_DFL);
    // SAFETY: only asks.
    match unsafe { libc::sigaction(signal, std::ptr::null(), &mut old) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(old),
    }
}

// SA_RESTART spares the other threads interrupted calls; poll, where this thread waits, is never restarted.
fn action(handler: usize) -> libc::sigaction {
    // SAFETY: all zeroes is a valid sigaction.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = libc::SA_RESTART | libc::SA_SIGINFO;
    if handler == libc::SIG_DFL {
        action.sa_flags = 0;
    }
    action
}

extern "C" fn do_nothing(_: i32, _: *mut libc::siginfo_t, _: *mut libc::c_void) {}

extern "C" fn note_arrival(signal: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    let errno = Errno::last_raw();
    let record = [signal as u8, u8::from(sent_by_kernel(info))];
    let fd = PIPE.load(Ordering::SeqCst);
    if fd >= 0 {
        // SAFETY: async-signal-safe; two bytes are written whole or, into a full pipe, not at all.
        unsafe { libc::write(fd, record.as_ptr().cast(), record.len()) };
    }
    Errno::set_raw(errno);
}

fn sent_by_kernel(info: *const libc::siginfo_t) -> bool {
    if info.is_null() {
        return false;
    }
    // SAFETY: SA_SIGINFO handlers get a valid siginfo.
    #[cfg(target_os = "linux")]
    return unsafe { (*info).si_code } == libc::SI_KERNEL;
    #[cfg(not(target_os = "linux"))]
    return unsafe { (*info).si_pid() } == 0;
}

use nix::errno::Errno;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gets_what() {
        use Signal::*;
        // (signal, from the kernel, before the child, forwarded)
        let table = [
            (SIGINT, true, false, false),
            (SIGINT, false, false, true),
            (SIGINT, true, true, true),
            (SIGTSTP, true, false, false),
            (SIGTERM, false, false, true),
            (SIGHUP, true, false, true),
            (SIGALRM, true, false, true),
            (SIGCONT, false, false, true),
            (SIGCHLD, false, false, false),
        ];
        for (signal, from_kernel, before, want) in table {
            let arrival = Arrival { signal, from_kernel };
            assert_eq!(arrival.forward(before), want, "{arrival:?} {before}");
        }
    }
}
