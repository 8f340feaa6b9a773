//! The lines of a dump.

use super::Frame;
use crate::gomod::unescape;

/// `goroutine 7 gp=0x1 m=nil [chan receive, 3 minutes, locked to thread]:` as (number, state, minutes).
pub fn heading(line: &str) -> Option<(u64, String, u64)> {
    let rest = line.strip_prefix("goroutine ")?;
    let number = rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    let (_, inside) = rest.split_once('[')?;
    let inside = inside.trim_end().strip_suffix("]:").or_else(|| {
        // Since Go 1.27 labels may stand behind: `[select]{"key": "value"}:`.
        inside.rfind("]{").map(|at| &inside[..at])
    })?;
    let mut parts = inside.split(", ");
    let state = parts.next()?.to_string();
    let minutes = parts.find_map(|p| p.strip_suffix(" minutes")?.parse().ok());
    Some((number, state, minutes.unwrap_or(0)))
}

/// `created by net/http.(*Server).Serve in goroutine 1` as the function.
pub fn created_by(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("created by ")?;
    Some(rest.split(" in goroutine ").next().unwrap_or(rest).trim())
}

/// `main.(*worker).wait(0xc000, {0x1, 0x2})` as the function. Only the list of arguments goes: a receiver stands in
/// parentheses too.
pub fn function(line: &str) -> Option<&str> {
    let line = line.trim_end();
    let ends_a_call = line.ends_with(')') && !line.starts_with(char::is_whitespace);
    let name = ends_a_call.then(|| opening(line).map(|at| &line[..at]))??;
    (!name.is_empty() && name.contains('.')).then_some(name)
}

/// What `go run` and `go test` say below the output of a program that ended badly.
pub fn is_epilogue(line: &str) -> bool {
    ["exit status ", "signal: ", "FAIL\t"]
        .iter()
        .any(|word| line.starts_with(word))
}

// Where the parenthesis opens that the last character closes.
fn opening(line: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, byte) in line.bytes().enumerate().rev() {
        match byte {
            b')' => depth += 1,
            b'(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// `\t/path/file.go:12 +0x1d fp=…` as the shortened `file.go:12`.
pub fn place(line: &str) -> Option<String> {
    let rest = line.strip_prefix('\t')?;
    // A path may hold spaces; the offset behind it starts with a plus.
    let path = rest.split(" +0x").next().unwrap_or(rest).trim();
    let (file, number) = path.rsplit_once(':')?;
    let number: u64 = number.parse().ok()?;
    Some(format!("{}:{number}", shorten(file)))
}

// A module in the cache is named by path and version, a file of the standard library by its package.
fn shorten(file: &str) -> String {
    if let Some((_, module)) = file.rsplit_once("/pkg/mod/") {
        return unescape(module);
    }
    let in_std = |(_, rest): &(&str, &str)| rest.split('/').next().is_some_and(|p| STD.contains(&p));
    if let Some((_, rest)) = file.split_once("/src/").filter(in_std) {
        return rest.to_string();
    }
    file.to_string()
}

/// First elements of import paths of the standard library.
#[rustfmt::skip]
const STD: &[&str] = &[
    "bufio", "bytes", "cmd", "compress", "context", "crypto", "database", "encoding", "errors", "flag", "fmt", "go",
    "hash", "html", "image", "internal", "io", "log", "math", "mime", "net", "os", "path", "plugin", "reflect",
    "regexp", "runtime", "sort", "strconv", "strings", "sync", "syscall", "testing", "text", "time", "unicode",
    "vendor",
];

/// Whether a function only carries out the waiting.
pub fn is_machinery(function: &str) -> bool {
    const PREFIXES: [&str; 8] = [
        "runtime.",
        "internal/runtime/",
        "internal/poll.",
        "internal/sync.",
        "sync.runtime_",
        "syscall.",
        "time.Sleep",
        "internal/syscall/",
    ];
    PREFIXES.iter().any(|p| function.starts_with(p))
}

/// A frame without its place.
pub fn frame(function: &str) -> Frame {
    Frame {
        function: function.to_string(),
        ..Frame::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_all_versions() {
        let table = [
            ("goroutine 1 [running]:", Some((1, "running", 0))),
            ("goroutine 18 [IO wait, 3 minutes]:", Some((18, "IO wait", 3))),
            (
                "goroutine 7 gp=0xc000 m=nil [chan receive, 12 minutes, locked to thread]:",
                Some((7, "chan receive", 12)),
            ),
            ("goroutine 0 gp=0x1 m=0 mp=0x2 [idle]:", Some((0, "idle", 0))),
            (
                "goroutine 9 [select (no cases), synctest bubble 2]:",
                Some((9, "select (no cases)", 0)),
            ),
            (
                "goroutine 9 [select, 2 minutes]{\"a\": \"b\"}:",
                Some((9, "select", 2)),
            ),
            (
                "goroutine 5 [force gc (idle)]:\r",
                Some((5, "force gc (idle)", 0)),
            ),
            ("goroutine profile: total 7", None),
            ("goroutine x [running]:", None),
            ("goroutine 1", None),
        ];
        for (line, want) in table {
            let want = want.map(|(n, s, m)| (n, s.to_string(), m));
            assert_eq!(heading(line), want, "{line}");
        }
    }

    #[test]
    fn functions_without_their_arguments() {
        let table = [
            ("main.main()", Some("main.main")),
            ("main.(*worker).wait(0xc0, 0x1)", Some("main.(*worker).wait")),
            ("sync.(*Mutex).Lock(...)", Some("sync.(*Mutex).Lock")),
            ("main.f({0x1, 0x2}, {0x0, 0x0})", Some("main.f")),
            ("main.Map[...].func1(0x1)", Some("main.Map[...].func1")),
            ("runtime.goexit({})", Some("runtime.goexit")),
            ("\t/a/b.go:1 +0x1", None),
            ("rax    0xca", None),
            ("panic: x (y)", None),
            ("", None),
            (")", None),
        ];
        for (line, want) in table {
            assert_eq!(function(line), want, "{line}");
        }
    }

    #[test]
    fn places_are_the_same_on_every_machine() {
        let table = [
            (
                "\t/usr/local/go/src/net/fd_unix.go:172 +0x29 fp=0xc sp=0xd pc=0xe",
                Some("net/fd_unix.go:172"),
            ),
            ("\t/home/me/src/main.go:12 +0x1d", Some("/home/me/src/main.go:12")),
            (
                "\t/home/me/go/pkg/mod/github.com/!burnt!sushi/toml@v1.0.0/lex.go:9",
                Some("github.com/BurntSushi/toml@v1.0.0/lex.go:9"),
            ),
            (
                "\tC:/Program Files/x y.go:3 +0x1",
                Some("C:/Program Files/x y.go:3"),
            ),
            ("\t_testmain.go:1", Some("_testmain.go:1")),
            ("\tno place", None),
            ("/a.go:1", None),
        ];
        for (line, want) in table {
            assert_eq!(place(line).as_deref(), want, "{line}");
        }
    }

    #[test]
    fn makers() {
        let table = [
            ("created by main.main in goroutine 1", Some("main.main")),
            (
                "created by net/http.(*Server).Serve",
                Some("net/http.(*Server).Serve"),
            ),
            ("main.main()", None),
        ];
        for (line, want) in table {
            assert_eq!(created_by(line), want);
        }
    }
}
