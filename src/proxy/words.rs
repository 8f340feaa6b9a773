//! The words of an error: what go prints below its own line, and who is to blame.
//!
//! go shows a body that is text/plain, printable and valid UTF-8, up to the first blank line, 8 lines and 648 bytes, a
//! tab before each where there is more than one (cmd/go/internal/web/api.go: formatErrorDetail).

use super::classify;
use super::engine::Engine;
use super::reply::Told;
use super::request::Resource;
use super::walk::Verdict;
use crate::cause::Cause;

/// The most that is written, so that go cuts nothing off.
const LINES: usize = 6;
/// As above, in bytes; two are go's own for each line.
const BYTES: usize = 600;
/// The longest line.
const LINE: usize = 200;

/// Who is to blame where go is not given what it asked for: the cause, and the upstream's number.
pub fn blame(verdict: &Verdict, resource: &Resource) -> Option<(Cause, usize)> {
    match verdict {
        Verdict::Whole(_) | Verdict::Carries(_) => None,
        Verdict::Said(peer, told) => Some((told.cause, *peer)),
        Verdict::Redirect(peer, cause) => Some((*cause, *peer)),
        Verdict::Unavailable { failures, .. } => {
            let (peer, told) = failures.iter().min_by_key(|(_, told)| told.cause.rank())?;
            let checksums = resource.sumdb().is_some();
            let cause = if checksums {
                Cause::SumdbUnreachable
            } else {
                told.cause
            };
            Some((cause, *peer))
        }
    }
}

/// What is said of an upstream that a comma kept from being asked, after its name: the setting that would let it.
pub fn left_out(engine: &Engine, peer: usize) -> String {
    let before = peer.saturating_sub(1);
    let mode = if engine.peers[before].public {
        "safe"
    } else {
        "always"
    };
    format!("was not asked because of the comma; GOSTEADY_FAILOVER={mode} would ask it")
}

/// The body of the answer: a lone upstream's own words, then who failed and how, the most telling first, then the
/// way on. `kept_from` is the upstream that may not be asked, with what is said of it.
pub fn words(failures: &[(String, &Told)], kept_from: Option<(&str, &str)>, checksums: bool) -> String {
    let mut lines = Vec::new();
    if let [(_, told)] = failures {
        lines.extend(own_words(told));
    }
    let mut sorted: Vec<_> = failures.iter().collect();
    sorted.sort_by_key(|(_, told)| told.cause.rank());
    lines.extend(sorted.iter().take(3).map(|(name, told)| failure(name, told)));
    if checksums {
        let text = "without the checksum database go can't verify new modules";
        lines.push(line(text, Cause::SumdbUnreachable));
    }
    if let Some((other, why)) = kept_from {
        lines.push(line(&format!("{} {why}", clip(other, 80)), Cause::Gatekeeper));
    }
    // The last one stays, as it tells the way on, and the most telling failure before it.
    while lines.len() > LINES || (lines.len() > 1 && size(&lines) > BYTES) {
        lines.remove(if lines.len() > 2 { lines.len() - 2 } else { 0 });
    }
    lines.join("\n")
}

fn size(lines: &[String]) -> usize {
    lines.iter().map(|l| l.len() + 2).sum()
}

/// The first two lines of what an upstream wrote, where go would have shown it.
fn own_words(told: &Told) -> Vec<String> {
    let Some((content_type, body)) = &told.answer else {
        return Vec::new();
    };
    let text = std::str::from_utf8(body).ok();
    let text = text.filter(|_| content_type.starts_with("text/plain"));
    let lines = text.unwrap_or_default().lines().map(str::trim_end);
    let lines = lines.map(|l| clip(l, 160));
    lines.filter(|l| !l.trim().is_empty()).take(2).collect()
}

fn failure(name: &str, told: &Told) -> String {
    let count = match told.attempts {
        0 | 1 => String::new(),
        n => format!(" ({n} attempts)"),
    };
    let detail = if told.detail.is_empty() || !classify::has_details(told.cause) {
        String::new()
    } else {
        format!(": {}", told.detail)
    };
    line(&format!("{name} {}{count}{detail}", told.did), told.cause)
}

/// Under our name, with the id at the end even where the text must be cut.
fn line(text: &str, cause: Cause) -> String {
    let tag = cause.tag();
    let most = LINE - "gosteady:  ".len() - tag.len();
    format!("gosteady: {} {tag}", clip(text, most))
}

/// At most so many bytes, on one line; what was cut is marked. One character that go does not take for printable would
/// cost the whole body.
fn clip(text: &str, most: usize) -> String {
    let printable = |c: char| matches!(c, '"' | '\'' | '\\') || c.escape_debug().count() == 1;
    let as_shown = |c: char| match c {
        c if printable(c) => c,
        c if c.is_whitespace() => ' ',
        _ => '\u{fffd}',
    };
    let printable: String = text.chars().map(as_shown).collect();
    if printable.len() <= most {
        return printable;
    }
    let end = printable.floor_char_boundary(most - "…".len());
    format!("{}…", &printable[..end])
}

#[cfg(test)]
mod tests {
    use super::super::classify::Outcome;
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    const WAY_ON: (&str, &str) = ("https://b.example", "was not asked: the setting");

    fn told(cause: Cause, did: &str, attempts: u32, body: &str) -> Told {
        Told {
            attempts,
            answer: (!body.is_empty()).then(|| ("text/plain".into(), Bytes::from(body.to_owned()))),
            ..Told::new(Outcome::Passing, cause, did)
        }
    }

    #[test]
    fn words_are_few_and_name_the_way_on() {
        let down = told(
            Cause::ServerError,
            "answered 503 Service Unavailable",
            4,
            "down for\nmaintenance\n",
        );
        let got = words(&[("https://a.example".into(), &down)], Some(WAY_ON), false);
        assert_eq!(
            got,
            "down for\nmaintenance\n\
             gosteady: https://a.example answered 503 Service Unavailable (4 attempts) [server-error]\n\
             gosteady: https://b.example was not asked: the setting [gatekeeper]"
        );
    }

    #[test]
    fn the_most_telling_comes_first() {
        let silent = told(Cause::ProxyStalled, "did not answer in 8s", 1, "");
        let mut cert = told(
            Cause::TlsCertificate,
            "showed a certificate that is not valid",
            1,
            "",
        );
        cert.detail = "expired".into();
        let mut refused = told(Cause::ConnectRefused, "refused the connection", 4, "");
        refused.detail = "not repeated".into();
        let failures = [
            ("https://a".into(), &silent),
            ("https://b".into(), &refused),
            ("https://c".into(), &cert),
        ];
        assert_eq!(
            words(&failures, None, true),
            "gosteady: https://c showed a certificate that is not valid: expired [tls-certificate]\n\
             gosteady: https://b refused the connection (4 attempts) [connect-refused]\n\
             gosteady: https://a did not answer in 8s [proxy-stalled]\n\
             gosteady: without the checksum database go can't verify new modules [sumdb-unreachable]"
        );
    }

    proptest! {
        #[test]
        fn go_cuts_nothing_off(
            names in proptest::collection::vec(".{0,300}", 1..6),
            body in "(.|\n){0,3000}",
            detail in "(.|\n){0,600}",
            checksums: bool,
        ) {
            let mut down = told(Cause::TlsCertificate, "showed it", 12, &body);
            down.detail = detail;
            let failures: Vec<_> = names.into_iter().map(|name| (name, &down)).collect();
            let got = words(&failures, Some(WAY_ON), checksums);
            prop_assert!(size(&got.lines().map(str::to_owned).collect::<Vec<_>>()) <= 648, "{got}");
            prop_assert!(got.lines().count() <= 8 && got.lines().all(|l| !l.trim().is_empty()));
            prop_assert!(got.ends_with("[gatekeeper]") && got.contains("[tls-certificate]"), "{got}");
            let odd = |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{e000}'..='\u{f8ff}');
            prop_assert!(!got.chars().any(|c| c != '\n' && odd(c)));
        }
    }
}
