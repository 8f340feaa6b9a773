//! An attempt's record in the trace.

use super::attempt::Ask;
use super::classify::Outcome;
use super::engine::{Engine, Peer};
use super::reply::Reply;
use super::transport::{Answer, Way};
use crate::cause::Cause;
use crate::trace::event::{Attempt as Record, Event};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Answer headers that a trace keeps.
const TOLD_HEADERS: &[&str] = &[
    "age",
    "x-cache",
    "cf-cache-status",
    "server",
    "via",
    "retry-after",
    "content-type",
    "cache-control",
];

/// Those of an answer's headers that a trace keeps.
pub fn told_headers(answer: &Answer) -> BTreeMap<String, String> {
    let told = |(name, _): &(&String, &String)| TOLD_HEADERS.contains(&name.as_str());
    let copy = |(name, value): (&String, &String)| (name.clone(), value.clone());
    answer.headers.iter().filter(told).map(copy).collect()
}

/// Notes how an attempt's request went its way.
pub fn note_way(record: &mut Record, way: &Way) {
    let ms = |d: Option<Duration>| d.map(millis);
    record.dns_ms = ms(way.times.resolved);
    record.connect_ms = ms(way.times.connected);
    record.tls_ms = ms(way.times.secured);
    record.first_byte_ms = ms(way.times.first_byte);
    record.protocol = way.protocol.to_owned();
    record.peer = way.peer.map(|p| p.to_string()).unwrap_or_default();
    record.reused = way.reused;
}

/// Milliseconds with three decimals, as a trace has them.
pub fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// The attempt's record; written also where the attempt is dropped, because another was faster or go went away.
pub struct Log<'a> {
    engine: &'a Engine,
    begun: Instant,
    /// What is written.
    pub record: Record,
}

impl<'a> Log<'a> {
    /// Begins.
    pub fn new(engine: &'a Engine, ask: &Ask<'_>, peer: &Peer) -> Log<'a> {
        Log {
            engine,
            begun: Instant::now(),
            record: Record {
                request: ask.request,
                resource: ask.resource.label.clone(),
                upstream: peer.base.label.clone(),
                attempt: ask.number,
                hedge: ask.hedge,
                outcome: "abandoned".into(),
                ..Record::default()
            },
        }
    }

    /// Notes the outcome and writes.
    pub fn end(mut self, reply: &Reply) {
        match reply {
            Reply::Whole(whole) => {
                let streamed = whole.rest.is_some();
                self.record.outcome = Outcome::Ok.as_str().into();
                self.record.reason = if streamed { "no room to spool it" } else { "" }.into();
                self.record.cause = streamed.then(|| Cause::DiskFull.id().into());
            }
            Reply::Told(told) => {
                self.record.outcome = told.outcome.as_str().into();
                let detail = if told.detail.is_empty() {
                    &told.did
                } else {
                    &told.detail
                };
                self.record.reason = detail.clone();
                self.record.cause = Some(told.cause.id().into());
            }
        }
    }
}

impl Drop for Log<'_> {
    fn drop(&mut self) {
        self.record.total_ms = millis(self.begun.elapsed());
        self.engine
            .recorder
            .emit(Event::Attempt(std::mem::take(&mut self.record)));
    }
}
