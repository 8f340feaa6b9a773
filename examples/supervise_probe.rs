//! Runs `PROGRAM [ARGUMENT …]` under supervision and ends as it ended: for `tests/supervise.rs`.
#![no_main]

use gosteady::activity::Activity;
use gosteady::supervise::{Bounds, Job, Stderr, Stdout, die_of, run};
use gosteady::trace::Recorder;
use gosteady::world::arguments;
use std::ffi::{c_char, c_int};
use std::time::Duration;

/// The C entry point, so that Rust's runtime does not touch SIGPIPE before us.
///
/// # Safety
/// For the system alone to call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn main(count: c_int, argv: *const *const c_char) -> c_int {
    // SAFETY: what the system hands to main.
    let argv = unsafe { arguments(count, argv) }.split_off(1);
    let Some(program) = argv.first() else {
        return 2;
    };
    let job = Job {
        progress: gosteady::ui::live::Mode::Silent,
        program: program.into(),
        argv: argv.clone(),
        env: std::env::vars_os().collect(),
        stdin_null: false,
        stdout: Stdout::Inherit,
        stderr: Stderr::Rewrite,
        script: false,
        rewrites: Vec::new(),
        bounds: Bounds {
            report_after: Duration::from_secs(20),
            kill_after: Duration::from_secs(60),
            patience: Duration::from_secs(600),
            deadline: None,
        },
        dumps: false,
        helpers: Vec::new(),
        dirs: Vec::new(),
    };
    match run(&job, &Activity::default(), &Recorder::off()) {
        Ok(end) => {
            if let Some(signal) = end.signal {
                die_of(signal);
            }
            end.status.unwrap_or(70)
        }
        Err(_) => 126,
    }
}
