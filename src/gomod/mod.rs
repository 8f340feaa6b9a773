//! Pure readers of the files that decide what go does: go.mod, go.work, GOENV text, module path patterns, the head of a
//! Go file; and the hash of a module.
//!
//! They read as much as a decision needs, as leniently as cmd/go reads before it has parsed anything; syntax errors are
//! go's to report.

pub mod base64;
pub mod buildinfo;
pub mod constraint;
pub mod directives;
pub mod envfile;
pub mod escape;
pub mod h1;
pub mod imports;
pub mod lines;
pub mod pattern;
pub mod quoted;
pub mod semver;
pub mod sums;
pub mod syntax;

pub use constraint::Tags;
pub use directives::{Directives, Replace, Require, directives, is_indirect};
pub use escape::{escape, unescape};
pub use imports::imports;
pub use lines::{Head, head, line_of, local_replacements, workspace_sums, workspace_uses};
pub use sums::Sums;
