//! The settings in effect, as the rest of the program reads them.

use super::rules::Profile;
use std::path::PathBuf;
use std::time::Duration;

/// When the next upstream of the GOPROXY list may be asked for what this one could not supply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Failover {
    /// Past an unavailable public mirror only; elsewhere as the separators say.
    #[default]
    Safe,
    /// Exactly cmd/go's list semantics.
    Go,
    /// Past any unavailable upstream.
    Always,
}

/// Where traces go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TraceTo {
    /// Into the state directory, a file per run.
    #[default]
    State,
    /// Nowhere.
    Off,
    /// Into this file, or a file per run in this directory.
    Path(PathBuf),
}

/// When the live line is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Progress {
    /// On a terminal; a heartbeat elsewhere.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What a pin does when the Go on PATH is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Enforce {
    /// The pinned Go is run.
    #[default]
    Switch,
    /// None is run.
    Refuse,
    /// The one on PATH is run, after one line.
    Warn,
}

/// Whether a Go that is asked for and not there may be downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Install {
    /// After one line that says so.
    #[default]
    Auto,
    /// Not at all.
    Never,
    /// Without that line.
    Always,
}

/// Every setting, resolved. The defaults are the contract's.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Rules for asking upstreams.
    pub proxy: Proxy,
    /// `hang.*`.
    pub hang: Hang,
    /// `go.version`, as it is written.
    pub go_version: Option<String>,
    /// `pin.*`.
    pub pin: Pin,
    /// `trace`.
    pub trace: TraceTo,
    /// `trace.invocations = "all"`: also commands that make no request leave a line.
    pub trace_all_invocations: bool,
    /// `trace.keep`: how long traces are kept.
    pub trace_keep: Duration,
    /// `trace.max-size`: bytes of traces kept.
    pub trace_max_size: u64,
    /// `trace.otlp`: whether traces are sent to a collector.
    pub trace_otlp: bool,
    /// `progress`.
    pub progress: Progress,
    /// `policy.profile`: the shim runs no go where the project or the settings break a rule of this profile.
    pub policy: Option<Profile>,
    /// `undo.keep`: how long what go.mod and its kin were is kept.
    pub undo_keep: Option<Duration>,
}

/// `proxy.*` and `patience`.
#[derive(Debug, Clone, PartialEq)]
pub struct Proxy {
    /// `proxy.failover`.
    pub failover: Failover,
    /// `proxy.public`: hosts that count as public mirrors besides the built-in list.
    pub public: Vec<String>,
    /// `proxy.connect-timeout`: TCP and TLS, where another upstream is allowed.
    pub connect_timeout: Duration,
    /// The same where no other upstream is allowed: the setting's value times six.
    pub connect_timeout_alone: Duration,
    /// `proxy.first-answer`: silence of an upstream that has answered nothing in this run.
    pub first_answer: Duration,
    /// `proxy.hedge-after`.
    pub hedge_after: Duration,
    /// `proxy.stall-timeout`: silence or under 1 KiB/s, metadata.
    pub stall_timeout: Duration,
    /// The same for zips and checksum lookups: the setting's value times three.
    pub stall_timeout_large: Duration,
    /// `patience`: the same where nobody else may be asked.
    pub patience: Duration,
    /// `proxy.attempts`: attempts at one upstream where another is allowed.
    pub attempts: u32,
    /// `proxy.retry-for`: how long passing errors are retried where no other is allowed.
    pub retry_for: Duration,
    /// `proxy.concurrency`: upper bound of requests at once to one upstream.
    pub concurrency: usize,
    /// `proxy.prefetch`: ask ahead of go for what it is going to need.
    pub prefetch: bool,
}

/// `pin.*`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pin {
    /// `pin.enforce`.
    pub enforce: Enforce,
    /// `pin.install`.
    pub install: Install,
    /// `pin.toolchain-line = "exact"`: a toolchain line is a pin, not only a floor.
    pub toolchain_line_exact: bool,
    /// `pin.toolchain-sums`: `go1.26.6.linux-amd64 h1:…`, hashes that the user vouches for.
    pub toolchain_sums: Vec<String>,
}

/// `hang.*`.
#[derive(Debug, Clone, PartialEq)]
pub struct Hang {
    /// `hang.report-after`: without progress, say what is waited for.
    pub report_after: Duration,
    /// `hang.kill-after`: end what provably cannot end.
    pub kill_after: Duration,
    /// `hang.deadline`: the user's own bound for the whole command.
    pub deadline: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            proxy: Proxy::default(),
            hang: Hang::default(),
            go_version: None,
            pin: Pin::default(),
            trace: TraceTo::State,
            trace_all_invocations: false,
            trace_keep: Duration::from_secs(14 * 24 * 3600),
            trace_max_size: 200 << 20,
            trace_otlp: false,
            progress: Progress::Auto,
            policy: None,
            undo_keep: Some(Duration::from_secs(14 * 24 * 3600)),
        }
    }
}

impl Default for Proxy {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            failover: Failover::Safe,
            public: Vec::new(),
            connect_timeout: seconds(5),
            connect_timeout_alone: seconds(30),
            first_answer: seconds(8),
            hedge_after: seconds(2),
            stall_timeout: seconds(20),
            stall_timeout_large: seconds(60),
            patience: seconds(600),
            attempts: 4,
            retry_for: seconds(60),
            concurrency: 32,
            prefetch: true,
        }
    }
}

impl Default for Hang {
    fn default() -> Self {
        Self {
            report_after: Duration::from_secs(20),
            kill_after: Duration::from_secs(60),
            deadline: None,
        }
    }
}
