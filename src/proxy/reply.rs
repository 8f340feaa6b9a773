//! What comes of an attempt.

use super::classify::Outcome;
use super::spool::Spooled;
use super::transport::Body;
use super::verify::Withheld;
use crate::activity::FlightHandle;
use crate::cause::Cause;
use bytes::Bytes;
use std::rc::Rc;
use std::time::Duration;

/// What an upstream said in place of the thing itself, or how it failed.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its class.
    pub outcome: Outcome,
    /// Why it is so.
    pub cause: Cause,
    /// How often it was asked, once that is over.
    pub attempts: u32,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// What it did, to follow its name: `answered 503 Service Unavailable`.
    pub did: String,
    /// What is known beyond that; empty for an answer.
    pub detail: String,
    /// What it asked for in Retry-After.
    pub retry_after: Option<Duration>,
    /// Content-Type and body of its answer.
    pub answer: Option<(String, Bytes)>,
    /// The zip or go.mod that was found wrong, for the case that nobody has a better one.
    pub withheld: Option<Rc<Withheld>>,
}

impl Told {
    /// Something without an answer, and without anything more to be said.
    pub fn new(outcome: Outcome, cause: Cause, did: impl Into<String>) -> Told {
        Told {
            outcome,
            cause,
            attempts: 1,
            status: None,
            did: did.into(),
            detail: String::new(),
            retry_after: None,
            answer: None,
            withheld: None,
        }
    }

    /// Whether asking the same upstream again at once may give another answer.
    pub fn is_passing(&self) -> bool {
        self.outcome.retryable() && self.withheld.is_none()
    }

    /// Whether it may be asked again for this when others have been: it failed in passing, or was silent.
    pub fn may_pass(&self) -> bool {
        self.is_passing() || self.outcome == Outcome::Silent
    }
}

/// A 200.
#[derive(Debug)]
pub struct Whole {
    /// Content-Type as the upstream gave it.
    pub content_type: String,
    /// The body, whole unless `rest` is there.
    pub body: Spooled,
    /// What there was no room for.
    pub rest: Option<Rest>,
    /// The upstream's number.
    pub peer: usize,
    /// The go.mod in a zip that go.sum vouches for.
    pub go_mod: Option<Bytes>,
}

/// The part of a body that is passed on as it comes, because the spool is full.
#[derive(Debug)]
pub struct Rest {
    /// The piece that did not fit.
    pub first: Bytes,
    /// What is still to come.
    pub body: Body,
    /// The whole length, where it is known.
    pub length: Option<u64>,
    /// Keeps the request in sight.
    pub flight: FlightHandle,
}

/// How an attempt ended.
#[derive(Debug)]
pub enum Reply {
    /// With the thing itself.
    Whole(Box<Whole>),
    /// With anything else.
    Told(Told),
}
