//! What has changed between two dumps of one program.

use super::{Dump, Frame, Group};
use std::collections::BTreeMap;

/// A group as it was and as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<'a> {
    /// The group, as the second dump has it where it has.
    pub group: &'a Group,
    /// How many there were.
    pub before: u64,
    /// How many there are.
    pub after: u64,
}

/// The groups whose number changed: the greatest growth first, the greatest loss last.
pub fn compare<'a>(before: &'a Dump, after: &'a Dump) -> Vec<Change<'a>> {
    // The same code in another state (waiting for a lock, running) is still the same goroutines: leaks show in the sum.
    type Key<'a> = (&'a [Frame], &'a str);
    let mut changes: BTreeMap<Key<'a>, Change<'a>> = BTreeMap::new();
    let key = |g: &'a Group| -> Key<'a> { (g.telling(), &g.created_by) };
    for group in &before.groups {
        let change = changes.entry(key(group)).or_insert(Change {
            group,
            before: 0,
            after: 0,
        });
        change.before += group.count;
    }
    for group in &after.groups {
        let change = changes.entry(key(group)).or_insert(Change {
            group,
            before: 0,
            after: 0,
        });
        change.group = group;
        change.after += group.count;
    }
    let mut changes: Vec<Change<'a>> = changes.into_values().filter(|c| c.before != c.after).collect();
    changes.sort_by_key(|c| c.before as i128 - c.after as i128);
    changes
}
