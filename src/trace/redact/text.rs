//! Secrets in free text, found by their place (userinfo, query, header, `token=`) or by their shape (`ghp_…`).
//!
//! It would rather hide a harmless word than show a secret. What it can't know is a secret without a mark: a bare
//! word in the middle of a sentence stays.

use super::HIDDEN;
use std::borrow::Cow;

/// Tokens known by how they begin; at least [`TOKEN_LENGTH`] token characters follow.
const TOKEN_PREFIXES: &[&str] = &[
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "glrt-",
    "glptt-",
    "glcbt-",
    "eyJ",
    "AKIA",
    "ASIA",
    "AKCp",
    "ATATT",
    "ATBB",
    "xoxb-",
    "xoxp-",
    "npm_",
    "AIza",
    "ya29.",
];
const TOKEN_LENGTH: usize = 8;

/// Header names whose value is a secret to the end of the line.
const HEADERS: &[&str] = &[
    "proxy-authorization",
    "authorization",
    "set-cookie",
    "cookie",
    "x-api-key",
    "private-token",
    "job-token",
    "deploy-token",
    "x-auth-token",
    "x-jfrog-art-api",
];

/// A name that holds one of these is the name of a secret: `MY_TOKEN=…`, `"client_secret": "…"`.
const SECRET_NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "access-key",
    "private_key",
    "private-key",
    "credential",
];

/// What a credential follows (RFC 9110, 11.4).
const SCHEMES: &[&str] = &["bearer", "basic"];

/// What a password follows in a netrc file.
const NETRC: &str = "password";

/// Words that follow `Basic` or `Bearer` in messages about them.
const SCHEME_WORDS: &[&str] = &[
    "auth",
    "authentication",
    "authorization",
    "realm",
    "token",
    "tokens",
];

/// The text with every secret that can be recognised hidden.
pub fn text(s: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut shown = 0; // everything before is in `out`
    let mut at = 0;
    let userinfo = s.as_bytes().contains(&b'@');
    while let Some(step) = s.as_bytes()[at..].iter().position(|c| begins(*c, userinfo)) {
        at += step;
        match secret_at(s, at) {
            Some((from, to)) => {
                out.push_str(&s[shown..from]);
                out.push_str(HIDDEN);
                (shown, at) = (to, to.max(at + 1));
            }
            None => at += 1,
        }
    }
    if shown == 0 && out.is_empty() {
        return Cow::Borrowed(s);
    }
    out.push_str(&s[shown..]);
    Cow::Owned(out)
}

/// Whether a secret may be recognised at this byte: a record's texts are looked through for each, so that most bytes must
/// cost next to nothing. `userinfo` is whether the text may hold `user:password@host`, which begins with any word.
fn begins(c: u8, userinfo: bool) -> bool {
    BEGIN[usize::from(c)] || userinfo && is_word(c)
}

/// The bytes that `:`, `=` and everything known by its first letter begin with.
const BEGIN: [bool; 256] = {
    let mut begin = [false; 256];
    begin[b':' as usize] = true;
    begin[b'=' as usize] = true;
    let lists = [HEADERS, SCHEMES, TOKEN_PREFIXES, &[NETRC]];
    let mut list = 0;
    while list < lists.len() {
        let mut word = 0;
        while word < lists[list].len() {
            let first = lists[list][word].as_bytes()[0];
            begin[first.to_ascii_lowercase() as usize] = true;
            begin[first.to_ascii_uppercase() as usize] = true;
            word += 1;
        }
        list += 1;
    }
    begin
};

/// The secret (from, to) that is recognised at this place; it lies at or after `at`.
fn secret_at(s: &str, at: usize) -> Option<(usize, usize)> {
    let rest = &s[at..];
    let before = s[..at].bytes().next_back();
    match rest.as_bytes()[0] {
        b':' if rest.starts_with("://") => userinfo(rest).map(|(a, b)| (at + a, at + b)),
        b'=' => assigned(s, at),
        b':' => json_member(s, at),
        c if is_word(c) && !before.is_some_and(is_word) => header(rest)
            .or_else(|| scheme(rest))
            .or_else(|| token(rest))
            .or_else(|| netrc(&s[..at], rest))
            .or_else(|| bare_userinfo(before, rest))
            .map(|(a, b)| (at + a, at + b)),
        _ => None,
    }
}

fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_' || c == b'-'
}

fn ends_url(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>' | '`')
}

/// `://USERINFO@host`: net/url takes the last `@` of the authority (RFC 3986, 3.2). A password with a raw `/`, `?` or
/// `#` is no valid URL, but people write it: then a port that is no number tells that an `@` must follow.
fn userinfo(rest: &str) -> Option<(usize, usize)> {
    let start = "://".len();
    let url = &rest[start..];
    let url = &url[..url.find(ends_url).unwrap_or(url.len())];
    let authority = &url[..url.find(['/', '?', '#']).unwrap_or(url.len())];
    if let Some(end) = authority.rfind('@') {
        return (end > 0).then_some((start, start + end));
    }
    let (_, port) = authority
        .split_once(':')
        .filter(|_| !authority.starts_with('['))?;
    // In a list (`https://a,https://b`) the next element's colon is no port.
    if port.bytes().all(|c| c.is_ascii_digit()) || authority.contains(",http") || authority.contains("|http")
    {
        return None;
    }
    Some((start, start + url.rfind('@')?))
}

/// `name=value`, in a URL's query or fragment, or anywhere if the name is that of a secret.
fn assigned(s: &str, at: usize) -> Option<(usize, usize)> {
    let name_at = s[..at].bytes().rposition(|c| !is_word(c)).map_or(0, |i| i + 1);
    let name = &s[name_at..at];
    let value = at + 1;
    let in_url = in_query(&s[..at]);
    if in_url {
        let len = s[value..]
            .find(|c: char| ends_url(c) || c == '&')
            .unwrap_or(s.len() - value);
        // What follows a URL in a sentence is not part of it.
        let trimmed = s[value..value + len].trim_end_matches([':', ',', '.', ')', '\'', ']']);
        // go asks a code host for `?go-get=1`; that says nothing (modfetch, vcs.go).
        let harmless = name == "go-get" && trimmed == "1";
        return (!harmless && !trimmed.is_empty()).then_some((value, value + trimmed.len()));
    }
    is_secret_name(name)
        .then(|| (value, value + value_length(&s[value..])))
        .filter(|(a, b)| a < b)
}

/// Whether the text ends inside the query or fragment of a URL.
fn in_query(before: &str) -> bool {
    let url = before.rsplit(ends_url).next().unwrap_or(before);
    url.find("://").is_some_and(|i| url[i..].contains(['?', '#']))
}

/// `"name": "value"`.
fn json_member(s: &str, at: usize) -> Option<(usize, usize)> {
    let name = s[..at].strip_suffix('"')?;
    let name = &name[name.rfind('"')? + 1..];
    if !is_secret_name(name) {
        return None;
    }
    let value = at + 1 + (s[at + 1..].len() - s[at + 1..].trim_start().len());
    Some((value, value + value_length(&s[value..]))).filter(|(a, b)| a < b)
}

/// A quoted value to its closing quote, any other to the next white space.
fn value_length(value: &str) -> usize {
    let quoted = value
        .chars()
        .next()
        .filter(|q| matches!(q, '"' | '\''))
        .and_then(|q| value[1..].find(q).map(|end| end + 2));
    quoted.unwrap_or_else(|| value.find(char::is_whitespace).unwrap_or(value.len()))
}

/// Whether a variable, field or parameter of this name holds a secret.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|part| name.contains(part))
}

/// `Authorization: …` and its like, to the end of the line: a value may hold blanks and quotes.
fn header(rest: &str) -> Option<(usize, usize)> {
    let name = HEADERS
        .iter()
        .find(|name| starts_with_ignoring_case(rest, name))?;
    let value = rest[name.len()..].trim_start_matches(['"', '\'', ' ']);
    let value = value
        .strip_prefix([':', '='])?
        .trim_start_matches([' ', '"', '\'', '[']);
    let start = rest.len() - value.len();
    let end = start + value.find(['\n', '\r']).unwrap_or(value.len());
    (start < end).then_some((start, end))
}

/// `Bearer xxx` and `Basic xxx`.
fn scheme(rest: &str) -> Option<(usize, usize)> {
    let name = SCHEMES
        .iter()
        .find(|name| starts_with_ignoring_case(rest, name))?;
    let after = rest[name.len()..].trim_start_matches([' ', '\t']);
    let start = rest.len() - after.len();
    let word = &after[..after.find(char::is_whitespace).unwrap_or(after.len())];
    let plain = word.trim_end_matches([':', ',', '.', ';', '"']);
    if start == name.len() || plain.is_empty() || SCHEME_WORDS.contains(&plain) {
        return None;
    }
    Some((start, start + word.len()))
}

fn token(rest: &str) -> Option<(usize, usize)> {
    let prefix = TOKEN_PREFIXES.iter().find(|prefix| rest.starts_with(**prefix))?;
    let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '/' | '=');
    let tail = &rest[prefix.len()..];
    let length = tail.find(|c| !is_token(c)).unwrap_or(tail.len());
    (length >= TOKEN_LENGTH).then_some((0, prefix.len() + length))
}

/// `machine h login u password p` (netrc): the word after `password`.
fn netrc(before: &str, rest: &str) -> Option<(usize, usize)> {
    let value = rest.strip_prefix(NETRC)?;
    let trimmed = value.trim_start();
    if trimmed.len() == value.len() || !(before.contains("login ") || before.contains("machine ")) {
        return None;
    }
    let start = rest.len() - trimmed.len();
    let length = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
    (length > 0).then_some((start, start + length))
}

/// `user:password@host` without a scheme, as HTTP_PROXY may be written. `git@host:path@v1` and
/// `127.0.0.1:80/m@v1` are none.
fn bare_userinfo(before: Option<u8>, rest: &str) -> Option<(usize, usize)> {
    if before.is_some_and(|c| !(c.is_ascii_whitespace() || matches!(c, b'"' | b'\'' | b'=' | b'(' | b'`'))) {
        return None;
    }
    let word = &rest[..rest.find(ends_url).unwrap_or(rest.len())];
    let (user, after) = word.split_once(':')?;
    let at = after.rfind('@')?;
    let (password, host) = (&after[..at], &after[at + 1..]);
    let port_and_path = password
        .split_once('/')
        .is_some_and(|(port, _)| !port.is_empty() && port.bytes().all(|c| c.is_ascii_digit()));
    let scp_path = user.contains('@') && password.contains('/');
    if after.starts_with("//") || password.is_empty() || host.is_empty() || port_and_path || scp_path {
        return None;
    }
    Some((user.len() + 1, user.len() + 1 + at))
}

fn starts_with_ignoring_case(s: &str, prefix: &str) -> bool {
    s.get(..prefix.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
