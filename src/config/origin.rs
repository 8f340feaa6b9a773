//! Where a value came from.

use std::fmt;
use std::path::PathBuf;

/// A value together with the layer that gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Who set it.
    pub origin: Origin,
}

/// The layer that set a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Origin {
    /// Nobody: the built-in default.
    #[default]
    Default,
    /// This environment variable.
    Env(&'static str),
    /// This place of a file.
    File {
        /// The file, absolute where the working directory is known.
        path: PathBuf,
        /// 1-based.
        line: usize,
        /// 1-based, in characters.
        column: usize,
    },
    /// The command line of a gosteady command.
    CommandLine,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::Env(name) => f.write_str(name),
            Origin::File { path, line, column } => {
                write!(f, "{}:{line}:{column}", super::printable_path(path))
            }
            Origin::CommandLine => f.write_str("command line"),
        }
    }
}

impl serde::Serialize for Origin {
    /// `{"from": "default" | "env" | "file" | "command-line", …}` with `name`, or `path`, `line` and `column`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        match self {
            Origin::Default => map.serialize_entry("from", "default")?,
            Origin::Env(name) => {
                map.serialize_entry("from", "env")?;
                map.serialize_entry("name", name)?;
            }
            Origin::File { path, line, column } => {
                map.serialize_entry("from", "file")?;
                map.serialize_entry("path", &path.to_string_lossy())?;
                map.serialize_entry("line", line)?;
                map.serialize_entry("column", column)?;
            }
            Origin::CommandLine => map.serialize_entry("from", "command-line")?,
        }
        map.end()
    }
}

/// The 1-based line and column (in characters) of a byte offset; an offset past the end is the end.
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        for (text, offset, place) in [
            ("", 0, (1, 1)),
            ("ab", 1, (1, 2)),
            ("a\nb", 2, (2, 1)),
            ("é = 1", 3, (1, 3)),
            ("é = 1", 1, (1, 1)),
            ("a\r\nbc", 4, (2, 2)),
            ("a", 99, (1, 2)),
        ] {
            assert_eq!(line_column(text, offset), place, "{text:?} at {offset}");
        }
    }
}
