//! Whether and when the same upstream is asked again: full-jitter exponential backoff, pure.

use super::classify::Outcome;
use super::rules::{Bounds, Next};
use std::time::{Duration, SystemTime};

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(8);
const RETRY_AFTER_LONGEST: Duration = Duration::from_secs(30);

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Ask the same upstream again.
    Retry {
        /// After this long.
        after: Duration,
    },
    /// Ask another one.
    Failover,
    /// End the request with an error.
    GiveUp,
}

/// How far the asking has come.
#[derive(Debug, Clone, Copy)]
pub struct State {
    /// How the last attempt ended.
    pub outcome: Outcome,
    /// Attempts made at this upstream.
    pub made: u32,
    /// Since the first of them began.
    pub elapsed: Duration,
    /// What the upstream asked for.
    pub retry_after: Option<Duration>,
}

/// Decides; `jitter` is uniform in 0..1.
pub fn decide(state: State, bounds: &Bounds, jitter: f64) -> Step {
    let done = match bounds.next {
        Next::Ours => Step::Failover,
        Next::Gos | Next::Nobody => Step::GiveUp,
    };
    // A body that is wrong twice is the upstream's answer, not an accident of the way.
    let garbled = state.outcome == Outcome::Garbled && state.made >= 2;
    if !state.outcome.retryable() || garbled || bounds.attempts.is_some_and(|n| state.made >= n) {
        return done;
    }
    let asked = state.retry_after.unwrap_or_default().min(RETRY_AFTER_LONGEST);
    if asked > LONGEST && bounds.next == Next::Ours {
        return done;
    }
    let after = backoff(state.made, jitter).max(asked);
    if bounds.attempts.is_none() && state.elapsed.saturating_add(after) > bounds.retry_for {
        return done;
    }
    Step::Retry { after }
}

/// The wait before the attempt after the `made`th: uniform between nothing and 250 ms · 2^(made-1), at most 8 s.
pub fn backoff(made: u32, jitter: f64) -> Duration {
    let doublings = made.saturating_sub(1).min(16);
    FIRST
        .saturating_mul(1 << doublings)
        .min(LONGEST)
        .mul_f64(jitter.clamp(0.0, 1.0))
}

/// Reads Retry-After: seconds or an HTTP date (RFC 9110, 10.2.3).
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    Some(http_date(value)?.duration_since(now).unwrap_or_default())
}

/// Reads an HTTP date in its preferred form (RFC 9110, 5.6.7).
pub fn http_date(value: &str) -> Option<SystemTime> {
    let date = jiff::fmt::rfc2822::parse(value).ok()?;
    Some(SystemTime::from(date.timestamp()))
}

/// Uniform numbers in 0..1 (SplitMix64), seeded so that a test can repeat them.
#[derive(Debug)]
pub struct Jitter(std::cell::Cell<u64>);

impl Jitter {
    /// Starts at a seed.
    pub fn new(seed: u64) -> Jitter {
        Jitter(std::cell::Cell::new(seed))
    }

    /// The next number.
    pub fn draw(&self) -> f64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bounds(next: Next) -> Bounds {
        let seconds = Duration::from_secs;
        Bounds {
            connect: seconds(5),
            first_answer: None,
            silence: seconds(20),
            hedge_after: seconds(2),
            attempts: (next != Next::Nobody).then_some(4),
            retry_for: seconds(60),
            next,
        }
    }

    fn state(outcome: Outcome, made: u32, elapsed: u64, retry_after: Option<u64>) -> State {
        State {
            outcome,
            made,
            elapsed: Duration::from_secs(elapsed),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[test]
    fn decisions() {
        let ms = Duration::from_millis;
        use Outcome::{Certificate, Garbled, Passing, ProxyDenied, Silent};
        for (outcome, made, elapsed, after, next, step) in [
            (Passing, 1, 0, None, Next::Ours, Step::Retry { after: ms(125) }),
            (Passing, 3, 0, None, Next::Gos, Step::Retry { after: ms(500) }),
            (Passing, 4, 0, None, Next::Ours, Step::Failover),
            (ProxyDenied, 1, 0, None, Next::Ours, Step::Failover),
            (ProxyDenied, 1, 0, None, Next::Nobody, Step::GiveUp),
            (Passing, 4, 0, None, Next::Gos, Step::GiveUp),
            (
                Passing,
                20,
                50,
                None,
                Next::Nobody,
                Step::Retry { after: ms(4000) },
            ),
            (Passing, 20, 57, None, Next::Nobody, Step::GiveUp),
            (
                Passing,
                1,
                0,
                Some(3),
                Next::Ours,
                Step::Retry { after: ms(3000) },
            ),
            (Passing, 1, 0, Some(20), Next::Ours, Step::Failover),
            (
                Passing,
                1,
                0,
                Some(900),
                Next::Nobody,
                Step::Retry { after: ms(30_000) },
            ),
            (Garbled, 2, 0, None, Next::Nobody, Step::GiveUp),
            (Silent, 1, 0, None, Next::Ours, Step::Failover),
            (Certificate, 1, 0, None, Next::Nobody, Step::GiveUp),
        ] {
            let got = decide(state(outcome, made, elapsed, after), &bounds(next), 0.5);
            assert_eq!(got, step, "{outcome:?} {made} {elapsed} {after:?} {next:?}");
        }
    }

    #[test]
    fn retry_after_in_both_forms() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        for (value, seconds) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(7)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(
                retry_after(value, now),
                seconds.map(Duration::from_secs),
                "{value}"
            );
        }
    }

    proptest! {
        #[test]
        fn waits_are_bounded_and_retrying_ends(
            made in 1u32..u32::MAX,
            elapsed in any::<u32>(),
            after in proptest::option::of(any::<u64>()),
            jitter in 0.0f64..1.0,
        ) {
            for next in [Next::Ours, Next::Gos, Next::Nobody] {
                let state = state(Outcome::Passing, made, elapsed.into(), after);
                if let Step::Retry { after } = decide(state, &bounds(next), jitter) {
                    prop_assert!(after <= RETRY_AFTER_LONGEST);
                    prop_assert!(made < 4 || (next == Next::Nobody && elapsed <= 60));
                }
            }
        }

        #[test]
        fn jitter_is_uniform_enough(seed: u64) {
            let jitter = Jitter::new(seed);
            let draws: Vec<f64> = (0..64).map(|_| jitter.draw()).collect();
            prop_assert!(draws.iter().all(|d| (0.0..1.0).contains(d)));
            prop_assert!(draws.iter().any(|d| *d < 0.5) && draws.iter().any(|d| *d > 0.5));
        }
    }
}
