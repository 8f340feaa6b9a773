//! What helpers print. Source: cmd/go/internal/auth/userauth.go and gitauth.go; `go help goauth`.

use super::Headers;
use crate::secret::Secret;

/// Prefixes with their headers, as a GOAUTH command prints them: lines of URLs, an empty line, lines of headers, an
/// empty line, again and again. The error names no value.
pub fn parse_command(mut data: &str) -> Result<Vec<(String, Headers)>, String> {
    let mut found = Vec::new();
    while !data.is_empty() {
        let mut urls = Vec::new();
        loop {
            let (line, rest) = data.split_once('\n').ok_or("missing empty line after URLs")?;
            data = rest;
            if line.is_empty() {
                break;
            }
            if !is_url(line) {
                return Err("could not parse URL".into());
            }
            urls.push(line.to_string());
        }
        let mut headers = Headers::new();
        loop {
            let (line, rest) = data.split_once('\n').ok_or("missing empty line after headers")?;
            data = rest;
            if line.is_empty() {
                break;
            }
            headers.push(header(line).ok_or("invalid header line")?);
        }
        found.extend(urls.into_iter().map(|url| (url, headers.clone())));
    }
    Ok(found)
}

// url.ParseRequestURI: absolute, or a path; no spaces, no control characters.
fn is_url(line: &str) -> bool {
    let clean = !line.bytes().any(|b| b <= b' ' || b == 0x7f);
    clean && (line.starts_with('/') || line.split_once(':').is_some_and(|(scheme, _)| !scheme.is_empty()))
}

fn header(line: &str) -> Option<(String, Secret<String>)> {
    let (name, value) = line.split_once(": ")?;
    let value = value.trim();
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let good = !name.is_empty() && name.bytes().all(token);
    let clean = !value.bytes().any(|b| (b < b' ' && b != b'\t') || b == 0x7f);
    (good && clean).then(|| (name.to_string(), Secret::new(value.to_string())))
}

/// What `git credential fill` found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct GitCredential {
    /// `https://host[/path]` the credential is good for; empty where git named none.
    pub prefix: String,
    /// User name.
    pub username: String,
    /// Password or token.
    pub password: Option<Secret<String>>,
}

/// Reads `key=value` lines; unknown keys are passed over.
pub fn parse_git(data: &str) -> GitCredential {
    let (mut protocol, mut host, mut path) = ("", "", "");
    let mut url = "";
    let mut found = GitCredential::default();
    for (key, value) in data.lines().filter_map(|line| line.trim().split_once('=')) {
        match key {
            "protocol" => protocol = value,
            "host" => host = value,
            "path" => path = value,
            "username" => found.username = value.to_string(),
            "password" => found.password = Some(Secret::new(value.to_string())),
            "url" if is_url(value) => url = value,
            _ => {}
        }
    }
    found.prefix = match (protocol, host, path) {
        _ if !url.is_empty() => url.to_string(),
        ("", _, _) | (_, "", _) => String::new(),
        (protocol, host, "") => format!("{protocol}://{host}"),
        (protocol, host, path) => format!("{protocol}://{host}/{}", path.trim_start_matches('/')),
    };
    found
}

/// Splits a command as go does: at spaces, with '' or "" round whole words and no escapes. Source:
/// cmd/internal/quoted.Split.
pub fn split(command: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = command.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '"' || first == '\'' {
            let (word, after) = rest[1..].split_once(first).ok_or("unterminated quote")?;
            words.push(word.to_string());
            rest = after.trim_start();
        } else {
            let end = rest.find([' ', '\t', '\n', '\r']).unwrap_or(rest.len());
            words.push(rest[..end].to_string());
            rest = rest[end..].trim_start();
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn blocks_of_urls_and_headers() {
        let data =
            "https://a.org\nhttps://b.org/x/\n\nAuthorization: Basic abc\nX-More:  y \n\nhttps://c.org\n\n\n";
        let found = parse_command(data).unwrap();
        let shown: Vec<_> = found
            .iter()
            .map(|(url, h)| {
                (
                    url.as_str(),
                    h.iter()
                        .map(|(n, v)| format!("{n}={}", v.expose()))
                        .collect::<Vec<_>>(),
                )
            })
            .collect();
        let both = vec!["Authorization=Basic abc".to_string(), "X-More=y".to_string()];
        assert_eq!(
            shown,
            [
                ("https://a.org", both.clone()),
                ("https://b.org/x/", both),
                ("https://c.org", vec![])
            ]
        );
        assert_eq!(parse_command("").unwrap(), []);
    }

    #[test]
    fn malformed_output_is_refused() {
        for data in [
            "https://a.org",
            "https://a.org\n",
            "https://a.org\n\nAuthorization: x\n",
            "not a url\n\nA: b\n\n",
            "https://a.org\n\nno colon\n\n",
            "https://a.org\n\nBad Name: x\n\n",
            "https://a.org\n\nName: \u{1}\n\n",
        ] {
            assert!(parse_command(data).is_err(), "{data:?}");
        }
    }

    #[test]
    fn git_credentials() {
        let found =
            parse_git("protocol=https\nhost=example.com\nusername=u\npassword=p=w\ncapability[]=authtype\n");
        assert_eq!(
            (found.prefix.as_str(), found.username.as_str()),
            ("https://example.com", "u")
        );
        assert_eq!(found.password.unwrap().expose(), "p=w");
        let with_path = parse_git("protocol=https\nhost=e.com\npath=a/b\nusername=u\npassword=p\n");
        assert_eq!(with_path.prefix, "https://e.com/a/b");
        assert_eq!(
            parse_git("url=https://e.com/a\nusername=u").prefix,
            "https://e.com/a"
        );
        assert_eq!(
            parse_git("username=u\n"),
            GitCredential {
                username: "u".into(),
                ..Default::default()
            }
        );
    }

    #[test]
    fn commands_split_as_go_splits_them() {
        for (command, words) in [
            ("a b  c", vec!["a", "b", "c"]),
            ("'a b' \"c'd\" e'f g'", vec!["a b", "c'd", "e'f", "g'"]),
            ("  ", vec![]),
            ("'a'b", vec!["a", "b"]),
        ] {
            assert_eq!(split(command).unwrap(), words);
        }
        assert!(split("'a").is_err());
    }

    proptest! {
        #[test]
        fn foreign_output_never_panics(data in any::<String>()) {
            let _ = parse_command(&data);
            parse_git(&data);
            let _ = split(&data);
        }
    }
}
