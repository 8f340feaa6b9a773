//! Why a run failed, read from its trace.

use super::event::Event;
use crate::cause::Cause;
use crate::cause::heard::Heard;

/// Why a run failed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Blame {
    /// The id of the cause; one of a newer gosteady may be unknown.
    pub cause: String,
    /// Whom it concerns; empty where that is not known.
    pub whom: String,
}

/// What a trace says of the reasons so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reasons {
    verdict: Option<Blame>,
    evidence: Option<Blame>,
    ended: bool,
    heard: Heard,
    suspect: Option<(Cause, String)>,
}

impl Reasons {
    /// Takes an event into account.
    pub fn add(&mut self, event: &Event) {
        match event {
            Event::Cause { cause, whom } => self.verdict = Some(blame(cause, whom)),
            Event::Evidence { cause, what, .. } => self.evidence = Some(blame(cause, what)),
            Event::Ending { .. } => self.ended = true,
            Event::Stderr { line } => self.heard.hear(line),
            Event::Answer {
                cause: Some(id),
                served_by,
                ..
            } => self.suspect(id, served_by),
            _ => {}
        }
    }

    fn suspect(&mut self, id: &str, whom: &str) {
        let known = self
            .suspect
            .as_ref()
            .map_or(usize::MAX, |(cause, _)| cause.rank());
        if let Some(cause) = Cause::by_id(id).filter(|cause| cause.rank() < known) {
            self.suspect = Some((cause, whom.to_owned()));
        }
    }

    /// Why the run failed, where that is known: what it recorded itself, what was found before something was ended, what
    /// go said, or the most telling failed answer. Of a run that did not fail only what it recorded.
    pub fn blame(&self, failed: bool) -> Option<Blame> {
        let evidence = self.evidence.as_ref().filter(|_| self.ended && failed);
        let guess = || {
            let met = self.heard.verdict(self.suspect.clone())?;
            failed.then(|| blame(met.0.id(), &met.1))
        };
        // What was ended has a name that go's words after it may lack.
        let named =
            |verdict: &&Blame| !verdict.whom.is_empty() || evidence.is_none_or(|e| e.cause != verdict.cause);
        let verdict = self.verdict.as_ref().filter(named);
        verdict.or(evidence).cloned().or_else(guess)
    }
}

fn blame(cause: &str, whom: &str) -> Blame {
    Blame {
        cause: cause.to_owned(),
        whom: whom.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(cause: &str) -> Event {
        Event::Answer {
            request: 1,
            status: 502,
            bytes: 0,
            total_ms: 1.0,
            served_by: "https://a".into(),
            attempts: 1,
            cause: Some(cause.into()),
        }
    }

    #[test]
    fn blame_is_what_was_recorded_or_else_what_tells_most() {
        let line = |line: &str| Event::Stderr { line: line.into() };
        let cause = |cause: &str| Event::Cause {
            cause: cause.into(),
            whom: String::new(),
        };
        for (events, blamed) in [
            (vec![], None),
            (
                vec![answer("proxy-stalled"), answer("tls-intercepted")],
                Some("tls-intercepted"),
            ),
            (vec![answer("of-the-future")], None),
            (
                vec![answer("tls-intercepted"), line("./main.go:1: syntax error")],
                None,
            ),
            (
                vec![
                    answer("not-found"),
                    line("go: m: reading http://h/x: 404 Not Found"),
                ],
                Some("not-found"),
            ),
            (
                vec![cause("of-the-future"), answer("tls-intercepted")],
                Some("of-the-future"),
            ),
        ] {
            let mut reasons = Reasons::default();
            events.iter().for_each(|event| reasons.add(event));
            let found = reasons.blame(true).map(|blame| blame.cause);
            assert_eq!(found.as_deref(), blamed, "{events:?}");
        }
    }

    // After a git that was ended nobody could read which repository it was for.
    #[test]
    fn what_was_ended_is_named() {
        let mut reasons = Reasons::default();
        for event in [
            Event::Evidence {
                cause: "vcs-stalled".into(),
                what: "git ls-remote https://h/m".into(),
                for_ms: 600.0,
                found: Vec::new(),
            },
            Event::Ending {
                target: "git".into(),
                pid: 7,
                signal: "TERM".into(),
                why: "patience".into(),
            },
            Event::Cause {
                cause: "vcs-stalled".into(),
                whom: String::new(),
            },
        ] {
            reasons.add(&event);
        }
        assert_eq!(
            reasons.blame(true),
            Some(blame("vcs-stalled", "git ls-remote https://h/m"))
        );
    }

    #[test]
    fn what_succeeded_has_no_cause() {
        let mut reasons = Reasons::default();
        reasons.add(&answer("proxy-stalled"));
        assert!(reasons.blame(true).is_some() && reasons.blame(false).is_none());
    }
}
