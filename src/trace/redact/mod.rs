//! What a trace may say: an allow-list for arguments and variables, and hiding by shape for free text.
//!
//! All of it is pure. What is hidden shows as [`HIDDEN`]; where only a count is told, as `…3 more` or `…2 words`.

mod argv;
mod env;
mod event;
mod flags;
mod text;

pub use argv::{INSTALL, argv, flag_words};
pub use env::{env, value};
pub use event::event;
pub use text::{is_secret_name, text};

/// What stands in place of something hidden.
pub const HIDDEN: &str = "…";
