//! What this run has learnt about its upstreams. Pure: the time is given.

use super::attempt::Told;
use std::collections::HashMap;
use std::time::{Duration, Instant};

const FAILURES: u32 = 3;
const REST: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Default)]
struct Health {
    answered: bool,
    failures: u32,
    rests_until: Option<Instant>,
}

/// The memory of a run.
#[derive(Debug, Default)]
pub struct Learnt {
    health: HashMap<usize, Health>,
    told: HashMap<(usize, String), Told>,
    carriers: HashMap<(usize, String), usize>,
    lies: HashMap<String, Vec<(usize, String)>>,
}

impl Learnt {
    /// Notes that an upstream showed life: the head of an answer came.
    pub fn answered(&mut self, peer: usize) {
        self.health.entry(peer).or_default().answered = true;
    }

    /// Whether an upstream has shown life.
    pub fn has_answered(&self, peer: usize) -> bool {
        self.health.get(&peer).is_some_and(|h| h.answered)
    }

    /// Notes that an upstream did what it was asked.
    pub fn healthy(&mut self, peer: usize) {
        let health = self.health.entry(peer).or_default();
        (health.failures, health.rests_until) = (0, None);
    }

    /// Notes a failure; `at_once` where one is enough to prefer others.
    pub fn failed(&mut self, peer: usize, at_once: bool, now: Instant) {
        let health = self.health.entry(peer).or_default();
        health.failures = health.failures.saturating_add(1);
        if at_once || health.failures >= FAILURES {
            health.rests_until = Some(now + REST);
        }
    }

    /// Whether others are preferred for now. When the rest is over, the first to ask is told `false`: the probe.
    pub fn rests(&mut self, peer: usize, now: Instant) -> bool {
        let Some(health) = self.health.get_mut(&peer) else {
            return false;
        };
        match health.rests_until {
            Some(until) if now < until => true,
            Some(_) => {
                // Until the probe has succeeded, everybody else goes on preferring others.
                health.rests_until = Some(now + REST);
                false
            }
            None => false,
        }
    }

    /// Whether it is resting, without taking the probe.
    pub fn failing(&self, peer: usize) -> bool {
        self.health.get(&peer).is_some_and(|h| h.rests_until.is_some())
    }

    /// Keeps what a stand-in said about a resource, for its own prefix.
    pub fn remember(&mut self, peer: usize, wire: &str, told: Told) {
        self.told.insert((peer, wire.to_owned()), told);
    }

    /// Takes what was kept; it counts once.
    pub fn recall(&mut self, peer: usize, wire: &str) -> Option<Told> {
        self.told.remove(&(peer, wire.to_owned()))
    }

    /// Notes the hash of what an upstream sent where go.sum says another.
    pub fn lied(&mut self, peer: usize, wire: &str, hash: &str) {
        let lies = self.lies.entry(wire.to_owned()).or_default();
        lies.retain(|(p, _)| *p != peer);
        lies.push((peer, hash.to_owned()));
    }

    /// Who sent what in place of what go.sum says, in the order asked.
    pub fn lies(&self, wire: &str) -> &[(usize, String)] {
        self.lies.get(wire).map_or(&[], Vec::as_slice)
    }

    /// Commits a prefix to who carries a checksum database.
    pub fn commit(&mut self, prefix: usize, name: &str, carrier: usize) {
        self.carriers.insert((prefix, name.to_owned()), carrier);
    }

    /// Who carries a checksum database for a prefix.
    pub fn carrier(&self, prefix: usize, name: &str) -> Option<usize> {
        self.carriers.get(&(prefix, name.to_owned())).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_rest_an_upstream_and_one_request_probes_it() {
        let mut learnt = Learnt::default();
        let start = Instant::now();
        for _ in 0..2 {
            learnt.failed(7, false, start);
        }
        assert!(!learnt.rests(7, start));
        learnt.failed(7, false, start);
        assert!(learnt.rests(7, start) && learnt.failing(7));
        let later = start + REST;
        assert!(!learnt.rests(7, later), "the probe");
        assert!(learnt.rests(7, later), "everybody else");
        learnt.healthy(7);
        assert!(!learnt.rests(7, later));
        learnt.failed(7, true, later);
        assert!(learnt.rests(7, later));
    }
}
