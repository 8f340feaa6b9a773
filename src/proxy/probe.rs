//! One question to one address, for diagnosis: no retry, no failover, every step timed.

use super::base::Base;
use super::credentials::Credentials;
use super::list::List;
use super::public::is_public;
use super::request::Resource;
use super::transport::{Address, Client, Failure, Get, Way};
use super::{attempt, classify, sumdb};
use crate::activity::{Activity, Phase};
use crate::cause::Cause;
use crate::gomod::escape;
use crate::world::World;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use super::retry::http_date;

/// How much of an answer is read.
const BODY: usize = 256 << 10;

/// An http(s) upstream of a GOPROXY list.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// As go prints it: a password is `xxxxx`.
    pub shown: String,
    /// Whether it is a public mirror: of the built-in list or of `proxy.public`.
    pub public: bool,
    base: Base,
}

impl Upstream {
    /// Whether an element of the list, as written, is this one.
    pub fn matches(&self, element: &str) -> bool {
        upstreams(element, &[])
            .first()
            .is_some_and(|other| other.base == self.base)
    }

    /// The address of a file below it; `escaped` as go asks for it, without a leading slash.
    pub fn file(&self, escaped: &str) -> Address {
        self.base.join(escaped, escaped.starts_with("sumdb/"))
    }
}

/// The http(s) upstreams of a list that go accepts, in order; empty for any other.
pub fn upstreams(goproxy: &str, more_public: &[String]) -> Vec<Upstream> {
    let list = List::parse(goproxy);
    let upstream = |base: &Base| Upstream {
        shown: base.shown.clone(),
        public: is_public(&base.address, more_public),
        base: base.clone(),
    };
    list.iter().flat_map(List::upstreams).map(upstream).collect()
}

/// Name and origin of the checksum database that GOSUMDB names; `None` for `off` and for one with a URL of its own.
pub fn checksum_database(gosumdb: &str) -> Option<(String, Upstream)> {
    let (name, base) = sumdb::origin(if gosumdb.is_empty() {
        "sum.golang.org"
    } else {
        gosumdb
    })?;
    let upstream = Upstream {
        shown: base.shown.clone(),
        public: true,
        base,
    };
    Some((name, upstream))
}

/// The path of a module's file as go asks for it: `golang.org/x/mod/@v/list`; capitals are escaped.
pub fn module_file(module: &str, file: &str) -> String {
    format!("{}/{file}", escape(module)).replace('!', "%21")
}

/// An answer.
#[derive(Debug)]
pub struct Seen {
    /// HTTP status.
    pub status: u16,
    /// `404 Not Found`.
    pub status_text: String,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// How it came, with the time of every step.
    pub way: Way,
    /// The first 256 KiB of its body.
    pub body: Bytes,
    /// From the start to the last byte that was read.
    pub took: Duration,
}

/// Why there is none.
#[derive(Debug)]
pub enum Trouble {
    /// It failed on the way.
    Failed(Box<Failure>),
    /// Nothing came within the bound; what was being done then.
    Silent(Phase),
    /// This machine could not even ask.
    Local(String),
}

impl Seen {
    /// What is wrong with the answer to a request for this path; `None` where nothing is.
    pub fn cause(&self, path: &str) -> Option<Cause> {
        let mut outcome = classify::of_status(self.status, self.way.redirected_to.is_some());
        if outcome == classify::Outcome::Ok
            && let Some(asked) = Resource::parse(path)
        {
            let content_type = self.headers.get("content-type").map_or("", String::as_str);
            outcome = classify::of_body(&asked.kind, content_type, &self.body, &self.body);
        }
        classify::cause_of_answer(outcome, self.status)
    }
}

impl Trouble {
    /// Why there is no answer.
    pub fn cause(&self) -> Cause {
        match self {
            Trouble::Failed(failure) => classify::cause_of_failure(failure.class, &failure.way.times),
            Trouble::Silent(phase) => classify::cause_of_silence(*phase),
            Trouble::Local(_) => Cause::OutOfResources,
        }
    }

    /// The transport's own words, where they say more than the phrase of the cause; no credentials, no query.
    pub fn reason(&self) -> String {
        match self {
            Trouble::Failed(failure) => failure.reason.clone(),
            Trouble::Silent(phase) => format!("no answer in time, while {}", phase.as_str()),
            Trouble::Local(why) => why.clone(),
        }
    }

    /// The server that a redirect had led to.
    pub fn redirected_to(&self) -> Option<&str> {
        match self {
            Trouble::Failed(failure) => failure.way.redirected_to.as_deref(),
            _ => None,
        }
    }
}

/// What a server did that has this cause, in a few words that follow its name.
pub fn phrase(cause: Cause) -> &'static str {
    classify::phrase(cause)
}

/// Asks and waits. Credentials are those that go would send; they are in no part of the result.
pub fn ask(world: &Arc<World>, goauth: &str, address: Address, bound: Duration) -> Result<Seen, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Trouble::Local(e.to_string()))?;
    let client = Client::new(Arc::clone(world));
    let credentials = Credentials::new(goauth, Arc::clone(world));
    let activity = Arc::new(Activity::default());
    let flight = activity.begin(address.to_string(), address.origin());
    let begun = Instant::now();
    let work = async {
        flight.phase(Phase::Credentials);
        let headers = credentials.headers(&address).await;
        let get = Get {
            address,
            fresh: false,
            connect_timeout: bound * 3 / 5,
            headers,
            flight: &flight,
        };
        let mut answer = client.get(get).await?;
        let mut body = Vec::new();
        while let Some(piece) = answer.body.next().await? {
            body.extend_from_slice(&piece);
            if body.len() >= BODY {
                break;
            }
        }
        Ok(Seen {
            status: answer.status,
            status_text: attempt::status_text(answer.status),
            headers: answer.headers,
            way: answer.way,
            body: body.into(),
            took: begun.elapsed(),
        })
    };
    let done = runtime.block_on(async { tokio::time::timeout(bound, work).await });
    runtime.shutdown_background();
    match done {
        Ok(Ok(seen)) => Ok(seen),
        Ok(Err(failure)) => Err(Trouble::Failed(Box::new(failure))),
        Err(_) => {
            let open = activity.snapshot().flights;
            let phase = open.first().map_or(Phase::Waiting, |flight| flight.phase);
            Err(Trouble::Silent(phase))
        }
    }
}
