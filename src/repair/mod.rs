//! Putting right what is broken.

mod replace;
pub mod undo;

pub use replace::replace;
