//! What the suites stand on: a sandbox with everything private, a fake go, and comparing module caches.

/// Says which test is skipped, and why: `skipped!("{test}: no git")`. It goes past the harness, which shows nothing of a
/// test that passes.
macro_rules! skipped {
    ($($what:tt)*) => {{
        let line = format!("skipped: {}\n", format_args!($($what)*));
        let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
    }};
}

pub mod fakego;
pub mod run;
pub mod sandbox;
pub mod schema;
pub mod tree;

pub use run::Ended;
pub use sandbox::Sandbox;

use std::path::{Path, PathBuf};

/// The directory of the real go: the first on PATH that is not a gosteady of somebody who uses one. `None` (and a line
/// that says which test is skipped) where there is none.
pub fn real_go(test: &str) -> Option<PathBuf> {
    let found = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).find(|dir| dir.is_absolute() && is_real(&dir.join("go")))
    });
    if found.is_none() {
        skipped!("{test}: no go on PATH");
    }
    found
}

fn is_real(go: &Path) -> bool {
    let ours = |path: PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        name.is_some_and(|name| name.starts_with("gosteady"))
    };
    go.is_file() && !go.canonicalize().is_ok_and(ours)
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
