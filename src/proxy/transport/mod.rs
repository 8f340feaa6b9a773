//! One request to one upstream: resolve, connect, proxy hop, TLS, request, answer, body; each step timed and told.
//!
//! This part has no opinion: it never retries (but for a reused connection that died before any answer), never
//! chooses another upstream and knows no module paths. Deadlines beyond connecting are the caller's.

mod address;
mod basic;
mod body;
mod client;
mod conn;
mod connect;
mod env_proxy;
mod fault;
mod hop;
mod keepalive;
mod last_resort;
pub mod peer;
mod pool;
mod redirect;
mod resolve;
mod roots;
mod stream;
mod tls;
mod x509;

#[cfg(test)]
mod tests;

pub use address::Address;
pub(in crate::proxy) use basic::basic;
pub use body::Body;
pub use client::Client;

use crate::activity::FlightHandle;
use crate::secret::Secret;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// A GET, or a POST.
#[derive(Debug)]
pub struct Get<'a> {
    /// Whom and what.
    pub address: Address,
    /// A fresh connection, whatever the pool holds: for hedges, which must not ride a dead connection.
    pub fresh: bool,
    /// Bound for resolving, TCP, proxy hop and TLS together; each redirect hop has it anew.
    pub connect_timeout: Duration,
    /// Headers to add (Authorization and what GOAUTH gives; Range and If-Range).
    pub headers: Vec<(String, Secret<String>)>,
    /// What is posted; `None` for a GET.
    pub post: Option<Bytes>,
    /// Told of every change of phase and, by the [`Body`] itself, of every piece as it came over the wire.
    pub flight: &'a FlightHandle,
}

/// When each step was reached, from the start of the request (of its last redirect hop).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// Name resolved.
    pub resolved: Option<Duration>,
    /// TCP connected (to the HTTP proxy, where there is one).
    pub connected: Option<Duration>,
    /// TLS done.
    pub secured: Option<Duration>,
    /// First byte of the answer.
    pub first_byte: Option<Duration>,
}

/// What is known of the way, also when the request failed on it.
#[derive(Debug, Clone, Default)]
pub struct Way {
    /// When each step was reached.
    pub times: Times,
    /// The peer, once connected.
    pub peer: Option<SocketAddr>,
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2`, once known; else empty.
    pub protocol: &'static str,
    /// Whether the connection had served before.
    pub reused: bool,
    /// The server (`host[:port]`) a redirect led to, where it is not the one asked.
    pub redirected_to: Option<String>,
}

/// The head of an answer; the body is still to come.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case; the last of equal names.
    pub headers: BTreeMap<String, String>,
    /// Content-Length, where the answer states it (after decoding none is stated).
    pub length: Option<u64>,
    /// Whether the body came packed and is unpacked here.
    pub decoded: bool,
    /// How the answer came.
    pub way: Way,
    /// The body, in pieces.
    pub body: Body,
}

/// Why there is no (whole) answer.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Its class.
    pub class: Class,
    /// The reason in words, as a person would search for it; no credentials, no query.
    pub reason: String,
    /// How far the request came.
    pub way: Way,
}

/// Classes of failure on the way; what an HTTP status means is not decided here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Nobody could tell the address of the name.
    Resolve,
    /// There is no such name.
    NoSuchHost,
    /// The connection was refused.
    Refused,
    /// No route leads to the host.
    Unreachable,
    /// No connection (TCP, proxy hop and TLS) within the bound.
    ConnectTimeout,
    /// The user's HTTP or SOCKS proxy failed.
    ProxyHop,
    /// It answered that it will not: a wrong or missing password, a policy. Asking again may lock an account.
    ProxyDenied,
    /// The peer's certificate was not accepted.
    Certificate,
    /// The peer's certificate has an issuer that is not trusted here.
    UnknownIssuer,
    /// TLS failed for another reason.
    Handshake,
    /// The connection was reset or closed before the whole head had come.
    Reset,
    /// The peer does not speak HTTP.
    Protocol,
    /// The body ended before its stated length, or its stream was reset.
    Cut,
    /// More than 10 redirects.
    RedirectLoop,
    /// A redirect from https to http, or one without a usable target.
    BadRedirect,
    /// Something on this machine (no descriptor, no memory).
    Local,
}
