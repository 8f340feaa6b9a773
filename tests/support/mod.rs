//! What the suites stand on: a sandbox with everything private, a fake go, and comparing module caches.

pub mod fakego;
pub mod run;
pub mod sandbox;
pub mod schema;
pub mod tree;

pub use run::Ended;
pub use sandbox::Sandbox;

use std::path::PathBuf;

/// The directory of the real go; `None` (and a line that says which test is skipped) where there is none.
pub fn real_go(test: &str) -> Option<PathBuf> {
    let found = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).find(|dir| dir.is_absolute() && dir.join("go").is_file())
    });
    if found.is_none() {
        eprintln!("skipped: {test}: no go on PATH");
    }
    found
}

/// Whether the suites run with the default settings instead of short ones: slow, and what users get.
pub fn full() -> bool {
    std::env::var_os("GOSTEADY_TEST_FULL").is_some_and(|v| v == "1")
}
