//! What is hidden when a trace leaves the machine.

use super::Failed;
use super::find::Found;
use crate::trace::names::new_salt;
use crate::trace::secrets::Secrets;
use crate::trace::whole::{Hide, Whole};
use crate::world::World;

/// How names are hidden.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct Args {
    /// Hash names with this salt, to compare two exports; as hard to guess as a password
    #[arg(long, value_name = "TEXT")]
    pub salt: Option<String>,
    /// Show names: for your own eyes
    #[arg(long, conflicts_with = "salt")]
    pub reveal: bool,
}

/// Reads a trace and hides what is to be hidden. Returns the secrets that were looked for, for a last search.
pub(super) fn read(found: &Found, args: &Args, world: &World) -> Result<(Whole, Secrets), Failed> {
    let secrets = Secrets::of(world);
    let salt = salt(args)?;
    let hide = Hide {
        secrets: &secrets,
        salt: salt.as_deref(),
    };
    let whole = Whole::read(found.open()?, &hide);
    if whole.records.is_empty() {
        return Err(found.is_no_trace(&whole.remarks));
    }
    Ok((whole, secrets))
}

/// Fails where a secret of this machine's is still in there. `ours` is the same made of an empty trace.
pub(super) fn search(what: &str, text: &str, ours: &str, secrets: &Secrets) -> Result<(), Failed> {
    let sources = secrets.sources_in(text, ours);
    match sources.is_empty() {
        true => Ok(()),
        false => Err(Failed::usage(
            format!(
                "nothing is written: {what} would hold a secret from {}",
                sources.join(", ")
            ),
            "please report this, without the secret",
        )),
    }
}

fn salt(args: &Args) -> Result<Option<Vec<u8>>, Failed> {
    match (&args.salt, args.reveal) {
        (_, true) => Ok(None),
        (Some(salt), false) => Ok(Some(salt.clone().into_bytes())),
        (None, false) => new_salt().map(Some).map_err(|e| Failed::internal(e.to_string())),
    }
}
