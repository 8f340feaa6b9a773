//! Misbehaving module servers on the loopback, to show and to prove what happens when a mirror fails.
//!
//! A [`Store`] makes modules out of a seed, a [`Server`] serves them by the GOPROXY protocol (`go help goproxy`) and
//! misbehaves as its [`Fault`] says; faults are small and combine. Nothing here needs a network or a runtime: plain
//! threads, every one of which ends when its server is dropped.

mod digest;
pub mod fault;
mod http;
mod misbehave;
pub mod server;
mod socket;
pub mod store;
pub mod sumlog;
pub mod toolchains;

pub use digest::dirhash;
pub use fault::{Fault, Kind};
pub use server::{Request, Server};
pub use store::Store;
pub use sumlog::SumLog;
pub use toolchains::Toolchains;
