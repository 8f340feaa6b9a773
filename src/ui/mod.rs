//! What people see: writing to the two streams without ever failing because of them.

pub mod live;
pub mod style;
pub mod table;
pub mod words;
pub mod wrap;

pub use style::{Stream, Style};

use std::io::Write;

/// Writes to stdout; a closed stream is not an error.
pub fn out(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// Writes to stderr, every line of it under our name; a closed stream is not an error.
pub fn note(text: &str) {
    // One write, so that lines of several processes do not mix.
    err(under_our_name(text));
}

/// The text with our name before each of its lines, so that whoever filters our lines out finds them all.
fn under_our_name(text: &str) -> String {
    text.lines().map(|line| format!("gosteady: {line}\n")).collect()
}

/// Writes to stderr as it is; a closed stream is not an error.
pub fn err(text: impl AsRef<[u8]>) {
    let _ = std::io::stderr().lock().write_all(text.as_ref());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_under_our_name() {
        for (text, noted) in [
            ("one", "gosteady: one\n"),
            ("one\n  two", "gosteady: one\ngosteady:   two\n"),
            ("one\r\ntwo\n", "gosteady: one\ngosteady: two\n"),
        ] {
            assert_eq!(under_our_name(text), noted);
        }
    }
}
