//! What go reads: the answer's head and body.

use super::classify::Outcome;
use super::engine::Engine;
use super::reply::{Told, Whole};
use super::request::Resource;
use super::walk::Verdict;
use super::words::{left_out, words};
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

const TEXT: &str = "text/plain; charset=utf-8";

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

/// The answer to go, which asked for this.
pub fn answer(engine: &Engine, verdict: Verdict, resource: &Resource) -> Response<Payload> {
    let (wire, checksums) = (resource.wire.as_str(), resource.sumdb().is_some());
    match verdict {
        Verdict::Whole(whole) => stream(engine, *whole),
        Verdict::Said(_, told) => {
            let status = told.status.and_then(|s| StatusCode::from_u16(s).ok());
            let (content_type, body) = told.answer.unwrap_or_default();
            with(status.unwrap_or(StatusCode::BAD_GATEWAY), &content_type, body)
        }
        Verdict::Carries(_) => with(StatusCode::OK, TEXT, Bytes::new()),
        Verdict::Redirect(peer, _) => {
            let address = engine.peers[peer].base.join(wire, checksums);
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
            let kept_from = kept_from.map(|peer| (engine.name(peer), left_out(engine, peer)));
            let kept_from = kept_from
                .as_ref()
                .map(|(name, why)| (name.as_str(), why.as_str()));
            let failures: Vec<(String, &Told)> = failures.iter().map(|(p, t)| (engine.name(*p), t)).collect();
            text(status, words(&failures, kept_from, checksums))
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
    mut rest: super::reply::Rest,
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
        Verdict::Redirect(..) | Verdict::Unavailable { .. } => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Cause;

    fn told(outcome: Outcome, status: Option<u16>, body: &str) -> Told {
        Told {
            status,
            answer: status.map(|_| ("text/plain".into(), Bytes::from(body.to_owned()))),
            ..Told::new(outcome, Cause::ProxyStalled, "did not answer in 8s")
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
}
