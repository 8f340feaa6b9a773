//! go.mod and go.work as text with places: statements, their tokens, and what is wrong with either.
//!
//! Source of the grammar: golang.org/x/mod/modfile/read.go (readToken, parseStmt, parseLineBlock).

use std::ops::Range;

/// A word, a quoted string or a punctuation mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// As written.
    pub raw: String,
    /// Byte offsets.
    pub span: Range<usize>,
}

/// One line: `require a.io/b v1.2.3`, or a line of a block with the block's verb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// `require`, `replace`, …
    pub verb: String,
    /// What follows it.
    pub args: Vec<Token>,
    /// Text of the comment at the end of the line, without the slashes.
    pub comment: String,
    /// From the first token (the verb, where it stands on this line) to the last.
    pub span: Range<usize>,
}

/// What is wrong, and where.
pub type Fault = (Range<usize>, String);

/// A file's statements in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Syntax {
    /// Statements; those of blocks one by one.
    pub statements: Vec<Statement>,
    /// The first fault of the grammar: go stops there, and so do the statements.
    pub fault: Option<Fault>,
}

/// Verbs that may be followed by a block in parentheses.
const BLOCKS: &[&str] = &[
    "module", "godebug", "require", "exclude", "replace", "retract", "tool", "ignore", "use",
];

/// Reads a file.
pub fn parse(text: &str) -> Syntax {
    let mut syntax = Syntax::default();
    let mut block: Option<(String, Range<usize>)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let (tokens, comment) = match tokens(line, at) {
            Ok(found) => found,
            Err(fault) => {
                syntax.fault = Some(fault);
                return syntax;
            }
        };
        at += line.len();
        if let Err(fault) = syntax.line(&mut block, tokens, comment) {
            syntax.fault = Some(fault);
            return syntax;
        }
    }
    if let Some((verb, span)) = block {
        syntax.fault = Some((span, format!("the block of {verb} has no closing parenthesis")));
    }
    syntax
}

impl Syntax {
    fn line(
        &mut self,
        block: &mut Option<(String, Range<usize>)>,
        mut tokens: Vec<Token>,
        comment: &str,
    ) -> Result<(), Fault> {
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else {
            return Ok(());
        };
        let span = first.span.start..last.span.end;
        if first.raw == ")" && block.is_some() {
            *block = None;
            return match tokens.get(1) {
                None => Ok(()),
                Some(more) => Err((
                    more.span.clone(),
                    "a new line belongs after the closing parenthesis".into(),
                )),
            };
        }
        let comment = comment.trim().to_owned();
        if let Some((verb, _)) = block {
            let verb = verb.clone();
            self.statements.push(Statement {
                verb,
                args: tokens,
                comment,
                span,
            });
            return Ok(());
        }
        let verb = tokens.remove(0).raw;
        let raws: Vec<&str> = tokens.iter().map(|t| t.raw.as_str()).collect();
        let opens = raws.last() == Some(&"(");
        let empty = raws.ends_with(&["(", ")"]);
        if opens || empty {
            let before = raws.len() - if opens { 1 } else { 2 };
            if before > 0 || !BLOCKS.contains(&verb.as_str()) {
                return Err((span, format!("{verb} takes no block")));
            }
            *block = opens.then_some((verb, span));
            return Ok(());
        }
        self.statements.push(Statement {
            verb,
            args: tokens,
            comment,
            span,
        });
        Ok(())
    }
}

/// The tokens of a line that begins at an offset, and its comment.
fn tokens(line: &str, offset: usize) -> Result<(Vec<Token>, &str), Fault> {
    let mut tokens = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r']);
        let start = line.len() - rest.len();
        let place = |n: usize| offset + start..offset + start + n;
        let Some(first) = rest.chars().next().filter(|c| *c != '\n') else {
            return Ok((tokens, ""));
        };
        if let Some(comment) = rest.strip_prefix("//") {
            return Ok((tokens, comment));
        }
        let length = match first {
            '(' | ')' | '[' | ']' | '{' | '}' | ',' => 1,
            '"' | '`' => match quoted(rest, first) {
                Some(length) => length,
                None => {
                    return Err((
                        place(rest.trim_end().len()),
                        "a quoted string does not end".into(),
                    ));
                }
            },
            c if !is_ident(c) => return Err((place(c.len_utf8()), format!("{c:?} can't stand here"))),
            _ => word(rest),
        };
        let raw = &rest[..length];
        if raw.contains("/*") && !matches!(first, '"' | '`') {
            return Err((place(length), "comments begin with //, not with /*".into()));
        }
        tokens.push(Token {
            raw: raw.to_owned(),
            span: place(length),
        });
        rest = &rest[length..];
    }
}

/// The length of the quoted string at the start; `None` where the line ends in it.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\n' => return None,
            c if c == quote => return Some(at + 1),
            '\\' if quote == '"' => {
                chars.next();
            }
            _ => {}
        }
    }
    None
}

fn word(text: &str) -> usize {
    let end = text.find(|c| !is_ident(c)).unwrap_or(text.len());
    // A comment may begin in the middle of a word.
    text[..end].find("//").unwrap_or(end).max(1)
}

fn is_ident(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | ',')
}

/// What a token stands for: a quoted string without its quotes; an error where go would not take it.
pub fn unquote(raw: &str) -> Result<String, &'static str> {
    let Some(inner) = raw.strip_prefix('"') else {
        return match raw.contains(['"', '\'', '`']) {
            true => Err("a word can't hold a quotation mark"),
            false => Ok(raw.to_owned()),
        };
    };
    let inner = inner.strip_suffix('"').ok_or("a quoted string does not end")?;
    // strconv.Unquote knows many escapes; paths and versions need none of them.
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some(c @ ('\\' | '"')) => text.push(c),
                _ => return Err("an escape in a quoted string that gosteady does not know"),
            },
            (c, false) => text.push(c),
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn statements_have_places() {
        let text = "module m // c\n\nrequire (\n\ta.io/b v1.0.0 // indirect\n)\nretract [v1.0.0, v1.1.0]\nreplace a=> \"./x\"\n";
        let syntax = parse(text);
        assert_eq!(syntax.fault, None);
        let shown: Vec<(String, Vec<&str>, &str)> = syntax
            .statements
            .iter()
            .map(|s| {
                let args = s.args.iter().map(|t| &text[t.span.clone()]).collect();
                (s.verb.clone(), args, s.comment.as_str())
            })
            .collect();
        assert_eq!(
            shown,
            [
                ("module".into(), vec!["m"], "c"),
                ("require".into(), vec!["a.io/b", "v1.0.0"], "indirect"),
                ("retract".into(), vec!["[", "v1.0.0", ",", "v1.1.0", "]"], ""),
                ("replace".into(), vec!["a=>", "\"./x\""], ""),
            ]
        );
    }

    #[test]
    fn faults_stand_where_they_are() {
        for (text, place) in [
            ("require (\n a v1\n", "require ("),
            ("module \"m\n", "\"m"),
            ("module m\n)\nx", ""),
            ("require ( a\n", ""),
            ("go 1.22 /* x */\n", "/*"),
            ("go (\n1.22\n)\n", "go ("),
            ("require a (\n)\n", "require a ("),
            ("require (\n) x\n", "x"),
        ] {
            let fault = parse(text).fault;
            assert_eq!(
                fault.map(|(span, _)| &text[span]).unwrap_or_default(),
                place,
                "{text:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_every_place_is_inside(text in "[a-z0-9 ./()\\[\\],=>\"`\\\\\r\n\té/*-]{0,60}") {
            let syntax = parse(&text);
            for statement in &syntax.statements {
                for token in &statement.args {
                    prop_assert_eq!(&text[token.span.clone()], token.raw.as_str());
                    let _ = unquote(&token.raw);
                }
            }
            if let Some((span, _)) = syntax.fault {
                prop_assert!(text.get(span).is_some());
            }
        }
    }
}
