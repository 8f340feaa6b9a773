//! What the parts of the engine share during a run.

use super::base::Base;
use super::budget::Budget;
use super::credentials::Credentials;
use super::failover;
use super::health::Health;
use super::learnt::Learnt;
use super::list::{Element, List};
use super::notes::Notes;
use super::prefetch::Prefetch;
use super::public::is_public;
use super::retry::Jitter;
use super::spool::Spool;
use super::transport::Client;
use super::verify::Expected;
use super::vigil::{Returns, Vigil};
use super::{Setup, sumdb};
use crate::activity::Activity;
use crate::config::settings::Proxy;
use crate::trace::Recorder;
use crate::trace::event::{Event, Upstream};
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Somebody who may be asked.
#[derive(Debug)]
pub struct Peer {
    /// Its address.
    pub base: Base,
    /// Whether it is a public mirror.
    pub public: bool,
    /// Turns for requests at once, given in order of arrival.
    pub turns: Semaphore,
    /// Whether it is down, and who tries it.
    pub vigil: Vigil,
}

/// The state of a run, on the proxy's thread.
#[derive(Debug)]
pub struct Engine {
    /// The list.
    pub list: List,
    /// The list's upstreams by their number, then the checksum database's origin, where there is one.
    pub peers: Vec<Peer>,
    /// The checksum database's name and its origin's number among the peers.
    pub origin: Option<(String, usize)>,
    /// The settings.
    pub rules: Proxy,
    /// Connections.
    pub client: Client,
    /// Credentials.
    pub credentials: Credentials,
    /// Where bodies wait.
    pub spool: Spool,
    /// What go.sum says.
    pub sums: Expected,
    /// What is asked ahead of go.
    pub prefetch: Prefetch,
    /// What the run has learnt.
    pub learnt: RefCell<Learnt>,
    /// Whose health is how.
    pub health: Rc<Health>,
    /// What may be asked again.
    pub budget: Budget,
    /// Who came back from being down.
    pub returns: Returns,
    /// Randomness of waits.
    pub jitter: Jitter,
    /// The trace.
    pub recorder: Recorder,
    /// What is in flight.
    pub activity: Arc<Activity>,
    /// What is told at the end.
    pub notes: Arc<Notes>,
}

impl Engine {
    /// Makes it; nothing is opened or asked yet.
    pub fn new(
        setup: Setup,
        list: List,
        seed: u64,
        recorder: Recorder,
        activity: Arc<Activity>,
        notes: Arc<Notes>,
    ) -> Engine {
        let rules = setup.rules;
        let turns = || Semaphore::new(rules.concurrency.clamp(1, Semaphore::MAX_PERMITS));
        let mut peers: Vec<Peer> = list
            .upstreams()
            .map(|base| Peer {
                public: is_public(&base.address, &rules.public),
                turns: turns(),
                vigil: Vigil::default(),
                base: base.clone(),
            })
            .collect();
        let origin = sumdb::origin(&setup.gosumdb).map(|(name, base)| {
            let public = true;
            peers.push(Peer {
                base,
                public,
                turns: turns(),
                vigil: Vigil::default(),
            });
            (name, peers.len() - 1)
        });
        let origins = peers.iter().map(|p| p.base.label.clone()).collect();
        let temporary = setup.world.text("TMPDIR").unwrap_or("/tmp").to_owned();
        Engine {
            client: Client::new(Arc::clone(&setup.world)),
            credentials: Credentials::new(&setup.goauth, Arc::clone(&setup.world)),
            spool: Spool::new(&setup.spool, Path::new(&temporary)),
            sums: Expected::new(setup.sums),
            prefetch: Prefetch::new(setup.prefetch, &setup.gonoproxy, &list, rules.concurrency),
            learnt: RefCell::default(),
            health: Rc::new(Health::new(setup.world.keeping_dir(), origins)),
            budget: Budget::default(),
            returns: Returns::default(),
            jitter: Jitter::new(seed),
            list,
            peers,
            origin,
            rules,
            recorder,
            activity,
            notes,
        }
    }

    /// The upstreams that may be asked under a prefix, in order.
    pub fn chain(&self, prefix: usize) -> Vec<usize> {
        failover::chain(&self.list, prefix, self.rules.failover, |n| self.peers[n].public)
    }

    /// Whether this one may be passed over when it is unavailable.
    pub fn passable(&self, peer: usize) -> bool {
        failover::passable(self.rules.failover, self.peers[peer].public)
    }

    /// The name of an upstream in messages: its address without credentials.
    pub fn name(&self, peer: usize) -> String {
        self.peers[peer].base.address.to_string()
    }

    /// The list for the trace.
    pub fn upstreams(&self) -> Event {
        let mut number = 0;
        let list = self.list.entries.iter().map(|entry| {
            let (url, public) = match &entry.element {
                Element::Http(_) => {
                    number += 1;
                    (self.name(number - 1), self.peers[number - 1].public)
                }
                Element::Direct => ("direct".into(), false),
                Element::Off => ("off".into(), false),
                Element::Kept(text) => (text.clone(), false),
            };
            let separator = entry.separator.as_str().into();
            Upstream {
                url,
                public,
                separator,
            }
        });
        Event::Upstreams { list: list.collect() }
    }
}
