//! The exec / guard table: which commands may download, and which of those run user code.
//!
//! Measured against go on a cold module cache; `docs/behaviour.md` says what the measurements were.

use super::argv::Command;

/// What a command may do on the network, if nothing else is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Makes no request: the real go is exec'd.
    Zero,
    /// May download and runs no user code: guarded.
    Guard,
    /// May download and runs user code: a guarded download phase, then exec.
    Phase,
}

/// One row.
#[derive(Debug)]
pub struct Row {
    /// The command words.
    pub verb: &'static str,
    /// Its class, unless `but` says otherwise.
    pub class: Class,
    /// Forms of the command that belong to another class.
    pub but: Option<fn(&Command) -> Option<Class>>,
    /// What it downloads, or why it does not.
    pub why: &'static str,
}

const fn row(verb: &'static str, class: Class, why: &'static str) -> Row {
    Row {
        verb,
        class,
        but: None,
        why,
    }
}

const fn but(verb: &'static str, class: Class, but: fn(&Command) -> Option<Class>, why: &'static str) -> Row {
    Row {
        verb,
        class,
        but: Some(but),
        why,
    }
}

/// Every command that is not in [`Class::Zero`] by being absent: bare `go`, `help`, unknown commands.
pub const TABLE: &[Row] = &[
    row(
        "build",
        Class::Guard,
        "loads packages; -n does not stop downloads",
    ),
    row(
        "install",
        Class::Guard,
        "loads packages; p@v asks for every path prefix",
    ),
    but(
        "list",
        Class::Guard,
        list,
        "loads packages; -m reads the module graph",
    ),
    row("fmt", Class::Guard, "loads packages before it formats"),
    but(
        "clean",
        Class::Guard,
        clean,
        "loads packages, unless only a cache is cleaned",
    ),
    but("vet", Class::Guard, vet, "loads packages"),
    but("fix", Class::Guard, fix, "loads packages"),
    row("get", Class::Guard, "queries versions, downloads"),
    row("doc", Class::Guard, "runs `go list -m all`"),
    row("mod download", Class::Guard, "downloads"),
    row("mod graph", Class::Guard, "reads the module graph"),
    row("mod tidy", Class::Guard, "downloads"),
    row("mod vendor", Class::Guard, "downloads"),
    row("mod verify", Class::Guard, "reads the module graph"),
    row("mod why", Class::Guard, "loads packages"),
    row("work init", Class::Guard, "may ask for the list of toolchains"),
    row("work sync", Class::Guard, "loads packages"),
    row("work use", Class::Guard, "may ask for the list of toolchains"),
    row("work vendor", Class::Guard, "downloads"),
    row("run", Class::Phase, "loads packages, then runs the program"),
    row("test", Class::Phase, "loads packages, then runs the tests"),
    row(
        "generate",
        Class::Phase,
        "loads packages, then runs the directives",
    ),
    but("tool", Class::Phase, tool, "a tool of go.mod is built, then run"),
];

/// The row of a command, `None` where it makes no request.
pub fn row_of(command: &Command) -> Option<&'static Row> {
    let verb = command.verb();
    TABLE.iter().find(|row| row.verb == verb)
}

/// The class of a command.
pub fn class(command: &Command) -> Class {
    // -h prints the usage before anything is loaded.
    if command.has("h") || command.has("help") {
        return Class::Zero;
    }
    let Some(row) = row_of(command) else {
        return Class::Zero;
    };
    row.but.and_then(|but| but(command)).unwrap_or(row.class)
}

fn list(command: &Command) -> Option<Class> {
    let only = |names: &[&str]| {
        command
            .operands
            .iter()
            .all(|o| o.to_str().is_some_and(|o| names.contains(&o)))
    };
    let queries = ["u", "versions", "retracted", "reuse"]
        .iter()
        .any(|f| command.has(f));
    let zero = if command.on("m") {
        command.operands.is_empty() && !queries
    } else {
        !command.operands.is_empty() && only(&["std", "cmd"])
    };
    zero.then_some(Class::Zero)
}

// cmd/go/internal/clean/clean.go (runClean): with a cache flag, packages are loaded only if named.
fn clean(command: &Command) -> Option<Class> {
    let cache = ["cache", "testcache", "fuzzcache", "modcache"]
        .iter()
        .any(|f| command.on(f));
    (cache && command.operands.is_empty()).then_some(Class::Zero)
}

fn vet(command: &Command) -> Option<Class> {
    command.has("vettool").then_some(Class::Phase)
}

fn fix(command: &Command) -> Option<Class> {
    command.has("fixtool").then_some(Class::Phase)
}

fn tool(command: &Command) -> Option<Class> {
    // Tools of the distribution: prebuilt, or built from $GOROOT with the module ignored.
    const STANDARD: &[&str] = &[
        "addr2line",
        "api",
        "asm",
        "buildid",
        "cgo",
        "compile",
        "covdata",
        "cover",
        "dist",
        "distpack",
        "doc",
        "fix",
        "link",
        "nm",
        "objdump",
        "pack",
        "pprof",
        "preprofile",
        "test2json",
        "trace",
        "vet",
    ];
    let standard = |name: &std::ffi::OsStr| name.to_str().is_some_and(|n| STANDARD.contains(&n));
    command
        .operands
        .first()
        .is_none_or(|name| standard(name))
        .then_some(Class::Zero)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    #[test]
    fn classes() {
        for (line, class) in [
            ("", Class::Zero),
            ("version", Class::Zero),
            ("env GOPROXY", Class::Zero),
            ("help build", Class::Zero),
            ("bogus", Class::Zero),
            ("mod edit -json", Class::Zero),
            ("mod init m", Class::Zero),
            ("build -h", Class::Zero),
            ("build -n", Class::Guard),
            ("-C d build", Class::Guard),
            ("list", Class::Guard),
            ("list -m", Class::Zero),
            ("list -m -u", Class::Guard),
            ("list -m all", Class::Guard),
            ("list std", Class::Zero),
            ("list std ./...", Class::Guard),
            ("clean", Class::Guard),
            ("clean -modcache", Class::Zero),
            ("clean -cache ./...", Class::Guard),
            ("fmt ./...", Class::Guard),
            ("doc fmt", Class::Guard),
            ("mod download -json", Class::Guard),
            ("vet ./...", Class::Guard),
            ("vet -vettool=x", Class::Phase),
            ("test ./...", Class::Phase),
            ("tool", Class::Zero),
            ("tool compile -V", Class::Zero),
            ("tool stringer", Class::Phase),
        ] {
            let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            assert_eq!(super::class(&Command::parse(&args)), class, "{line}");
        }
    }
}
