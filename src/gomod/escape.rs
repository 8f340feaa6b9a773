//! go's case escaping, for file systems that do not tell upper from lower case.

/// go's case escaping: `A` becomes `!a` (x/mod/module: escapeString).
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_uppercase() {
            out.push('!');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// Undoes go's case escaping: `!a` is `A` (x/mod/module: unescapeString).
pub fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '!' => out.extend(chars.next().map(|c| c.to_ascii_uppercase())),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for (plain, escaped) in [
            ("a.io/b", "a.io/b"),
            ("github.com/Azure/X", "github.com/!azure/!x"),
            ("", ""),
        ] {
            assert_eq!(
                (escape(plain).as_str(), unescape(escaped).as_str()),
                (escaped, plain)
            );
        }
    }
}
