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

/// Writes a line to stderr under our name; a closed stream is not an error.
pub fn note(text: &str) {
    let line = format!("gosteady: {text}\n");
    // One write, so that lines of several processes do not mix.
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// Writes to stderr as it is; a closed stream is not an error.
pub fn err(text: impl AsRef<[u8]>) {
    let _ = std::io::stderr().lock().write_all(text.as_ref());
}
