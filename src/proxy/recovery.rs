//! Asking an upstream that others were preferred to.

use super::asking::{Job, tell};
use super::attempt::attempt;
use super::engine::Engine;
use super::health::State;
use super::race::new_ask;
use super::reply::Reply;
use super::request::Kind;
use super::resume::Gathering;
use super::rules::{self, Bounds, Next, Standing};
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Asks once, for an answer that is needed: others had none. `number` is 1 where it was not asked for this before.
pub async fn probe(engine: &Engine, job: &Job<'_>, peer: usize, number: u32) -> Reply {
    let bounds = short(engine, job, peer, engine.rules.hedge_after);
    once(engine, job, peer, bounds, number).await
}

/// Finds out, beside a request that goes elsewhere, whether an upstream is well again. Nobody waits for it, and what
/// it brings is thrown away; go would have asked this upstream for the same.
pub fn find_out(engine: &Rc<Engine>, job: &Job<'_>, peer: usize) {
    // A zip may be large.
    if job.resource.kind == Kind::Zip || !engine.budget.take(false) {
        return;
    }
    engine.health.probed(peer);
    let (engine, resource, request) = (Rc::clone(engine), job.resource.clone(), job.request);
    tokio::task::spawn_local(async move {
        let job = Job {
            request,
            resource: &resource,
            attempts: Cell::new(0),
            asked: Cell::new(Instant::now()),
            ahead: None,
        };
        let bounds = short(&engine, &job, peer, engine.rules.first_answer);
        let reply = once(&engine, &job, peer, bounds, 2).await;
        if matches!(&reply, Reply::Told(told) if !told.outcome.definite()) {
            engine.health.failed(peer, true);
        }
    });
}

async fn once(engine: &Engine, job: &Job<'_>, peer: usize, bounds: Bounds, number: u32) -> Reply {
    tell(
        engine,
        job,
        "probe",
        "others were preferred",
        Duration::ZERO,
        peer,
    );
    let ask = super::attempt::Ask {
        queue: false,
        ..new_ask(engine, job, peer, bounds, number, false)
    };
    let reply = attempt(engine, ask, Rc::default(), &Gathering::default()).await;
    match &reply {
        Reply::Told(told) if !told.outcome.definite() => {}
        _ => engine.health.succeeded(peer),
    }
    reply
}

fn short(engine: &Engine, job: &Job<'_>, peer: usize, bound: Duration) -> Bounds {
    let standing = Standing {
        public: engine.peers[peer].public,
        next: Next::Ours,
        answered: true,
        failing: engine.health.state(peer) != State::Closed,
    };
    let bounds = rules::bounds(&engine.rules, standing, job.resource);
    Bounds {
        silence: bound,
        connect: bound.min(bounds.connect),
        ..bounds
    }
}
