//! The loopback server: a free port of 127.0.0.1, a secret path, GET and HEAD.
//!
//! Every user of the machine can connect. Who does not know the path is a stranger: few are let in, and not for long.

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
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many strangers are connected at once; the next ones wait outside.
const STRANGERS: usize = 128;
/// How long one may take to name the path while nobody waits outside for its place: so many times the time that it has
/// in any case.
const TURNS: u32 = 20;
/// That time. go asks as soon as it is connected.
const TURN: Duration = Duration::from_millis(500);
/// The largest head of a request, in bytes (and what is written in one go). go's have some hundred.
const HEAD: usize = 256 << 10;

/// The place of a connection among the strangers, given back once it has named the path.
type Place = RefCell<Option<OwnedSemaphorePermit>>;

/// Serves until the future is dropped; every connection is a task of the same `LocalSet`.
pub async fn serve(listener: TcpListener, token: String, engine: Rc<Engine>) {
    let token: Rc<str> = token.into();
    let places = Arc::new(Semaphore::new(STRANGERS));
    loop {
        // Never closed.
        let place = Arc::clone(&places).acquire_owned().await.ok();
        let Ok((stream, _)) = listener.accept().await else {
            // No descriptor left, or the peer is gone already: others may still come.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (engine, token, places) = (Rc::clone(&engine), Rc::clone(&token), Arc::clone(&places));
        tokio::task::spawn_local(async move {
            let place: Place = RefCell::new(place);
            let service = service_fn(|request: Request<Incoming>| {
                let rest = below(&token, request.uri().path()).map(str::to_owned);
                if rest.is_some() {
                    place.take();
                }
                let engine = Rc::clone(&engine);
                async move { Ok::<_, Infallible>(guarded(&engine, rest, request.method()).await) }
            });
            // A client that goes away ends this future, and with it every upstream request made for it.
            let mut builder = hyper::server::conn::http1::Builder::new();
            let connection = builder
                .max_buf_size(HEAD)
                .serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                biased;
                _ = connection => {}
                () = overstayed(&place, &places) => {}
            }
        });
    }
}

/// Ends when a stranger has to leave; never once it is none.
async fn overstayed(place: &Place, places: &Semaphore) {
    for _ in 0..TURNS {
        tokio::time::sleep(TURN).await;
        if place.borrow().is_none() {
            return std::future::pending().await;
        }
        if places.available_permits() == 0 {
            return;
        }
    }
}

/// What a path names below the secret one.
fn below<'a>(token: &str, path: &'a str) -> Option<&'a str> {
    let path = path.strip_prefix('/').unwrap_or_default();
    let (given, rest) = path.split_once('/').unwrap_or((path, ""));
    equal(given.as_bytes(), token.as_bytes()).then_some(rest)
}

/// A handler that panics answers 502 and harms nobody else.
async fn guarded(engine: &Rc<Engine>, rest: Option<String>, method: &Method) -> Response<Payload> {
    let mut work = pin!(handle(engine, rest.as_deref(), method));
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

async fn handle(engine: &Rc<Engine>, rest: Option<&str>, method: &Method) -> Response<Payload> {
    let Some(rest) = rest else {
        return text(StatusCode::NOT_FOUND, "");
    };
    if !matches!(*method, Method::GET | Method::HEAD) {
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
        asked: Cell::new(Instant::now()),
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
