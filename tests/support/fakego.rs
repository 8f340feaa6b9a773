//! A go that does nothing but tell how it was called, and end as it is told.
//!
//! It writes its argv and environment, byte for byte as the kernel holds them (`/proc/PID/cmdline` and `environ`,
//! NUL-separated), to `argv` and `env` in `$FAKEGO_OUT`. Then, in this order: `FAKEGO_IGNORE` names signals to ignore,
//! `FAKEGO_FETCH` a path to ask of the first GOPROXY entry (the status line goes to `fetch` in `$FAKEGO_OUT`),
//! `FAKEGO_STDOUT` and `FAKEGO_STDERR` are printed, `FAKEGO_SLEEP` seconds pass, and it dies of `FAKEGO_SIGNAL` or
//! exits with `FAKEGO_EXIT`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const SCRIPT: &str = r#"#!/bin/bash
out=${FAKEGO_OUT:?}
cat "/proc/$$/cmdline" >"$out/argv"
cat "/proc/$$/environ" >"$out/env"
for name in $FAKEGO_IGNORE; do trap '' "$name"; done
if [ -n "$FAKEGO_FETCH" ]; then
    base=${GOPROXY%%[,|]*}; rest=${base#http://}; host=${rest%%/*}; path=${rest#"$host"}
    exec 3<>"/dev/tcp/${host%:*}/${host##*:}"
    printf 'GET %s/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$path" "$FAKEGO_FETCH" "$host" >&3
    IFS= read -r line <&3
    printf '%s\n' "${line%$'\r'}" >"$out/fetch"
    exec 3>&-
fi
[ -z "$FAKEGO_STDOUT" ] || printf '%s\n' "$FAKEGO_STDOUT"
[ -z "$FAKEGO_STDERR" ] || printf '%s\n' "$FAKEGO_STDERR" >&2
[ -z "$FAKEGO_SLEEP" ] || sleep "$FAKEGO_SLEEP"
[ -z "$FAKEGO_SIGNAL" ] || kill -s "$FAKEGO_SIGNAL" $$
exit "${FAKEGO_EXIT:-0}"
"#;

/// Writes the fake as `go` into a directory, which is made. `false` where it could not run: it needs bash and /proc.
pub fn install(dir: &Path, test: &str) -> bool {
    if !Path::new("/bin/bash").exists() || !Path::new("/proc/self/environ").exists() {
        skipped!("{test}: the fake go needs /bin/bash and /proc");
        return false;
    }
    std::fs::create_dir_all(dir).expect("a directory");
    let path = dir.join("go");
    std::fs::write(&path, SCRIPT).expect("the fake go");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    true
}

/// The arguments that the fake was called with, after its own name.
pub fn argv(out: &Path) -> Vec<Vec<u8>> {
    // Before them stand the interpreter and the script.
    split(&out.join("argv")).into_iter().skip(2).collect()
}

/// The environment that the fake was called with, sorted.
pub fn env(out: &Path) -> Vec<Vec<u8>> {
    let mut all = split(&out.join("env"));
    all.sort();
    all
}

fn split(path: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
    let whole = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    whole.split(|b| *b == 0).map(<[u8]>::to_vec).collect()
}
