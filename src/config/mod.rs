//! gosteady's own settings, each with its origin.

pub mod goenv;
pub mod settings;

pub use settings::{Failover, Settings};
