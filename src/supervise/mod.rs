//! The child: started from the main thread, watched without being owned, ended only for a stated reason.
//!
//! [`run`] starts it (`spawn`), passes its output on (`relay`) and signals to it (`signals`), and watches
//! whether anything moves (`progress`). When nothing does, `evidence` is gathered, `diagnosis` finds the cause in it,
//! `state` decides, and `judge` reports or ends (`ending`).

mod child;
mod clock;
mod diagnosis;
mod dump;

mod ending;
mod evidence;
mod family;
mod fds;
mod hide;
mod judge;
mod lines;
mod progress;
mod relay;
mod rewrite;
mod signals;
mod spawn;
mod state;
#[cfg(test)]
mod tests;
mod tree;
mod waiting;
mod watch;

pub use evidence::{locks, places};
pub use fds::hold_standard;
pub use signals::{die_of, ends_go, survive_broken_pipes};
pub use state::Bounds;

use crate::activity::Activity;
use crate::cause::Cause;
use crate::cause::heard::Heard;
use crate::trace::Recorder;
use crate::ui::live;
use std::ffi::OsString;
use std::os::fd::AsFd;
use std::path::PathBuf;

/// A child to run and how its streams are treated.
#[derive(Debug, Clone)]
pub struct Job {
    /// The program's path.
    pub program: PathBuf,
    /// Its `argv`, `argv[0]` included.
    pub argv: Vec<OsString>,
    /// Its whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// stdin from /dev/null instead of ours.
    pub stdin_null: bool,
    /// What becomes of its stdout.
    pub stdout: Stdout,
    /// What becomes of its stderr.
    pub stderr: Stderr,
    /// It prints the commands it runs, too (`-n`, `-x`); these don't go into the trace.
    pub script: bool,
    /// Texts put back in its output: (what the child prints, what the user reads).
    pub rewrites: Vec<(Vec<u8>, Vec<u8>)>,
    /// How the progress of requests is shown.
    pub progress: live::Mode,
    /// What a silence deserves.
    pub bounds: Bounds,
    /// It is a Go program: its first signal is QUIT, and what it then says is taken apart and not shown.
    pub dumps: bool,
    /// The programs of GOAUTH.
    pub helpers: Vec<String>,
    /// The directories it writes to, with the variables that name them.
    pub dirs: Vec<(&'static str, PathBuf)>,
}

/// What becomes of the child's stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stdout {
    /// Ours, untouched.
    Inherit,
    /// Passed on with the rewrites applied; no other byte changes.
    Rewrite,
    /// Thrown away.
    Discard,
}

/// What becomes of the child's stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stderr {
    /// Passed on line by line with the rewrites applied.
    Rewrite,
    /// Kept back, but for progress lines (`go: downloading …`, `# get …`), which pass as they come.
    Hold,
}

/// How a child ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct End {
    /// Exit status; `None` when it died of a signal.
    pub status: Option<i32>,
    /// Signal number; `None` when it exited.
    pub signal: Option<i32>,
    /// The signal by which somebody asked us to end when it had ended already.
    pub dismissed: Option<i32>,
    /// Why we ended it; `None` when it ended by itself.
    pub ended_by_us: Option<String>,
    /// The cause for which we ended it or a descendant.
    pub hung: Option<Cause>,
    /// The cause of the last silence that was reported.
    pub named: Option<Cause>,
    /// How many of its descendants we ended alone, so that it could go on or say what failed.
    pub leaves_ended: u32,
    /// What was held of its stderr, rewrites applied.
    pub held: Vec<u8>,
    /// The cause that its stderr names.
    pub heard: Heard,
}

/// Why a child could not be started.
#[derive(Debug)]
pub struct SpawnError(pub std::io::Error);

/// Runs a child to its end. Must be called on the main thread: the child is told to end when the thread that
/// started it does. Signals to us meanwhile become the child's (see `signals`).
pub fn run(job: &Job, activity: &Activity, recorder: &Recorder) -> Result<End, SpawnError> {
    fds::hold_standard();
    let (out, err) = (std::io::stdout(), std::io::stderr());
    let ours = relay::Ours {
        out: out.as_fd(),
        err: err.as_fd(),
    };
    watch::run(job, activity, recorder, ours)
}
