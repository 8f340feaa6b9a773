//! What this run has learnt about its upstreams and their answers.

use super::reply::Told;
use std::collections::{HashMap, HashSet};

/// The memory of a run.
#[derive(Debug, Default)]
pub struct Learnt {
    answered: HashSet<usize>,
    told: HashMap<(usize, String), Told>,
    carriers: HashMap<(usize, String), usize>,
    lies: HashMap<String, Vec<(usize, String)>>,
}

impl Learnt {
    /// Notes that an upstream showed life: the head of an answer came.
    pub fn answered(&mut self, peer: usize) {
        self.answered.insert(peer);
    }

    /// Whether an upstream has shown life.
    pub fn has_answered(&self, peer: usize) -> bool {
        self.answered.contains(&peer)
    }

    /// Keeps what a stand-in said about a resource, for its own prefix.
    pub fn remember(&mut self, peer: usize, wire: &str, told: Told) {
        self.told.insert((peer, wire.to_owned()), told);
    }

    /// Takes what was kept; it counts once.
    pub fn recall(&mut self, peer: usize, wire: &str) -> Option<Told> {
        self.told.remove(&(peer, wire.to_owned()))
    }

    /// Takes what was kept where it is the upstream's own word.
    pub fn recall_word(&mut self, peer: usize, wire: &str) -> Option<Told> {
        self.knows(peer, wire).then(|| self.recall(peer, wire)).flatten()
    }

    /// Forgets what was kept where it is no word of the upstream's own: that it failed.
    pub fn forget_failure(&mut self, peer: usize, wire: &str) {
        if !self.knows(peer, wire) {
            self.recall(peer, wire);
        }
    }

    fn knows(&self, peer: usize, wire: &str) -> bool {
        let told = self.told.get(&(peer, wire.to_owned()));
        told.is_some_and(|told| told.outcome.definite())
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
