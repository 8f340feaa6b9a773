//! An attempt that is silent for too long is joined by a second one: at another upstream, where that may be asked, or
//! at the same over a fresh connection, for the rest of what came. The first whole success wins.

use super::asking::{Call, Job, tell};
use super::attempt::{Ask, attempt, silence};
use super::engine::Engine;
use super::health::State;
use super::hedges::Hedges;
use super::pulse::Pulse;
use super::reply::{Reply, Told};
use super::resume::{Gathering, PIECES, PROGRESS};
use super::rules::Bounds;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Which of two ended first.
enum End {
    First(Reply),
    Second(Reply),
}

/// Asks once, and the rival or the same one again while that is silent.
pub async fn race<'a>(
    engine: &'a Engine,
    job: &'a Job<'a>,
    call: Call<'a>,
    bounds: Bounds,
    number: u32,
    gathering: &Gathering<'a>,
) -> Reply {
    let peer = call.peer;
    let (elsewhere, mut elsewhere_is) = (Gathering::default(), peer);
    let mut hedges = Hedges::new(engine, job, call);
    let mut pulse = Rc::<Pulse>::default();
    let ask = new_ask(engine, job, peer, bounds, number, false);
    let mut first = Box::pin(attempt(engine, ask, Rc::clone(&pulse), gathering));
    tokio::select! {
        reply = &mut first => return reply,
        () = silent(engine, job, call, &pulse, bounds.hedge_after) => {}
    }
    let mut failure = None;
    for _ in 0..PIECES {
        let allowed = tokio::select! {
            reply = &mut first => return reply,
            allowed = hedges.allowed(&pulse, bounds.hedge_after) => allowed,
        };
        if !allowed {
            return Reply::Told(failure.unwrap_or_else(|| silence(bounds.hedge_after, None)));
        }
        let other = hedges.other();
        let place = if other == peer { gathering } else { &elsewhere };
        if other != peer && std::mem::replace(&mut elsewhere_is, other) != other {
            elsewhere.clear();
        }
        tell(engine, job, "hedge", "no answer yet", Duration::ZERO, other);
        let had = gathering.len();
        let second_pulse = Rc::<Pulse>::default();
        let ask = new_ask(engine, job, other, bounds, number, true);
        let mut second = Box::pin(attempt(engine, ask, Rc::clone(&second_pulse), place));
        let ended = tokio::select! {
            reply = &mut first => Some(End::First(reply)),
            reply = &mut second => Some(End::Second(reply)),
            // The second one is silent, too.
            () = second_pulse.silent(bounds.hedge_after) => None,
        };
        let still = pulse.is_silent(bounds.hedge_after);
        let ended = match ended {
            None if other == peer && still && gathering.len() >= had + PROGRESS => {
                // It has all that the first one had, and more, and is silent now: the next one goes on from there.
                (first, pulse) = (second, second_pulse);
                hedges.go_on();
                continue;
            }
            None => tokio::select! {
                reply = &mut first => End::First(reply),
                reply = &mut second => End::Second(reply),
                // The oldest one alone may be waited for without end: a module server may be cloning.
                () = second_pulse.silent(hedges.stall(other)) => {
                    hedges.stalled();
                    continue;
                }
                () = hedges.come_back() => continue,
            },
            Some(ended) => ended,
        };
        match ended {
            End::First(Reply::Told(told)) if other == peer && told.is_passing() => {
                // The second one takes its place, and may be joined in its turn.
                hedges.failed(peer, &told);
                failure = Some(told);
                (first, pulse) = (second, second_pulse);
            }
            End::First(reply) => {
                let bound = hedges.stall(other);
                let second = async {
                    tokio::select! {
                        reply = second => Some(reply),
                        () = second_pulse.silent(bound) => None,
                    }
                };
                return after_first(engine, job, peer, other, reply, second).await;
            }
            End::Second(Reply::Told(told))
                if other == peer && told.is_passing() || other != peer && hedges.last() =>
            {
                // The server is there and this attempt did not help; the silent one may wait for a dead connection.
                let wait = hedges.failed(other, &told);
                if other == peer {
                    failure = Some(told);
                } else if remember(engine, job, peer, other, told) {
                    return Reply::Told(silence(bounds.hedge_after, None));
                }
                tokio::select! {
                    reply = &mut first => return reply,
                    () = tokio::time::sleep(wait) => {}
                    () = hedges.come_back() => {}
                }
            }
            End::Second(reply) => return after_second(engine, job, peer, other, reply, first).await,
        }
    }
    first.await
}

async fn after_first(
    engine: &Engine,
    job: &Job<'_>,
    peer: usize,
    other: usize,
    reply: Reply,
    second: impl Future<Output = Option<Reply>>,
) -> Reply {
    match reply {
        // A whole body that is wrong is the same upstream's word.
        Reply::Told(told) if !told.outcome.definite() && (other != peer || told.withheld.is_none()) => {
            match second.await {
                Some(second) => settle(engine, job, (peer, told), other, second),
                None => Reply::Told(told),
            }
        }
        done => done,
    }
}

async fn after_second(
    engine: &Engine,
    job: &Job<'_>,
    peer: usize,
    other: usize,
    reply: Reply,
    first: impl Future<Output = Reply>,
) -> Reply {
    match reply {
        Reply::Whole(whole) => {
            // Who has never answered anything is not waited for again while others do.
            let at_once = other != peer && !engine.learnt.borrow().has_answered(peer);
            engine.health.failed(peer, at_once);
            won(engine, peer, other);
            Reply::Whole(whole)
        }
        // The same upstream's own word needs no second one, nor does what will be no better.
        Reply::Told(told) if other == peer => Reply::Told(told),
        Reply::Told(told) => {
            let passing = !told.outcome.definite();
            remember(engine, job, peer, other, told);
            // Others are preferred to the silent one by now: they are asked again rather than it waited for.
            if passing && engine.health.state(peer) != State::Closed {
                return Reply::Told(silence(engine.rules.hedge_after, None));
            }
            first.await
        }
    }
}

/// Ends when a request of go's has been silent for so long. A guess is not raced, but moved away from an upstream that
/// others are preferred to by now: there it would keep its turn from what can be had elsewhere. So would one that is
/// silent since before its upstream came back from being down.
async fn silent(engine: &Engine, job: &Job<'_>, call: Call<'_>, pulse: &Pulse, bound: Duration) {
    if let Some(ahead) = job.ahead {
        tokio::select! {
            () = ahead.until_joined() => {}
            () = engine.health.unpreferred(call.peer), if call.rival.is_some() => {}
            _ = engine.returns.next(|who| who == call.peer, engine.returns.count()) => {}
        }
    }
    pulse.silent(bound).await;
}

/// The first attempt failed while the second one ran.
fn settle(engine: &Engine, job: &Job<'_>, first: (usize, Told), other: usize, second: Reply) -> Reply {
    let (peer, told) = first;
    match second {
        Reply::Whole(whole) => {
            won(engine, peer, other);
            Reply::Whole(whole)
        }
        Reply::Told(second) if other == peer && second.outcome.definite() => Reply::Told(second),
        Reply::Told(second) => {
            remember(engine, job, peer, other, second);
            Reply::Told(told)
        }
    }
}

/// Keeps another upstream's word for its turn. A failure is none: in its turn it is asked as often as any. Whether
/// it is a word that ends the asking: one that does not carry a checksum database has none about it.
pub fn remember(engine: &Engine, job: &Job<'_>, peer: usize, other: usize, told: Told) -> bool {
    if other == peer {
        return false;
    }
    let definite = told.outcome.definite();
    if definite {
        engine.health.succeeded(other);
        let mut learnt = engine.learnt.borrow_mut();
        learnt.remember(other, &job.resource.wire, told);
    } else {
        engine.health.failed(other, false);
    }
    definite && job.resource.sumdb().is_none()
}

fn won(engine: &Engine, peer: usize, other: usize) {
    if other != peer {
        engine.health.succeeded(other);
    }
    let name = engine.name(peer);
    engine.notes.say(if other == peer {
        format!("{name} was silent; a second connection to it answered first")
    } else {
        format!("{name} was silent; {} answered first", engine.name(other))
    });
}

/// The next attempt for a job.
pub fn new_ask<'a>(
    engine: &Engine,
    job: &Job<'a>,
    peer: usize,
    bounds: Bounds,
    number: u32,
    hedge: bool,
) -> Ask<'a> {
    if number == 1 && !hedge {
        engine.budget.request();
    }
    job.attempts.set(job.attempts.get() + 1);
    if !hedge {
        job.asked.set(Instant::now());
    }
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
