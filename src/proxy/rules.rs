//! How long to wait for whom: the contract's table as pure functions.

use super::request::Resource;
use crate::config::settings::{Failover, Proxy};
use std::time::Duration;

/// Who may supply what an upstream could not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Another upstream, asked by us within the same request.
    Ours,
    /// Whatever follows `|`, asked by go itself.
    Gos,
    /// Nobody.
    Nobody,
}

/// What the rules depend on.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Whether the upstream is a public mirror.
    pub public: bool,
    /// Whether another may supply the same.
    pub next: Next,
    /// Whether it has answered anything in this run.
    pub answered: bool,
    /// Whether it failed again and again a moment ago.
    pub failing: bool,
}

/// Bounds for asking one upstream for one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Resolving, TCP, proxy hop and TLS.
    pub connect: Duration,
    /// All attempts together, while the upstream has answered nothing in this run.
    pub first_answer: Option<Duration>,
    /// No first byte or under 1 KiB/s: one attempt is given up.
    pub silence: Duration,
    /// No first byte or under 1 KiB/s: a second attempt joins.
    pub hedge_after: Duration,
    /// How many attempts.
    pub attempts: Option<u32>,
    /// For how long passing errors are retried.
    pub retry_for: Duration,
    /// Who may supply the same.
    pub next: Next,
}

/// The bounds for an upstream and a resource.
pub fn bounds(rules: &Proxy, standing: Standing, resource: &Resource) -> Bounds {
    let Standing {
        public,
        next,
        answered,
        failing,
    } = standing;
    let alone = next == Next::Nobody;
    // Slowness alone is no error to go: only past a public mirror, or where the user asked for `always`.
    let impatient = match rules.failover {
        Failover::Safe => public && !alone,
        Failover::Go => false,
        Failover::Always => !alone,
    };
    let stall = if resource.large() {
        rules.stall_timeout_large
    } else {
        rules.stall_timeout
    };
    Bounds {
        connect: if alone {
            rules.connect_timeout_alone
        } else {
            rules.connect_timeout
        },
        first_answer: (impatient && !answered).then_some(rules.first_answer),
        silence: if impatient { stall } else { rules.patience },
        hedge_after: rules.hedge_after,
        attempts: match (alone, failing) {
            (_, true) => Some(rules.attempts.min(2)),
            (false, false) => Some(rules.attempts),
            (true, false) => None,
        },
        retry_for: rules.retry_for,
        next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_depends_on_who_else_may_be_asked() {
        let zip = Resource::parse("m.io/a/@v/v1.0.0.zip").unwrap();
        let info = Resource::parse("m.io/a/@v/v1.0.0.info").unwrap();
        let seconds = Duration::from_secs;
        use Failover::{Always, Go, Safe};
        // mode, public, next, answered, resource -> connect, first answer, silence, attempts
        for (mode, public, next, answered, resource, want) in [
            (Safe, true, Next::Ours, false, &zip, (5, Some(8), 60, Some(4))),
            (Safe, true, Next::Ours, true, &info, (5, None, 20, Some(4))),
            (Safe, true, Next::Gos, false, &info, (5, Some(8), 20, Some(4))),
            (Safe, true, Next::Nobody, false, &info, (30, None, 600, None)),
            (Safe, false, Next::Gos, false, &info, (5, None, 600, Some(4))),
            (Safe, false, Next::Nobody, false, &info, (30, None, 600, None)),
            (Always, false, Next::Ours, false, &info, (5, Some(8), 20, Some(4))),
            (Go, true, Next::Gos, false, &info, (5, None, 600, Some(4))),
        ] {
            let rules = Proxy {
                failover: mode,
                ..Proxy::default()
            };
            let standing = Standing {
                public,
                next,
                answered,
                failing: false,
            };
            let got = bounds(&rules, standing, resource);
            let got = (got.connect, got.first_answer, got.silence, got.attempts);
            let want = (seconds(want.0), want.1.map(seconds), seconds(want.2), want.3);
            assert_eq!(got, want, "{mode:?} {public} {next:?} {answered}");
        }
    }
}
