//! What a Go file imports.

/// The paths that a Go file imports, in order; as far as its head can be read, an error in it is go's to report.
/// Source of the grammar: go.dev/ref/spec, "Import declarations"; cmd/go/internal/imports/read.go.
pub fn imports(text: &[u8]) -> Vec<String> {
    let mut reader = Reader { text, at: 0 };
    let mut paths = Vec::new();
    if reader.token() != Token::Word(b"package") {
        return paths;
    }
    reader.token();
    loop {
        match reader.token() {
            Token::Other(b';') => {}
            Token::Word(b"import") => match reader.token() {
                Token::Other(b'(') => loop {
                    match reader.token() {
                        Token::Text(path) => paths.push(path),
                        Token::Word(_) | Token::Other(b'.' | b';') => {}
                        Token::Other(b')') => break,
                        _ => return paths,
                    }
                },
                Token::Text(path) => paths.push(path),
                Token::Word(_) | Token::Other(b'.') => match reader.token() {
                    Token::Text(path) => paths.push(path),
                    _ => return paths,
                },
                _ => return paths,
            },
            _ => return paths,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a [u8]),
    Text(String),
    Other(u8),
    End,
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    // The next token; comments and blanks are passed over.
    fn token(&mut self) -> Token<'a> {
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(&first) = rest.first() else {
                return Token::End;
            };
            let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80;
            let skip = match first {
                // A byte order mark may stand before everything.
                0xEF if self.at == 0 && rest.starts_with(b"\xEF\xBB\xBF") => 3,
                b if b.is_ascii_whitespace() => 1,
                b'/' if rest.starts_with(b"//") => end(rest, b"\n"),
                b'/' if rest.starts_with(b"/*") => 2 + end(&rest[2..], b"*/"),
                b'"' | b'`' => {
                    let inside = &rest[1..];
                    let Some(len) = inside.iter().position(|b| *b == first) else {
                        self.at = self.text.len();
                        return Token::End;
                    };
                    self.at += len + 2;
                    return Token::Text(String::from_utf8_lossy(&inside[..len]).into_owned());
                }
                ref b if word(b) => {
                    let len = rest.iter().position(|b| !word(b)).unwrap_or(rest.len());
                    self.at += len;
                    return Token::Word(&rest[..len]);
                }
                other => {
                    self.at += 1;
                    return Token::Other(other);
                }
            };
            self.at += skip;
        }
    }
}

fn end(text: &[u8], mark: &[u8]) -> usize {
    let at = text.windows(mark.len()).position(|w| w == mark);
    at.map_or(text.len(), |at| at + mark.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_form_of_import() {
        let text = b"\xEF\xBB\xBF// c\n/* package no */ package p // d\n\nimport \"a.io/a\"; import b \"b.io/b\"\nimport (\n\t. \"c.io/c\"\n\
            \t_ `d.io/d`\n\n// e \"no\"\n\t/* \"no\" */ e \"e.io/e\"; \"f.io/f\")\nimport ()\nvar x = \"no\"\nimport \"no\"\n";
        let want = ["a.io/a", "b.io/b", "c.io/c", "d.io/d", "e.io/e", "f.io/f"];
        assert_eq!(imports(text), want);
        for (text, want) in [
            (&b""[..], &[][..]),
            (b"package p", &[]),
            (b"package p\nfunc f() {}\nimport \"a\"", &[]),
            (b"package p; import \"a\"; import (\"b\" 7", &["a", "b"]),
            (b"package p\nimport \"a", &[]),
            (b"import \"a\"", &[]),
        ] {
            assert_eq!(imports(text), want, "{}", String::from_utf8_lossy(text));
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in proptest::collection::vec(any::<u8>(), 0..200), tail in "[a-z/*\"`(); \n.]{0,200}") {
            imports(&text);
            imports(format!("package p\n{tail}").as_bytes());
        }
    }
}
