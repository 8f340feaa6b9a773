//! Whether anything moved since the last look.

use super::tree::Tree;
use crate::activity::{Phase, Snapshot};
use nix::unistd::Pid;
use std::time::Duration;

/// How often the process tree is looked at while all else is silent.
const EVERY: Duration = Duration::from_secs(5);
/// Clock ticks (10 ms each) between two looks that are more than an idle process's noise.
const CPU_NOISE: u64 = 10;
/// Bytes read and written between two looks that are more than noise.
const IO_NOISE: u64 = 1 << 10;

/// Requests in flight, as far as a change in them is progress: resource, upstream, phase, bytes.
type Flights = Vec<(String, String, Phase, u64)>;

/// Remembers what was seen last.
#[derive(Debug, Default)]
pub struct Progress {
    counters: (u64, u64, u64),
    flights: Flights,
    tree: Option<(u64, u64)>,
    looked: Duration,
}

impl Progress {
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

    /// Whether the process tree used CPU time or moved bytes. Looks only every 5 s, and not within 5 s of other
    /// progress (`silent`).
    pub fn of_processes(&mut self, child: Pid, now: Duration, silent: Duration) -> bool {
        if silent < EVERY || now < self.looked + EVERY {
            return false;
        }
        self.looked = now;
        let tree = Tree::read(child);
        self.of_usage(tree.cpu(), tree.io())
    }

    fn of_usage(&mut self, cpu: u64, io: u64) -> bool {
        let before = self.tree.replace((cpu, io));
        // A process that ended takes what it had moved with it, which is a change too.
        before.is_some_and(|(c, i)| cpu.abs_diff(c) >= CPU_NOISE || io.abs_diff(i) >= IO_NOISE)
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
        let mut progress = Progress::default();
        assert!(!progress.of_requests(&activity.snapshot()));
        let flight = activity.begin("m", "u");
        assert!(progress.of_requests(&activity.snapshot()));
        assert!(!progress.of_requests(&activity.snapshot()));
        flight.phase(Phase::Connecting);
        assert!(progress.of_requests(&activity.snapshot()));
        flight.bytes(1);
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
        let mut progress = Progress::default();
        for (cpu, io, want) in table {
            assert_eq!(progress.of_usage(cpu, io), want, "{cpu} {io}");
        }
    }
}
