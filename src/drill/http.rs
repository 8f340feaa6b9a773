//! As much of HTTP/1.1 (RFC 9112) as a module server needs.

use std::io::{self, BufRead, BufReader, Read};
use std::net::TcpStream;

/// The longest head that is read, in bytes.
const HEAD_LIMIT: u64 = 64 << 10;

/// A request's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The value of a header; names are compared without case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// Whether the client wants to send another request.
    pub(super) fn keep_alive(&self) -> bool {
        !self
            .header("connection")
            .is_some_and(|v| v.eq_ignore_ascii_case("close"))
    }
}

/// The value of a header in a list.
pub(super) fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let same = |(k, _): &&(String, String)| k.eq_ignore_ascii_case(name);
    headers.iter().find(same).map(|(_, v)| v.as_str())
}

/// Reads a head; `None` where the client is done, or sends what is no request.
pub(super) fn read_head(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Head>> {
    let mut lines = Vec::new();
    let mut limited = reader.take(HEAD_LIMIT);
    loop {
        let mut line = Vec::new();
        if limited.read_until(b'\n', &mut line)? == 0 || !line.ends_with(b"\n") {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line).trim_end().to_string();
        if text.is_empty() {
            return Ok(parse(&lines));
        }
        lines.push(text);
    }
}

fn parse(lines: &[String]) -> Option<Head> {
    let (first, rest) = lines.split_first()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let headers = rest
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(k, v)| (k.trim().to_string(), v.trim().to_string()))
        .collect();
    Some(Head {
        method: method.to_string(),
        target: target.to_string(),
        headers,
    })
}

/// A target's path without its query and leading slash, percent-decoded; a broken escape stays as it is.
pub(super) fn decode(target: &str) -> String {
    let path = target.split('?').next().unwrap_or(target);
    let bytes = path.trim_start_matches('/').as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = bytes
            .get(i + 1..i + 3)
            .filter(|_| bytes[i] == b'%')
            .and_then(|h| std::str::from_utf8(h).ok())
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        out.push(hex.unwrap_or(bytes[i]));
        i += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The first byte that a `Range: bytes=N-` header asks for; other forms are ignored, as RFC 9110 section 14.2 allows.
pub(super) fn range_start(value: &str) -> Option<usize> {
    value.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

/// The reason phrase of a status.
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        302 => "Found",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        410 => "Gone",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_decoded_once() {
        for (target, path) in [
            ("/example.com/%21upper/@v/list", "example.com/!upper/@v/list"),
            ("/example.com/!upper/@v/list?x=1", "example.com/!upper/@v/list"),
            ("/a%2521b", "a%21b"),
            ("/a%2", "a%2"),
            ("/a%zz", "a%zz"),
            ("", ""),
        ] {
            assert_eq!(decode(target), path, "{target}");
        }
    }

    #[test]
    fn ranges() {
        assert_eq!(range_start("bytes=10-"), Some(10));
        for other in ["bytes=-5", "bytes=1-2", "lines=1-", ""] {
            assert_eq!(range_start(other), None, "{other}");
        }
    }

    #[test]
    fn heads() {
        let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_string).collect() };
        let head = parse(&lines("GET /a HTTP/1.1\nHost: h\nCONNECTION:  Close\n")).unwrap();
        assert_eq!((head.method.as_str(), head.target.as_str()), ("GET", "/a"));
        assert!(!head.keep_alive());
        assert_eq!(parse(&lines("nonsense")), None);
        assert_eq!(parse(&[]), None);
    }
}
