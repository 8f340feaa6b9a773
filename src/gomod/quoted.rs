//! Lists of words in which blanks separate and quotes group, as in GOFLAGS. Source: cmd/internal/quoted (Split).

/// The words of such a list: blanks separate, a word that begins with a quote goes on to the next one of its kind. Where
/// there is none, which go refuses, the quote is a letter.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let closed = matches!(first, '"' | '\'')
            .then(|| rest[1..].find(first))
            .flatten();
        let (word, after) = match closed {
            Some(end) => (&rest[1..=end], &rest[end + 2..]),
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        words.push(word.to_string());
        rest = after.trim_start();
    }
    words
}

/// A word that is a flag, as its name and what follows `=`: `-name`, `--name`, `-name=value`; `None` for anything else.
/// Source: cmd/go/internal/cmdflag/flag.go (ParseOne).
pub fn flag(word: &str) -> Option<(&str, Option<&str>)> {
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    if name.is_empty() || name.starts_with(['-', '=']) {
        return None;
    }
    Some(match name.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (name, None),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_group() {
        assert_eq!(
            words(" -x '-ldflags=-s -w' \"-tags=a b\" "),
            ["-x", "-ldflags=-s -w", "-tags=a b"]
        );
        assert_eq!(words("'-open -x"), ["'-open", "-x"]);
        assert_eq!(words(" \t"), Vec::<String>::new());
    }

    #[test]
    fn flags() {
        for (word, expected) in [
            ("-mod=mod", Some(("mod", Some("mod")))),
            ("--mod", Some(("mod", None))),
            ("-ldflags=-X=a", Some(("ldflags", Some("-X=a")))),
            ("---mod", None),
            ("-=x", None),
            ("--", None),
            ("mod=mod", None),
        ] {
            assert_eq!(flag(word), expected, "{word}");
        }
    }
}
