//! GOAUTH's list. Source: cmd/go/internal/auth/auth.go, `runGoAuth`; `go help goauth`.

use super::output::split;
use std::path::PathBuf;

/// One way to come by credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// `.netrc`.
    Netrc,
    /// `git credential fill` in that directory.
    Git(PathBuf),
    /// A command: program and arguments.
    Command(Vec<String>),
    /// A command that can't be split into words, and why. go passes over it.
    Unreadable(String),
}

/// The methods in the order in which they are asked: the last one first, so that earlier ones win. Empty for `off`.
/// An error where go would end at its first request.
pub fn parse(goauth: &str) -> Result<Vec<Method>, String> {
    let goauth = if goauth.is_empty() { "netrc" } else { goauth };
    let items: Vec<&str> = goauth.split(';').map(str::trim).collect();
    if items == ["off"] {
        return Ok(Vec::new());
    }
    items.into_iter().rev().map(method).collect()
}

fn method(item: &str) -> Result<Method, String> {
    let mut words = item.split_whitespace();
    match words.next() {
        None => Err("GOAUTH encountered an empty command".into()),
        Some("off") => Err("GOAUTH=off cannot be combined with other authentication commands".into()),
        Some("netrc") => Ok(Method::Netrc),
        Some("git") => match (words.next().map(PathBuf::from), words.next()) {
            (Some(dir), None) if dir.is_absolute() => Ok(Method::Git(dir)),
            _ => Err("GOAUTH=git dir method requires an absolute path to the git working directory".into()),
        },
        Some(_) => match split(item) {
            Ok(words) if words.is_empty() => Err("GOAUTH encountered an empty command".into()),
            Ok(words) => Ok(Method::Command(words)),
            Err(why) => Ok(Method::Unreadable(why)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_items_come_first() {
        let command = |words: &[&str]| Method::Command(words.iter().map(|w| w.to_string()).collect());
        for (goauth, methods) in [
            ("", vec![Method::Netrc]),
            (" off ", vec![]),
            (
                "netrc; git /d ;helper 'a b'",
                vec![
                    command(&["helper", "a b"]),
                    Method::Git("/d".into()),
                    Method::Netrc,
                ],
            ),
        ] {
            assert_eq!(parse(goauth).unwrap(), methods, "{goauth}");
        }
        let unreadable = parse("netrc; helper 'x").unwrap();
        assert!(matches!(
            unreadable.as_slice(),
            [Method::Unreadable(_), Method::Netrc]
        ));
        for goauth in ["netrc;", ";", "off;netrc", "git", "git rel", "git /a /b"] {
            assert!(parse(goauth).is_err(), "{goauth}");
        }
    }
}
