//! Pure readers of the files that decide what go does: go.mod, go.work, GOENV text, module path patterns, the head of a
//! Go file.
//!
//! They read as much as a decision needs, as leniently as cmd/go reads before it has parsed anything; syntax errors are
//! go's to report.

pub mod constraint;
pub mod directives;
pub mod envfile;
pub mod imports;
pub mod lines;
pub mod pattern;
pub mod semver;
pub mod sums;

pub use constraint::Tags;
pub use directives::{Directives, Replace, Require, directives};
pub use imports::imports;
pub use lines::{Head, head, local_replacements, workspace_uses};
pub use sums::Sums;
