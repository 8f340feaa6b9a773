//! Which of several pins counts, and what came of each. Pure.

use super::Pin;
use crate::trace::event::Rule;

/// The verdict on the pin that counts.
pub const IN_EFFECT: &str = "in effect";

/// The outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The pin that counts.
    pub pin: Option<Pin>,
    /// A pin in the same directory that asks for something else.
    pub conflict: Option<Pin>,
    /// Pins that would have counted and can't be followed.
    pub unusable: Vec<Pin>,
    /// Every pin with what came of it, in the order in which they were asked.
    pub rules: Vec<Rule>,
}

/// Chooses the first pin that can be followed. One that can't be followed is named and passed over, but only within its
/// directory: what stands further up was meant to be overridden by it.
///
/// `pins` come in the order of their rank: variables, then the project's files, the nearest directory first, then the
/// user's and the machine's configuration. Without `project_pins` the project's files do not count.
pub fn choose(pins: Vec<Pin>, project_pins: bool) -> Choice {
    let mut choice = Choice::default();
    for pin in pins {
        let verdict = choice.verdict(&pin, project_pins);
        choice.rules.push(Rule {
            rule: pin.rule.to_string(),
            place: pin.place.to_string(),
            says: pin.text.clone(),
            verdict,
        });
        match (&choice.pin, &pin.want) {
            _ if pin.project && !project_pins => {}
            (None, Ok(_)) if !choice.is_behind_a_bar(&pin) => choice.pin = Some(pin),
            (None, Err(_)) if !choice.is_behind_a_bar(&pin) => choice.unusable.push(pin),
            (Some(winner), _) if choice.conflict.is_none() && disagree(winner, &pin) => {
                choice.conflict = Some(pin);
            }
            _ => {}
        }
    }
    choice
}

impl Choice {
    fn verdict(&self, pin: &Pin, project_pins: bool) -> String {
        if pin.project && !project_pins {
            return "ignored: the command names a version of its own".into();
        }
        match (&self.pin, &pin.want) {
            (Some(winner), _) if disagree(winner, pin) => {
                format!("disagrees with {}, which counts more", winner.place)
            }
            (Some(winner), _) => format!("overridden by {}", winner.place),
            (None, _) if self.is_behind_a_bar(pin) => {
                let bar = self.unusable.last().map(|p| p.place.to_string());
                format!(
                    "not asked: {} stands before it and can't be followed",
                    bar.unwrap_or_default()
                )
            }
            (None, Ok(_)) => IN_EFFECT.into(),
            (None, Err(why)) => format!("not in effect: it {why}"),
        }
    }

    // Whether a pin that can't be followed, of another directory, stands before this one.
    fn is_behind_a_bar(&self, pin: &Pin) -> bool {
        self.unusable
            .iter()
            .any(|bar| bar.project && bar.place.dir() != pin.place.dir())
    }
}

fn disagree(winner: &Pin, other: &Pin) -> bool {
    let same_place = winner.project && other.project && winner.place.dir() == other.place.dir();
    let differ = matches!((&winner.want, &other.want), (Ok(a), Ok(b)) if !a.agrees_with(b));
    same_place && differ
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Origin;
    use std::path::Path;

    fn file(path: &str, text: &str) -> Pin {
        Pin::in_file(".go-version", Path::new(path), 1, text)
    }

    fn env(text: &str) -> Pin {
        Pin::configured(text, &Origin::Env("GOSTEADY_GO_VERSION"))
    }

    /// The place of the pin that counts, and the verdicts.
    fn table(pins: Vec<Pin>) -> (String, Vec<String>) {
        let choice = choose(pins, true);
        let place = choice
            .pin
            .map_or("none".into(), |p| format!("{} {}", p.place, p.text));
        (place, choice.rules.into_iter().map(|r| r.verdict).collect())
    }

    #[test]
    fn the_first_that_can_be_followed() {
        let (place, verdicts) = table(vec![env("1.20.1"), file("/p/.go-version", "1.21.0")]);
        assert_eq!(place, "GOSTEADY_GO_VERSION 1.20.1");
        assert_eq!(verdicts, ["in effect", "overridden by GOSTEADY_GO_VERSION"]);

        let (place, verdicts) = table(vec![
            file("/p/q/.go-version", "1.22"),
            file("/p/q/mise.toml", "1.22.3"),
            file("/p/.go-version", "1.20"),
        ]);
        assert_eq!(place, "/p/q/.go-version:1 1.22");
        assert_eq!(verdicts[1..], vec!["overridden by /p/q/.go-version:1"; 2]);
        assert_eq!(table(Vec::new()).0, "none");
    }

    #[test]
    fn a_pin_that_cant_be_followed_bars_what_is_further_up() {
        let pins = vec![
            file("/p/q/.go-version", "ref:x"),
            file("/p/q/mise.toml", "1.22.3"),
            file("/p/.go-version", "1.20.1"),
        ];
        assert_eq!(table(pins).0, "/p/q/mise.toml:1 1.22.3");
        let pins = vec![
            file("/p/q/.go-version", "latest"),
            file("/p/.go-version", "1.20.1"),
        ];
        let (place, verdicts) = table(pins.clone());
        assert_eq!(place, "none");
        assert_eq!(
            verdicts,
            [
                "not in effect: it changes its meaning by itself; name a version",
                "not asked: /p/q/.go-version:1 stands before it and can't be followed"
            ]
        );
        assert_eq!(choose(pins, true).unusable.len(), 1);
    }

    #[test]
    fn conflicts_within_a_directory_only() {
        let near = || {
            vec![
                file("/p/.go-version", "1.22.1"),
                file("/p/.tool-versions", "1.22.2"),
            ]
        };
        let choice = choose(near(), true);
        assert_eq!(choice.conflict.unwrap().place.to_string(), "/p/.tool-versions:1");
        let pins = vec![file("/p/.go-version", "1.22.1"), file("/.go-version", "1.22.2")];
        assert_eq!(choose(pins, true).conflict, None);
        let mut pins = vec![env("1.22.3")];
        pins.extend(near());
        assert_eq!(choose(pins, true).conflict, None);
        let pins = vec![file("/p/.go-version", "1.22.1"), file("/p/mise.toml", "1.22")];
        assert_eq!(choose(pins, true).conflict, None);
    }

    #[test]
    fn commands_that_name_a_version_ignore_the_project() {
        let choice = choose(
            vec![
                file("/p/.go-version", "1.22.1"),
                Pin::gotoolchain("go1.21.1").unwrap(),
            ],
            false,
        );
        assert_eq!(choice.pin.unwrap().text, "go1.21.1");
        assert!(choice.rules[0].verdict.starts_with("ignored"));
        let choice = choose(
            vec![
                file("/p/.go-version", "latest"),
                file("/p/.tool-versions", "1.21.1"),
            ],
            false,
        );
        assert_eq!((choice.pin, choice.unusable), (None, Vec::new()));
    }
}
