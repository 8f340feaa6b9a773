//! Who joins a silent attempt, when, and for how long: the state of one race.

use super::asking::{Call, Job, over_budget, stand_in};
use super::engine::Engine;
use super::health::State;
use super::pulse::Pulse;
use super::reply::Told;
use super::retry::backoff;
use super::rules::Next;
use std::time::{Duration, Instant};

/// The hedges of one attempt.
#[derive(Debug)]
pub struct Hedges<'a> {
    engine: &'a Engine,
    job: &'a Job<'a>,
    call: Call<'a>,
    /// Those before the last one that may still be asked again in its place.
    earlier: Vec<usize>,
    begun: Instant,
    /// How many upstreams had come back from being down when the attempt began.
    returns: usize,
    /// Who has come back since, until it is asked; only the first one counts.
    back: Option<usize>,
    came_back: bool,
    /// Hedges that ended without a reply that ends the race.
    turn: u32,
    /// Those of them that failed.
    failed: u32,
    /// Whether the next one goes on from a piece that came: no repetition.
    goes_on: bool,
    /// Whether it is recorded that the budget is spent.
    told: bool,
}

impl<'a> Hedges<'a> {
    /// For an attempt that begins now.
    pub fn new(engine: &'a Engine, job: &'a Job<'a>, call: Call<'a>) -> Hedges<'a> {
        Hedges {
            engine,
            job,
            call,
            earlier: call.earlier.to_vec(),
            begun: Instant::now(),
            returns: engine.returns.count(),
            back: None,
            came_back: false,
            turn: 0,
            failed: 0,
            goes_on: false,
            told: false,
        }
    }

    /// Whether nobody is left to be asked after this upstream, and go waits.
    pub fn last(&self) -> bool {
        self.call.next == Next::Nobody && self.call.last_hope(self.job)
    }

    /// Ends when one more may be made of the attempt with this pulse: true; or when it is of no use to wait: false.
    pub async fn allowed(&mut self, pulse: &Pulse, after: Duration) -> bool {
        // A guess is asked again at most once.
        if let Some(ahead) = self.job.ahead.filter(|_| self.turn > 0) {
            ahead.until_joined().await;
        }
        while !std::mem::take(&mut self.goes_on) && self.back.is_none() {
            tokio::select! {
                () = pulse.silent(after) => {}
                () = self.come_back() => continue,
            }
            if self.hopeless() {
                return false;
            }
            if self.within_budget() {
                break;
            }
            if !std::mem::replace(&mut self.told, true) {
                over_budget(self.engine, self.job, self.call.peer);
            }
            tokio::select! {
                () = tokio::time::sleep(after) => {}
                () = self.come_back() => {}
            }
        }
        true
    }

    /// Whether all else has failed for as long as it may. Patience is for a server that takes its time, not for one that
    /// has had it and answers nobody.
    fn hopeless(&self) -> bool {
        let bound = self.engine.rules.retry_for;
        let peer = self.call.peer;
        (self.failed > 0 || self.engine.health.given_up(peer))
            && self.call.last_hope(self.job)
            && self.engine.peers[peer].vigil.is_down_for(bound)
            && self.begun.elapsed() >= bound
    }

    /// Whether one more is within the budget. Past an upstream that others are preferred to by now, the first one at
    /// another is no extra: it is where the request would go first.
    fn within_budget(&self) -> bool {
        let rival = self.call.rival.filter(|_| self.turn == 0);
        let anew = rival.is_some_and(|rival| !self.call.earlier.contains(&rival)) && !self.last();
        if anew && self.engine.health.state(self.call.peer) != State::Closed {
            self.engine.budget.request();
            return true;
        }
        self.engine.budget.take(self.call.last_hope(self.job))
    }

    /// Ends when one of those that may be asked has come back from being down. What was asked before that may never be
    /// answered, so it is asked of that one, whatever is left of the budget, but once.
    pub async fn come_back(&mut self) {
        if self.came_back || self.job.is_guess() {
            std::future::pending::<()>().await;
        }
        let Call { peer, rival, .. } = self.call;
        let of = |who: usize| who == peer || rival == Some(who) || self.earlier.contains(&who);
        let who = self.engine.returns.next(of, self.returns).await;
        self.engine.budget.charge();
        (self.back, self.came_back) = (Some(who), true);
    }

    /// Who is asked: who has come back; else the rival and the same one over a fresh connection, in turn. With the last
    /// of all those that failed before it take turns.
    pub fn other(&mut self) -> usize {
        let in_turn = match self.last() {
            true => stand_in(self.engine, self.call.next, &self.earlier, true, self.turn),
            false => self.call.rival.filter(|_| self.turn.is_multiple_of(2)),
        };
        self.back.take().or(in_turn).unwrap_or(self.call.peer)
    }

    /// How long one may be silent before another takes its place: not as long at an upstream that is down.
    pub fn stall(&self, other: usize) -> Duration {
        let rules = &self.engine.rules;
        let down = self.engine.peers[other].vigil.is_down();
        let least = if down {
            rules.hedge_after
        } else {
            rules.stall_timeout
        };
        least.saturating_mul(1 << self.turn.min(4))
    }

    /// The next one goes on from what this one brought.
    pub fn go_on(&mut self) {
        self.goes_on = true;
    }

    /// One was silent for too long.
    pub fn stalled(&mut self) {
        self.turn += 1;
    }

    /// One at `other` ended without a reply that ends the race; the wait before the next, spread over the time there is while the upstream is down.
    pub fn failed(&mut self, other: usize, told: &Told) -> Duration {
        if !told.outcome.definite() {
            self.engine.peers[other].vigil.failed();
        }
        self.earlier.retain(|peer| *peer != other || told.may_pass());
        (self.turn, self.failed) = (self.turn + 1, self.failed + 1);
        let after = backoff(self.failed + 1, self.engine.jitter.draw());
        if !self.call.last_hope(self.job) || !self.engine.peers[self.call.peer].vigil.is_down() {
            return after;
        }
        let bound = self.engine.rules.retry_for;
        self.engine.budget.pace(after, self.begun.elapsed(), bound)
    }
}
