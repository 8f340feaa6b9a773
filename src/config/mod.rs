//! gosteady's own settings, each with its origin.

pub mod settings;

pub use settings::{Failover, Settings};
