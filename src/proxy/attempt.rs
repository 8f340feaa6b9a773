//! One request to one upstream, from waiting for its turn to a whole and plausible body.

use super::classify::{self, Outcome};
use super::engine::Engine;
use super::pulse::Pulse;
use super::record::{Log, note_way, told_headers};
use super::reply::{Reply, Rest, Told, Whole};
use super::request::Resource;
use super::resume::{self, Gathering, NotTaken};
use super::retry;
use super::rules::Bounds;
use super::spool::Spooled;
use super::sumdb;
use super::transport::{Answer, Body, Failure, Get};
use super::verify;
use crate::activity::{FlightHandle, Phase};
use crate::cause::Cause;
use crate::secret::Secret;
use crate::trace::event::Attempt as Record;
use bytes::Bytes;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

/// Error bodies are kept up to this size; go shows 648 bytes of them.
const ERROR_BODY: usize = 1 << 20;

/// The end record of a zip, and the longest comment after it, in bytes (APPNOTE.TXT, 4.3.16).
const ZIP_END: usize = 22;
const ZIP_COMMENT: usize = (64 << 10) - 1;

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

/// Asks once; for the rest alone, where `gathering` holds the beginning.
pub async fn attempt<'a>(
    engine: &'a Engine,
    ask: Ask<'_>,
    pulse: Rc<Pulse>,
    gathering: &Gathering<'a>,
) -> Reply {
    let pulse = &*pulse;
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
        let mut exchange = std::pin::pin!(exchange(engine, &ask, gathering, flight, pulse, &mut log.record));
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

async fn exchange<'a>(
    engine: &'a Engine,
    ask: &Ask<'_>,
    gathering: &Gathering<'a>,
    flight: FlightHandle,
    pulse: &Pulse,
    record: &mut Record,
) -> Reply {
    let mut rest = gathering.rest();
    let (mut answer, resumed) = loop {
        let answer = match head(engine, ask, rest.as_ref(), &flight, pulse).await {
            Ok(answer) => answer,
            Err(failure) => return failed(failure, record),
        };
        engine.learnt.borrow_mut().answered(ask.peer);
        pulse.beat();
        note_way(record, &answer.way);
        record.status = Some(answer.status);
        record.headers = told_headers(&answer);
        let Some(rest) = rest.take() else {
            break (answer, None);
        };
        match answer.status {
            206 => {
                if let Some(writer) = gathering.part(&answer, &rest) {
                    record.resumed_at = Some(rest.from);
                    break (answer, Some(writer));
                }
            }
            412 | 416 => {}
            _ => break (answer, None),
        }
        // Not the rest of what is here: anew, from the beginning.
        gathering.clear();
    };
    let content_type = answer.headers.get("content-type").cloned().unwrap_or_default();
    flight.phase(Phase::Body);
    let redirected = answer.way.redirected_to.is_some();
    let outcome = match resumed {
        Some(_) => Outcome::Ok,
        None => classify::of_status(answer.status, redirected),
    };
    if outcome != Outcome::Ok {
        return told(answer, content_type, outcome, pulse).await;
    }
    // No need to wait for what is refused anyway.
    if answer
        .length
        .is_some_and(|length| length > verify::most(&ask.resource.kind))
    {
        return verify::too_much(&ask.resource.kind);
    }
    let mut writer = match resumed {
        Some(writer) => writer,
        None => gathering.whole(&answer, &content_type, &engine.spool),
    };
    loop {
        match answer.body.next().await {
            Err(failure) => return failed(failure, record),
            Ok(None) => break,
            Ok(Some(piece)) => {
                pulse.bytes(piece.len());
                record.bytes += piece.len() as u64;
                if writer.at() + piece.len() as u64 > verify::most(&ask.resource.kind) {
                    gathering.clear();
                    return verify::too_much(&ask.resource.kind);
                }
                match writer.push(&piece) {
                    Ok(()) => {}
                    Err(NotTaken::Done) => return Reply::Told(incomplete("was overtaken")),
                    Err(NotTaken::NoRoom(first)) => {
                        let rest = Rest {
                            length: writer.total().or(answer.length),
                            first,
                            body: answer.body,
                            flight,
                        };
                        let Some((body, content_type)) = writer.take() else {
                            return Reply::Told(incomplete("was overtaken"));
                        };
                        return whole(ask, content_type, body, Some(rest));
                    }
                }
            }
        }
    }
    if !writer.is_whole() {
        return Reply::Told(incomplete("ended its answer too early"));
    }
    let joined = writer.is_joined();
    let Some((body, content_type)) = writer.take() else {
        return Reply::Told(incomplete("was overtaken"));
    };
    let reply = check(ask, content_type, body);
    match verify::verify(engine, ask, reply, pulse).await {
        // Its validator said that the pieces belong together; in one piece it may be right.
        Reply::Told(told) if joined => Reply::Told(Told {
            outcome: Outcome::Passing,
            withheld: None,
            ..told
        }),
        reply => reply,
    }
}

/// An answer in place of the thing itself.
async fn told(mut answer: Answer, content_type: String, outcome: Outcome, pulse: &Pulse) -> Reply {
    let retry_after = answer.headers.get("retry-after");
    let retry_after = retry_after.and_then(|v| retry::retry_after(v, SystemTime::now()));
    let body = error_body(&mut answer.body, pulse).await;
    let blocked = match (outcome, &answer.way.redirected_to) {
        (Outcome::RedirectHostDenied, Some(host)) => format!(" from {host}, where it redirects to"),
        _ => String::new(),
    };
    let cause = classify::cause_of_answer(outcome, answer.status).unwrap_or(Cause::UnexpectedStatus);
    let did = format!("answered {}{blocked}", status_text(answer.status));
    Reply::Told(Told {
        status: Some(answer.status),
        retry_after,
        answer: Some((content_type, body)),
        ..Told::new(outcome, cause, did)
    })
}

fn incomplete(did: &str) -> Told {
    Told::new(Outcome::Passing, Cause::TruncatedBody, did)
}

/// Credentials, the request, and one more of it where a helper has other credentials after a 4xx over https
/// (cmd/go/internal/web/http.go: get).
async fn head(
    engine: &Engine,
    ask: &Ask<'_>,
    rest: Option<&resume::Rest>,
    flight: &FlightHandle,
    pulse: &Pulse,
) -> Result<Answer, Failure> {
    let address = sumdb::address(engine, ask.peer, ask.resource);
    flight.phase(Phase::Credentials);
    let sent = engine.credentials.headers(&address).await;
    // A helper may ask a person; only from here on is silence the upstream's.
    pulse.begin();
    let get = |mut headers: Vec<(String, Secret<String>)>| {
        if let Some(rest) = rest {
            headers.push(("Range".into(), Secret::new(format!("bytes={}-", rest.from))));
            headers.push(("If-Range".into(), Secret::new(rest.validator.clone())));
        }
        Get {
            address: address.clone(),
            fresh: ask.hedge,
            connect_timeout: ask.bounds.connect,
            headers,
            post: None,
            flight,
        }
    };
    let answer = engine.client.get(get(sent.clone())).await?;
    if !address.https
        || !(400..500).contains(&answer.status)
        || rest.is_some() && matches!(answer.status, 412 | 416)
    {
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
        go_mod: None,
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
