//! The integration tests: the built program beside the real go, against loopback servers only.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the rules are for the product"
)]

mod support;

mod suite {
    mod bad_input;
    mod causes;
    mod check;
    mod demo;
    mod doctor;
    mod doctor_ground;
    mod faults;
    mod goroutines;
    mod hangs;
    mod health;
    mod install_go;
    mod pins;
    mod prefetch;
    mod resuming;
    mod servers;
    mod storms;
    mod trace;
    mod trace_secrets;
    mod transparency;
    mod verify;
    mod versions;
}
