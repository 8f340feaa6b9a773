//! Seeing what is there, and putting right what is broken.

pub mod modules;
mod replace;
pub mod undo;

pub use replace::replace;
