//! What people see: writing to the two streams without ever failing because of them.

pub mod live;
mod screen;
pub mod style;
pub mod table;
pub mod words;
pub mod wrap;

pub use style::{Stream, Style};

use std::io::{Error, ErrorKind, Write};
use std::path::Path;
use std::sync::OnceLock;

static UNWRITTEN: OnceLock<Error> = OnceLock::new();

/// Writes to stdout; a closed stream is not an error. [`unwritten`] knows of any other.
pub fn out(text: &str) {
    out_bytes(text.as_bytes());
}

/// A JSON value on lines of its own, as [`words::json`] lets it go to a terminal.
pub fn json(value: &serde_json::Value) -> String {
    words::json(&format!("{value:#}\n"))
}

/// [`out`] for what need not be text.
pub fn out_bytes(bytes: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    if let Err(error) = stdout.write_all(bytes).and_then(|()| stdout.flush())
        && error.kind() != ErrorKind::BrokenPipe
    {
        let _ = UNWRITTEN.set(error);
    }
}

/// Why what went to stdout is not all there: a full disk. `None` where it is, and where its reader had enough.
pub fn unwritten() -> Option<&'static Error> {
    UNWRITTEN.get()
}

/// Writes to stderr, every line of it under our name; a closed stream is not an error.
pub fn note(text: &str) {
    // One write, so that lines of several processes do not mix.
    err(under_our_name(text));
}

/// Names a file that was left out, and why it can't be read.
pub fn note_unreadable(path: &Path, why: &str) {
    note(&format!(
        "{} can't be read: {why}",
        words::plain(&path.to_string_lossy())
    ));
}

/// The text with our name before each of its lines, so that whoever filters our lines out finds them all.
fn under_our_name(text: &str) -> String {
    // What is named in it may come from anywhere.
    let lines = text.lines().map(words::plain);
    lines.map(|line| format!("gosteady: {line}\n")).collect()
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
            ("o\x1b[31m\u{9b}ne", "gosteady: o\u{fffd}[31m\u{fffd}ne\n"),
        ] {
            assert_eq!(under_our_name(text), noted);
        }
    }
}
