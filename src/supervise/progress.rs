//! Whether anything moved since the last look.

use super::tree::{Identity, Tree};
use crate::activity::{Phase, Snapshot};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::time::Duration;

/// How often the process tree is looked at while all else is silent, at most and at least.
const EVERY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// The share of one processor that is more than an idle process's noise: 2 %, in clock ticks of 10 ms per second.
const CPU_NOISE: u64 = 2;
/// Bytes read and written in a second that are more than noise.
const IO_NOISE: u64 = 200;

/// Requests in flight, as far as a change in them is progress: resource, upstream, phase, bytes.
type Flights = Vec<(String, String, Phase, u64)>;

/// Remembers what was seen last.
#[derive(Debug)]
pub struct Progress {
    every: Duration,
    counters: (u64, u64, u64),
    flights: Flights,
    tree: Option<(u64, u64)>,
    looked: Duration,
    known: BTreeSet<Identity>,
}

impl Progress {
    /// Looks at processes four times before a silence of `report_after` is reported.
    pub fn new(report_after: Duration) -> Progress {
        let every = match report_after / 4 {
            Duration::ZERO => EVERY.1,
            every => every.clamp(EVERY.0, EVERY.1),
        };
        Progress {
            every,
            counters: (0, 0, 0),
            flights: Flights::new(),
            tree: None,
            looked: Duration::ZERO,
            known: BTreeSet::new(),
        }
    }

    /// Whether requests or bytes moved.
    pub fn of_requests(&mut self, now: &Snapshot) -> bool {
        let counters = (now.bytes, now.requests, now.done);
        let flights: Flights = now
            .flights
            .iter()
            .map(|f| (f.resource.clone(), f.upstream.clone(), f.phase, f.bytes))
            .collect();
        let moved = counters != self.counters || flights != self.flights;
        (self.counters, self.flights) = (counters, flights);
        moved
    }

    /// Whether the process tree used CPU time or moved bytes. Looks only now and then, and not soon after other
    /// progress (`silent`).
    pub fn of_processes(&mut self, child: Pid, now: Duration, silent: Duration) -> bool {
        if silent < self.every || now < self.looked + self.every {
            return false;
        }
        let since = now - self.looked;
        self.looked = now;
        let tree = self.tree(child);
        self.of_usage(tree.cpu(), tree.io(), since)
    }

    /// The child, its descendants, and the orphans of those seen before.
    pub fn tree(&mut self, child: Pid) -> Tree {
        let tree = Tree::read(child, &self.known);
        self.known = tree.processes.iter().skip(1).map(|p| p.id).collect();
        tree
    }

    fn of_usage(&mut self, cpu: u64, io: u64, since: Duration) -> bool {
        let before = self.tree.replace((cpu, io));
        // A single tick may be the last straw of a long time.
        let noise = |per_second: u64| (per_second as f64 * since.as_secs_f64()).max(2.0) as u64;
        // A process that ended takes what it had moved with it, which is a change too.
        before.is_some_and(|(c, i)| cpu.abs_diff(c) >= noise(CPU_NOISE) || io.abs_diff(i) >= noise(IO_NOISE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::Activity;
    use std::sync::Arc;

    #[test]
    fn requests_move_when_anything_about_them_changes() {
        let activity = Arc::new(Activity::default());
        let mut progress = Progress::new(Duration::from_secs(20));
        assert!(!progress.of_requests(&activity.snapshot()));
        let flight = activity.begin("m", "u");
        assert!(progress.of_requests(&activity.snapshot()));
        assert!(!progress.of_requests(&activity.snapshot()));
        flight.phase(Phase::Connecting);
        assert!(progress.of_requests(&activity.snapshot()));
        flight.pulse().bytes(1);
        assert!(progress.of_requests(&activity.snapshot()));
        drop(flight);
        assert!(progress.of_requests(&activity.snapshot()));
        activity.answered();
        assert!(progress.of_requests(&activity.snapshot()));
    }

    #[test]
    fn an_idle_process_makes_noise_and_no_progress() {
        let table = [
            (100, 0, false),
            (101, 200, false),
            (111, 200, true),
            (112, 3000, true),
            (90, 3000, true),
            (90, 3000, false),
        ];
        let mut progress = Progress::new(Duration::from_secs(20));
        for (cpu, io, want) in table {
            assert_eq!(progress.of_usage(cpu, io, EVERY.1), want, "{cpu} {io}");
        }
    }

    #[test]
    fn one_tick_in_a_short_time_is_noise() {
        let mut progress = Progress::new(Duration::from_secs(1));
        for (cpu, want) in [(100, false), (101, false), (102, false), (104, true)] {
            assert_eq!(progress.of_usage(cpu, 0, EVERY.0), want, "{cpu}");
        }
    }
}
