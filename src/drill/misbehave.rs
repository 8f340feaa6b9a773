//! One answer on one connection, right or wrong.

use super::digest::{base64, sha256_hex};
use super::fault::{Fault, Plan};
use super::http::{self, Head};
use super::server::Stop;
use super::store::Store;
use std::borrow::Cow;
use std::io::{self, Write};
use std::net::TcpStream;
use std::time::Duration;

/// What becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// The next request may come.
    Next,
    /// It is closed in good order.
    Close,
    /// It is reset.
    Reset,
    /// It stays open and silent.
    Hold,
}

/// An answer before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reply<'a> {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Cow<'a, [u8]>,
}

/// Answers a request as planned. An error means that the client is gone.
pub(super) fn answer(
    stream: &TcpStream,
    head: &Head,
    path: &str,
    store: &Store,
    plan: &Plan<'_>,
    stop: &Stop,
) -> io::Result<After> {
    if stop.wait(plan.latency) {
        return Ok(After::Close);
    }
    let wire = Wire {
        stream,
        stop,
        bandwidth: plan.bandwidth,
        silent_body: head.method == "HEAD",
    };
    let right = || Reply::right(head, path, store);
    match plan.leaf {
        Fault::AcceptSilent => Ok(After::Hold),
        Fault::HalfHeader => {
            let text = right().head(0);
            wire.raw(&text.as_bytes()[..text.len() / 2])?;
            Ok(After::Hold)
        }
        Fault::StallMidBody => {
            let reply = right();
            wire.part(&reply, reply.body.len() / 2)?;
            Ok(After::Hold)
        }
        Fault::OneBytePerSecond => Wire { bandwidth: 1, ..wire }.whole(&right()),
        Fault::Reset { after: 0 } => Ok(After::Reset),
        Fault::Reset { after } => {
            wire.part(&right(), *after)?;
            Ok(After::Reset)
        }
        Fault::Truncate => {
            let reply = right();
            wire.part(&reply, reply.body.len() / 2)?;
            Ok(After::Close)
        }
        Fault::CutAfter { bytes, silent } => {
            let reply = right();
            if reply.body.len() <= *bytes {
                return wire.whole(&reply);
            }
            wire.part(&reply, *bytes)?;
            Ok(if *silent { After::Hold } else { After::Close })
        }
        Fault::Raw(text) => {
            wire.raw(text.as_bytes())?;
            Ok(After::Close)
        }
        Fault::Garble => {
            let mut reply = right();
            let middle = reply.body.len() / 2;
            if let Some(byte) = reply.body.to_mut().get_mut(middle) {
                *byte ^= 1;
            }
            wire.whole(&reply)
        }
        other => wire.whole(&Reply::planned(other, head).unwrap_or_else(right)),
    }
}

impl<'a> Reply<'a> {
    fn new(status: u16, kind: &str, body: impl Into<Cow<'a, [u8]>>) -> Reply<'a> {
        Reply {
            status,
            headers: vec![("Content-Type", kind.to_string())],
            body: body.into(),
        }
    }

    fn text(status: u16, text: String) -> Reply<'a> {
        Reply::new(status, "text/plain; charset=utf-8", text.into_bytes())
    }

    fn with(mut self, name: &'static str, value: String) -> Reply<'a> {
        self.headers.push((name, value));
        self
    }

    /// What a well-behaved server answers. It has no checksum database: `sumdb/…` is 404, as by GOPROXY protocol.
    fn right(head: &Head, path: &str, store: &'a Store) -> Reply<'a> {
        if head.method != "GET" && head.method != "HEAD" {
            return Reply::text(405, "method not allowed\n".into());
        }
        let Some(body) = store.get(path) else {
            return Reply::text(404, format!("not found: {path}\n"));
        };
        let kind = match path.rsplit('.').next() {
            Some("zip") => "application/zip",
            Some("info") => "application/json",
            _ => "text/plain; charset=utf-8",
        };
        let etag = format!("\"{}\"", &sha256_hex(body)[..32]);
        // RFC 9110 section 13.1.5: a range is served only of the representation that the client holds.
        let same = head.header("if-range").is_none_or(|held| held == etag);
        let start = head.header("range").filter(|_| same).and_then(http::range_start);
        let reply = match start {
            Some(start) if start > 0 && start < body.len() => Reply::new(206, kind, &body[start..]).with(
                "Content-Range",
                format!("bytes {start}-{}/{}", body.len() - 1, body.len()),
            ),
            _ => Reply::new(200, kind, body),
        };
        reply.with("ETag", etag).with("Accept-Ranges", "bytes".into())
    }

    /// The reply of a fault that is a whole answer; `None` where it is not in the way of the right one.
    fn planned(fault: &Fault, head: &Head) -> Option<Reply<'a>> {
        match fault {
            Fault::Status {
                code,
                retry_after,
                body,
            } => {
                let reply = Reply::text(*code, body.clone());
                Some(match retry_after {
                    Some(seconds) => reply.with("Retry-After", seconds.to_string()),
                    None => reply,
                })
            }
            Fault::RedirectLoop => {
                Some(Reply::text(302, String::new()).with("Location", head.target.clone()))
            }
            Fault::RedirectTo(base) => Some(Reply::text(302, String::new()).with(
                "Location",
                format!("{}{}", base.trim_end_matches('/'), head.target),
            )),
            Fault::CaptivePortal => {
                let page = "<!DOCTYPE html>\n<html><title>Welcome</title><body>Please log in to use this network.</body></html>\n";
                Some(Reply::new(200, "text/html; charset=utf-8", page.as_bytes()))
            }
            Fault::RequireBasicAuth { user, password } => {
                let wanted = format!("Basic {}", base64(format!("{user}:{password}").as_bytes()));
                (head.header("authorization") != Some(wanted.as_str())).then(|| {
                    Reply::text(401, "credentials required\n".into())
                        .with("WWW-Authenticate", "Basic realm=\"drill\"".into())
                })
            }
            _ => None,
        }
    }

    /// The head of the answer; `missing` bytes are promised that will not come.
    fn head(&self, missing: usize) -> String {
        let mut text = format!("HTTP/1.1 {} {}\r\n", self.status, http::reason(self.status));
        text.push_str(&format!("Content-Length: {}\r\n", self.body.len() + missing));
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text
    }
}

/// A way to the client with a bandwidth.
#[derive(Clone, Copy)]
struct Wire<'a> {
    stream: &'a TcpStream,
    stop: &'a Stop,
    bandwidth: u64,
    silent_body: bool,
}

impl Wire<'_> {
    fn raw(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stream = self.stream;
        stream.write_all(bytes)
    }

    /// Sends all of a reply.
    fn whole(&self, reply: &Reply<'_>) -> io::Result<After> {
        let head = reply.head(0);
        if self.silent_body {
            self.raw(head.as_bytes())?;
        } else if self.bandwidth == 0 {
            self.raw(&[head.as_bytes(), &reply.body].concat())?;
        } else {
            self.raw(head.as_bytes())?;
            return self.paced(&reply.body);
        }
        Ok(After::Next)
    }

    /// Sends the head and the first bytes of the body; at least one promised byte is left out.
    fn part(&self, reply: &Reply<'_>, bytes: usize) -> io::Result<()> {
        let bytes = bytes.min(reply.body.len());
        let missing = usize::from(bytes == reply.body.len());
        self.raw(reply.head(missing).as_bytes())?;
        if self.bandwidth == 0 {
            self.raw(&reply.body[..bytes])
        } else {
            self.paced(&reply.body[..bytes]).map(drop)
        }
    }

    /// Sends bytes in steps of at most a tenth of a second's worth, one byte at least.
    fn paced(&self, bytes: &[u8]) -> io::Result<After> {
        let step = (self.bandwidth / 10).max(1);
        let wait = Duration::from_secs_f64(step as f64 / self.bandwidth as f64);
        for chunk in bytes.chunks(step as usize) {
            if self.stop.wait(wait) {
                return Ok(After::Close);
            }
            self.raw(chunk)?;
        }
        Ok(After::Next)
    }
}
