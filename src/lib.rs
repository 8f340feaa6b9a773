//! gosteady, a drop-in `go`.
//!
//! Folders are roles and imports point down only; `tests/layers.rs` fails on one that does not:
//!
//! ```text
//! 4   main
//! 3   shim (flow)   |   cli -> doctor, drill, repair    the two flows never import each other
//!     check                                             offline; both flows ask it, it knows toolchain alone
//! 2   supervise   proxy   toolchain                     engines; none imports another
//! 1   trace (Recorder, Event)   ui   journal            all may emit; only cli reads back
//! 0   gomod goroutines sumdb config world face outcome error activity bounded cause fetch hex percent secret
//! ```
#![warn(missing_docs)]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod activity;
pub mod bounded;
pub mod cause;
pub mod check;
pub mod cli;
pub mod config;
pub mod doctor;
pub mod drill;
pub mod error;
pub mod face;
pub mod fetch;
pub mod gomod;
pub mod goroutines;
pub mod hex;
pub mod journal;
pub mod outcome;
pub mod percent;
pub mod proxy;
pub mod repair;
pub mod secret;
pub mod shim;
pub mod sumdb;
pub mod supervise;
pub mod toolchain;
pub mod trace;
pub mod ui;
pub mod world;
