//! Pure readers of the files that decide what go does: go.mod, go.work, GOENV text, module path patterns.
//!
//! They read as much as a decision needs, as leniently as cmd/go reads before it has parsed anything; syntax errors are
//! go's to report.

pub mod directives;
pub mod envfile;
pub mod lines;
pub mod pattern;
pub mod semver;
pub mod sums;
pub mod syntax;

pub use directives::{Directives, Require, directives};
pub use lines::{Head, head, local_replacements, workspace_uses};
pub use sums::Sums;
