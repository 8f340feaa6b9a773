//! The vocabulary: everything that can happen in a run, as it stands in a trace file.
//!
//! One record is one JSON object on one line: `{"t": 12.345, "kind": "attempt", …}`, with `t` in milliseconds since
//! the run began. Readers skip kinds and fields they do not know; a field is never given another meaning within a
//! [`SCHEMA`]. No event holds a secret: whoever fills one in uses types that hide it (see [`crate::secret`]).

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the vocabulary, written in the first record.
pub const SCHEMA: u32 = 1;

/// A record as it stands in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Milliseconds since the run began.
    pub t: f64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Event {
    /// The first record: what was asked for, and where.
    Run(Run),
    /// Which go runs, and every rule that was consulted, in order.
    Toolchain {
        /// The version that is pinned; empty where nothing pins one.
        pinned: String,
        /// The go that runs.
        go: String,
        /// Its version; empty where its GOROOT has no VERSION file.
        version: String,
        /// The rules.
        rules: Vec<Rule>,
    },
    /// What the shim decided to do, and the rule that led there.
    Decision {
        /// `exec`, `guard` or `download-phase`.
        action: String,
        /// The rule in one clause.
        why: String,
    },
    /// The upstreams of the guarded list, in go's order.
    Upstreams {
        /// One entry per list element.
        list: Vec<Upstream>,
    },
    /// go asked the loopback proxy for something.
    Request {
        /// Number of the request within the run.
        request: u64,
        /// What was asked for, e.g. `golang.org/x/text@v0.3.0 zip`.
        resource: String,
        /// Under which upstream's prefix.
        upstream: String,
    },
    /// One request to one upstream, from its start to its end.
    Attempt(Attempt),
    /// What follows a failed attempt.
    Retry {
        /// The request of go's it belongs to.
        request: u64,
        /// `retry`, `failover`, `hedge`, `probe`, `over-budget` or `give-up`.
        action: String,
        /// Why.
        why: String,
        /// How long it waits first, in milliseconds.
        wait_ms: f64,
        /// Who is asked next; for `give-up` and `over-budget` who is not.
        upstream: String,
    },
    /// What go was answered.
    Answer {
        /// The request it answers.
        request: u64,
        /// HTTP status.
        status: u16,
        /// Bytes of body.
        bytes: u64,
        /// From request to the last byte, in milliseconds.
        total_ms: f64,
        /// Who supplied the answer; empty where nobody did.
        served_by: String,
        /// Attempts made for it.
        attempts: u32,
        /// The id of its cause, where it is not success (see [`crate::cause`]).
        #[serde(skip_serializing_if = "Option::is_none", default)]
        cause: Option<String>,
    },
    /// A child process was started.
    Child {
        /// Its process id.
        pid: u32,
        /// The program.
        program: String,
    },
    /// Nothing moves: what is waited for.
    Waiting {
        /// In one clause.
        what: String,
        /// For how long, in milliseconds.
        for_ms: f64,
    },
    /// What was found while nothing moved.
    Evidence {
        /// The id of the cause, see `docs/causes.md`.
        cause: String,
        /// What is waited for, in one clause.
        what: String,
        /// For how long nothing has moved, in milliseconds.
        for_ms: f64,
        /// What was found, what could not be found out included.
        found: Vec<Finding>,
    },
    /// We end something.
    Ending {
        /// Whom: a program's name.
        target: String,
        /// Its process id.
        pid: u32,
        /// The signal's name, e.g. `TERM`.
        signal: String,
        /// Why, in one clause.
        why: String,
    },
    /// The child ended.
    ChildEnd {
        /// Exit status; absent when it died of a signal.
        status: Option<i32>,
        /// Signal number; absent when it exited.
        signal: Option<i32>,
        /// User CPU time of it and its children, in milliseconds.
        user_ms: f64,
        /// System CPU time of it and its children, in milliseconds.
        system_ms: f64,
        /// Largest resident set of any of them, in KiB.
        max_rss_kib: u64,
    },
    /// go's own error output, a line each.
    Stderr {
        /// The line, upstream addresses put back, without its newline.
        line: String,
    },
    /// go.mod or go.sum changed during the run.
    FileChanged {
        /// The file's name.
        file: String,
        /// Its size and hash before, `absent` where there was none.
        before: String,
        /// Its size and hash after.
        after: String,
    },
    /// Why the command failed, or why it hangs: a verdict upon what was seen before.
    Cause {
        /// The stable id (see [`crate::cause`]).
        cause: String,
        /// Whom it concerns: an upstream, a program; empty where that is not known.
        whom: String,
    },
    /// Something of ours did not work; go ran all the same.
    Warning {
        /// What.
        text: String,
    },
    /// A message of the program's own debugging.
    Log {
        /// `error` … `trace`.
        level: String,
        /// The module it comes from.
        target: String,
        /// The message with its fields.
        message: String,
    },
    /// The last record.
    End {
        /// `exited`, `signaled` or `ours`.
        outcome: String,
        /// Exit status or signal number.
        code: i32,
        /// From start to end, in milliseconds.
        total_ms: f64,
        /// Events that the queue had no room for.
        dropped: u64,
    },
}

/// A piece of evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Finding {
    /// `request`, `process`, `socket`, `terminal`, `lock`, `file-system`, `goroutines`, `guard` or `unavailable`.
    pub about: String,
    /// What was found, in one line.
    pub text: String,
}

/// What was asked for, by whom, where.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Run {
    /// [`SCHEMA`].
    pub schema: u32,
    /// gosteady's own version.
    pub gosteady: String,
    /// Random id of the run, 16 hex digits.
    pub id: String,
    /// When it began, RFC 3339 in UTC.
    pub started: String,
    /// The command words, e.g. `mod download`.
    pub verb: String,
    /// The arguments, by the allow-list of the shim.
    pub argv: Vec<String>,
    /// The working directory.
    pub dir: String,
    /// Our process id.
    pub pid: u32,
    /// The go that runs.
    pub go: String,
    /// Why that one, in one clause.
    pub go_why: String,
    /// `linux/amd64` and the like.
    pub platform: String,
    /// Variables of the allow-list that are set.
    pub env: BTreeMap<String, String>,
    /// Settings of go's in effect that matter here, secrets hidden.
    pub settings: BTreeMap<String, String>,
}

/// One rule that was consulted about which go runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rule {
    /// Its name, e.g. `.go-version` or `GOTOOLCHAIN`.
    pub rule: String,
    /// Where it stands: `file:line`, or empty for a variable.
    pub place: String,
    /// What it says, as it is written; empty where it says nothing.
    pub says: String,
    /// What came of it, in one clause.
    pub verdict: String,
}

/// An element of the GOPROXY list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Upstream {
    /// Address without credentials, or `direct`, `off`, `file://…`.
    pub url: String,
    /// Whether it is a public mirror.
    pub public: bool,
    /// What follows it in the list: `,`, `|` or empty at the end.
    pub separator: String,
}

/// One request to one upstream. Times are milliseconds from the attempt's start; absent when not reached.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attempt {
    /// The request of go's it belongs to; 0 for none.
    pub request: u64,
    /// What was asked for.
    pub resource: String,
    /// Who was asked, without credentials.
    pub upstream: String,
    /// 1 for the first attempt at this upstream.
    pub attempt: u32,
    /// Whether it raced an earlier, silent one.
    pub hedge: bool,
    /// Name resolved.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dns_ms: Option<f64>,
    /// TCP connected.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connect_ms: Option<f64>,
    /// TLS done.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tls_ms: Option<f64>,
    /// First byte of the answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_byte_ms: Option<f64>,
    /// The whole attempt.
    pub total_ms: f64,
    /// Body bytes received.
    pub bytes: u64,
    /// The byte of the file it went on from, after an earlier attempt that broke; absent where it began anew.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resumed_at: Option<u64>,
    /// `HTTP/1.1` or `HTTP/2`; empty before an answer.
    pub protocol: String,
    /// Address of the peer; empty before a connection.
    pub peer: String,
    /// Whether the connection had served before.
    pub reused: bool,
    /// HTTP status; absent without an answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
    /// Answer headers of the allow-list (Age, X-Cache, Server, Via, Retry-After …).
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub headers: BTreeMap<String, String>,
    /// `ok`, `not-found`, `refused`, … : the class of the outcome, see `proxy::classify`.
    pub outcome: String,
    /// The reason in words; empty for `ok`.
    pub reason: String,
    /// The id of the cause, where it is not success (see [`crate::cause`]).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<String>,
}
