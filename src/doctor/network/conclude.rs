//! What was seen of a server, judged hop by hop: the first that fails explains those after it.

use super::dns::{self, Reply};
use super::observe::{Names, Observed, Tried};
use crate::cause::Cause;
use crate::doctor::check::Verdict;
use crate::proxy::probe::{self, Seen, Trouble};
use crate::proxy::transport::peer::Certificate;
use crate::proxy::transport::{Class, Way};
use crate::ui::words;
use std::io;
use std::time::{Duration, SystemTime};

/// From where on a single small answer counts as slow.
const SLOW: Duration = Duration::from_secs(2);
/// Below this a download counts as slow, in bytes a second.
const NARROW: u64 = 64 << 10;
/// Below this a body says nothing of the speed, in bytes.
const TELLING: usize = 16 << 10;
/// From where on a clock counts as wrong: some servers and caches are minutes off themselves.
const SKEW: Duration = Duration::from_secs(300);
/// How long before its end a certificate is worth a word.
const EXPIRES: Duration = Duration::from_secs(7 * 24 * 3600);

/// Judges.
pub fn conclude(seen: &Observed, now: SystemTime) -> Verdict {
    let mut verdict = Verdict::default();
    let resolved = seen
        .names
        .as_ref()
        .is_none_or(|n| names(&seen.host, n, &mut verdict));
    let allowed = resolved && tcp(&seen.host, &seen.tcp, &mut verdict);
    reached(seen, &mut verdict);
    if let Some(certificate) = &seen.certificate {
        self::certificate(seen, certificate, now, &mut verdict);
    }
    match &seen.list {
        Ok(answer) => answered(seen, answer, now, &mut verdict),
        // The hop that explains it has been named.
        Err(trouble) if !resolved && is_about_names(trouble) => {}
        Err(_) if !allowed => {}
        Err(trouble) => failed(seen, trouble, now, &mut verdict),
    }
    if seen.list.is_ok() {
        download(seen, &mut verdict);
    }
    verdict
}

fn is_about_names(trouble: &Trouble) -> bool {
    matches!(
        trouble.cause(),
        Cause::DnsNoAnswer | Cause::DnsNoSuchHost | Cause::HttpProxyFailed
    )
}

/// The resolver against the name servers. False where the name can't be resolved.
pub fn names(host: &str, names: &Names, verdict: &mut Verdict) -> bool {
    let line = names.hosts_line.as_deref().unwrap_or("files dns");
    let evidence = evidence(names, line);
    let replies = || names.servers.iter().map(|(_, reply)| reply);
    let knows = |reply: &Reply| matches!(reply, Reply::Addresses(all) if !all.is_empty());
    if let Some(Ok(addresses)) = &names.system {
        let shown: Vec<_> = addresses.iter().take(4).map(ToString::to_string).collect();
        verdict.saw(format!("{host} is {}", shown.join(", ")));
        let faulty = names
            .servers
            .iter()
            .find(|(_, reply)| !matches!(reply, Reply::Addresses(_) | Reply::NoSuchName));
        if replies().any(|reply| *reply == Reply::NoSuchName) {
            verdict.found(
                "dns-disagreement",
                format!("not everybody who is asked for {host} knows it"),
                evidence,
                "ask the one who runs them; /etc/resolv.conf names the servers that go asks",
            );
        } else if let Some((server, _)) = faulty {
            verdict.found(
                "name-server-faulty",
                format!("name server {server} of /etc/resolv.conf fails"),
                evidence,
                "take it out of /etc/resolv.conf, or mend the VPN that brought it",
            );
        }
        return true;
    }
    let failed = replies().find_map(|reply| match reply {
        Reply::Failed(why) => Some(why.clone()),
        _ => None,
    });
    let what = format!("{host} could not be resolved");
    let origin = format!("https://{host}");
    if replies().any(knows) && !dns::asks_servers(line) {
        verdict.found(
            "nsswitch-without-dns",
            format!("/etc/nsswitch.conf keeps this machine from asking name servers for {host}"),
            evidence,
            "hosts: files dns   # in /etc/nsswitch.conf",
        );
    } else if replies().any(knows) {
        verdict.found(
            "dns-disagreement",
            format!("the system can't resolve {host}, and a name server can"),
            evidence,
            "getent hosts HOST asks the system; go asks the servers of /etc/resolv.conf"
                .replace("HOST", host),
        );
        return matches!(names.system, Some(Err(_)));
    } else if replies().any(|reply| *reply == Reply::NoSuchName) || no_such_host(names) {
        verdict.cause(Cause::DnsNoSuchHost, what, evidence, &origin);
    } else if let Some(why) = failed {
        verdict.found(
            "dns-server-failure",
            format!("the name server answers {why} for {host}"),
            evidence,
            format!("try again; then ask who runs it: dig {host}"),
        );
    } else if !names.servers.is_empty() && replies().all(|reply| *reply == Reply::NoRoute) {
        verdict.cause(Cause::NetworkUnreachable, what, evidence, &origin);
    } else {
        verdict.cause(Cause::DnsNoAnswer, what, evidence, &origin);
    }
    false
}

fn no_such_host(names: &Names) -> bool {
    let silent = names.servers.iter().any(|(_, reply)| *reply == Reply::Silent);
    !silent && matches!(names.system, Some(Err((Class::NoSuchHost, _))))
}

/// One line for everybody who was asked.
fn evidence(names: &Names, line: &str) -> String {
    let system = match &names.system {
        Some(Ok(_)) => "knows it".to_owned(),
        Some(Err((_, why))) => why.clone(),
        None => "no answer in time".to_owned(),
    };
    let mut lines = vec![format!("the system (hosts: {line}): {system}")];
    for (server, reply) in &names.servers {
        let said = match reply {
            Reply::Addresses(all) if all.is_empty() => "knows no address".to_owned(),
            Reply::Addresses(all) => format!("knows {} addresses", all.len()),
            Reply::NoSuchName => "NXDOMAIN".to_owned(),
            Reply::Failed(why) => why.clone(),
            Reply::Silent => "no answer".to_owned(),
            Reply::NoRoute => "no route to it".to_owned(),
            Reply::Nobody => "nobody answers there".to_owned(),
        };
        lines.push(format!("name server {server}: {said}"));
    }
    lines.join("\n")
}

/// Each family by itself. False where this machine forbids the connection.
fn tcp(host: &str, tried: &[Tried], verdict: &mut Verdict) -> bool {
    let shown: Vec<String> = tried.iter().map(attempt).collect();
    let connected = |t: &Tried| matches!(t.outcome, Some(Ok(_)));
    let dead = tried.iter().find(|t| t.outcome.is_none());
    if let Some(dead) = dead
        && tried.iter().any(connected)
    {
        let (id, family) = match dead.address.is_ipv6() {
            true => ("ipv6-black-hole", "IPv6"),
            false => ("ipv4-black-hole", "IPv4"),
        };
        verdict.found(
            id,
            format!("{family} packets to {host} vanish; the other family works"),
            shown.join("\n"),
            format!(
                "mend or switch off {family} on this network: ip route get {}",
                dead.address.ip()
            ),
        );
    }
    let denied =
        |t: &&Tried| matches!(&t.outcome, Some(Err(e)) if e.kind() == io::ErrorKind::PermissionDenied);
    let forbidden = tried.iter().find(denied);
    if let Some(forbidden) = forbidden.filter(|_| !tried.iter().any(connected)) {
        verdict.found(
            "connect-forbidden",
            format!("this machine itself forbids connections to {host}"),
            attempt(forbidden),
            "ask who runs it: a local firewall (nft list ruleset), a sandbox, or SELinux (ausearch -m avc -ts recent)",
        );
        return false;
    }
    true
}

fn attempt(tried: &Tried) -> String {
    let family = if tried.address.is_ipv6() { "IPv6" } else { "IPv4" };
    match &tried.outcome {
        Some(Ok(took)) => format!("{family} {} ms", took.as_millis()),
        Some(Err(e)) => {
            let text = e.to_string().to_lowercase();
            format!("{family} {}", text.split(" (os error").next().unwrap_or_default())
        }
        None => format!("{family} no answer"),
    }
}

/// Who was connected to.
fn reached(seen: &Observed, verdict: &mut Verdict) {
    let families = |tried: &[Tried]| match tried {
        [] => "no address is known here".to_owned(),
        tried => tried.iter().map(attempt).collect::<Vec<_>>().join(", "),
    };
    let (tcp, shown) = (families(&seen.tcp), &seen.server.shown);
    match &seen.proxy {
        Some(proxy) => verdict.saw(format!(
            "{shown} is asked through proxy {proxy} ({tcp}); past it: {}",
            families(&seen.direct)
        )),
        None if seen.tcp.is_empty() => {}
        None => verdict.saw(format!("TCP to {}: {tcp}", seen.host)),
    }
}

fn certificate(seen: &Observed, certificate: &Certificate, now: SystemTime, verdict: &mut Verdict) {
    let shown = &seen.server.shown;
    let Certificate { issuer, ends, .. } = certificate;
    verdict.saw(format!("certificate of {issuer}, valid until {}", day(*ends)));
    if certificate.refused.is_some() {
        return;
    }
    if seen.server.public && !certificate.public {
        verdict.found(
            "tls-inspected",
            format!("somebody on the way opens the TLS of {shown}"),
            format!(
                "the certificate is signed by {issuer}, which no public list knows and this machine trusts"
            ),
            "",
        );
    }
    if ends.duration_since(now).is_ok_and(|left| left < EXPIRES) {
        verdict.found(
            "certificate-expires",
            format!("the certificate of {shown} ends soon"),
            format!("on {}", day(*ends)),
            "tell who runs the server",
        );
    }
}

/// The day in UTC.
fn day(at: SystemTime) -> String {
    let at = jiff::Timestamp::try_from(at).unwrap_or_default();
    at.to_string().split('T').next().unwrap_or_default().to_owned()
}

/// What an answer says about its server.
fn answered(seen: &Observed, answer: &Seen, now: SystemTime, verdict: &mut Verdict) {
    let shown = &seen.server.shown;
    verdict.saw(format!(
        "{shown}: {} {} in {}",
        answer.way.protocol,
        answer.status_text,
        steps(&answer.way, answer.took)
    ));
    let cause = answer.cause(super::LIST);
    // A mirror need not have the module that is asked for.
    if let Some(cause) = cause.filter(|cause| *cause != Cause::NotFound) {
        refused(shown, cause, answer, verdict);
    } else if answer.took > SLOW {
        verdict.found(
            "upstream-slow",
            format!("{shown} took {} ms for a short list", answer.took.as_millis()),
            steps(&answer.way, answer.took),
            "gosteady mirrors compares others; prefetch hides a good part of it",
        );
    }
    let date = answer.headers.get("date").and_then(|date| probe::http_date(date));
    let skew = date.map(|date| now.duration_since(date).unwrap_or_else(|e| e.duration()));
    if let Some(skew) = skew.filter(|skew| *skew > SKEW && !answer.headers.contains_key("age")) {
        verdict.found(
            "clock-skew",
            format!(
                "the clock here and that of {shown} differ by {} minutes",
                skew.as_secs() / 60
            ),
            format!("Date: {}", answer.headers["date"]),
            "timedatectl set-ntp true",
        );
    }
}

/// An answer that is none.
fn refused(shown: &str, cause: Cause, answer: &Seen, verdict: &mut Verdict) {
    let whom = match &answer.way.redirected_to {
        Some(to) => format!("{to}, where {shown} redirects to,"),
        None => shown.to_owned(),
    };
    let what = match cause {
        Cause::CaptivePortal => format!("{whom} answered with a web page"),
        Cause::HttpProxyFailed => format!("the HTTP proxy before {whom} answered {}", answer.status_text),
        _ => format!("{whom} answered {}", answer.status_text),
    };
    verdict.cause(cause, what, steps(&answer.way, answer.took), shown);
}

fn failed(seen: &Observed, trouble: &Trouble, now: SystemTime, verdict: &mut Verdict) {
    let shown = &seen.server.shown;
    let cause = trouble.cause();
    let mut evidence = trouble.reason();
    if let Some(certificate) = &seen.certificate
        && matches!(cause, Cause::TlsCertificate | Cause::TlsIntercepted)
    {
        evidence.push_str(&format!(
            "\nsigned by {}, valid from {} until {}; the clock here says {}",
            certificate.issuer,
            day(certificate.begins),
            day(certificate.ends),
            day(now)
        ));
    }
    let whom = match trouble.redirected_to() {
        Some(to) => format!("{to}, where {shown} redirects to,"),
        None => shown.clone(),
    };
    verdict.cause(cause, format!("{whom} {}", probe::phrase(cause)), evidence, shown);
}

/// The larger file: where it comes from, and how fast.
fn download(seen: &Observed, verdict: &mut Verdict) {
    let shown = &seen.server.shown;
    let answer = match &seen.zip {
        Ok(answer) => answer,
        // Both were asked at once; what only the redirect's host did is news.
        Err(trouble) => {
            if trouble.redirected_to().is_some() {
                failed(seen, trouble, SystemTime::now(), verdict);
            }
            return;
        }
    };
    match answer.cause(super::ZIP) {
        Some(Cause::NotFound) => return,
        Some(cause) => {
            let of_list = seen.list.as_ref().ok().and_then(|list| list.cause(super::LIST));
            if of_list != Some(cause) {
                refused(shown, cause, answer, verdict);
            }
            return;
        }
        None => {}
    }
    let size = answer.body.len();
    let first = answer.way.times.first_byte.unwrap_or_default();
    let took = answer.took.saturating_sub(first).max(Duration::from_millis(1));
    let rate = (size as f64 / took.as_secs_f64()) as u64;
    let from = match &answer.way.redirected_to {
        Some(to) => format!(" from {to}"),
        None => String::new(),
    };
    verdict.saw(format!(
        "a zip of {}{from}: first byte after {} ms, then {}/s",
        words::bytes(size as u64),
        first.as_millis(),
        words::bytes(rate)
    ));
    if rate < NARROW && size > TELLING {
        verdict.found(
            "upstream-slow",
            format!("{shown} sends {} a second", words::bytes(rate)),
            steps(&answer.way, answer.took),
            "gosteady mirrors compares others",
        );
    }
}

/// `182 ms (name 12, connect 40, TLS 70, first byte 180)`.
pub fn steps(way: &Way, took: Duration) -> String {
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
#[path = "conclude_tests.rs"]
mod tests;
