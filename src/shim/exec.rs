//! Handing the process over to the real go: same pid, terminal, signals, descriptors.

use crate::outcome::{Code, Outcome};
use crate::ui;
use std::convert::Infallible;
use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Replaces the process. Returns only when that failed. `env` of `None` leaves the environment as it was given to us,
/// byte for byte.
pub fn exec(
    program: &Path,
    argv0: &OsStr,
    args: &[OsString],
    env: Option<&[(OsString, OsString)]>,
) -> Outcome {
    let error = match try_exec(program, argv0, args, env) {
        Ok(never) => match never {},
        Err(error) => error,
    };
    ui::note(&format!("{} can't be run: {error}", program.display()));
    Outcome::Ours(Code::NotRunnable)
}

fn try_exec(
    program: &Path,
    argv0: &OsStr,
    args: &[OsString],
    env: Option<&[(OsString, OsString)]>,
) -> Result<Infallible, std::io::Error> {
    let c = |text: &OsStr| CString::new(text.as_bytes());
    let path = c(program.as_os_str())?;
    let mut argv = vec![c(argv0)?];
    for arg in args {
        argv.push(c(arg)?);
    }
    let never = match env {
        None => nix::unistd::execv(&path, &argv),
        Some(env) => {
            let mut block = Vec::with_capacity(env.len());
            for (name, value) in env {
                let mut pair = name.clone();
                pair.push("=");
                pair.push(value);
                block.push(c(&pair)?);
            }
            nix::unistd::execve(&path, &argv, &block)
        }
    };
    never.map_err(std::io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there() {
        let outcome = exec(Path::new("/nonexistent/go"), OsStr::new("go"), &[], None);
        assert_eq!(outcome, Outcome::Ours(Code::NotRunnable));
        let outcome = exec(
            Path::new("/nonexistent/go"),
            OsStr::new("go"),
            &["a\0b".into()],
            Some(&[]),
        );
        assert_eq!(outcome, Outcome::Ours(Code::NotRunnable));
    }
}
