//! A whole trace in memory, ready to leave the machine: for exports, which need to look back and forth.

use super::event::Record;
use super::names::{Hidden, Names};
use super::read::Reader;
use super::redact;
use super::secrets::{Secrets, in_order, texts};
use serde::Deserialize;
use serde_json::Value;
use std::io::BufRead;

/// Bytes of lines that are taken: more than a run writes ([`super::file`]).
const BYTES_MAX: usize = 80 << 20;

/// A trace.
#[derive(Debug, Default)]
pub struct Whole {
    /// The records as they stand, of unknown kinds too, each one JSON object on one line.
    pub lines: Vec<String>,
    /// Those that this version understands.
    pub records: Vec<Record>,
    /// Those that are shown as they are: evidence of a hang, how the toolchain was chosen, and unknown kinds.
    pub shown: Vec<Value>,
    /// The id of the cause, where the trace names one: that of a `cause` record, else of evidence.
    pub cause: Option<String>,
    cause_rank: u8,
    /// What could not be read or taken, in words.
    pub remarks: Vec<String>,
    /// What stands for hidden names; empty where names are shown.
    pub hidden: Hidden,
}

/// What is hidden.
#[derive(Debug)]
pub struct Hide<'a> {
    /// Known secrets: hidden wherever they stand, on top of those that show by their shape.
    pub secrets: &'a Secrets,
    /// The salt for names; `None` shows them.
    pub salt: Option<&'a [u8]>,
}

impl Whole {
    /// Reads a trace; memory is bounded, what is beyond it is left out and said.
    pub fn read(input: impl BufRead, hide: &Hide) -> Whole {
        let mut reader = Reader::new(input);
        let mut names = hide.salt.map(Names::new);
        let (mut lines, mut bytes, mut whole) = (Vec::new(), 0, true);
        for line in reader.by_ref() {
            bytes += line.raw.len();
            whole = bytes <= BYTES_MAX;
            if !whole {
                break;
            }
            if let (Some(names), Some(record)) = (&mut names, &line.record) {
                names.learn(record);
            }
            lines.push(line.raw);
        }
        let mut notes = reader.notes().clone();
        // They are taken as they are.
        notes.unknown.clear();
        let mut trace = Whole {
            remarks: match whole {
                true => notes.words(),
                false => vec![format!("only the first {} MiB are taken", BYTES_MAX >> 20)],
            },
            ..Whole::default()
        };
        for line in lines {
            trace.take(&line, hide.secrets, names.as_ref());
        }
        trace.hidden = names.map(|names| names.hidden()).unwrap_or_default();
        trace
    }

    fn take(&mut self, line: &str, secrets: &Secrets, names: Option<&Names>) {
        let Ok(mut value) = serde_json::from_str::<Value>(line) else {
            return;
        };
        // An older gosteady knew fewer secrets when it wrote.
        texts(&mut value, &mut |text| secrets.hide(&redact::text(text)));
        if let Some(names) = names {
            names.hide(&mut value);
        }
        self.blame(&value);
        self.lines.push(in_order(&value));
        let record = Record::deserialize(&value);
        if record.is_err() || matches!(value["kind"].as_str(), Some("evidence" | "toolchain")) {
            self.shown.push(value);
        }
        self.records.extend(record);
    }

    fn blame(&mut self, value: &Value) {
        let Some(cause) = value["cause"].as_str().filter(|c| !c.is_empty()) else {
            return;
        };
        let rank = match value["kind"].as_str() {
            Some("cause") => 2,
            Some("evidence") => 1,
            _ => return,
        };
        if rank >= self.cause_rank {
            self.cause_rank = rank;
            self.cause = Some(cause.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    const TRACE: &str = concat!(
        r#"{"t":0,"kind":"run","schema":1,"gosteady":"0.1.0","id":"0a","env":{"HOME":"/home/jane"},"dir":"/home/jane/p"}"#,
        "\n",
        r#"{"t":1,"kind":"stderr","line":"https://u:pw@git.corp.example said planted-word"}"#,
        "\n",
        r#"{"t":2,"kind":"evidence","cause":"proxy-silent","deep":["planted-word","/home/jane"]}"#,
        "\n",
        r#"{"t":3,"kind":"answer","request":1,"status":502,"cause":"dns-no-answer"}"#,
        "\nrubbish\n",
    );

    #[test]
    fn secrets_and_names_are_hidden_in_known_and_unknown_records() {
        let world = World {
            env: vec![("MY_TOKEN".into(), "planted-word".into())],
            ..World::default()
        };
        let secrets = Secrets::of(&world);
        let whole = Whole::read(
            TRACE.as_bytes(),
            &Hide {
                secrets: &secrets,
                salt: Some(b"s"),
            },
        );
        let text = whole.lines.join("\n") + &format!("{:?}{:?}", whole.records, whole.shown);
        for word in ["planted", "jane", "corp", "pw@"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
        assert_eq!((whole.shown.len(), whole.lines.len()), (2, 4));
        assert_eq!(whole.cause.as_deref(), Some("proxy-silent"));
        assert!(
            !whole.hidden.is_empty() && whole.remarks.len() == 2,
            "{:?}",
            whole.remarks
        );
        let shown = Whole::read(
            TRACE.as_bytes(),
            &Hide {
                secrets: &secrets,
                salt: None,
            },
        );
        assert!(shown.lines[0].contains("/home/jane/p") && !shown.lines.join("").contains("planted"));
    }
}
