//! The live line on a terminal, the heartbeat elsewhere: what a download has done and what it waits for.

use super::screen::Screen;
use crate::activity::{Flight, Snapshot};
use crate::config::settings::Progress;
use crate::world::World;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// A download that is done within this time is not worth a line.
const AFTER: Duration = Duration::from_secs(1);
/// The time between two heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One line that is redrawn, on a terminal.
    Line,
    /// A line now and then.
    Heartbeat,
    /// Nothing.
    Silent,
}

impl Mode {
    /// How progress is shown on stderr: a terminal gets the live line, anything else the heartbeat; `never` neither.
    pub fn on_stderr(world: &World, wanted: Progress) -> Mode {
        let plain = world.text("TERM").is_none_or(|term| term == "dumb") || world.set_var("CI").is_some();
        match wanted {
            Progress::Never => Mode::Silent,
            _ if !std::io::stderr().is_terminal() => Mode::Heartbeat,
            Progress::Auto if plain => Mode::Heartbeat,
            Progress::Auto | Progress::Always => Mode::Line,
        }
    }
}

/// What shows progress. Times are those of the work: they stand still while it is stopped.
#[derive(Debug)]
pub struct Live {
    mode: Mode,
    bar: Option<ProgressBar>,
    beat: Duration,
    // For the rate: bytes at a time a little ago.
    mark: (Duration, u64),
    rate: f64,
}

impl Live {
    /// Shows nothing yet.
    pub fn new(mode: Mode) -> Live {
        Live {
            mode,
            bar: None,
            beat: HEARTBEAT,
            mark: (Duration::ZERO, 0),
            rate: 0.0,
        }
    }

    /// How soon it wants to be told again; `None` where nothing is to be shown.
    pub fn interval(&self) -> Option<Duration> {
        (self.mode == Mode::Line).then_some(Duration::from_millis(200))
    }

    /// Tells how things stand at a time of work. Returns a heartbeat line when one is due.
    pub fn tick(&mut self, snapshot: &Snapshot, now: Duration) -> Option<String> {
        if snapshot.flights.is_empty() || now < AFTER {
            self.clear();
            return None;
        }
        match self.mode {
            Mode::Silent => None,
            Mode::Heartbeat => {
                let due = now >= self.beat;
                if due {
                    self.beat = now + HEARTBEAT;
                }
                due.then(|| message(snapshot, None, Instant::now()))
            }
            Mode::Line => {
                self.measure(snapshot.bytes, now);
                let text = message(snapshot, Some(self.rate), Instant::now());
                let bar = self.bar.get_or_insert_with(line);
                bar.set_message(text);
                bar.tick();
                None
            }
        }
    }

    /// Shows on the line, where there is one, what this machine is busy with; until [`Live::clear`].
    pub fn busy(&mut self, with: &str) {
        if self.mode == Mode::Line {
            let bar = self.bar.get_or_insert_with(line);
            bar.set_message(with.to_owned());
            bar.tick();
        }
    }

    /// Takes the line off the screen; the next tick shows it again.
    pub fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn measure(&mut self, bytes: u64, now: Duration) {
        let (then, before) = self.mark;
        let time = now.saturating_sub(then).as_secs_f64();
        if time >= 0.5 {
            let rate = bytes.saturating_sub(before) as f64 / time;
            // Half of what it was, half of what is new: it follows within a second and does not flicker.
            self.rate = if self.rate == 0.0 {
                rate
            } else {
                (self.rate + rate) / 2.0
            };
            self.mark = (now, bytes);
        }
    }
}

fn line() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, Screen::on_stderr());
    // The template is a constant that indicatif accepts; its own default would show the same text.
    if let Ok(style) = ProgressStyle::with_template("gosteady: {wide_msg}") {
        bar.set_style(style);
    }
    bar
}

fn message(snapshot: &Snapshot, rate: Option<f64>, now: Instant) -> String {
    let mut text = format!(
        "{} of {} files, {}",
        snapshot.done,
        snapshot.requests,
        HumanBytes(snapshot.bytes)
    );
    if let Some(rate) = rate.filter(|r| *r >= 1.0) {
        text.push_str(&format!(", {}/s", HumanBytes(rate as u64)));
    }
    if let Some(slowest) = snapshot.flights.iter().min_by_key(|f| f.since) {
        text.push_str(&format!("; {}", describe(slowest, now)));
    }
    text
}

fn describe(flight: &Flight, now: Instant) -> String {
    let age = now.saturating_duration_since(flight.since).as_secs();
    format!(
        "{age}s for {} from {}: {}",
        flight.resource,
        flight.upstream,
        flight.stands()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::{Activity, Phase};
    use std::sync::Arc;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_heartbeat_comes_every_half_minute_while_something_is_waited_for() {
        let activity = Arc::new(Activity::default());
        let mut live = Live::new(Mode::Heartbeat);
        assert_eq!(live.tick(&activity.snapshot(), at(40)), None);
        activity.request();
        let flight = activity.begin("m@v1.0.0 zip", "https://a");
        flight.phase(Phase::Body);
        flight.pulse().bytes(2048);
        assert_eq!(live.tick(&activity.snapshot(), at(29)), None);
        let text = live.tick(&activity.snapshot(), at(41)).unwrap();
        assert_eq!(
            text,
            "0 of 1 files, 2.00 KiB; 0s for m@v1.0.0 zip from https://a: receiving"
        );
        assert_eq!(live.tick(&activity.snapshot(), at(70)), None);
        assert!(live.tick(&activity.snapshot(), at(72)).is_some());
        assert_eq!(Live::new(Mode::Silent).tick(&activity.snapshot(), at(99)), None);
    }

    #[test]
    fn the_rate_follows_what_comes() {
        let mut live = Live::new(Mode::Line);
        live.measure(1000, at(1));
        assert_eq!(live.rate, 1000.0);
        live.measure(1000, at(2));
        assert_eq!(live.rate, 500.0);
    }
}
