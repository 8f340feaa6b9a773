//! Long lines, broken between words.

/// The width of the terminal that stdout is, in columns; `None` where it is none.
pub fn width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(usize::from(width.0)).filter(|width| *width >= 20)
}

/// Breaks a line into lines of at most `width` columns, the later ones behind `indent` blanks. A word that is longer
/// stays whole. Every character counts as one column.
pub fn wrap(line: &str, width: usize, indent: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for (n, word) in line.split(' ').enumerate() {
        let length = word.chars().count();
        if n > 0 && column + 1 + length > width && column > indent {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if n > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        for (line, wrapped) in [
            ("one two three", "one two\n  three"),
            ("  one two three", "  one two\n  three"),
            ("one averyverylongword x", "one\n  averyverylongword\n  x"),
            ("ä ä ä ä ä ä", "ä ä ä ä ä\n  ä"),
            ("", ""),
        ] {
            assert_eq!(wrap(line, 9, 2), wrapped, "{line}");
        }
    }
}
