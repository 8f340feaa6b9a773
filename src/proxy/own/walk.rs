//! The list as a client walks it, and what a failed walk comes to. Pure.

use crate::fetch::Missed;
use std::io::{self, Write};

/// The elements in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    /// Up to the first `direct` or `off`.
    pub steps: Vec<Step>,
}

/// An element with what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Who is asked.
    pub element: Element,
    /// When the next is asked.
    pub after: After,
}

/// Who is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    /// This base, without a trailing slash: `http://127.0.0.1:…` or `file://…`.
    Base(String),
    /// The origin.
    Direct,
    /// Nobody.
    Off,
}

/// When go asks the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// `,`: when this one has it not.
    Absence,
    /// `|`: after any error.
    Anything,
}

impl After {
    /// Whether the next may be asked.
    pub fn goes_on(self, missed: &Missed) -> bool {
        match missed {
            Missed::Absent(_) => true,
            Missed::Unavailable { .. } => self == After::Anything,
            Missed::Local(_) => false,
        }
    }
}

impl Walk {
    /// Reads a list in which every http(s) element is a loopback base. The error is a clause.
    pub fn parse(list: &str) -> Result<Walk, String> {
        let mut steps = Vec::new();
        for item in list.split_inclusive([',', '|']) {
            let after = match item.ends_with('|') {
                true => After::Anything,
                false => After::Absence,
            };
            let element = match item.trim_end_matches([',', '|']).trim() {
                "" => continue,
                "off" => Element::Off,
                "direct" => Element::Direct,
                base if base.starts_with("http://127.0.0.1:") || base.starts_with("file:") => {
                    let bare = base.split(['?', '#']).next().unwrap_or(base);
                    Element::Base(bare.trim_end_matches('/').to_owned())
                }
                _ => {
                    return Err(
                        "GOPROXY has an element that go would refuse; `go env GOPROXY` shows it".into(),
                    );
                }
            };
            let last = !matches!(element, Element::Base(_));
            steps.push(Step { element, after });
            if last {
                break;
            }
        }
        match steps.is_empty() {
            true => Err("GOPROXY has no elements".into()),
            false => Ok(Walk { steps }),
        }
    }
}

/// What an answer that is no 200 means. `said` is the body of an error, which may be our own proxy's words.
pub fn missed(status: u16, name: &str, said: &str) -> Missed {
    let lines: Vec<&str> = said
        .lines()
        .map(|line| line.strip_prefix("gosteady: ").unwrap_or(line).trim())
        .filter(|line| !line.is_empty())
        .collect();
    let words = crate::config::printable(&lines.join("; "), 400);
    match status {
        404 | 410 => Missed::Absent(format!("{name} has no such file")),
        307 => Missed::Unavailable {
            why: format!("{name} can't be talked to: its certificate is not accepted"),
            passing: false,
        },
        401 | 403 | 407 | 451 => Missed::Unavailable {
            why: format!(
                "{name} refused with status {status}{}",
                if words.is_empty() {
                    String::new()
                } else {
                    format!(": {words}")
                }
            ),
            passing: false,
        },
        // Our proxy's own words name who was asked.
        _ if !words.is_empty() => Missed::Unavailable {
            why: words,
            passing: true,
        },
        _ => Missed::Unavailable {
            why: format!("{name} answered with status {status}"),
            passing: true,
        },
    }
}

/// What several had to say.
#[derive(Debug, Default)]
pub struct Said {
    absent: Vec<String>,
    failed: Vec<String>,
    lasting: bool,
    local: Option<io::Error>,
}

impl Said {
    /// Adds one.
    pub fn add(&mut self, missed: Missed) {
        match missed {
            Missed::Absent(why) => self.absent.push(why),
            Missed::Unavailable { why, passing } => {
                self.failed.push(why);
                self.lasting |= !passing;
            }
            Missed::Local(error) => self.local = Some(error),
        }
    }

    /// All together: not there only if nobody failed.
    pub fn sum(self) -> Missed {
        match (self.local, self.failed.is_empty()) {
            (Some(error), _) => Missed::Local(error),
            (None, true) => Missed::Absent(self.absent.join("; ")),
            (None, false) => Missed::Unavailable {
                why: self.failed.join("; "),
                passing: !self.lasting,
            },
        }
    }
}

/// A writer that knows whether anything was written.
pub struct Counted<'a> {
    into: &'a mut dyn Write,
    bytes: u64,
}

impl<'a> Counted<'a> {
    /// Around a writer.
    pub fn new(into: &'a mut dyn Write) -> Counted<'a> {
        Counted { into, bytes: 0 }
    }

    /// Whether anything was written.
    pub fn any(&self) -> bool {
        self.bytes > 0
    }
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.into.write(bytes)?;
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.into.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let base = |text: &str| Element::Base(text.into());
        for (list, want) in [
            (
                " http://127.0.0.1:1/t/0/?q=1 | file:///m ,direct,off",
                vec![
                    (base("http://127.0.0.1:1/t/0"), After::Anything),
                    (base("file:///m"), After::Absence),
                    (Element::Direct, After::Absence),
                ],
            ),
            (
                ",off|http://127.0.0.1:1/t/0",
                vec![(Element::Off, After::Anything)],
            ),
        ] {
            let steps = Walk::parse(list).unwrap().steps;
            let got: Vec<_> = steps.into_iter().map(|s| (s.element, s.after)).collect();
            assert_eq!(got, want, "{list}");
        }
        for list in ["", " ,|", "https://user:pw@host", "bare"] {
            let error = Walk::parse(list).unwrap_err();
            assert!(!error.contains("pw"), "{error}");
        }
    }

    #[test]
    fn failed_walks() {
        let absent = || missed(404, "https://a", "not found");
        let down = || missed(504, "https://a", "gosteady: https://a did not answer in 8s\n");
        let denied = || missed(403, "https://a", "");
        for (parts, text, passing) in [
            (
                vec![absent(), absent()],
                "https://a has no such file; https://a has no such file",
                None,
            ),
            (
                vec![down(), absent()],
                "https://a did not answer in 8s",
                Some(true),
            ),
            (
                vec![down(), denied()],
                "https://a did not answer in 8s; https://a refused with status 403",
                Some(false),
            ),
        ] {
            let mut said = Said::default();
            parts.into_iter().for_each(|p| said.add(p));
            let got = match said.sum() {
                Missed::Absent(why) => (why, None),
                Missed::Unavailable { why, passing } => (why, Some(passing)),
                Missed::Local(error) => panic!("{error}"),
            };
            assert_eq!(got, (text.to_owned(), passing));
        }
        assert!(After::Anything.goes_on(&down()) && !After::Absence.goes_on(&down()));
        assert!(After::Absence.goes_on(&absent()));
    }
}
