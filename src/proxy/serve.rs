//! The loopback server: a free port of 127.0.0.1, a secret path, GET and HEAD.

use super::answer::{Payload, answer, served_by, text};
use super::asking::Job;
use super::engine::Engine;
use super::loopback::PONG;
use super::prefetch;
use super::record::millis;
use super::request::Resource;
use super::walk::{Verdict, walk};
use super::words::blame;
use crate::trace::event::Event;
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::cell::Cell;
use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// Serves until the future is dropped; every connection is a task of the same `LocalSet`.
pub async fn serve(listener: TcpListener, token: String, engine: Rc<Engine>) {
    let token: Rc<str> = token.into();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // No descriptor left, or the peer is gone already: others may still come.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (engine, token) = (Rc::clone(&engine), Rc::clone(&token));
        tokio::task::spawn_local(async move {
            let service = service_fn(|request: Request<Incoming>| {
                let (engine, token) = (Rc::clone(&engine), Rc::clone(&token));
                async move { Ok::<_, Infallible>(guarded(&engine, &token, request).await) }
            });
            // A client that goes away ends this future, and with it every upstream request made for it.
            let connection = hyper::server::conn::http1::Builder::new();
            let _ = connection.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// A handler that panics answers 502 and harms nobody else.
async fn guarded(engine: &Rc<Engine>, token: &str, request: Request<Incoming>) -> Response<Payload> {
    let mut work = pin!(handle(engine, token, request));
    let caught = std::future::poll_fn(|cx| {
        match std::panic::catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(response)) => Poll::Ready(Some(response)),
            Err(_) => Poll::Ready(None),
        }
    });
    caught.await.unwrap_or_else(|| {
        let what = "gosteady: internal error in the module proxy";
        engine.recorder.emit(Event::Warning { text: what.into() });
        text(
            StatusCode::BAD_GATEWAY,
            format!("{what}; GOSTEADY_BYPASS=1 runs go without it"),
        )
    })
}

async fn handle(engine: &Rc<Engine>, token: &str, request: Request<Incoming>) -> Response<Payload> {
    let path = request.uri().path().strip_prefix('/').unwrap_or_default();
    let (given, rest) = path.split_once('/').unwrap_or((path, ""));
    if !equal(given.as_bytes(), token.as_bytes()) {
        return text(StatusCode::NOT_FOUND, "");
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "");
    }
    if rest == "ping" {
        return text(StatusCode::OK, PONG);
    }
    let (number, wire) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = number
        .parse::<usize>()
        .ok()
        .filter(|n| engine.list.position(*n).is_some());
    let Some(prefix) = prefix else {
        return text(StatusCode::NOT_FOUND, "");
    };
    match Resource::parse(wire) {
        None => text(StatusCode::BAD_REQUEST, "gosteady: not a module proxy path"),
        Some(resource) => respond(engine, prefix, &resource).await,
    }
}

async fn respond(engine: &Rc<Engine>, prefix: usize, resource: &Resource) -> Response<Payload> {
    let begun = Instant::now();
    let request = engine.notes.request();
    engine.activity.request();
    engine.recorder.emit(Event::Request {
        request,
        resource: resource.label.clone(),
        upstream: engine.peers[prefix].base.label.clone(),
    });
    let job = Job {
        request,
        resource,
        attempts: Cell::new(0),
        ahead: None,
    };
    engine.health.load().await;
    let verdict = match prefetch::claim(engine, prefix, resource).await {
        Some(verdict) => verdict,
        None => {
            let verdict = walk(engine, &job, prefix).await;
            prefetch::came(engine, prefix, resource, &verdict);
            verdict
        }
    };
    if matches!(verdict, Verdict::Unavailable { .. }) {
        engine.notes.unavailable();
    }
    let served_by = served_by(engine, &verdict);
    let attempts = job.attempts.get();
    let blame = blame(&verdict, resource);
    engine.notes.settle(
        &resource.label,
        blame.map(|(cause, peer)| (cause, engine.name(peer))),
    );
    let response = answer(engine, verdict, resource);
    engine.activity.answered();
    engine.recorder.emit(Event::Answer {
        request,
        status: response.status().as_u16(),
        bytes: response.body().size_hint().exact().unwrap_or_default(),
        total_ms: millis(begun.elapsed()),
        served_by,
        attempts,
        cause: blame.map(|(cause, _)| cause.id().into()),
    });
    response
}

/// Compares without telling by its time where the difference is.
fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}
