//! One request to one upstream, from waiting for its turn to a whole and plausible body.

use super::classify::{self, Outcome};
use super::engine::{Engine, Peer};
use super::pulse::Pulse;
use super::request::Resource;
use super::retry;
use super::rules::Bounds;
use super::spool::Spooled;
use super::sumdb;
use super::transport::{Answer, Body, Failure, Get, Way};
use super::verify::{self, Withheld};
use crate::activity::{FlightHandle, Phase};
use crate::cause::Cause;
use crate::trace::event::{Attempt as Record, Event};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

/// Error bodies are kept up to this size; go shows 648 bytes of them.
const ERROR_BODY: usize = 1 << 20;

/// The end record of a zip, and the longest comment after it, in bytes (APPNOTE.TXT, 4.3.16).
const ZIP_END: usize = 22;
const ZIP_COMMENT: usize = (64 << 10) - 1;

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

/// What is asked of whom.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Number of go's request.
    pub request: u64,
    /// What.
    pub resource: &'a Resource,
    /// The upstream's number.
    pub peer: usize,
    /// Within which bounds.
    pub bounds: Bounds,
    /// 1 for the first attempt at this upstream.
    pub number: u32,
    /// Whether it races an earlier, silent one: over a fresh connection.
    pub hedge: bool,
    /// Whether it waits for its turn at the upstream; what runs ahead of go has turns of its own.
    pub queue: bool,
}

/// Asks once.
pub async fn attempt(engine: &Engine, ask: Ask<'_>, pulse: &Pulse) -> Reply {
    let peer = &engine.peers[ask.peer];
    let mut log = Log::new(engine, &ask, peer);
    let flight = engine
        .activity
        .begin(ask.resource.label.as_str(), peer.base.label.as_str());
    let _turn = if ask.queue {
        peer.turns.acquire().await.ok()
    } else {
        None
    };
    let voice = flight.pulse();
    // In a block, as the exchange writes the record; its phase is read while it still lives.
    let reply = {
        let mut exchange = std::pin::pin!(exchange(engine, &ask, flight, pulse, &mut log.record));
        tokio::select! {
            reply = &mut exchange => reply,
            () = pulse.silent(ask.bounds.silence) => {
                Reply::Told(silence(ask.bounds.silence, voice.current()))
            }
        }
    };
    log.end(&reply);
    reply
}

/// What is told of an upstream that was waited for in vain, in this phase.
pub fn silence(bound: Duration, phase: Option<Phase>) -> Told {
    let cause = classify::cause_of_silence(phase.unwrap_or(Phase::Waiting));
    let phrase = match phase {
        Some(Phase::Body) => "stopped in mid-answer",
        _ => classify::phrase(cause),
    };
    let bound = humantime::format_duration(bound);
    let did = match phase {
        Some(Phase::Body) => format!("{phrase} for {bound}"),
        _ => format!("{phrase} in {bound}"),
    };
    Told::new(Outcome::Silent, cause, did)
}

async fn exchange(
    engine: &Engine,
    ask: &Ask<'_>,
    flight: FlightHandle,
    pulse: &Pulse,
    record: &mut Record,
) -> Reply {
    let mut answer = match head(engine, ask, &flight, pulse).await {
        Ok(answer) => answer,
        Err(failure) => return failed(failure, record),
    };
    engine.learnt.borrow_mut().answered(ask.peer);
    pulse.beat();
    note_way(record, &answer.way);
    record.status = Some(answer.status);
    record.headers = told_headers(&answer);
    let content_type = answer.headers.get("content-type").cloned().unwrap_or_default();
    let redirected = answer.way.redirected_to.is_some();
    let outcome = classify::of_status(answer.status, redirected);
    flight.phase(Phase::Body);
    if outcome != Outcome::Ok {
        let retry_after = answer.headers.get("retry-after");
        let retry_after = retry_after.and_then(|v| retry::retry_after(v, SystemTime::now()));
        let body = error_body(&mut answer.body, pulse).await;
        let blocked = match (outcome, &answer.way.redirected_to) {
            (Outcome::RedirectHostDenied, Some(host)) => format!(" from {host}, where it redirects to"),
            _ => String::new(),
        };
        let cause = classify::cause_of_answer(outcome, answer.status).unwrap_or(Cause::UnexpectedStatus);
        let did = format!("answered {}{blocked}", status_text(answer.status));
        return Reply::Told(Told {
            status: Some(answer.status),
            retry_after,
            answer: Some((content_type, body)),
            ..Told::new(outcome, cause, did)
        });
    }
    let mut body = engine.spool.body();
    loop {
        match answer.body.next().await {
            Err(failure) => return failed(failure, record),
            Ok(None) => break,
            Ok(Some(piece)) => {
                pulse.bytes(piece.len());
                record.bytes += piece.len() as u64;
                if record.bytes > verify::most(&ask.resource.kind) {
                    return verify::too_much(&ask.resource.kind);
                }
                if body.push(&piece).is_err() {
                    let rest = Rest {
                        first: piece,
                        body: answer.body,
                        length: answer.length,
                        flight,
                    };
                    return whole(ask, content_type, body.end(), Some(rest));
                }
            }
        }
    }
    let reply = check(ask, content_type, body.end());
    verify::verify(engine, ask, reply, pulse).await
}

/// Credentials, the request, and one more of it where a helper has other credentials after a 4xx over https
/// (cmd/go/internal/web/http.go: get).
async fn head(
    engine: &Engine,
    ask: &Ask<'_>,
    flight: &FlightHandle,
    pulse: &Pulse,
) -> Result<Answer, Failure> {
    let address = sumdb::address(engine, ask.peer, ask.resource);
    flight.phase(Phase::Credentials);
    let sent = engine.credentials.headers(&address).await;
    // A helper may ask a person; only from here on is silence the upstream's.
    pulse.begin();
    let get = |headers| Get {
        address: address.clone(),
        fresh: ask.hedge,
        connect_timeout: ask.bounds.connect,
        headers,
        flight,
    };
    let answer = engine.client.get(get(sent.clone())).await?;
    if !address.https || !(400..500).contains(&answer.status) {
        return Ok(answer);
    }
    let line = format!("{} {}", answer.way.protocol, status_text(answer.status));
    let lines: Vec<(String, String)> = answer.headers.clone().into_iter().collect();
    flight.phase(Phase::Credentials);
    let again = engine.credentials.ask_again(&address, &line, &lines, &sent);
    let other = Box::pin(again).await;
    pulse.beat();
    match other {
        None => Ok(answer),
        Some(headers) => Box::pin(engine.client.get(get(headers))).await,
    }
}

/// As much of an error's body as comes soon.
async fn error_body(body: &mut Body, pulse: &Pulse) -> Bytes {
    let mut text = Vec::new();
    let read = async {
        while let Ok(Some(piece)) = body.next().await {
            pulse.bytes(piece.len());
            text.extend_from_slice(&piece);
            if text.len() >= ERROR_BODY {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(5), read).await;
    text.truncate(ERROR_BODY);
    text.into()
}

fn check(ask: &Ask<'_>, content_type: String, body: Spooled) -> Reply {
    let kind = &ask.resource.kind;
    let read = || -> std::io::Result<(Outcome, Bytes)> {
        let zip = *kind == super::request::Kind::Zip;
        let head = if zip {
            body.head()?
        } else {
            match body.metadata()? {
                Some(all) => all,
                None => return Ok((Outcome::Ok, Bytes::new())),
            }
        };
        let mut outcome = classify::of_body(kind, &content_type, &head, &body.tail(ZIP_END)?);
        if zip && outcome == Outcome::Garbled {
            outcome = classify::of_body(kind, &content_type, &head, &body.tail(ZIP_END + ZIP_COMMENT)?);
        }
        Ok((outcome, head))
    };
    let (outcome, head) = match read() {
        Ok(checked) => checked,
        Err(error) => {
            let did = "answered, but the answer could not be read back from the spool";
            return Reply::Told(Told {
                detail: error.to_string(),
                ..Told::new(Outcome::Passing, Cause::OutOfResources, did)
            });
        }
    };
    let did = match outcome {
        Outcome::Ok => return whole(ask, content_type, body, None),
        Outcome::Captive => "answered a web page in place of module data (a captive portal?)",
        _ => "answered 200 with a broken body",
    };
    let cause = classify::cause_of_answer(outcome, 200).unwrap_or(Cause::InvalidBody);
    Reply::Told(Told {
        status: Some(200),
        answer: Some((content_type, head)),
        ..Told::new(outcome, cause, did)
    })
}

fn whole(ask: &Ask<'_>, content_type: String, body: Spooled, rest: Option<Rest>) -> Reply {
    let peer = ask.peer;
    Reply::Whole(Box::new(Whole {
        content_type,
        body,
        rest,
        peer,
    }))
}

fn failed(failure: Failure, record: &mut Record) -> Reply {
    note_way(record, &failure.way);
    let cause = classify::cause_of_failure(failure.class, &failure.way.times);
    let phrase = classify::phrase(cause);
    let did = match &failure.way.redirected_to {
        Some(host) => format!("redirects to {host}, which {phrase}"),
        None => phrase.to_owned(),
    };
    Reply::Told(Told {
        detail: failure.reason,
        ..Told::new(classify::of_failure(failure.class), cause, did)
    })
}

/// `503 Service Unavailable`.
pub fn status_text(status: u16) -> String {
    let reason = hyper::StatusCode::from_u16(status)
        .ok()
        .and_then(|s| s.canonical_reason());
    match reason {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    }
}

fn told_headers(answer: &Answer) -> BTreeMap<String, String> {
    let told = |(name, _): &(&String, &String)| TOLD_HEADERS.contains(&name.as_str());
    let copy = |(name, value): (&String, &String)| (name.clone(), value.clone());
    answer.headers.iter().filter(told).map(copy).collect()
}

fn note_way(record: &mut Record, way: &Way) {
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
struct Log<'a> {
    engine: &'a Engine,
    begun: Instant,
    record: Record,
}

impl<'a> Log<'a> {
    fn new(engine: &'a Engine, ask: &Ask<'_>, peer: &Peer) -> Log<'a> {
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

    fn end(mut self, reply: &Reply) {
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
