//! Asking one upstream for one thing: retries, resuming, and the bound for a first sign of life.

use super::attempt::silence;
use super::classify::Outcome;
use super::engine::Engine;
use super::health::State;
use super::prefetch::Ahead;
use super::race::{race, remember};
use super::record::millis;
use super::recovery::probe;
use super::reply::{Reply, Told};
use super::request::Resource;
use super::resume::{Gathering, PIECES, PROGRESS};
use super::retry::{self, Step, decide};
use super::rules::{self, Bounds, Next, Standing};
use super::vigil::Held;
use super::walk;
use crate::activity::{FlightHandle, Phase};
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
    /// When the last of them began, but for those that raced another.
    pub asked: Cell<Instant>,
    /// Where it was made ahead of go's: whether go has asked for the same meanwhile.
    pub ahead: Option<&'a Ahead>,
}

impl Job<'_> {
    /// Whether go has not asked for it, and may never do.
    pub fn is_guess(&self) -> bool {
        self.ahead.is_some_and(|ahead| !ahead.joined())
    }
}

/// Whom to ask, and who else there is.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The upstream's number.
    pub peer: usize,
    /// Those that were asked for the same before it, and failed in passing.
    pub earlier: &'a [usize],
    /// Who may supply what it can't.
    pub next: Next,
    /// Who may be asked in a race, for what can't change.
    pub rival: Option<usize>,
    /// Whether one of those that may be asked after it is well.
    pub spare: bool,
}

impl Call<'_> {
    /// Whether go waits for it, and nobody else is to be hoped for.
    pub fn last_hope(&self, job: &Job<'_>) -> bool {
        !self.spare && self.next != Next::Gos && !job.is_guess()
    }
}

/// Asks an upstream until it has answered, or has proved unavailable, within the bounds.
pub async fn ask(engine: &Engine, job: &Job<'_>, call: Call<'_>) -> Reply {
    let Call { peer, next, .. } = call;
    let standing = Standing {
        public: engine.peers[peer].public,
        next,
        answered: engine.learnt.borrow().has_answered(peer),
        failing: match next {
            // That it failed while there were others is no reason to give up the last one at once.
            Next::Nobody => engine.health.given_up(peer),
            Next::Ours | Next::Gos => engine.health.state(peer) == State::Open,
        },
    };
    let bounds = rules::bounds(&engine.rules, standing, job.resource);
    let reply = match bounds.first_answer {
        None => again(engine, job, call, bounds).await,
        Some(bound) => {
            let mut asked = std::pin::pin!(again(engine, job, call, bounds));
            tokio::select! {
                reply = &mut asked => reply,
                () = no_sign_of_life(engine, peer, bound) => {
                    Reply::Told(silence(bound, phase_of(engine, job, peer)))
                }
            }
        }
    };
    match &reply {
        Reply::Whole(whole) if whole.peer != peer => {}
        // What was only a guess shortens no patience with the last one who can be asked.
        Reply::Told(told) if !told.outcome.definite() && job.is_guess() && next != Next::Ours => {}
        Reply::Told(told) if !told.outcome.definite() => {
            let silent = told.outcome == Outcome::Silent;
            // Where another may be asked every other attempt was counted in `again`.
            if silent || next != Next::Ours {
                // Who has never answered anything is not waited for again.
                let at_once = silent && !engine.learnt.borrow().has_answered(peer);
                engine.health.failed(peer, at_once);
            }
            if next == Next::Nobody {
                engine.health.give_up(peer);
            }
        }
        _ => engine.health.succeeded(peer),
    }
    reply
}

/// Attempts at one upstream until one succeeds, it is of no use to go on, or others are preferred.
async fn again(engine: &Engine, job: &Job<'_>, call: Call<'_>, bounds: Bounds) -> Reply {
    let peer = call.peer;
    let upstream = &engine.peers[peer];
    let gathering = Gathering::default();
    let mut begun = Instant::now();
    let (mut number, mut made, mut pieces) = (0, 0, 0);
    let (mut watch, mut lived) = (None, false);
    let mut earlier = call.earlier.to_vec();
    let mut failure: Option<Told> = None;
    loop {
        (number, made) = (number + 1, made + 1);
        let had = gathering.len();
        let elsewhere = failure
            .as_ref()
            .zip(stand_in(engine, call.next, &earlier, watch.is_some(), number));
        let reply = match elsewhere {
            Some((failure, other)) => match probe(engine, job, other, number).await {
                Reply::Told(told) => {
                    // That it fails again is not what go is told: the last one's failure is.
                    let failure = Reply::Told(failure.clone());
                    earlier.retain(|peer| *peer != other || told.may_pass());
                    if remember(engine, job, peer, other, told) {
                        return failure;
                    }
                    failure
                }
                whole => whole,
            },
            None => race(engine, job, call, bounds, number, &gathering).await,
        };
        let told = match reply {
            Reply::Told(told) if !told.outcome.definite() => Told {
                attempts: number,
                ..told
            },
            done => {
                let by = match &done {
                    Reply::Whole(whole) => whole.peer,
                    Reply::Told(_) => peer,
                };
                if engine.peers[by].vigil.life() {
                    engine.returns.add(by);
                }
                if elsewhere.is_some() {
                    // Those that wait for this one are answered by that one, too.
                    upstream.vigil.life();
                }
                if number > 1 && !job.is_guess() && matches!(&done, Reply::Whole(w) if w.peer == peer) {
                    let name = engine.name(peer);
                    engine.notes.say(walk::again(&name));
                }
                return done;
            }
        };
        failure = Some(told.clone());
        upstream.vigil.failed();
        let got_on = gathering.len() >= had + PROGRESS && pieces < PIECES;
        if got_on {
            // The rest is no repetition: neither counts it as one, nor is the time over.
            (begun, made, pieces) = (Instant::now(), 0, pieces + 1);
        } else if bounds.next == Next::Ours && told.outcome != Outcome::Silent {
            engine.health.failed(peer, false);
        }
        engine.prefetch.told(told.status);
        if number > 1 && job.is_guess() && !got_on {
            return Reply::Told(told);
        }
        let state = retry::State {
            outcome: told.outcome,
            made,
            elapsed: begun.elapsed(),
            retry_after: told.retry_after,
        };
        let Step::Retry { after } = decide(state, &bounds, engine.jitter.draw()) else {
            return Reply::Told(told);
        };
        if !got_on && call.spare && engine.health.state(peer) != State::Closed {
            return Reply::Told(told);
        }
        let _waiting = waiting(engine, job, peer, &told);
        let last_hope = call.last_hope(job);
        if last_hope && bounds.attempts.is_none() && !got_on && upstream.vigil.is_down() && watch.is_none() {
            match upstream
                .vigil
                .hold(bounds.retry_for.saturating_sub(begun.elapsed()))
                .await
            {
                Held::Over => return Reply::Told(told),
                Held::Watch(right) => watch = Some(right),
                Held::Life => {
                    // Once whatever is left; an upstream that goes up and down would be asked without end.
                    if !std::mem::replace(&mut lived, true) {
                        engine.budget.charge();
                    } else if !engine.budget.take(true) {
                        over_budget(engine, job, peer);
                        return Reply::Told(told);
                    }
                    tell(engine, job, "retry", "it answers again", Duration::ZERO, peer);
                    continue;
                }
            }
        }
        if !got_on && !engine.budget.take(last_hope) {
            over_budget(engine, job, peer);
            return Reply::Told(told);
        }
        let after = match watch {
            Some(_) => engine.budget.pace(after, begun.elapsed(), bounds.retry_for),
            None => after,
        };
        tell(engine, job, "retry", &told.did, after, peer);
        tokio::time::sleep(after).await;
    }
}

/// Who is asked in place of the last one, which fails: one of those before it that is well again, or, by the request
/// that goes on trying for all, each in turn.
pub fn stand_in(
    engine: &Engine,
    next: Next,
    earlier: &[usize],
    watching: bool,
    number: u32,
) -> Option<usize> {
    if next != Next::Nobody {
        return None;
    }
    let well = |peer: &&usize| engine.health.state(**peer) == State::Closed;
    let turn = number as usize % (earlier.len() + 1);
    let in_turn = earlier.get(turn).filter(|_| watching);
    earlier.iter().find(well).or(in_turn).copied()
}

/// Shows that a request waits before it is made again, and why.
fn waiting(engine: &Engine, job: &Job<'_>, peer: usize, told: &Told) -> FlightHandle {
    let label = engine.peers[peer].base.label.as_str();
    let flight = engine.activity.begin(job.resource.label.as_str(), label);
    flight.failed(told.cause, &told.did);
    flight
}

/// Says, once for all in words and each time in the trace, that something is not asked again.
pub fn over_budget(engine: &Engine, job: &Job<'_>, peer: usize) {
    tell(
        engine,
        job,
        "over-budget",
        "too much was asked again",
        Duration::ZERO,
        peer,
    );
    if !job.is_guess() && engine.budget.tell() {
        let extra = engine.budget.extra();
        engine.notes.say(format!(
            "{extra} requests were made more than once; what fails is no longer asked again of the same upstream"
        ));
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
