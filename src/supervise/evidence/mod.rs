//! What can be found out about a silence: one file for each kind, pure parsers with thin readers.
//!
//! Everything is read from the outside and changes nothing. What can't be read is an [`Item`] that says why.

pub mod calls;
pub mod files;
pub mod locks;
pub mod places;
pub mod processes;
pub mod show;
pub mod sockets;

use super::tree::Tree;
use crate::activity::{Flight, Snapshot};
use crate::bounded;
use std::path::PathBuf;
use std::time::Duration;

/// What was found, or why it could not be.
pub type Item<T> = Result<T, String>;

/// How long reading /proc may take: a process in the midst of a dead file system can hold up whoever looks at it.
const PROC_BOUND: Duration = Duration::from_secs(2);

/// What was found while nothing moved.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The loopback proxy has ended before its time.
    pub guard_died: bool,
    /// Upstream requests of the proxy, oldest first.
    pub flights: Vec<Flight>,
    /// The child first, then its descendants.
    pub processes: Vec<processes::Sighting>,
    /// Locks that one of the processes waits for.
    pub locks: Vec<locks::Wait>,
    /// The directories that go writes to.
    pub places: Vec<places::Place>,
    /// What could not be found out, and why.
    pub unavailable: Vec<String>,
}

/// Gathers all of it.
pub fn gather(snapshot: &Snapshot, tree: Tree, dirs: &[(&'static str, PathBuf)]) -> Evidence {
    let mut evidence = Evidence {
        guard_died: snapshot.guard_died,
        flights: snapshot.flights.clone(),
        places: places::look(dirs),
        ..Evidence::default()
    };
    if tree.processes.is_empty() {
        evidence.unavailable.push("processes: there is no /proc".into());
        return evidence;
    }
    let looked = bounded::run(PROC_BOUND, move || {
        let processes = processes::look(tree);
        let locks = locks::look(&processes);
        (processes, locks)
    });
    match looked {
        Some((processes, Ok(locks))) => (evidence.processes, evidence.locks) = (processes, locks),
        Some((processes, Err(why))) => {
            evidence.processes = processes;
            evidence.unavailable.push(format!("locks: {why}"));
        }
        None => evidence
            .unavailable
            .push("processes: /proc did not answer in time".into()),
    }
    evidence
}
