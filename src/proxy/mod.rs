//! The loopback module proxy that stands between go and its upstreams.
//!
//! `list` reads GOPROXY, `transport` and `credentials` talk to one upstream, the rest decides whom to ask, how often and
//! what go is told. It runs on a thread of its own; the shim starts it before go and stops it after.

mod answer;
mod asking;
mod attempt;
mod base;
mod budget;
mod classify;
pub mod collector;
pub mod credentials;
mod engine;
mod failover;
mod health;
mod hedges;
mod learnt;
mod list;
mod loopback;
mod notes;
pub mod own;
mod prefetch;
pub mod probe;
mod public;
mod pulse;
mod race;
mod record;
mod recovery;
mod reply;
mod request;
mod resume;
mod retry;
mod rules;
mod serve;
mod spool;
mod sumdb;
mod thread;
pub mod transport;
mod verify;
mod vigil;
mod walk;
mod words;

#[cfg(test)]
mod tests;

pub use loopback::{is_loopback_base, ping};
pub use prefetch::{Archive, Facts, Infos, Module, Need, Packages, Place, Sources, Tests, file};
pub use probe::{Upstream, upstreams};

use crate::activity::Activity;
use crate::cause::Cause;
use crate::config::settings;
use crate::trace::Recorder;
use crate::world::World;
use std::path::PathBuf;
use std::sync::Arc;

/// What the proxy needs to know; every value as go itself would read it.
#[derive(Debug, Clone)]
pub struct Setup {
    /// GOPROXY.
    pub goproxy: String,
    /// GONOPROXY.
    pub gonoproxy: String,
    /// GOSUMDB.
    pub gosumdb: String,
    /// GOAUTH.
    pub goauth: String,
    /// The user's surroundings: proxy variables, NETRC, HOME, SSL_CERT_FILE, working directory of helpers.
    pub world: Arc<World>,
    /// A directory on the module cache's file system for the spool; created by go, may not exist yet.
    pub spool: PathBuf,
    /// The go.sum files that count for this command; read when the first zip or go.mod comes.
    pub sums: Vec<PathBuf>,
    /// What may be asked ahead of go; `None`: nothing.
    pub prefetch: Option<Sources>,
    /// Rules for asking upstreams.
    pub rules: settings::Proxy,
}

/// A text that stands for another one in go's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    /// What go prints: a loopback base without a trailing slash.
    pub from: Vec<u8>,
    /// What the user should read: the upstream's base as go would print it.
    pub to: Vec<u8>,
}

/// Why the proxy could not be started; plain go runs then.
#[derive(Debug)]
pub struct StartError(pub String);

/// What the proxy saw, told when it stops.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Requests that go made.
    pub requests: u64,
    /// Requests that failed because upstreams stayed unavailable.
    pub unavailable: u64,
    /// Why what go asked for last could not be had, and of whom: the most telling where there are several. An
    /// answer that there is no such module is none.
    pub cause: Option<(Cause, String)>,
    /// Interventions in words, for the lines on stderr; e.g. `https://a did not answer; https://b was asked instead`.
    pub notes: Vec<String>,
}

/// A running proxy.
#[derive(Debug)]
pub struct Running(thread::Thread);

/// Starts the proxy and connects to it once. `Ok(None)` where the list has no http(s) entry, or it or GOAUTH is one
/// that go will refuse: go's own error is the right one then.
pub fn start(
    setup: Setup,
    recorder: Recorder,
    activity: Arc<Activity>,
) -> Result<Option<Running>, StartError> {
    let Some(list) = list::List::parse(&setup.goproxy) else {
        return Ok(None);
    };
    if credentials::refused(&setup.goauth) {
        return Ok(None);
    }
    let thread = thread::Thread::start(setup, list, recorder, activity)?;
    Ok(Some(Running(thread)))
}

impl Running {
    /// The GOPROXY value for the child.
    pub fn goproxy(&self) -> &str {
        &self.0.goproxy
    }

    /// What must be put back in go's output.
    pub fn rewrites(&self) -> &[Rewrite] {
        &self.0.rewrites
    }

    /// Ends the proxy's thread; waits at most a second for it.
    pub fn stop(self) -> Summary {
        let notes = Arc::clone(&self.0.notes);
        self.0.stop();
        notes.summary()
    }
}
