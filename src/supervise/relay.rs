//! The child's output on its way through us.

use super::fds;
use super::lines::{Hold, Tap};
use super::rewrite::Rewriter;
use super::spawn::Stdio;
use super::{End, Job, Stderr, Stdout};
use crate::trace::Recorder;
use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::signal::Signal;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// A pipe that is ready to be written takes this much without making the writer wait (PIPE_BUF on Linux).
const PIECE: usize = 4096;

/// Our own standard output streams.
#[derive(Debug, Clone, Copy)]
pub struct Ours<'a> {
    /// Descriptor 1.
    pub out: BorrowedFd<'a>,
    /// Descriptor 2.
    pub err: BorrowedFd<'a>,
}

/// The pipes to the child, before it is started.
pub struct Streams<'a> {
    /// Our ends.
    pub relays: Vec<Relay<'a>>,
    /// What becomes the child's 0, 1 and 2.
    pub stdio: Stdio,
    /// Owns the child's ends; to be dropped once it has them.
    pub theirs: Vec<OwnedFd>,
}

impl<'a> Streams<'a> {
    /// Opens what a job needs. Where our stdout and stderr are one file, the order of writes to the two is visible,
    /// and the child gets one pipe for both.
    pub fn open(job: &Job, ours: Ours<'a>) -> io::Result<Streams<'a>> {
        let mut streams = Streams {
            relays: Vec::new(),
            stdio: Stdio([0, ours.out.as_raw_fd(), 2]),
            theirs: Vec::new(),
        };
        if job.stdin_null {
            streams.give(0, fds::null()?);
        }
        let pairs = &job.rewrites;
        let (read, write) = fds::pipe()?;
        let err = Relay::new(read, ours.err, pairs)?;
        streams.relays.push(Relay {
            tap: Some(if job.script {
                Tap::of_script()
            } else {
                Tap::default()
            }),
            hold: (job.stderr == Stderr::Hold).then(Hold::default),
            ..err
        });
        streams.give(2, write);
        let merged = job.stderr == Stderr::Rewrite && fds::same_file(ours.out, ours.err);
        match job.stdout {
            Stdout::Discard => streams.give(1, fds::null()?),
            _ if merged => streams.stdio.0[1] = streams.stdio.0[2],
            Stdout::Inherit => {}
            Stdout::Rewrite => {
                let (read, write) = fds::pipe()?;
                streams.relays.push(Relay::new(read, ours.out, pairs)?);
                streams.give(1, write);
            }
        }
        Ok(streams)
    }

    fn give(&mut self, number: usize, fd: OwnedFd) {
        self.stdio.0[number] = fd.as_raw_fd();
        self.theirs.push(fd);
    }
}

/// One stream, from the child's pipe to ours.
pub struct Relay<'a> {
    // None once the child's side has ended, or ours was closed.
    from: Option<OwnedFd>,
    to: BorrowedFd<'a>,
    rewriter: Rewriter,
    // What our side has not taken yet; while there is some, nothing more is read.
    pending: Vec<u8>,
    // Our side is broken: the rest is thrown away.
    deaf: bool,
    // Nobody reads our side any more.
    unread: bool,
    tap: Option<Tap>,
    hold: Option<Hold>,
    // What comes from now on is kept here instead: the stacks of goroutines that were asked for.
    kept: Option<Vec<u8>>,
}

/// Bytes that are kept at most.
const KEPT: usize = 32 << 20;

impl<'a> Relay<'a> {
    fn new(from: OwnedFd, to: BorrowedFd<'a>, pairs: &[(Vec<u8>, Vec<u8>)]) -> io::Result<Relay<'a>> {
        fds::set_nonblocking(&from)?;
        Ok(Relay {
            from: Some(from),
            to,
            rewriter: Rewriter::new(pairs),
            pending: Vec::new(),
            deaf: false,
            unread: false,
            tap: None,
            hold: None,
            kept: None,
        })
    }

    /// What this stream waits for; `None` when it is done.
    pub fn interest(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        if !self.pending.is_empty() {
            return Some((self.to, PollFlags::POLLOUT));
        }
        Some((self.from.as_ref()?.as_fd(), PollFlags::POLLIN))
    }

    /// Keeps what comes from now on for [`Relay::take_kept`].
    pub fn keep(&mut self) {
        self.kept.get_or_insert_default();
    }

    /// What was kept; from now on everything passes again.
    pub fn take_kept(&mut self) -> Option<Vec<u8>> {
        self.kept.take()
    }

    /// Passes on what was kept and is none of ours.
    pub fn give_back(&mut self, bytes: Vec<u8>, recorder: &Recorder) {
        self.pass(bytes, recorder);
    }

    /// Whether our side has yet to take something.
    pub fn blocked(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether the end of what came may be the beginning of a needle.
    pub fn holds_tail(&self) -> bool {
        self.rewriter.holds() && !self.blocked()
    }

    /// Passes on what may have been the beginning of a needle: too long nothing followed it.
    pub fn give_up_tail(&mut self, recorder: &Recorder) {
        let bytes = self.rewriter.finish();
        self.pass(bytes, recorder);
    }

    /// Moves what can be moved without waiting; says whether the child said something.
    pub fn advance(&mut self, recorder: &Recorder) -> bool {
        if self.blocked() {
            self.write();
            return false;
        }
        let Some(from) = &self.from else {
            return false;
        };
        let mut buffer = [0u8; 64 << 10];
        match nix::unistd::read(from, &mut buffer) {
            Ok(0) => self.end(recorder),
            Ok(n) => {
                let bytes = self.rewriter.push(&buffer[..n]);
                self.pass(bytes, recorder);
                return true;
            }
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            Err(_) => self.end(recorder),
        }
        false
    }

    /// Takes no more from the child, and writes into its end what was heard and held back of this stream.
    pub fn close(mut self, recorder: &Recorder, end: &mut End) {
        if self.from.is_some() {
            self.end(recorder);
            // What our side does not take at once is lost: whoever still writes is no child of ours.
            while self.blocked()
                && !fds::wait(&[(self.to, PollFlags::POLLOUT)], Default::default())[0].is_empty()
            {
                self.write();
            }
        }
        if let Some(tap) = &self.tap {
            end.heard = tap.heard();
        }
        if let Some(hold) = &mut self.hold {
            end.held.extend(hold.finish());
        }
        // A child that was done before we learnt that nobody reads: without us it would have met the broken pipe
        // itself, and a Go program dies of one on its stdout and stderr (os/signal, "SIGPIPE").
        if self.unread && end.status.take().is_some() {
            end.signal = Some(Signal::SIGPIPE as i32);
        }
    }

    fn end(&mut self, recorder: &Recorder) {
        self.from = None;
        self.give_up_tail(recorder);
        if let Some(tap) = &mut self.tap {
            tap.finish(recorder);
        }
    }

    fn pass(&mut self, bytes: Vec<u8>, recorder: &Recorder) {
        if let Some(kept) = &mut self.kept {
            let room = KEPT.saturating_sub(kept.len());
            kept.extend(&bytes[..bytes.len().min(room)]);
            return;
        }
        if let Some(tap) = &mut self.tap {
            tap.push(&bytes, recorder);
        }
        let bytes = match &mut self.hold {
            Some(hold) => hold.push(&bytes),
            None => bytes,
        };
        if !self.deaf {
            self.pending.extend(bytes);
        }
    }

    fn write(&mut self) {
        let piece = &self.pending[..self.pending.len().min(PIECE)];
        match nix::unistd::write(self.to, piece) {
            Ok(n) => _ = self.pending.drain(..n),
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            Err(error) => {
                self.deaf = true;
                self.pending = Vec::new();
                // Nobody reads us any more: the child learns it as it would have, from a closed pipe. Any other
                // failure (a full disk, a vanished terminal) does not end a plain go either.
                if error == Errno::EPIPE {
                    self.unread = true;
                    self.from = None;
                }
            }
        }
    }
}
