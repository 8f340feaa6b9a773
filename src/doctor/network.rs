//! The way to each upstream and to the checksum database, step by step.

use super::check::{Check, Layer, Verdict};
use super::list;
use super::subject::Subject;
use crate::proxy::probe::{self, Seen, Trouble};
use crate::proxy::transport::{Address, Class, Way};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How long one server is waited for.
pub const BOUND: Duration = Duration::from_secs(10);
/// From where on a single small answer counts as slow.
const SLOW: Duration = Duration::from_secs(2);
/// From where on a clock counts as wrong: some servers and caches are minutes off themselves.
const SKEW: Duration = Duration::from_secs(300);
/// A public module that every mirror knows; its list is short.
pub const ASKED: &str = "golang.org/x/mod/@v/list";

/// One check for each server that go would talk to.
pub fn checks(subject: &Subject) -> Vec<Check> {
    let mut checks = Vec::new();
    let upstreams = list::upstreams(subject);
    for upstream in &upstreams {
        let address = upstream.file(ASKED);
        let shown = upstream.shown.clone();
        let run = move |subject: &Subject| of_upstream(subject, &shown, address.clone());
        checks.push(check(&upstream.shown, run));
    }
    if let Some((name, origin)) = probe::checksum_database(&subject.text("GOSUMDB")) {
        let through = upstreams
            .first()
            .map(|u| u.file(&format!("sumdb/{name}/supported")));
        let latest = origin.file("latest");
        let shown = name.clone();
        let run = move |subject: &Subject| of_database(subject, &shown, through.clone(), latest.clone());
        checks.push(check(&name, run));
    }
    checks
}

fn check(name: &str, run: impl Fn(&Subject) -> Verdict + Send + Sync + 'static) -> Check {
    Check {
        name: name.to_owned(),
        layer: Layer::Network,
        bound: BOUND * 2 + Duration::from_secs(1),
        run: Arc::new(run),
    }
}

fn of_upstream(subject: &Subject, shown: &str, address: Address) -> Verdict {
    let mut verdict = Verdict::default();
    match ask(subject, address) {
        Ok(seen) => answered(shown, &seen, SystemTime::now(), &mut verdict),
        Err(trouble) => failed(shown, &trouble, &mut verdict),
    }
    verdict
}

fn of_database(subject: &Subject, name: &str, through: Option<Address>, latest: Address) -> Verdict {
    let mut verdict = Verdict::default();
    // A mirror that carries the database spares the way to its origin (facts of cmd/go's sumdb.go).
    if let Some(Ok(seen)) = through.map(|address| ask(subject, address))
        && seen.status == 200
    {
        verdict.saw(format!("the first upstream carries {name}"));
        return verdict;
    }
    match ask(subject, latest) {
        Ok(seen) if seen.status == 200 => {
            verdict.saw(format!("{name}: answered in {}", steps(&seen.way, seen.took)));
        }
        Ok(seen) => unreachable(name, &format!("answered {}", seen.status_text), &mut verdict),
        Err(trouble) => unreachable(name, &reason(&trouble).1, &mut verdict),
    }
    verdict
}

fn unreachable(name: &str, why: &str, verdict: &mut Verdict) {
    verdict.found(
        "sumdb-unreachable",
        format!("the checksum database {name} can't be asked"),
        why,
        "let the network reach it, or use a GOPROXY that carries it; GOPRIVATE spares it for private modules",
    );
}

fn ask(subject: &Subject, address: Address) -> Result<Seen, Trouble> {
    let world = Arc::new(subject.world.clone());
    probe::ask(&world, &subject.text("GOAUTH"), address, BOUND)
}

/// What an answer says about its server.
fn answered(shown: &str, seen: &Seen, now: SystemTime, verdict: &mut Verdict) {
    verdict.saw(format!(
        "{shown}: {} {} in {}",
        seen.way.protocol,
        seen.status_text,
        steps(&seen.way, seen.took)
    ));
    let html = seen.body.trim_ascii_start().starts_with(b"<");
    let (id, what, fix) = match seen.status {
        200 if html => (
            "upstream-page",
            "answers a web page in place of module data",
            "open the address in a browser: a sign-in page of the network, or a wrong path in GOPROXY",
        ),
        401 | 403 | 407 => (
            "upstream-sign-in",
            "wants credentials, or refuses those it got",
            "add the host to ~/.netrc, or set GOAUTH; see go help goauth",
        ),
        429 | 500.. => (
            "upstream-error",
            "has a fault of its own",
            "ask its operators, or put another mirror behind it with `|`",
        ),
        _ => ("", "", ""),
    };
    if !id.is_empty() {
        verdict.found(id, format!("{shown} {what}"), seen.status_text.clone(), fix);
    }
    if seen.took > SLOW {
        verdict.found(
            "upstream-slow",
            format!("{shown} took {} for a short list", steps(&seen.way, seen.took)),
            steps(&seen.way, seen.took),
            "gosteady mirrors compares others; gosteady's prefetch hides a good part of it",
        );
    }
    let date = seen.headers.get("date").and_then(|d| probe::http_date(d));
    let skew = date.map(|date| now.duration_since(date).unwrap_or_else(|e| e.duration()));
    if let Some(skew) = skew.filter(|skew| *skew > SKEW && !seen.headers.contains_key("age")) {
        verdict.found(
            "clock-skew",
            format!(
                "the clock here and that of {shown} differ by {} minutes",
                skew.as_secs() / 60
            ),
            format!("Date: {}", seen.headers["date"]),
            "timedatectl set-ntp true",
        );
    }
}

fn failed(shown: &str, trouble: &Trouble, verdict: &mut Verdict) {
    let (id, why) = reason(trouble);
    let fix = match id {
        "upstream-dns" => "check /etc/resolv.conf and the VPN: getent hosts HOST",
        "upstream-no-answer" => "ask who runs the network whether the host is allowed, or set HTTPS_PROXY",
        "upstream-http-proxy" => "check HTTPS_PROXY and NO_PROXY",
        "upstream-certificate" => {
            "install the CA of the network, or point SSL_CERT_FILE at it; never switch checking off"
        }
        "upstream-unreachable" => "check that the machine is online: ip route; the VPN",
        "upstream-refused" => "check host and port in GOPROXY, and whether the server runs",
        _ => "try again; put another mirror behind it in GOPROXY",
    };
    let what = match id {
        "upstream-dns" => "can't be resolved",
        "upstream-no-answer" => "does not take a connection",
        "upstream-refused" => "refuses connections",
        "upstream-unreachable" => "can't be reached: this machine has no way to it",
        "upstream-http-proxy" => "can't be reached through the proxy",
        "upstream-certificate" => "shows a certificate that is not accepted",
        "upstream-tls" => "fails in the TLS handshake",
        "upstream-silent" => "takes connections but does not answer",
        _ => "ends the connection",
    };
    verdict.found(id, format!("{shown} {what}"), why, fix);
}

/// The finding's id and the reason in words.
fn reason(trouble: &Trouble) -> (&'static str, String) {
    match trouble {
        Trouble::Failed(failure) => (of_class(failure.class), failure.reason.clone()),
        Trouble::Silent => {
            let bound = humantime::format_duration(BOUND);
            ("upstream-silent", format!("no answer within {bound}"))
        }
        Trouble::Local(why) => ("upstream-broken", why.clone()),
    }
}

fn of_class(class: Class) -> &'static str {
    match class {
        Class::Resolve | Class::NoSuchHost => "upstream-dns",
        Class::Unreachable => "upstream-unreachable",
        Class::Refused => "upstream-refused",
        Class::ConnectTimeout => "upstream-no-answer",
        Class::ProxyHop => "upstream-http-proxy",
        Class::Certificate | Class::UnknownIssuer => "upstream-certificate",
        Class::Handshake => "upstream-tls",
        _ => "upstream-broken",
    }
}

/// `182 ms (name 12, connect 40, TLS 70, first byte 180)`.
fn steps(way: &Way, took: Duration) -> String {
    let times = [
        ("name", way.times.resolved),
        ("connect", way.times.connected),
        ("TLS", way.times.secured),
        ("first byte", way.times.first_byte),
    ];
    let known = times
        .iter()
        .filter_map(|(name, at)| Some(format!("{name} {}", (*at)?.as_millis())));
    let known: Vec<_> = known.collect();
    format!("{} ms ({})", took.as_millis(), known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(status: u16, date: &str, body: &'static str) -> Seen {
        Seen {
            status,
            status_text: status.to_string(),
            headers: [("date".to_owned(), date.to_owned())].into(),
            body: bytes::Bytes::from_static(body.as_bytes()),
            took: Duration::from_millis(20),
            ..Seen::default()
        }
    }

    #[test]
    fn answers() {
        let now = probe::http_date("Tue, 15 Nov 1994 08:12:31 GMT").unwrap();
        let right = "Tue, 15 Nov 1994 08:12:00 GMT";
        for (status, date, body, id) in [
            (200, right, "v0.1.0\n", None),
            (404, right, "not found", None),
            (200, right, " <!doctype html>", Some("upstream-page")),
            (403, right, "", Some("upstream-sign-in")),
            (503, right, "", Some("upstream-error")),
            (200, "Tue, 15 Nov 1994 09:12:31 GMT", "", Some("clock-skew")),
            (200, "Tue, 15 Nov 1994 07:12:31 GMT", "", Some("clock-skew")),
            (200, "yesterday", "", None),
        ] {
            let mut verdict = Verdict::default();
            answered("https://m", &seen(status, date, body), now, &mut verdict);
            let ids: Vec<_> = verdict.findings.iter().map(|f| f.id).collect();
            assert_eq!(ids, Vec::from_iter(id), "{status} {date}");
        }
    }
}
