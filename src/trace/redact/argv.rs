//! Arguments of go as a trace may tell them: verb, known flags, package patterns; the rest as counts.

use super::flags::{Value, known};
use super::{HIDDEN, env, text};
use crate::gomod::quoted::{flag, words};
use std::ffi::OsString;

/// The word by which `gosteady toolchain install` begins; go has no such command.
pub const INSTALL: &str = "toolchain";
#[rustfmt::skip]
const VERBS: &[&str] = &[
    "bug", "build", "clean", "doc", "env", "fix", "fmt", "generate", "get", "help", "install", "list", "mod", "run",
    "telemetry", "test", "tool", "version", "vet", "work",
    // Gosteady's own, which has a trace too.
    INSTALL,
];
#[rustfmt::skip]
const SUBVERBS: &[&str] = &[
    "download", "edit", "graph", "init", "tidy", "vendor", "verify", "why", "sync", "use", "on", "off", "local",
];

/// The arguments after `argv[0]` of a go command, secrets hidden.
pub fn argv(args: &[OsString]) -> Vec<String> {
    let args: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    let mut walk = Walk {
        args: args.iter().map(AsRef::as_ref).collect(),
        at: 0,
        verb: String::new(),
        out: Vec::new(),
    };
    walk.command_words();
    walk.rest();
    walk.out
}

/// The words of GOFLAGS, each a flag with its value after `=` (cmd/go/internal/base/goflags.go).
pub fn flag_words(goflags: &str) -> String {
    let mut shown = Vec::new();
    for word in words(goflags) {
        shown.push(
            match flag(&word).map(|(name, value)| (name, value, known("", name))) {
                Some((name, Some(value), Some(kind))) => format!("-{name}={}", flag_value(kind, value)),
                Some((name, None, Some(_))) => format!("-{name}"),
                _ => HIDDEN.to_string(),
            },
        );
    }
    shown.join(" ")
}

struct Walk<'a> {
    args: Vec<&'a str>,
    at: usize,
    verb: String,
    out: Vec<String>,
}

impl<'a> Walk<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let arg = self.args.get(self.at).copied();
        self.at += usize::from(arg.is_some());
        arg
    }

    fn command_words(&mut self) {
        self.flags();
        match self.next() {
            Some(verb) if VERBS.contains(&verb) => self.verb = verb.to_string(),
            Some(_) => return self.out.push(HIDDEN.to_string()),
            None => return,
        }
        self.out.push(self.verb.clone());
        if matches!(self.verb.as_str(), "mod" | "work" | "telemetry") {
            // `go mod -C d tidy` is accepted (main.go, handleChdirFlag).
            self.flags();
            if let Some(sub) = self.args.get(self.at).filter(|sub| SUBVERBS.contains(*sub)) {
                self.at += 1;
                self.out.push((*sub).to_string());
                self.verb = format!("{} {sub}", self.verb);
            }
        }
    }

    /// Flags up to the first argument that is none.
    fn flags(&mut self) {
        while let Some((name, value)) = self.args.get(self.at).and_then(|arg| flag(arg)) {
            self.at += 1;
            self.one_flag(name, value);
        }
    }

    fn one_flag(&mut self, name: &str, value: Option<&str>) {
        match (known(&self.verb, name), value) {
            (Some(kind), Some(value)) => self.out.push(format!("-{name}={}", flag_value(kind, value))),
            (Some(Value::Switch), None) => self.out.push(format!("-{name}")),
            (Some(kind), None) => {
                self.out.push(format!("-{name}"));
                if let Some(value) = self.next() {
                    self.out.push(flag_value(kind, value));
                }
            }
            (None, value) => {
                self.out.push(format!("-{HIDDEN}"));
                // It may be the value of a flag that is the test binary's or an analyzer's.
                let follows = self.args.get(self.at).is_some_and(|next| flag(next).is_none());
                if value.is_none() && follows {
                    self.at += 1;
                    self.out.push(HIDDEN.to_string());
                }
            }
        }
    }

    fn rest(&mut self) {
        while let Some(arg) = self.next() {
            if let ("test", "-args" | "--args") = (self.verb.as_str(), arg) {
                self.out.push("-args".to_string());
                return self.count_rest();
            }
            if arg == "--" {
                self.out.push("--".to_string());
                continue;
            }
            if let Some((name, value)) = flag(arg) {
                self.one_flag(name, value);
                continue;
            }
            self.out.push(positional(&self.verb, arg));
            // What follows the program is the program's (run/run.go, tool/tool.go); `run` takes several .go files.
            let program = match self.verb.as_str() {
                "run" => {
                    !arg.ends_with(".go") || self.args.get(self.at).is_none_or(|next| !next.ends_with(".go"))
                }
                "tool" => true,
                _ => false,
            };
            if program {
                return self.count_rest();
            }
        }
    }

    fn count_rest(&mut self) {
        let more = self.args.len() - self.at;
        if more > 0 {
            self.out.push(format!("{HIDDEN}{more} more"));
        }
        self.at = self.args.len();
    }
}

fn flag_value(kind: Value, value: &str) -> String {
    match kind {
        Value::Switch | Value::Shown => text(value).into_owned(),
        Value::Counted => counted(value),
    }
}

/// Only the number of words: `…2 words`.
pub(super) fn counted(value: &str) -> String {
    match words(value).len() {
        1 => format!("{HIDDEN}1 word"),
        n => format!("{HIDDEN}{n} words"),
    }
}

fn positional(verb: &str, arg: &str) -> String {
    if verb == "env"
        && let Some((name, value)) = arg.split_once('=')
    {
        return format!("{name}={}", env::value(name, value));
    }
    let pattern = |c: char| c.is_alphanumeric() || "._~/@+=:^-!,%".contains(c);
    if arg.len() > 300 || !arg.chars().all(pattern) {
        return HIDDEN.to_string();
    }
    text(arg).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(line: &str) -> String {
        argv(
            &line
                .split(' ')
                .filter(|w| !w.is_empty())
                .map(OsString::from)
                .collect::<Vec<_>>(),
        )
        .join(" ")
    }

    #[test]
    fn verb_flags_and_patterns_stay_the_rest_is_counted() {
        for (given, expected) in [
            ("", ""),
            ("mod download -x", "mod download -x"),
            ("-C dir mod download", "-C dir mod download"),
            ("mod -C=dir tidy -v", "mod -C=dir tidy -v"),
            (
                "build -o bin -tags a,b ./... m@v1.0.0",
                "build -o bin -tags a,b ./... m@v1.0.0",
            ),
            ("build -ldflags -X=main.key=hunter2 .", "build -ldflags …1 word ."),
            (
                "build --ldflags=-X=main.key=hunter2 .",
                "build -ldflags=…1 word .",
            ),
            (
                "test -toolexec=/p/x -exec /p/y ./a",
                "test -toolexec=…1 word -exec …1 word ./a",
            ),
            (
                "test -run X ./a -args -key hunter2",
                "test -run X ./a -args …2 more",
            ),
            ("test -key hunter2 ./a", "test -… … ./a"),
            ("test -key=hunter2 -v ./a", "test -… -v ./a"),
            ("run -race ./cmd --token hunter2 x", "run -race ./cmd …3 more"),
            ("run a.go b.go c hunter2", "run a.go b.go …2 more"),
            ("tool stringer -x hunter2", "tool stringer …2 more"),
            (
                "env -w GOPROXY=https://u:p@h HUNTER=2",
                "env -w GOPROXY=https://…@h HUNTER=…",
            ),
            ("get -u=patch -f m@latest", "get -u=patch -f m@latest"),
            ("list -f {{.Dir}} -m all", "list -f …1 word -m all"),
            (
                "mod edit -replace=a=https://u:p@h",
                "mod edit -replace=a=https://…@h",
            ),
            ("hunter2 x", "… x"),
            ("install https://u:p@h/x", "install https://…@h/x"),
            ("vet -vettool", "vet -vettool"),
        ] {
            assert_eq!(shown(given), expected, "{given}");
        }
    }

    #[test]
    fn goflags_are_flags_too() {
        for (given, expected) in [
            ("-mod=mod  -v", "-mod=mod -v"),
            ("'-ldflags=-X a.b=c' -tags=x", "-ldflags=…2 words -tags=x"),
            ("hunter2 -unknown=hunter2", "… …"),
            ("\"-ldflags=", "…"),
        ] {
            assert_eq!(flag_words(given), expected, "{given}");
        }
    }

    proptest! {
        #[test]
        fn a_secret_in_a_counted_place_never_survives(secret in "q[A-Za-z0-9/.=-]{8,20}z", place in 0usize..8) {
            let line = match place {
                0 => format!("build -ldflags=-X=a.b={secret} ."),
                1 => format!("build -gcflags {secret} ."),
                2 => format!("test -exec={secret} ."),
                3 => format!("test . -args {secret}"),
                4 => format!("run . {secret}"),
                5 => format!("run m@v1 a -b={secret}"),
                6 => format!("test -unknown={secret} ."),
                _ => format!("test . -unknown {secret}"),
            };
            prop_assert!(!shown(&line).contains(&secret), "{line}");
        }

        #[test]
        fn any_arguments_are_taken(args in proptest::collection::vec("\\PC{0,8}", 0..8)) {
            argv(&args.into_iter().map(OsString::from).collect::<Vec<_>>());
        }
    }
}
