//! The levels in effect: those of a profile, what the files of settings say, what the command line says.

use crate::config::Checks;
use crate::config::rules::{self, LEVELS, Profile, RULES};
use crate::config::suggest;
use crate::error::Level;

/// The levels in effect, and what else the settings say about rules.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    /// The profile.
    pub profile: Profile,
    checks: Checks,
    said: Vec<(&'static str, Option<Level>)>,
}

impl Levels {
    /// Those of a profile and the settings.
    pub fn new(profile: Profile, checks: &Checks) -> Levels {
        Levels {
            profile,
            checks: checks.clone(),
            said: Vec::new(),
        }
    }

    /// Says otherwise: `RULE=error|warn|note|off`. An error names what is unknown.
    pub fn say(&mut self, pair: &str) -> Result<(), String> {
        let (id, level) = pair
            .split_once('=')
            .ok_or(format!("{pair:?} is not RULE=LEVEL"))?;
        let Some(rule) = rules::find(id) else {
            let known: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
            return Err(match suggest::nearest(id, &known) {
                Some(meant) => format!("there is no rule {id:?}, did you mean {meant:?}?"),
                None => format!("there is no rule {id:?}"),
            });
        };
        let Some((_, level)) = LEVELS.iter().find(|(word, _)| *word == level) else {
            return Err(format!("{level:?} is none of error, warn, note and off"));
        };
        self.said.push((rule.id, *level));
        Ok(())
    }

    /// The level of a rule; `None` where it is off.
    pub fn of(&self, id: &str) -> Option<Level> {
        let said = self.said.iter().rev().find(|(known, _)| *known == id);
        match said {
            Some((_, level)) => *level,
            None => self.checks.level(self.profile, id),
        }
    }

    /// How many indirect requirements are fine.
    pub fn max_indirect(&self) -> usize {
        usize::try_from(self.checks.max_indirect()).unwrap_or(usize::MAX)
    }

    /// Whether replacing by this directory or module is fine.
    pub fn may_replace_by(&self, target: &str) -> bool {
        self.checks.may_replace_by(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Level::Error;

    #[test]
    fn what_is_said_counts_over_the_profile() {
        let mut levels = Levels::new(Profile::Prod, &Checks::default());
        assert_eq!(levels.of("pseudo-version"), Some(Error));
        levels.say("pseudo-version=off").unwrap();
        levels.say("replace-fork=error").unwrap();
        assert_eq!(
            (levels.of("pseudo-version"), levels.of("replace-fork")),
            (None, Some(Error))
        );
        for bad in ["pseudo", "psuedo-version=off", "pseudo-version=maybe"] {
            assert!(levels.say(bad).is_err(), "{bad}");
        }
        assert!(
            levels
                .say("psuedo-version=off")
                .unwrap_err()
                .contains("\"pseudo-version\"?")
        );
        assert_eq!(
            Levels::new(Profile::Dev, &Checks::default()).of("replace-local"),
            None
        );
    }
}
