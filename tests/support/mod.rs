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

/// Other Gos that the tests may use, as (version, GOROOT), the newest first: where `tests/get-go.sh` puts them.
pub fn goroots() -> Vec<(String, PathBuf)> {
    let cache = match std::env::var_os("XDG_CACHE_HOME").filter(|dir| !dir.is_empty()) {
        Some(dir) => Some(PathBuf::from(dir)),
        None => std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")),
    };
    let entries = cache.and_then(|dir| std::fs::read_dir(dir.join("gosteady/go")).ok());
    let mut found: Vec<(String, PathBuf)> = entries
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.strip_prefix("go")?.to_string();
            let root = entry.path();
            (root.join("bin/go").is_file() && root.join("VERSION").is_file()).then_some((version, root))
        })
        .collect();
    found.sort_by_key(|(version, _)| gosteady::toolchain::version::Version::parse(version));
    found.reverse();
    found
}

/// Whether the suites run with the default settings instead of short ones: slow, and what users get.
pub fn full() -> bool {
    std::env::var_os("GOSTEADY_TEST_FULL").is_some_and(|v| v == "1")
}
