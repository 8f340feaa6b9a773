//! What an upstream's answer, or the lack of one, means.

use super::request::Kind;
use super::transport::Class;

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
        Class::Certificate => Outcome::Certificate,
        Class::Handshake => Outcome::Handshake,
        Class::RedirectLoop => Outcome::RedirectLoop,
        Class::BadRedirect => Outcome::BadRedirect,
        Class::Resolve
        | Class::Refused
        | Class::ConnectTimeout
        | Class::ProxyHop
        | Class::Reset
        | Class::Protocol
        | Class::Cut
        | Class::Local => Outcome::Passing,
    }
}

/// A failure in a few words that do not vary from request to request.
pub fn phrase(class: Class) -> &'static str {
    match class {
        Class::Resolve => "could not be resolved",
        Class::Refused => "refused the connection",
        Class::ConnectTimeout => "did not accept a connection in time",
        Class::ProxyHop => "could not be reached through the HTTP proxy",
        Class::Certificate => "showed a certificate that was not accepted",
        Class::Handshake => "failed in the TLS handshake",
        Class::Reset => "closed the connection before it answered",
        Class::Protocol => "answered with something that is not HTTP",
        Class::Cut => "ended its answer too early",
        Class::RedirectLoop => "stopped after 10 redirects",
        Class::BadRedirect => "redirected to an address that go would not follow",
        Class::Local => "could not be asked: something on this machine failed",
    }
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
