//! What is waited for, in one clause.

use super::hide::short_command;
use super::tree::{self, Tree};
use crate::activity::Flight;
use std::time::Duration;

/// Programs whose arguments tell more than their name.
const TALKATIVE: [&str; 7] = ["git", "ssh", "hg", "svn", "fossil", "bzr", "curl"];

/// Names what is waited for: the request that has been silent longest, else the youngest descendant that has no
/// children, else the child itself under the name `child`.
pub fn what(flights: &[Flight], tree: &Tree, child: &str) -> String {
    if let Some(flight) = flights.iter().min_by_key(|f| f.moved) {
        let (resource, upstream, phase) = (&flight.resource, &flight.upstream, flight.phase.as_str());
        let more = match flights.len() - 1 {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        return format!("{resource} from {upstream} ({phase}){more}");
    }
    match tree.youngest_leaf() {
        Some(leaf) if TALKATIVE.iter().any(|t| leaf.name.starts_with(t)) => {
            let command = short_command(&tree::command_line(leaf.id.pid));
            if command.is_empty() {
                leaf.name.clone()
            } else {
                command
            }
        }
        Some(leaf) => leaf.name.clone(),
        None => format!("{child} itself"),
    }
}

/// The note about a silence.
pub fn note(silent: Duration, what: &str, child: &str) -> String {
    format!(
        "{child} has made no progress for {}: waiting for {what}",
        rounded(silent)
    )
}

/// A time as people write it, without fractions of a second where it has whole ones.
pub fn rounded(time: Duration) -> String {
    let time = match time.as_secs() {
        0 => Duration::from_millis(time.as_millis() as u64),
        seconds => Duration::from_secs(seconds),
    };
    humantime::format_duration(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::{Activity, Phase};
    use std::sync::Arc;

    #[test]
    fn a_silent_request_is_named_first() {
        let activity = Arc::new(Activity::default());
        let flight = activity.begin("golang.org/x/text@v0.3.0 zip", "https://proxy.golang.org");
        flight.phase(Phase::Waiting);
        let second = activity.begin("m@v1.0.0 mod", "https://q");
        let got = what(&activity.snapshot().flights, &Tree::default(), "go");
        assert_eq!(
            note(Duration::from_millis(20_400), &got, "go"),
            "go has made no progress for 20s: waiting for golang.org/x/text@v0.3.0 zip from \
             https://proxy.golang.org (request sent, no answer yet) and 1 more"
        );
        drop((flight, second));
        assert_eq!(
            what(&activity.snapshot().flights, &Tree::default(), "go"),
            "go itself"
        );
    }

    #[test]
    fn times_are_rounded() {
        assert_eq!(rounded(Duration::from_millis(90_900)), "1m 30s");
        assert_eq!(rounded(Duration::from_micros(200_500)), "200ms");
    }
}
