//! What go reads: the answer's head and body, and the words of an error.
//!
//! go shows an error's body only where it is short text/plain (cmd/go/internal/web/api.go: formatErrorDetail).

use super::attempt::{Told, Whole};
use super::classify::Outcome;
use super::engine::Engine;
use super::walk::Verdict;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

const TEXT: &str = "text/plain; charset=utf-8";
const LINES: usize = 6;
const BYTES: usize = 600;

/// A body on its way to go.
#[derive(Debug)]
pub enum Payload {
    /// In memory.
    Bytes(Option<Bytes>),
    /// From the spool, then from the upstream, where the spool had no room.
    Spooled {
        /// What is spooled.
        whole: super::spool::Spooled,
        /// How much of it is read.
        at: u64,
        /// The rest.
        rest: Option<mpsc::Receiver<std::io::Result<Bytes>>>,
        /// The whole length, where known.
        length: Option<u64>,
    },
}

impl Body for Payload {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        match &mut *self {
            Payload::Bytes(bytes) => {
                let bytes = bytes.take().filter(|b| !b.is_empty());
                Poll::Ready(bytes.map(|b| Ok(Frame::data(b))))
            }
            Payload::Spooled { whole, at, rest, .. } => {
                if *at < whole.len() {
                    let piece = whole.piece(*at);
                    *at += piece.as_ref().map_or(0, |p| p.len() as u64);
                    return Poll::Ready(Some(piece.map(Frame::data)));
                }
                match rest {
                    None => Poll::Ready(None),
                    Some(rest) => rest.poll_recv(cx).map(|piece| piece.map(|p| p.map(Frame::data))),
                }
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Payload::Bytes(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            Payload::Spooled {
                length: Some(length),
                at,
                ..
            } => SizeHint::with_exact(length.saturating_sub(*at)),
            Payload::Spooled { .. } => SizeHint::default(),
        }
    }
}

/// A short text of our own.
pub fn text(status: StatusCode, words: impl Into<String>) -> Response<Payload> {
    with(status, TEXT, Bytes::from(words.into()))
}

fn with(status: StatusCode, content_type: &str, body: Bytes) -> Response<Payload> {
    let mut response = Response::new(Payload::Bytes(Some(body)));
    *response.status_mut() = status;
    if let Ok(value) = HeaderValue::from_str(content_type)
        && !content_type.is_empty()
    {
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    response
}

/// The answer to go. `wire` is what it asked for.
pub fn answer(engine: &Engine, verdict: Verdict, wire: &str, attempts: u32) -> Response<Payload> {
    match verdict {
        Verdict::Whole(whole) => stream(engine, *whole),
        Verdict::Said(_, told) => {
            let status = told.status.and_then(|s| StatusCode::from_u16(s).ok());
            let (content_type, body) = told.answer.unwrap_or_default();
            with(status.unwrap_or(StatusCode::BAD_GATEWAY), &content_type, body)
        }
        Verdict::Carries(_) => with(StatusCode::OK, TEXT, Bytes::new()),
        Verdict::Redirect(peer) => {
            let address = engine.peers[peer].base.join(wire, wire.starts_with("sumdb/"));
            let query = address.query.as_ref().map(|q| format!("?{}", q.expose()));
            let location = format!("{address}{}", query.unwrap_or_default());
            let mut response = text(StatusCode::TEMPORARY_REDIRECT, "");
            if let Ok(location) = HeaderValue::from_str(&location) {
                response.headers_mut().insert(LOCATION, location);
            }
            response
        }
        Verdict::Unavailable { failures, kept_from } => {
            let status = status_of(&failures);
            let kept_from = kept_from.map(|peer| engine.name(peer));
            let failures: Vec<(String, &Told)> = failures.iter().map(|(p, t)| (engine.name(*p), t)).collect();
            text(status, words(&failures, kept_from.as_deref(), attempts))
        }
    }
}

/// The most telling status: one that an upstream gave, else 504 for silence and 502 for the rest; never one that
/// go would take for "does not exist" or for success.
fn status_of(failures: &[(usize, Told)]) -> StatusCode {
    let given = failures
        .iter()
        .filter_map(|(_, t)| t.status)
        .filter(|s| *s >= 400 && *s != 404 && *s != 410);
    let silent = failures.iter().any(|(_, t)| t.outcome == Outcome::Silent);
    let ours = if silent {
        StatusCode::GATEWAY_TIMEOUT
    } else {
        StatusCode::BAD_GATEWAY
    };
    given
        .last()
        .and_then(|s| StatusCode::from_u16(s).ok())
        .unwrap_or(ours)
}

/// At most 6 lines and 600 bytes: a lone upstream's own words first, then who was down, then the way on.
fn words(failures: &[(String, &Told)], kept_from: Option<&str>, attempts: u32) -> String {
    let mut lines = Vec::new();
    if let [(_, told)] = failures
        && let Some((content_type, body)) = &told.answer
        && content_type.starts_with("text/plain")
        && let Ok(own) = std::str::from_utf8(body)
    {
        let own = own.lines().map(str::trim_end).filter(|l| !l.is_empty());
        lines.extend(own.take(2).map(|l| clip(l, 160)));
    }
    for (name, told) in failures.iter().take(3) {
        let count = if failures.len() == 1 && attempts > 1 {
            format!(" ({attempts} attempts)")
        } else {
            String::new()
        };
        let detail = if told.detail.is_empty() {
            String::new()
        } else {
            format!(": {}", told.detail)
        };
        lines.push(clip(
            &format!("gosteady: {name} {}{count}{detail}", told.did),
            180,
        ));
    }
    if let Some(other) = kept_from {
        let advice = "was not asked; GOSTEADY_FAILOVER=always (proxy.failover) would ask it";
        lines.push(format!("gosteady: {} {advice}", clip(other, 100)));
    }
    lines.truncate(LINES);
    while lines.len() > 1 && lines.iter().map(|l| l.len() + 1).sum::<usize>() > BYTES {
        // The second but last goes first: the way on stays.
        lines.remove(lines.len() - 2);
    }
    lines.join("\n")
}

fn clip(line: &str, most: usize) -> String {
    let printable: String = line
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let mut end = printable.len().min(most);
    while !printable.is_char_boundary(end) {
        end -= 1;
    }
    printable[..end].to_owned()
}

fn stream(engine: &Engine, whole: Whole) -> Response<Payload> {
    let (rest, length) = match whole.rest {
        None => (None, Some(whole.body.len())),
        Some(rest) => {
            let (sender, receiver) = mpsc::channel(4);
            let bound = engine.rules.patience;
            let length = rest.length;
            tokio::task::spawn_local(pump(rest, sender, bound));
            (Some(receiver), length)
        }
    };
    let mut response = Response::new(Payload::Spooled {
        whole: whole.body,
        at: 0,
        rest,
        length,
    });
    if let Some(length) = length {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    if let Ok(value) = HeaderValue::from_str(&whole.content_type)
        && !whole.content_type.is_empty()
    {
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    response
}

/// Passes on what did not fit; ends with go's connection, an error or silence.
async fn pump(
    mut rest: super::attempt::Rest,
    sender: mpsc::Sender<std::io::Result<Bytes>>,
    bound: std::time::Duration,
) {
    let mut piece = Some(rest.first);
    while let Some(bytes) = piece {
        if sender.send(Ok(bytes)).await.is_err() {
            return;
        }
        piece = match tokio::time::timeout(bound, rest.body.next()).await {
            Ok(Ok(next)) => next,
            Ok(Err(failure)) => {
                let _ = sender.send(Err(std::io::Error::other(failure.reason))).await;
                None
            }
            Err(_) => {
                let _ = sender.send(Err(std::io::ErrorKind::TimedOut.into())).await;
                None
            }
        };
    }
    drop(rest.flight);
}

/// What an upstream said, for the log.
pub fn served_by(engine: &Engine, verdict: &Verdict) -> String {
    match verdict {
        Verdict::Whole(whole) => engine.peers[whole.peer].base.label.clone(),
        Verdict::Said(peer, _) | Verdict::Carries(peer) => engine.peers[*peer].base.label.clone(),
        Verdict::Redirect(_) | Verdict::Unavailable { .. } => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::attempt::status_text;
    use super::*;

    fn told(outcome: Outcome, status: Option<u16>, body: &str) -> Told {
        Told {
            outcome,
            status,
            did: status.map_or("did not answer in 8s".into(), |s| {
                format!("answered {}", status_text(s))
            }),
            detail: String::new(),
            retry_after: None,
            withheld: None,
            answer: status.map(|_| ("text/plain".into(), Bytes::from(body.to_owned()))),
        }
    }

    #[test]
    fn an_outage_is_never_told_as_not_found() {
        for (failures, status) in [
            (vec![told(Outcome::Passing, Some(503), "")], 503),
            (vec![told(Outcome::Silent, None, "")], 504),
            (vec![told(Outcome::Captive, Some(200), "")], 502),
            (
                vec![
                    told(Outcome::Silent, None, ""),
                    told(Outcome::NotFound, Some(404), ""),
                ],
                504,
            ),
            (
                vec![
                    told(Outcome::Passing, Some(429), ""),
                    told(Outcome::Silent, None, ""),
                ],
                429,
            ),
        ] {
            let failures: Vec<_> = failures.into_iter().map(|t| (0, t)).collect();
            assert_eq!(status_of(&failures), status, "{failures:?}");
        }
    }

    #[test]
    fn words_are_few_and_name_the_way_on() {
        let failure = told(Outcome::Passing, Some(503), "down for\nmaintenance\n");
        let got = words(
            &[("https://a.example".into(), &failure)],
            Some("https://b.example"),
            4,
        );
        assert_eq!(
            got,
            "down for\nmaintenance\ngosteady: https://a.example answered 503 Service Unavailable (4 attempts)\n\
             gosteady: https://b.example was not asked; GOSTEADY_FAILOVER=always (proxy.failover) would ask it"
        );
        let long = told(Outcome::Passing, Some(503), &"x".repeat(5000));
        let name = format!("https://{}", "é".repeat(400));
        let failures: Vec<_> = (0..5).map(|_| (name.clone(), &long)).collect();
        let got = words(&failures, Some("https://b.example"), 9);
        assert!(
            got.len() <= BYTES && got.lines().count() <= LINES && got.contains("GOSTEADY_FAILOVER"),
            "{got}"
        );
    }
}
