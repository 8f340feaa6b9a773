//! The program's own debugging: `tracing` events become `log` records of the trace.

use super::{Event, Recorder, redact};
use std::fmt::{self, Write};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// A layer that hands events up to a level to a [`Recorder`].
#[derive(Debug, Clone)]
pub struct LogLayer {
    recorder: Recorder,
    level: Level,
}

impl LogLayer {
    /// A layer for events of `level` and graver ones.
    pub fn new(recorder: Recorder, level: Level) -> LogLayer {
        LogLayer { recorder, level }
    }
}

/// Makes the layer the process's subscriber. Does nothing where there is one already.
pub fn install(recorder: &Recorder, level: Level) {
    let subscriber = tracing_subscriber::registry().with(LogLayer::new(recorder.clone(), level));
    // Only a second call can fail; the first one's recorder goes on.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(self.level))
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        self.recorder.emit(Event::Log {
            level: event.metadata().level().as_str().to_ascii_lowercase(),
            target: event.metadata().target().to_string(),
            message: redact::text(&line.finish()).into_owned(),
        });
    }
}

/// The message, then its fields: `gave up host=h tries=3`.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Line {
    fn finish(self) -> String {
        let line = self.message + &self.fields;
        line.trim_start().to_string()
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String can't fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_become_log_records_without_secrets() {
        let recorder = Recorder::memory();
        let layer = LogLayer::new(recorder.clone(), Level::INFO);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::warn!(target: "proxy", host = "h", tries = 3, "gave up on {}", "https://u:hunter2@h");
            tracing::info!(target: "proxy", token = "hunter2");
            tracing::debug!(target: "proxy", "not this one");
        });
        let logs: Vec<_> = recorder.records().into_iter().map(|r| r.event).collect();
        let log = |level: &str, message: &str| Event::Log {
            level: level.into(),
            target: "proxy".into(),
            message: message.into(),
        };
        assert_eq!(
            logs,
            [
                log("warn", "gave up on https://…@h host=h tries=3"),
                log("info", "token=…")
            ]
        );
    }
}
