//! Runs `PROGRAM [ARGUMENT …]` under supervision and ends as it ended: for `tests/supervise.rs`.
#![no_main]

use gosteady::activity::Activity;
use gosteady::supervise::{Bounds, Job, Stderr, Stdout, die_of, run};
use gosteady::trace::Recorder;
use std::time::Duration;

/// The C entry point, so that Rust's runtime does not touch SIGPIPE before us.
#[unsafe(no_mangle)]
pub extern "C" fn main(_argc: i32, _argv: *const *const u8) -> i32 {
    let argv: Vec<_> = std::env::args_os().skip(1).collect();
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
