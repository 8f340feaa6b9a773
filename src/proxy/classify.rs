//! What an upstream's answer, or the lack of one, means.

use super::request::Kind;
use super::transport::{Class, Times};
use crate::activity::Phase;
use crate::cause::Cause;

/// The class of an attempt's outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 200 with a body that looks right.
    Ok,
    /// 404 or 410.
    NotFound,
    /// 401 or 403.
    Denied,
    /// Another status that asking again will not change.
    Final,
    /// Will probably pass: reset, refused, DNS, 408, 429, 5xx, a cut body.
    Passing,
    /// No sign of life within the bound.
    Silent,
    /// 200 with a body that is not what was asked for.
    Garbled,
    /// 200 with a zip or go.mod that is not the one in go.sum.
    Mismatch,
    /// 200 with a whole zip that is no zip of the module, or with more than go would take.
    Foreign,
    /// 200 with a web page in place of module data.
    Captive,
    /// 403 from a host that a redirect led to.
    RedirectHostDenied,
    /// More than 10 redirects.
    RedirectLoop,
    /// A redirect that go would not follow.
    BadRedirect,
    /// The certificate was not accepted.
    Certificate,
    /// TLS failed otherwise.
    Handshake,
    /// The user's HTTP or SOCKS proxy will not let it through, whoever asks how often.
    ProxyDenied,
}

impl Outcome {
    /// Its name in a trace.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::NotFound => "not-found",
            Outcome::Denied => "denied",
            Outcome::Final => "refused",
            Outcome::Passing => "passing",
            Outcome::Silent => "silent",
            Outcome::Garbled => "garbled",
            Outcome::Mismatch => "checksum-mismatch",
            Outcome::Foreign => "foreign-zip",
            Outcome::Captive => "captive-portal",
            Outcome::RedirectHostDenied => "redirect-host-blocked",
            Outcome::RedirectLoop => "redirect-loop",
            Outcome::BadRedirect => "bad-redirect",
            Outcome::Certificate => "certificate",
            Outcome::Handshake => "handshake",
            Outcome::ProxyDenied => "proxy-denied",
        }
    }

    /// Whether it is the upstream's own word on the matter, to be handed to go as it is.
    pub fn definite(self) -> bool {
        matches!(
            self,
            Outcome::Ok | Outcome::NotFound | Outcome::Denied | Outcome::Final
        )
    }

    /// Whether the same upstream may be asked again.
    pub fn retryable(self) -> bool {
        matches!(
            self,
            Outcome::Passing | Outcome::Garbled | Outcome::Captive | Outcome::Handshake
        )
    }
}

/// A failure on the way.
pub fn of_failure(class: Class) -> Outcome {
    match class {
        Class::Certificate | Class::UnknownIssuer => Outcome::Certificate,
        Class::Handshake => Outcome::Handshake,
        Class::RedirectLoop => Outcome::RedirectLoop,
        Class::BadRedirect => Outcome::BadRedirect,
        Class::ProxyDenied => Outcome::ProxyDenied,
        Class::Resolve
        | Class::NoSuchHost
        | Class::Refused
        | Class::Unreachable
        | Class::ConnectTimeout
        | Class::ProxyHop
        | Class::Reset
        | Class::Protocol
        | Class::Cut
        | Class::Local => Outcome::Passing,
    }
}

/// The cause of a failure on the way; `times` tell how far a connection had come within its bound.
pub fn cause_of_failure(class: Class, times: &Times) -> Cause {
    match class {
        Class::Resolve => Cause::DnsNoAnswer,
        Class::NoSuchHost => Cause::DnsNoSuchHost,
        Class::Refused => Cause::ConnectRefused,
        Class::Unreachable => Cause::NetworkUnreachable,
        Class::ConnectTimeout if times.resolved.is_none() => Cause::DnsNoAnswer,
        Class::ConnectTimeout if times.connected.is_none() => Cause::ConnectNoAnswer,
        Class::ConnectTimeout => Cause::TlsHandshake,
        Class::ProxyHop | Class::ProxyDenied => Cause::HttpProxyFailed,
        Class::Certificate => Cause::TlsCertificate,
        Class::UnknownIssuer => Cause::TlsIntercepted,
        Class::Handshake => Cause::TlsHandshake,
        Class::Reset => Cause::ConnectionReset,
        Class::Protocol => Cause::InvalidBody,
        Class::Cut => Cause::TruncatedBody,
        Class::RedirectLoop | Class::BadRedirect => Cause::BadRedirect,
        Class::Local => Cause::OutOfResources,
    }
}

/// The cause of silence in this phase of a request.
pub fn cause_of_silence(phase: Phase) -> Cause {
    match phase {
        Phase::Credentials => Cause::GoauthHelper,
        Phase::Resolving => Cause::DnsNoAnswer,
        Phase::Connecting => Cause::ConnectNoAnswer,
        Phase::Handshaking => Cause::TlsHandshake,
        Phase::Queued | Phase::Waiting | Phase::Body | Phase::Backoff => Cause::ProxyStalled,
    }
}

/// The cause of an answer's outcome; `None` where nothing is wrong with it.
pub fn cause_of_answer(outcome: Outcome, status: u16) -> Option<Cause> {
    Some(match (outcome, status) {
        (Outcome::Ok, _) => return None,
        (Outcome::NotFound, _) => Cause::NotFound,
        (Outcome::RedirectHostDenied, _) => Cause::RedirectHostBlocked,
        (Outcome::Captive, _) => Cause::CaptivePortal,
        (Outcome::Mismatch, _) => Cause::ChecksumMismatch,
        (Outcome::Garbled | Outcome::Foreign, _) => Cause::InvalidBody,
        _ => Cause::of_status(status).unwrap_or(Cause::UnexpectedStatus),
    })
}

/// What an upstream did, in a few words that follow its name and do not vary from request to request.
pub fn phrase(cause: Cause) -> &'static str {
    match cause {
        Cause::DnsNoAnswer => "could not be resolved",
        Cause::DnsNoSuchHost => "is a name that does not exist",
        Cause::NetworkUnreachable => "could not be reached: no route to it",
        Cause::ConnectRefused => "refused the connection",
        Cause::ConnectNoAnswer => "did not accept a connection",
        Cause::HttpProxyFailed => "could not be reached through the HTTP proxy",
        Cause::TlsCertificate => "showed a certificate that is not valid",
        Cause::TlsIntercepted => "showed a certificate of an unknown issuer",
        Cause::TlsHandshake => "did not complete the TLS handshake",
        Cause::ConnectionReset => "closed the connection before it answered",
        Cause::InvalidBody => "answered with something that is not HTTP",
        Cause::TruncatedBody => "ended its answer too early",
        Cause::BadRedirect => "redirects to where go would not follow",
        Cause::OutOfResources => "could not be asked: something on this machine failed",
        Cause::GoauthHelper => "was not asked: a command of GOAUTH did not end",
        _ => "did not answer",
    }
}

/// Whether the transport's own words say more than the phrase.
pub fn has_details(cause: Cause) -> bool {
    !matches!(
        cause,
        Cause::DnsNoSuchHost
            | Cause::NetworkUnreachable
            | Cause::ConnectNoAnswer
            | Cause::ConnectRefused
            | Cause::ConnectionReset
    )
}

/// A status, `redirected` telling whether another host than the one asked gave it.
pub fn of_status(status: u16, redirected: bool) -> Outcome {
    match status {
        200 => Outcome::Ok,
        // No answer to a plain GET: nothing, or a part of it.
        201..=299 => Outcome::Garbled,
        404 | 410 => Outcome::NotFound,
        403 if redirected => Outcome::RedirectHostDenied,
        401 | 403 => Outcome::Denied,
        408 | 425 | 429 | 500.. => Outcome::Passing,
        _ => Outcome::Final,
    }
}

/// The body of a 200: its Content-Type, its first bytes (the whole of it where it is metadata) and its last ones.
pub fn of_body(kind: &Kind, content_type: &str, head: &[u8], end: &[u8]) -> Outcome {
    if looks_like_a_page(content_type, head) && *kind != Kind::Other {
        return Outcome::Captive;
    }
    let right = match kind {
        Kind::Zip => {
            let start = head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06");
            // The end record of a zip stands in its last 22 bytes plus a comment of at most 64 KiB.
            start && end.windows(4).rev().any(|w| w == b"PK\x05\x06")
        }
        Kind::Info | Kind::Latest => {
            matches!(serde_json::from_slice(head), Ok(serde_json::Value::Object(_)))
        }
        _ => true,
    };
    if right { Outcome::Ok } else { Outcome::Garbled }
}

fn looks_like_a_page(content_type: &str, head: &[u8]) -> bool {
    let start = head.trim_ascii_start();
    let tag = |tag: &[u8]| {
        start
            .get(..tag.len())
            .is_some_and(|s| s.eq_ignore_ascii_case(tag))
    };
    let html = content_type.to_ascii_lowercase().starts_with("text/html");
    tag(b"<!doctype") || tag(b"<html") || (html && start.starts_with(b"<"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn statuses() {
        for (status, redirected, outcome) in [
            (200, true, Outcome::Ok),
            (204, false, Outcome::Garbled),
            (304, false, Outcome::Final),
            (400, false, Outcome::Final),
            (401, true, Outcome::Denied),
            (403, false, Outcome::Denied),
            (403, true, Outcome::RedirectHostDenied),
            (404, true, Outcome::NotFound),
            (410, false, Outcome::NotFound),
            (429, false, Outcome::Passing),
            (451, false, Outcome::Final),
            (500, false, Outcome::Passing),
            (599, false, Outcome::Passing),
        ] {
            assert_eq!(of_status(status, redirected), outcome, "{status}");
        }
    }

    #[test]
    fn causes_of_failures() {
        let at = |resolved: bool, connected: bool| {
            let reached = |yes: bool| yes.then_some(std::time::Duration::ZERO);
            Times {
                resolved: reached(resolved),
                connected: reached(connected),
                ..Times::default()
            }
        };
        for (class, times, cause) in [
            (Class::ConnectTimeout, at(false, false), Cause::DnsNoAnswer),
            (Class::ConnectTimeout, at(true, false), Cause::ConnectNoAnswer),
            (Class::ConnectTimeout, at(true, true), Cause::TlsHandshake),
            (Class::Resolve, at(false, false), Cause::DnsNoAnswer),
            (Class::NoSuchHost, at(false, false), Cause::DnsNoSuchHost),
            (Class::Unreachable, at(true, false), Cause::NetworkUnreachable),
            (Class::UnknownIssuer, at(true, true), Cause::TlsIntercepted),
            (Class::Cut, at(true, true), Cause::TruncatedBody),
        ] {
            assert_eq!(cause_of_failure(class, &times), cause, "{class:?} {times:?}");
            assert_ne!(phrase(cause), phrase(Cause::ProxyStalled), "{cause}");
        }
    }

    #[test]
    fn causes_of_answers() {
        for (outcome, status, cause) in [
            (Outcome::Ok, 200, None),
            (Outcome::NotFound, 410, Some(Cause::NotFound)),
            (Outcome::Denied, 401, Some(Cause::AuthRequired)),
            (Outcome::Denied, 403, Some(Cause::AccessDenied)),
            (Outcome::RedirectHostDenied, 403, Some(Cause::RedirectHostBlocked)),
            (Outcome::Passing, 429, Some(Cause::RateLimited)),
            (Outcome::Passing, 599, Some(Cause::ServerError)),
            (Outcome::Passing, 408, Some(Cause::UnexpectedStatus)),
            (Outcome::Passing, 600, Some(Cause::UnexpectedStatus)),
            (Outcome::Final, 204, Some(Cause::UnexpectedStatus)),
            (Outcome::Captive, 200, Some(Cause::CaptivePortal)),
            (Outcome::Mismatch, 200, Some(Cause::ChecksumMismatch)),
            (Outcome::Foreign, 200, Some(Cause::InvalidBody)),
        ] {
            assert_eq!(cause_of_answer(outcome, status), cause, "{outcome:?} {status}");
        }
    }

    #[test]
    fn bodies() {
        let zip: &[u8] = b"PK\x03\x04....PK\x05\x06..................";
        for (kind, content_type, body, outcome) in [
            (Kind::Zip, "application/zip", zip, Outcome::Ok),
            (Kind::Zip, "", &zip[..8], Outcome::Garbled),
            (Kind::Zip, "text/html", b"<HTML><body>Log in", Outcome::Captive),
            (Kind::Info, "", b"{\"Version\":\"v1.0.0\"}", Outcome::Ok),
            (Kind::Info, "text/plain", b"invalid", Outcome::Garbled),
            (Kind::Info, "", b" \n<!DOCTYPE html>", Outcome::Captive),
            (
                Kind::Mod,
                "text/html; charset=utf-8",
                b"<p>hello",
                Outcome::Captive,
            ),
            (Kind::Mod, "text/html", b"module m", Outcome::Ok),
            (Kind::List, "", b"", Outcome::Ok),
            (Kind::Other, "text/html", b"<html>", Outcome::Ok),
        ] {
            assert_eq!(
                of_body(&kind, content_type, body, body),
                outcome,
                "{kind:?} {body:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn an_outage_is_never_not_found(status in 100u16..1000, redirected: bool) {
            let outcome = of_status(status, redirected);
            prop_assert_eq!(outcome == Outcome::NotFound, status == 404 || status == 410);
            prop_assert!(!(outcome.definite() && outcome.retryable()));
        }
    }
}
