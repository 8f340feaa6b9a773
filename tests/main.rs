//! The integration tests: the built program beside the real go, against loopback servers only.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the rules are for the product"
)]

#[macro_use]
mod support;

mod suite {
    mod bad_input;
    mod cache;
    mod causes;
    mod check;
    mod demo;
    mod doctor;
    #[cfg(target_os = "linux")]
    mod doctor_ground;
    mod faults;
    mod goroutines;
    mod hangs;
    mod health;
    mod hook;
    mod hostile;
    mod install_go;
    mod mirrors;
    mod modules;
    mod otlp;
    mod pins;
    mod policy;
    mod prefetch;
    mod privacy;
    mod resuming;
    mod servers;
    mod signals;
    mod storms;
    mod streams;
    mod trace;
    mod trace_secrets;
    mod transparency;
    mod undo;
    mod verify;
    mod versions;
}
