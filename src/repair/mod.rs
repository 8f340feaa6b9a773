//! Seeing what is there, and putting right what is broken; nothing is thrown away on a guess.

pub mod cache;
pub mod modules;
mod replace;
pub mod undo;

pub use replace::replace;
