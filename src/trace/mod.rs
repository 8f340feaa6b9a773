//! The record of a run. Everything that happens is an [`event::Event`]; the trace file, the notes on stderr and
//! every export read the same events.

pub mod blame;
pub mod event;
pub mod file;
pub mod invocations;
pub mod log;
pub mod names;
pub mod otlp;
pub mod read;
pub mod recorder;
pub mod redact;
mod run;
pub mod secrets;
pub mod stats;
pub mod store;
pub mod story;
pub mod summary;
pub mod whole;
mod writer;

pub use event::Event;
pub use file::FileSink;
pub use recorder::{Finished, Recorder};
pub use store::Name;
