//! What became of go, for the case that our own code fails: go is never run twice for that, nor not at all.

use crate::outcome::{Code, Outcome};
use crate::supervise::End;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How far the user's command has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Go {
    /// It has not run; a download phase before it may have.
    Due,
    /// It runs, or the download phase does.
    Running,
    /// It has run, and this came of it.
    Ended(Outcome),
}

/// The course of one command.
pub struct Course(Mutex<Go>);

/// That of this process.
pub static COURSE: Course = Course::new();

impl Course {
    const fn new() -> Course {
        Course(Mutex::new(Go::Due))
    }

    /// Notes that a child is about to be started.
    pub fn starts(&self) {
        *self.lock() = Go::Running;
    }

    /// Notes that the child has ended, or, with `None`, that it could not be started. `phase`: it was not the command
    /// itself.
    pub fn ends(&self, phase: bool, end: Option<&End>) {
        *self.lock() = match end {
            Some(end) if !phase => Go::Ended(outcome(end)),
            _ => Go::Due,
        };
    }

    /// What is left to do where our own code has failed. `hand_over` runs the command without us, `wait` waits for what
    /// runs.
    pub fn rescue(&self, hand_over: impl FnOnce() -> Outcome, wait: impl FnOnce() -> Outcome) -> Outcome {
        let go = *self.lock();
        match go {
            Go::Due => hand_over(),
            Go::Running => wait(),
            Go::Ended(outcome) => outcome,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Go> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an end comes to.
pub fn outcome(end: &End) -> Outcome {
    match (&end.ended_by_us, end.status, end.signal) {
        (Some(_), _, _) => Outcome::Ours(Code::Hung),
        (None, Some(status), _) => Outcome::Exited(status),
        (None, None, Some(signal)) => Outcome::Signaled(signal),
        (None, None, None) => Outcome::Ours(Code::Internal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_runs_once_whatever_fails_of_ours() {
        let course = Course::new();
        let left = || course.rescue(|| Outcome::Exited(100), || Outcome::Exited(101));
        let end = |status| End {
            status: Some(status),
            ..End::default()
        };
        assert_eq!(left(), Outcome::Exited(100), "before anything");
        course.starts();
        assert_eq!(left(), Outcome::Exited(101), "in the download phase");
        course.ends(true, Some(&end(1)));
        assert_eq!(left(), Outcome::Exited(100), "after the download phase");
        course.starts();
        course.ends(false, None);
        assert_eq!(left(), Outcome::Exited(100), "when it could not be started");
        course.starts();
        course.ends(false, Some(&end(3)));
        assert_eq!(left(), Outcome::Exited(3), "after go");
        course.starts();
        assert_eq!(left(), Outcome::Exited(101), "when it runs again after a silence");
    }
}
