//! Credentials in addresses and command lines of others, taken out before anything is shown.

/// A text with the userinfo and the query of every URL in it replaced by `…` (RFC 3986, 3.2.1 and 3.4).
pub fn hide_userinfo(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | '|'))
            .unwrap_or(after.len());
        let (url, tail) = after.split_at(end);
        let authority = url.find(['/', '?', '#']).unwrap_or(url.len());
        let host = match url[..authority].rfind('@') {
            Some(user) => {
                out.push('…');
                user
            }
            None => 0,
        };
        match url.find('?') {
            Some(query) if query + 1 < url.len() => {
                out.push_str(&url[host..=query]);
                out.push('…');
            }
            _ => out.push_str(&url[host..]),
        }
        rest = tail;
    }
    out + rest
}

/// At most the first three words of a command line that are no options, credentials hidden: `git ls-remote URL`.
/// The values of git's `-c` and ssh's `-o` may hold a password and are left out with their options.
pub fn short_command(argv: &[String]) -> String {
    let mut words = Vec::new();
    let mut args = argv.iter();
    if let Some(program) = args.next() {
        words.push(program.rsplit('/').next().unwrap_or(program).to_string());
    }
    while let Some(arg) = args.next().filter(|_| words.len() < 3) {
        match arg.as_str() {
            "-c" | "-o" | "-i" | "-p" | "-C" => _ = args.next(),
            option if option.starts_with('-') => {}
            word => words.push(hide_userinfo(word)),
        }
    }
    let line = words.join(" ");
    line.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn userinfo_and_query_disappear() {
        let table = [
            ("nothing here", "nothing here"),
            ("https://h/p@v1", "https://h/p@v1"),
            ("a https://u:p@h:1/x?k=v b", "a https://…@h:1/x?… b"),
            ("\"ssh://git@h/x\", https://a:b@c", "\"ssh://…@h/x\", https://…@c"),
            ("https://u:p@w@h", "https://…@h"),
            ("://", "://"),
        ];
        for (text, want) in table {
            assert_eq!(hide_userinfo(text), want);
        }
    }

    #[test]
    fn commands_are_shortened_without_their_secrets() {
        let table: [(&[&str], &str); 5] = [
            (
                &["/usr/bin/git", "ls-remote", "-q", "https://u:p@h/x"],
                "git ls-remote https://…@h/x",
            ),
            (
                &[
                    "git",
                    "-c",
                    "http.extraHeader=Authorization: x",
                    "fetch",
                    "-f",
                    "origin",
                ],
                "git fetch origin",
            ),
            (
                &["ssh", "-o", "SendEnv=X", "git@h", "git-upload-pack 'a'", "b"],
                "ssh git@h git-upload-pack 'a'",
            ),
            (&["hg", "pull\n"], "hg pull "),
            (&[], ""),
        ];
        for (argv, want) in table {
            let argv: Vec<String> = argv.iter().map(|s| s.to_string()).collect();
            assert_eq!(short_command(&argv), want);
        }
    }
}
