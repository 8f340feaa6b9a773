//! What is told when the proxy stops: counters and sentences, each sentence once with its count.

use super::Summary;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};

/// Shared between the proxy's thread and whoever asks for a [`Summary`].
#[derive(Debug, Default)]
pub struct Notes {
    requests: AtomicU64,
    unavailable: AtomicU64,
    sentences: Mutex<BTreeMap<String, u64>>,
}

impl Notes {
    /// Counts a request of go's and numbers it, from 1.
    pub fn request(&self) -> u64 {
        self.requests.fetch_add(1, Relaxed) + 1
    }

    /// Counts a request that failed because upstreams stayed unavailable.
    pub fn unavailable(&self) {
        self.unavailable.fetch_add(1, Relaxed);
    }

    /// Notes an intervention.
    pub fn say(&self, sentence: String) {
        *self.table().entry(sentence).or_default() += 1;
    }

    /// What was noted so far.
    pub fn summary(&self) -> Summary {
        let sentence = |(text, count): (&String, &u64)| match count {
            1 => text.clone(),
            n => format!("{text} ({n} requests)"),
        };
        Summary {
            requests: self.requests.load(Relaxed),
            unavailable: self.unavailable.load(Relaxed),
            notes: self.table().iter().map(sentence).collect(),
        }
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.sentences.lock().unwrap_or_else(|e| e.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sentences_are_told_once() {
        let notes = Notes::default();
        for text in ["b", "a", "b"] {
            notes.say(text.into());
        }
        assert_eq!((notes.request(), notes.request()), (1, 2));
        notes.unavailable();
        let summary = notes.summary();
        assert_eq!((summary.requests, summary.unavailable), (2, 1));
        assert_eq!(summary.notes, ["a", "b (2 requests)"]);
    }
}
