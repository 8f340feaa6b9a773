//! Colour, tables and quantities as people read them.

use crate::world::World;
use std::io::IsTerminal;

/// Whether and how text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    colour: bool,
}

impl Style {
    /// Without colour.
    #[cfg(test)]
    pub const PLAIN: Style = Style { colour: false };

    /// Colour on a terminal that can show it, unless NO_COLOR is set (no-color.org).
    pub fn of(world: &World) -> Style {
        let wanted = world.set_var("NO_COLOR").is_none() && world.text("TERM") != Some("dumb");
        Style {
            colour: wanted && std::io::stdout().is_terminal(),
        }
    }

    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }
}

/// Text from a trace as it may go to a terminal: a trace may come from anywhere, so no control character passes.
pub(super) fn plain(text: &str) -> String {
    // U+202A… and U+2066… turn the direction of writing and could make a line read as another.
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            c if c.is_control() || turns(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Milliseconds: `0.4 ms`, `12 ms`, `1.25 s`, `2 min 5 s`.
pub(super) fn duration(ms: f64) -> String {
    match ms {
        ms if !ms.is_finite() || ms < 0.0 => "?".to_string(),
        ms if ms < 9.95 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms if ms < 59_995.0 => format!("{:.2} s", ms / 1e3),
        ms => {
            let s = (ms / 1e3).round() as u64;
            format!("{} min {} s", s / 60, s % 60)
        }
    }
}

/// Bytes: `512 B`, `1.5 KiB`, `12.0 MiB`.
pub(super) fn bytes(n: u64) -> String {
    let mut value = n as f64;
    let mut units = ["KiB", "MiB", "GiB", "TiB"].iter();
    let mut unit = None;
    while value >= 1023.95
        && let Some(next) = units.next()
    {
        value /= 1024.0;
        unit = Some(next);
    }
    match unit {
        None => format!("{n} B"),
        Some(unit) => format!("{value:.1} {unit}"),
    }
}

/// `1 request`, `2 requests`.
pub(super) fn count(n: u64, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

/// Lines of aligned columns, the head first. `right` tells which columns are numbers.
pub(super) fn table(rows: &[Vec<String>], right: &[bool]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |row: &Vec<String>, i: usize| row.get(i).map_or(0, |c| c.chars().count());
    let widths: Vec<usize> = (0..columns)
        .map(|i| rows.iter().map(|row| cell(row, i)).max().unwrap_or(0))
        .collect();
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(i, (cell, width))| {
                if right.get(i) == Some(&true) {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:<width$}")
                }
            })
            .collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities() {
        for (ms, text) in [
            (0.44, "0.4 ms"),
            (9.96, "10 ms"),
            (999.6, "1.00 s"),
            (59_999.0, "1 min 0 s"),
            (125_000.0, "2 min 5 s"),
        ] {
            assert_eq!(duration(ms), text);
        }
        assert_eq!((duration(f64::NAN).as_str(), duration(-1.0).as_str()), ("?", "?"));
        for (n, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.5 KiB"),
            (1 << 20, "1.0 MiB"),
            (1 << 52, "4096.0 TiB"),
        ] {
            assert_eq!(bytes(n), text);
        }
    }

    #[test]
    fn columns_are_aligned() {
        let row = |a: &str, b: &str| vec![a.to_string(), b.to_string()];
        assert_eq!(
            table(&[row("NAME", "N"), row("ä", "10")], &[false, true]),
            "NAME   N\nä     10\n"
        );
        assert_eq!(table(&[], &[]), "");
    }

    #[test]
    fn control_characters_do_not_pass() {
        assert_eq!(plain("a\x1b[31m\tb\u{202e}\r"), "a\u{fffd}[31m b\u{fffd}\u{fffd}");
    }
}
