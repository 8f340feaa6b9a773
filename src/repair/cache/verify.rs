//! Many cached modules, looked at side by side.

use super::access::Access;
use super::finding::Damage;
use super::inspect::inspect;
use super::layout::{Layout, Module};
use crate::gomod::Sums;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Looks at all of them on every core, the largest zips first, so that none is left for the end alone. `tick` is called
/// after each. Memory does not grow with the modules: a core holds one file's piece and one zip's names at a time.
/// The findings come in the order of the modules, then what concerns many of them.
pub fn verify(layout: &Layout, modules: &[Module], sums: &Sums, tick: &(dyn Fn() + Sync)) -> Vec<Damage> {
    let size = |module: &Module| layout.file(module, "zip").metadata().map_or(0, |m| m.len());
    let mut order: Vec<(u64, usize)> = modules.iter().map(size).zip(0..).collect();
    order.sort_by(|a, b| b.cmp(a));
    let next = AtomicUsize::new(0);
    let all: Mutex<(Vec<(usize, Damage)>, Access)> = Mutex::default();
    let work = || {
        let (mut found, mut access) = (Vec::new(), Access::default());
        while let Some((_, n)) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let module = &modules[*n];
            found.extend(
                inspect(layout, module, sums)
                    .into_iter()
                    .map(|damage| (*n, damage)),
            );
            access.look(layout, module);
            tick();
        }
        if let Ok(mut all) = all.lock() {
            all.0.extend(found);
            all.1.join(access);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 1..cores.min(modules.len()) {
            // A thread less is a slower answer, not a failure.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let (mut found, access) = all.into_inner().unwrap_or_default();
    found.sort_by_key(|(n, _)| *n);
    let mut found: Vec<Damage> = found.into_iter().map(|(_, damage)| damage).collect();
    found.extend(access.findings(layout));
    found
}
