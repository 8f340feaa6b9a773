//! One prefix: whom to ask in which order, and what go is told in the end.

use super::asking::{Call, Job, ask, tell};
use super::classify::Outcome;
use super::engine::Engine;
use super::failover;
use super::health::State;
use super::recovery::{find_out, probe};
use super::reply::{Reply, Told, Whole};
use super::request::Kind;
use super::rules::Next;
use super::sumdb;
use super::verify;
use crate::cause::Cause;
use crate::config::settings::Failover;
use std::rc::Rc;
use std::time::Duration;

/// What go is told.
#[derive(Debug)]
pub enum Verdict {
    /// The thing itself.
    Whole(Box<Whole>),
    /// An upstream's own word, byte for byte.
    Said(usize, Told),
    /// A 200 of our own to `supported`: this prefix carries the checksum database's origin.
    Carries(usize),
    /// Ask there yourself: an address that our client can't talk to, for this cause.
    Redirect(usize, Cause),
    /// Nobody could supply it.
    Unavailable {
        /// Who failed, and how, in the order asked.
        failures: Vec<(usize, Told)>,
        /// An upstream that may not be asked because of a comma.
        kept_from: Option<usize>,
    },
}

/// Finds out.
pub async fn walk(engine: &Rc<Engine>, job: &Job<'_>, prefix: usize) -> Verdict {
    let checksums = job.resource.sumdb().is_some();
    let chain = if checksums {
        sumdb::chain(engine, prefix, job.resource)
    } else {
        engine.chain(prefix)
    };
    let (order, skipped) = prefer(engine, job, &chain, checksums);
    // That others failed at an earlier request is nothing to go, which may come to their prefixes after this one.
    for &peer in chain.iter().filter(|peer| **peer != prefix) {
        engine
            .learnt
            .borrow_mut()
            .forget_failure(peer, &job.resource.wire);
    }
    let mut failures: Vec<(usize, Told)> = Vec::new();
    for (at, &peer) in order.iter().enumerate() {
        let last = at + 1 == order.len();
        // A stand-in that does not carry the database says 404 to every record: no answer to this question.
        let stand_in = peer != chain[0];
        let next = match last {
            false => Next::Ours,
            true => failover::after_chain(&engine.list, prefix),
        };
        let reply = match recall(engine, job, prefix, peer) {
            Some(told) => Reply::Told(told),
            None if origin_supported(engine, job, peer) => {
                return carries(engine, job, prefix, peer, failures);
            }
            None => {
                let passed = failures.iter().filter(|(_, told)| told.may_pass());
                let earlier: Vec<usize> = passed.map(|(peer, _)| *peer).collect();
                let later = &order[at + 1..];
                let call = Call {
                    peer,
                    earlier: &earlier,
                    next,
                    rival: rival(engine, job, peer, later, &earlier),
                    spare: later.iter().any(|p| is_well(engine, *p)),
                };
                let reply = ask(engine, job, call).await;
                // One of them may have been asked again in its place, and have had a word.
                let word = |peer: &usize| {
                    let told = engine.learnt.borrow_mut().recall_word(*peer, &job.resource.wire);
                    Some((*peer, told?))
                };
                match &reply {
                    Reply::Told(_) if !checksums => match earlier.iter().find_map(word) {
                        Some((peer, told)) => return said(engine, job, prefix, peer, told, &failures),
                        None => reply,
                    },
                    _ => reply,
                }
            }
        };
        match reply {
            Reply::Whole(whole) => return served(engine, job, prefix, whole, &failures),
            Reply::Told(told)
                if told.outcome == Outcome::NotFound && checksums && stand_in && !is_supported(job) =>
            {
                failures.push((peer, told));
            }
            // Not to have it is no better than to have it wrong, where go can't go on to another.
            Reply::Told(told)
                if told.outcome == Outcome::NotFound
                    && stand_in
                    && failures.iter().any(|(_, t)| t.withheld.is_some())
                    && failover::is_end(&engine.list, peer) =>
            {
                failures.push((peer, told));
            }
            Reply::Told(told) if told.outcome.definite() => {
                // What go would have asked first has the first word.
                if !checksums {
                    let asked = skipped.iter().filter(|s| order[..=at].iter().all(|o| o != *s));
                    for &resting in asked {
                        match second_word(engine, job, resting).await {
                            Reply::Whole(whole) => return served(engine, job, prefix, whole, &failures),
                            Reply::Told(told) if told.outcome.definite() => {
                                return Verdict::Said(resting, told);
                            }
                            Reply::Told(_) => {}
                        }
                    }
                }
                return said(engine, job, prefix, peer, told, &failures);
            }
            Reply::Told(told) => {
                if peer != prefix {
                    engine
                        .learnt
                        .borrow_mut()
                        .remember(peer, &job.resource.wire, told.clone());
                }
                if let Some(&to) = order.get(at + 1) {
                    tell(engine, job, "failover", &told.did, Duration::ZERO, to);
                }
                failures.push((peer, told));
            }
        }
    }
    give_up(engine, job, prefix, failures)
}

/// Those that are well first, then the others. Only what may be passed over is ever moved back.
fn prefer(engine: &Rc<Engine>, job: &Job<'_>, chain: &[usize], checksums: bool) -> (Vec<usize>, Vec<usize>) {
    if chain.len() < 2 || checksums && chain.len() < 3 {
        return (chain.to_vec(), Vec::new());
    }
    let open = |peer: &usize| engine.passable(*peer) && engine.health.state(*peer) != State::Closed;
    let (skipped, mut order): (Vec<usize>, Vec<usize>) = chain.iter().partition(|p| open(p));
    order.extend(&skipped);
    for &peer in &skipped {
        if peer != order[0] && engine.health.state(peer) == State::Due {
            find_out(engine, job, peer);
        }
    }
    (order, skipped)
}

/// The one that may race this one, for what can't change, where this one may be passed over: the next in order that is
/// well, or one before it that is, and failed only at this request. Where nobody is well, any other is better.
fn rival(engine: &Engine, job: &Job<'_>, peer: usize, later: &[usize], earlier: &[usize]) -> Option<usize> {
    if !job.resource.immutable || !engine.passable(peer) {
        return None;
    }
    let others = || later.iter().chain(earlier.iter().rev()).copied();
    let well = others().find(|p| is_well(engine, *p));
    well.or_else(|| others().next().filter(|_| !is_well(engine, peer)))
}

/// What one that others were preferred to says, now that they have no good answer. Only where this run has seen it fail
/// is one short attempt enough.
async fn second_word(engine: &Engine, job: &Job<'_>, peer: usize) -> Reply {
    if engine.health.seen_failing(peer) {
        return probe(engine, job, peer, 1).await;
    }
    let call = Call {
        peer,
        earlier: &[],
        next: Next::Ours,
        rival: None,
        spare: false,
    };
    ask(engine, job, call).await
}

fn is_well(engine: &Engine, peer: usize) -> bool {
    engine.health.state(peer) == State::Closed
}

/// What one was heard to say about this. That it failed counts under its own prefix alone, where go comes with the same
/// request for the second time: under another it is a new request, after a guess or a failure of some time ago.
fn recall(engine: &Engine, job: &Job<'_>, prefix: usize, peer: usize) -> Option<Told> {
    let kept = engine.learnt.borrow_mut().recall(peer, &job.resource.wire);
    kept.filter(|told| peer == prefix || told.outcome.definite())
}

fn is_supported(job: &Job<'_>) -> bool {
    matches!(job.resource.kind, Kind::Supported(_))
}

/// Whether this is the question whether the origin supports itself: it is never asked that.
fn origin_supported(engine: &Engine, job: &Job<'_>, peer: usize) -> bool {
    matches!(&job.resource.kind, Kind::Supported(name) if sumdb::of_name(engine, name) == Some(peer))
}

fn carries(
    engine: &Engine,
    job: &Job<'_>,
    prefix: usize,
    origin: usize,
    failures: Vec<(usize, Told)>,
) -> Verdict {
    commit(engine, job, prefix, origin);
    note(engine, job, &failures, origin);
    Verdict::Carries(origin)
}

fn commit(engine: &Engine, job: &Job<'_>, prefix: usize, carrier: usize) {
    if let Kind::Supported(name) = &job.resource.kind {
        engine.learnt.borrow_mut().commit(prefix, name, carrier);
    }
}

fn served(
    engine: &Engine,
    job: &Job<'_>,
    prefix: usize,
    whole: Box<Whole>,
    failures: &[(usize, Told)],
) -> Verdict {
    commit(engine, job, prefix, whole.peer);
    note(engine, job, failures, whole.peer);
    Verdict::Whole(whole)
}

fn said(
    engine: &Engine,
    job: &Job<'_>,
    prefix: usize,
    peer: usize,
    told: Told,
    failures: &[(usize, Told)],
) -> Verdict {
    let own = peer == prefix;
    if own
        && told.outcome == Outcome::NotFound
        && let Some(origin) = sumdb::after_no(engine, prefix, job.resource)
    {
        return carries(engine, job, prefix, origin, Vec::new());
    }
    if !own {
        engine
            .learnt
            .borrow_mut()
            .remember(peer, &job.resource.wire, told.clone());
        note(engine, job, failures, peer);
    }
    Verdict::Said(peer, told)
}

fn note(engine: &Engine, job: &Job<'_>, failures: &[(usize, Told)], by: usize) {
    for (peer, told) in failures {
        // A guess is not spoken of, unless what came was wrong.
        if job.is_guess() && told.withheld.is_none() {
            continue;
        }
        let (name, answered) = (engine.name(*peer), engine.name(by));
        engine.notes.say(match *peer == by {
            true => again(&name),
            false => format!("{name} {}; {answered} answered instead", told.did),
        });
    }
}

/// What is said of one that came back.
pub fn again(name: &str) -> String {
    format!("{name} failed and answered when asked again")
}

fn give_up(engine: &Engine, job: &Job<'_>, prefix: usize, failures: Vec<(usize, Told)>) -> Verdict {
    // The last one in the list's order, whichever was asked last.
    let last = failures.iter().map(|(peer, _)| *peer).max().unwrap_or(prefix);
    if let [.., (peer, told)] = failures.as_slice() {
        tell(engine, job, "give-up", &told.did, Duration::ZERO, *peer);
        // go's own client has other rules for certificates and ciphers; it shall decide.
        if matches!(told.outcome, Outcome::Certificate | Outcome::Handshake)
            && !job.is_guess()
            && *peer < engine.list.upstreams().count()
        {
            let name = engine.name(*peer);
            engine
                .notes
                .say(format!("{name} {}; go was sent there itself", told.did));
            return Verdict::Redirect(*peer, told.cause);
        }
        // What a lone upstream answers again and again is for go to read, as without us; a zip is not: go would
        // take the failure for the end of its list.
        if told.outcome == Outcome::Garbled && failures.len() == 1 && job.resource.kind != Kind::Zip {
            return Verdict::Said(*peer, told.clone());
        }
    }
    let kept_from = match engine.rules.failover {
        Failover::Always => None,
        Failover::Safe | Failover::Go => failover::kept_from(&engine.list, last),
    };
    // A guess that does not match is dropped unsaid: go has not asked for it yet.
    if !job.is_guess()
        && let Some(whole) = verify::hand_over(engine, job.resource, prefix, &failures, kept_from)
    {
        return Verdict::Whole(whole);
    }
    Verdict::Unavailable { failures, kept_from }
}
