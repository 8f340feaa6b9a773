//! The record of a run. Everything that happens is an [`event::Event`]; the trace file, the notes on stderr and
//! every export read the same events.

pub mod event;
pub mod recorder;

pub use event::Event;
pub use recorder::Recorder;
