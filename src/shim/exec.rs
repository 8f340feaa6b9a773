//! Handing the process over to the real go: same pid, terminal, signals, descriptors.

use crate::outcome::{Code, Outcome};
use crate::toolchain::whose;
use crate::ui;
use std::convert::Infallible;
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Replaces the process. Returns only when that failed. `env` of `None` leaves the environment as it was given to us,
/// byte for byte.
pub fn exec(
    program: &Path,
    argv0: &OsStr,
    args: &[OsString],
    env: Option<&[(OsString, OsString)]>,
) -> Outcome {
    let Err(mut error) = try_exec(program, argv0, args, env);
    if error.raw_os_error() == Some(libc::ENOEXEC)
        && let Some((sh, argv)) = by_sh(program, args)
    {
        Err(error) = try_exec(&sh, &argv[0], &argv[1..], env);
    }
    ui::note(&format!("{} can't be run: {error}", program.display()));
    Outcome::Ours(Code::NotRunnable)
}

/// What starts a script that names no interpreter: sh, as for execvp(3). `None` for all else.
pub fn by_sh(program: &Path, args: &[OsString]) -> Option<(PathBuf, Vec<OsString>)> {
    whose::is_for_sh(program).then(|| {
        let mut argv = vec![OsString::from("sh"), program.into()];
        argv.extend_from_slice(args);
        (PathBuf::from("/bin/sh"), argv)
    })
}

fn try_exec(
    program: &Path,
    argv0: &OsStr,
    args: &[OsString],
    env: Option<&[(OsString, OsString)]>,
) -> io::Result<Infallible> {
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
    never.map_err(io::Error::from)
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
