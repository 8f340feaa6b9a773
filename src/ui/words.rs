//! Quantities as people read them, and foreign text made harmless.

/// Text from a file as it may go to a terminal: it may come from anywhere, so no control character passes.
pub fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            c if c.is_control() || turns(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// A JSON text as it may go to a terminal: what JSON lets stand in strings and a terminal obeys is written as `\uXXXX`.
pub fn json(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if turns(c) || matches!(c, '\u{7f}'..='\u{9f}') => {
                shown.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => shown.push(c),
        }
    }
    shown
}

/// Whether a character turns the direction of writing and could make a line read as another.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Milliseconds: `0.4 ms`, `12 ms`, `1.25 s`, `2 min 5 s`.
pub fn duration(ms: f64) -> String {
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
pub fn bytes(n: u64) -> String {
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
pub fn count(n: u64, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

/// A share of a whole: `99.5 %`; `-` of nothing.
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_string();
    }
    let percent = 100.0 * part as f64 / whole as f64;
    // What is not all must not read as all.
    let rounded = (percent * 10.0).floor() / 10.0;
    if part == whole {
        "100 %".to_string()
    } else {
        format!("{rounded:.1} %")
    }
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
        for (part, whole, text) in [
            (0, 0, "-"),
            (1, 1, "100 %"),
            (9999, 10_000, "99.9 %"),
            (1, 3, "33.3 %"),
        ] {
            assert_eq!(share(part, whole), text);
        }
    }

    #[test]
    fn control_characters_do_not_pass() {
        let raw = "\u{9b}31m\u{7f}é\u{202e}";
        let text = json(&serde_json::json!([raw]).to_string());
        assert_eq!(text, "[\"\\u009b31m\\u007fé\\u202e\"]");
        assert_eq!(serde_json::from_str::<[String; 1]>(&text).unwrap(), [raw]);
        assert_eq!(plain("a\x1b[31m\tb\u{202e}\r"), "a\u{fffd}[31m b\u{fffd}\u{fffd}");
    }
}
