//! What is told when the proxy stops: counters and sentences, each sentence once with its count.

use super::Summary;
use crate::cause::Cause;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};

/// Shared between the proxy's thread and whoever asks for a [`Summary`].
#[derive(Debug, Default)]
pub struct Notes {
    requests: AtomicU64,
    unavailable: AtomicU64,
    sentences: Mutex<BTreeMap<String, u64>>,
    failed: Mutex<BTreeMap<String, Blame>>,
}

/// A cause, and the address of whom it concerns.
type Blame = (Cause, String);

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
        *lock(&self.sentences).entry(sentence).or_default() += 1;
    }

    /// Notes how a request for a resource ended: what counts is the last one, as go may have got it elsewhere.
    pub fn settle(&self, label: &str, blame: Option<Blame>) {
        let mut failed = lock(&self.failed);
        // Not to have it is an answer, and go may only have wanted to know.
        match blame.filter(|(cause, _)| *cause != Cause::NotFound) {
            Some(blame) => failed.insert(label.to_owned(), blame),
            None => failed.remove(label),
        };
    }

    /// Notes that go was given something that it will refuse.
    pub fn refuse(&self, label: &str, blame: Blame) {
        // Under a name of its own: the request itself counts as answered.
        lock(&self.failed).insert(format!("{label} as it came"), blame);
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
            cause: lock(&self.failed)
                .values()
                .min_by_key(|(cause, _)| cause.rank())
                .cloned(),
            notes: lock(&self.sentences).iter().map(sentence).collect(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
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

    #[test]
    fn the_last_answer_to_a_question_counts() {
        let notes = Notes::default();
        let cause = || notes.summary().cause.map(|(cause, _)| cause);
        let blame = |cause| Some((cause, "https://a".to_owned()));
        notes.settle("m", blame(Cause::ProxyStalled));
        notes.settle("n", blame(Cause::TlsIntercepted));
        assert_eq!(cause(), Some(Cause::TlsIntercepted));
        notes.settle("n", None);
        assert_eq!(cause(), Some(Cause::ProxyStalled));
        notes.settle("m", blame(Cause::NotFound));
        assert_eq!(cause(), None);
        notes.refuse("m", (Cause::ChecksumMismatch, "https://a".into()));
        notes.settle("m", None);
        assert_eq!(cause(), Some(Cause::ChecksumMismatch));
    }
}
