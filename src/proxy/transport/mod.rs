//! One request to one upstream: resolve, connect, proxy hop, TLS, request, answer, body; each step timed and told.
//!
//! This part has no opinion: it never retries (but for a reused connection that died before any answer), never
//! chooses another upstream and knows no module paths. Deadlines beyond connecting are the caller's.

use crate::activity::FlightHandle;
use crate::secret::Secret;
use crate::world::World;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// A base or request address. Prints itself without userinfo and without the query.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// Whether the scheme is https.
    pub https: bool,
    /// `user:password`, percent-decoded, where the address carries it.
    pub userinfo: Option<Secret<(String, Option<String>)>>,
    /// Host name or IP address, without brackets.
    pub host: String,
    /// Port, the scheme's default filled in.
    pub port: u16,
    /// Path as it goes on the wire (escaped), starting with `/`, or empty.
    pub path: String,
    /// Query without `?`.
    pub query: Option<Secret<String>>,
}

/// A GET.
#[derive(Debug)]
pub struct Get<'a> {
    /// Whom and what.
    pub address: Address,
    /// A fresh connection, whatever the pool holds: for hedges, which must not ride a dead connection.
    pub fresh: bool,
    /// Bound for resolving, TCP, proxy hop and TLS together.
    pub connect_timeout: Duration,
    /// Headers to add (Authorization and what GOAUTH gives; Range and If-Range).
    pub headers: Vec<(String, Secret<String>)>,
    /// Told of every change of phase and of every piece of body.
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
    /// `HTTP/1.1` or `HTTP/2`, once known.
    pub protocol: &'static str,
    /// Whether the connection had served before.
    pub reused: bool,
    /// The host a redirect led to, where it differs from the one asked.
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
    /// How the answer came.
    pub way: Way,
    /// The body, in pieces.
    pub body: Body,
}

/// A body that is still arriving. Dropping it ends the transfer; its connection is not used again then.
#[derive(Debug)]
pub struct Body(());

impl Body {
    /// The next piece; `None` at the end. A body shorter than its stated length is an error of class
    /// [`Class::Cut`].
    pub async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        Ok(None)
    }
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
    /// The name could not be resolved.
    Resolve,
    /// The connection was refused or the network unreachable.
    Refused,
    /// No connection (TCP, proxy hop and TLS) within the bound.
    ConnectTimeout,
    /// Our HTTP or SOCKS proxy refused or failed.
    ProxyHop,
    /// The peer's certificate was not accepted.
    Certificate,
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

/// Opens connections and keeps them for the next request. Lives on one current-thread runtime.
#[derive(Debug)]
pub struct Client(());

impl Client {
    /// A client for these surroundings (proxy variables, SSL_CERT_FILE, SSL_CERT_DIR). Opens and reads nothing yet.
    pub fn new(world: Arc<World>) -> Client {
        let _ = world;
        Client(())
    }

    /// Asks. Redirects are followed as net/http would: at most 10, credentials only to the same host, never from
    /// https to http. Dropping the future ends the request; its connection is not used again then.
    pub async fn get(&self, get: Get<'_>) -> Result<Answer, Failure> {
        Err(Failure {
            class: Class::Local,
            reason: format!("{} is not built", get.address),
            way: Way::default(),
        })
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (scheme, default) = if self.https { ("https", 443) } else { ("http", 80) };
        let (open, close) = if self.host.contains(':') {
            ("[", "]")
        } else {
            ("", "")
        };
        write!(f, "{scheme}://{open}{}{close}", self.host)?;
        if self.port != default {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(&self.path)
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}
