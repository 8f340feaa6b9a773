//! Asking one upstream for one thing: retries, a race with a second attempt, and the bound for a first sign of life.

use super::attempt::{Ask, Reply, Told, attempt, millis, silence};
use super::classify::Outcome;
use super::engine::Engine;
use super::prefetch::Ahead;
use super::pulse::Pulse;
use super::request::Resource;
use super::retry::{Step, decide};
use super::rules::{self, Bounds, Next, Standing};
use crate::activity::Phase;
use crate::trace::event::Event;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// One request of go's, as the engine works on it.
#[derive(Debug)]
pub struct Job<'a> {
    /// Its number.
    pub request: u64,
    /// What is asked for.
    pub resource: &'a Resource,
    /// Attempts made for it.
    pub attempts: Cell<u32>,
    /// Where it was made ahead of go's: whether go has asked for the same meanwhile.
    pub ahead: Option<&'a Ahead>,
}

impl Job<'_> {
    /// Whether go has not asked for it, and may never do.
    pub fn is_guess(&self) -> bool {
        self.ahead.is_some_and(|ahead| !ahead.joined())
    }
}

/// Asks an upstream until it has answered, or has proved unavailable, within the bounds. `rival` may be asked in a
/// race, for what can't change.
pub async fn ask(engine: &Engine, job: &Job<'_>, peer: usize, next: Next, rival: Option<usize>) -> Reply {
    let (answered, failing) = {
        let learnt = engine.learnt.borrow();
        (learnt.has_answered(peer), learnt.failing(peer))
    };
    let public = engine.peers[peer].public;
    let standing = Standing {
        public,
        next,
        answered,
        failing,
    };
    let bounds = rules::bounds(&engine.rules, standing, job.resource);
    let reply = match bounds.first_answer {
        None => again(engine, job, peer, bounds, rival).await,
        Some(bound) => {
            let mut asked = std::pin::pin!(again(engine, job, peer, bounds, rival));
            tokio::select! {
                reply = &mut asked => reply,
                () = no_sign_of_life(engine, peer, bound) => {
                    Reply::Told(silence(bound, phase_of(engine, job, peer)))
                }
            }
        }
    };
    let mut learnt = engine.learnt.borrow_mut();
    match &reply {
        Reply::Whole(whole) if whole.peer != peer => {}
        // What was only a guess shortens no patience with the last one who can be asked.
        Reply::Told(told) if !told.outcome.definite() && job.is_guess() && next != Next::Ours => {}
        Reply::Told(told) if !told.outcome.definite() => {
            learnt.failed(peer, told.outcome == Outcome::Silent, Instant::now());
        }
        _ => learnt.healthy(peer),
    }
    drop(learnt);
    reply
}

/// One quick attempt at an upstream that others were preferred to.
pub async fn probe(engine: &Engine, job: &Job<'_>, peer: usize) -> Reply {
    let public = engine.peers[peer].public;
    let standing = Standing {
        public,
        next: Next::Ours,
        answered: true,
        failing: true,
    };
    let mut bounds = rules::bounds(&engine.rules, standing, job.resource);
    bounds.silence = engine.rules.hedge_after;
    bounds.connect = engine.rules.hedge_after;
    let reply = attempt(engine, new_ask(job, peer, bounds, 1, false), &Pulse::default()).await;
    if matches!(&reply, Reply::Whole(_)) {
        engine.learnt.borrow_mut().healthy(peer);
    }
    reply
}

async fn again(engine: &Engine, job: &Job<'_>, peer: usize, bounds: Bounds, rival: Option<usize>) -> Reply {
    let begun = Instant::now();
    let mut made = 0;
    loop {
        made += 1;
        let told = match race(engine, job, peer, bounds, rival, made).await {
            Reply::Told(told) if !told.outcome.definite() => Told {
                attempts: made,
                ..told
            },
            done => {
                if made > 1 && !job.is_guess() && matches!(&done, Reply::Whole(w) if w.peer == peer) {
                    let name = engine.name(peer);
                    engine
                        .notes
                        .say(format!("{name} failed and answered when asked again"));
                }
                return done;
            }
        };
        let state = super::retry::State {
            outcome: told.outcome,
            made,
            elapsed: begun.elapsed(),
            retry_after: told.retry_after,
        };
        engine.prefetch.told(told.status);
        if made > 1 && job.is_guess() {
            return Reply::Told(told);
        }
        let Step::Retry { after } = decide(state, &bounds, engine.jitter.draw()) else {
            return Reply::Told(told);
        };
        tell(engine, job, "retry", &told.did, after, peer);
        let flight = engine.activity.begin(
            job.resource.label.as_str(),
            engine.peers[peer].base.label.as_str(),
        );
        flight.phase(Phase::Backoff);
        tokio::time::sleep(after).await;
    }
}

/// One attempt, joined by a second one when it is silent for too long. The first whole success wins.
async fn race(
    engine: &Engine,
    job: &Job<'_>,
    peer: usize,
    bounds: Bounds,
    rival: Option<usize>,
    number: u32,
) -> Reply {
    let pulse = Pulse::default();
    let first = attempt(engine, new_ask(job, peer, bounds, number, false), &pulse);
    tokio::pin!(first);
    tokio::select! {
        reply = &mut first => return reply,
        () = silent(job, &pulse, bounds.hedge_after) => {}
    }
    let other = rival.unwrap_or(peer);
    tell(engine, job, "hedge", "no answer yet", Duration::ZERO, other);
    let second_pulse = Pulse::default();
    // Boxed, as are the rare parts elsewhere: a future is as large as all that may happen in it.
    let mut second = Box::pin(attempt(
        engine,
        new_ask(job, other, bounds, number, true),
        &second_pulse,
    ));
    let reply = tokio::select! {
        reply = &mut first => match reply {
            Reply::Told(told) if !told.outcome.definite() => return settle(engine, job, (peer, told), other, second.await),
            done => return done,
        },
        reply = &mut second => reply,
    };
    match reply {
        Reply::Whole(whole) => {
            engine.learnt.borrow_mut().failed(peer, false, Instant::now());
            note_race(engine, peer, other);
            Reply::Whole(whole)
        }
        // The same upstream's own word needs no second one.
        Reply::Told(told) if other == peer && told.outcome.definite() => Reply::Told(told),
        Reply::Told(told) => {
            if other != peer {
                engine
                    .learnt
                    .borrow_mut()
                    .remember(other, &job.resource.wire, told);
            }
            first.await
        }
    }
}

/// Ends when a request of go's has been silent for so long; a guess is not raced.
async fn silent(job: &Job<'_>, pulse: &Pulse, bound: Duration) {
    if let Some(ahead) = job.ahead {
        ahead.until_joined().await;
    }
    pulse.silent(bound).await;
}

/// The first attempt failed while the second one ran.
fn settle(engine: &Engine, job: &Job<'_>, first: (usize, Told), other: usize, second: Reply) -> Reply {
    let (peer, told) = first;
    match second {
        Reply::Whole(whole) => {
            note_race(engine, peer, other);
            Reply::Whole(whole)
        }
        Reply::Told(second) if other == peer && second.outcome.definite() => Reply::Told(second),
        Reply::Told(second) => {
            if other != peer {
                engine
                    .learnt
                    .borrow_mut()
                    .remember(other, &job.resource.wire, second);
            }
            Reply::Told(told)
        }
    }
}

fn note_race(engine: &Engine, peer: usize, other: usize) {
    let name = engine.name(peer);
    engine.notes.say(if other == peer {
        format!("{name} was silent; a second connection to it answered first")
    } else {
        format!("{name} was silent; {} answered first", engine.name(other))
    });
}

fn new_ask<'a>(job: &Job<'a>, peer: usize, bounds: Bounds, number: u32, hedge: bool) -> Ask<'a> {
    job.attempts.set(job.attempts.get() + 1);
    Ask {
        request: job.request,
        resource: job.resource,
        peer,
        bounds,
        number,
        hedge,
        queue: !hedge && job.ahead.is_none(),
    }
}

/// How far the request has come at an upstream: the furthest of its attempts in flight.
fn phase_of(engine: &Engine, job: &Job<'_>, peer: usize) -> Option<Phase> {
    let label = &engine.peers[peer].base.label;
    let flights = engine.activity.snapshot().flights.into_iter();
    let own = flights.filter(|f| f.resource == job.resource.label && f.upstream == *label);
    own.map(|f| f.phase).max_by_key(|phase| *phase as u8)
}

/// Ends when the bound has passed and the upstream has not answered anything, to nobody.
async fn no_sign_of_life(engine: &Engine, peer: usize, bound: Duration) {
    tokio::time::sleep(bound).await;
    if engine.learnt.borrow().has_answered(peer) {
        std::future::pending::<()>().await;
    }
}

/// Records what follows an attempt.
pub fn tell(engine: &Engine, job: &Job<'_>, action: &str, why: &str, wait: Duration, upstream: usize) {
    engine.recorder.emit(Event::Retry {
        request: job.request,
        action: action.into(),
        why: why.into(),
        wait_ms: millis(wait),
        upstream: engine.peers[upstream].base.label.clone(),
    });
}
