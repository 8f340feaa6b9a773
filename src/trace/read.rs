//! Reading a trace: what is readable is read, whatever happened to the file; the rest is counted, never an error.

use super::event::{Event, Record, SCHEMA};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

/// Bytes of one line; a longer one counts as damaged.
const LINE_MAX: u64 = 4 << 20;

/// A record as it was read.
#[derive(Debug, Clone)]
pub struct Line {
    /// The line as it stands, without its newline: valid JSON.
    pub raw: String,
    /// What it says; `None` for a kind this version does not know, or a known one in a shape it does not know.
    pub record: Option<Record>,
}

/// What was found besides readable records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// Lines that are no JSON object.
    pub damaged: u64,
    /// The last line breaks off.
    pub cut: bool,
    /// Records skipped, by kind.
    pub unknown: BTreeMap<String, u64>,
    /// The schema of the file, where it is newer than ours.
    pub newer_schema: Option<u32>,
    /// Whether the first record was a `run`.
    pub begun: bool,
    /// Whether an `end` was read.
    pub ended: bool,
    /// Why reading stopped before the end of the file.
    pub error: Option<String>,
}

impl Notes {
    /// The notes in words, one clause each; empty for a whole trace of our schema.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(schema) = self.newer_schema {
            words.push(format!(
                "the trace has schema {schema}, this gosteady reads {SCHEMA}: what it does not know is left out"
            ));
        }
        if !self.begun {
            words.push("the beginning is missing".to_string());
        }
        for (kind, n) in &self.unknown {
            words.push(format!(
                "{n} {} of an unknown kind or shape left out: {kind}",
                plural(*n, "record")
            ));
        }
        if self.damaged > 0 {
            words.push(format!(
                "{} damaged {} left out",
                self.damaged,
                plural(self.damaged, "line")
            ));
        }
        if let Some(error) = &self.error {
            words.push(format!("reading stopped: {error}"));
        }
        if self.cut {
            words.push("the last line is cut".to_string());
        }
        if !self.ended {
            words.push("the end is missing: the run was killed, or is still going".to_string());
        }
        words
    }
}

fn plural(n: u64, word: &str) -> String {
    if n == 1 {
        word.to_string()
    } else {
        format!("{word}s")
    }
}

/// Reads a trace record by record, in bounded memory.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    notes: Notes,
    any: bool,
}

impl<R: BufRead> Reader<R> {
    /// A reader of JSON lines.
    pub fn new(input: R) -> Reader<R> {
        Reader {
            input,
            notes: Notes::default(),
            any: false,
        }
    }

    /// What was found so far besides records; complete when the iterator has ended.
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// The next line without its newline, and whether it had one; `None` at the end.
    fn line(&mut self) -> io::Result<Option<(Vec<u8>, bool)>> {
        let mut line = Vec::new();
        (&mut self.input).take(LINE_MAX).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        let whole = line.pop_if(|c| *c == b'\n').is_some();
        if !whole && line.len() as u64 == LINE_MAX {
            self.input.skip_until(b'\n')?;
            return Ok(Some((Vec::from("too long"), true)));
        }
        Ok(Some((line, whole)))
    }

    fn read(&mut self, line: &[u8]) -> Option<Line> {
        let raw = std::str::from_utf8(line).ok()?;
        // Most lines are records of ours, and reading those as such at once is the fastest way.
        let (record, kind, schema) = match serde_json::from_str::<Record>(raw) {
            Ok(record) => {
                let run = match &record.event {
                    Event::Run(run) => Some(run.schema),
                    _ => None,
                };
                (Some(record), run.map(|_| "run".to_string()), run.map(u64::from))
            }
            Err(_) => {
                let value: Value = serde_json::from_str(raw).ok()?;
                let kind = value.get("kind")?.as_str()?.to_string();
                let schema = value.get("schema").and_then(Value::as_u64);
                (Record::deserialize(value).ok(), Some(kind), schema)
            }
        };
        let is_run = kind.as_deref() == Some("run");
        if !self.any {
            self.notes.begun = is_run;
            self.any = true;
        }
        match &record {
            Some(Record {
                event: Event::End { .. },
                ..
            }) => self.notes.ended = true,
            Some(_) => {}
            None => *self.notes.unknown.entry(kind.unwrap_or_default()).or_default() += 1,
        }
        if let Some(newer) = schema.filter(|schema| is_run && *schema > u64::from(SCHEMA)) {
            self.notes.newer_schema = Some(u32::try_from(newer).unwrap_or(u32::MAX));
        }
        Some(Line {
            raw: raw.to_string(),
            record,
        })
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        loop {
            let (line, whole) = match self.line() {
                Ok(line) => line?,
                Err(e) => {
                    // One that fails once may fail for ever.
                    return match self.notes.error.replace(e.to_string()) {
                        None => continue,
                        Some(_) => None,
                    };
                }
            };
            // After a power loss a file may hold a run of zeros.
            let start = line.iter().position(|c| *c != 0).unwrap_or(line.len());
            let text = line[start..].trim_ascii();
            match self.read(text) {
                Some(line) => return Some(line),
                None if text.is_empty() && start == 0 => {}
                None if whole => self.notes.damaged += 1,
                None => self.notes.cut = true,
            }
        }
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
