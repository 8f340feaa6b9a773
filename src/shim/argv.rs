//! What a command line asks for, as far as the shim must know. Nothing is rejected here: what go would refuse, go refuses.

use crate::gomod::quoted;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// A command line, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command<'a> {
    /// The command words, e.g. `["mod", "download"]`; empty for bare `go` and where a flag comes first.
    pub words: Vec<&'a str>,
    /// Directory of a `-C` in the one place where go looks for it.
    pub chdir: Option<PathBuf>,
    /// Index into the arguments where the command's own flags begin: after the words and a `-C`.
    pub flags_at: usize,
    /// The flags, in order.
    pub flags: Vec<Flag<'a>>,
    /// The arguments that are not flags; for `run` and `tool` only the first of them (and further .go files): what
    /// follows belongs to the program.
    pub operands: Vec<&'a OsStr>,
}

/// A flag and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag<'a> {
    /// Its name without hyphens.
    pub name: &'a str,
    /// `v` of `-x=v` or `-x v`; `None` for a boolean without one.
    pub value: Option<&'a OsStr>,
}

/// Flags that take the next argument as their value. Every other flag is boolean or unknown to go.
/// Source: AddBuildFlags in cmd/go/internal/work/build.go and the `CmdX.Flag` lines of each command.
const WITH_VALUE: &[&str] = &[
    "C",
    "asmflags",
    "bench",
    "benchtime",
    "blockprofile",
    "blockprofilerate",
    "buildmode",
    "compat",
    "compiler",
    "count",
    "covermode",
    "coverpkg",
    "coverprofile",
    "cpu",
    "cpuprofile",
    "debug-actiongraph",
    "debug-runtime-trace",
    "debug-trace",
    "exec",
    "f",
    "fixtool",
    "fuzz",
    "fuzzminimizetime",
    "fuzztime",
    "gccgoflags",
    "gcflags",
    "go",
    "installsuffix",
    "ldflags",
    "list",
    "memprofile",
    "memprofilerate",
    "mod",
    "modfile",
    "mutexprofile",
    "mutexprofilefraction",
    "o",
    "outputdir",
    "overlay",
    "p",
    "parallel",
    "pgo",
    "pkgdir",
    "reuse",
    "run",
    "shuffle",
    "skip",
    "tags",
    "timeout",
    "toolexec",
    "trace",
    "vet",
    "vettool",
];

/// Flags of `mod edit` and `work edit` that take none; all others do, and some are without a value elsewhere.
/// Source: cmd/go/internal/modcmd/edit.go, cmd/go/internal/workcmd/edit.go.
const EDIT_WITHOUT_VALUE: &[&str] = &["fmt", "h", "help", "json", "modcacherw", "n", "print", "x"];

fn takes_a_value(words: &[&str], flag: &str) -> bool {
    match words {
        ["mod" | "work", "edit"] => !EDIT_WITHOUT_VALUE.contains(&flag),
        _ => WITH_VALUE.contains(&test_name(flag)),
    }
}

impl<'a> Command<'a> {
    /// Reads the arguments after `go`.
    pub fn parse(args: &'a [OsString]) -> Command<'a> {
        let mut command = Command {
            words: Vec::new(),
            chdir: None,
            flags_at: 0,
            flags: Vec::new(),
            operands: Vec::new(),
        };
        let mut at = 0;
        while let Some(arg) = args.get(at) {
            if command.chdir.is_none()
                && let Some((dir, used)) = chdir(&args[at..])
            {
                command.chdir = Some(dir);
                at += used;
                continue;
            }
            let more = command.words.is_empty()
                || (command.words.len() == 1 && matches!(command.words[0], "mod" | "work"));
            match arg.to_str().filter(|word| more && !word.starts_with('-')) {
                Some(word) => command.words.push(word),
                None => break,
            }
            at += 1;
        }
        command.flags_at = at;
        command.read_flags(&args[at..]);
        command
    }

    fn read_flags(&mut self, args: &'a [OsString]) {
        let verb = self.words.first().copied().unwrap_or_default();
        let interleaved = matches!(verb, "test" | "vet" | "fix");
        let program = matches!(verb, "run" | "tool");
        let mut at = 0;
        while let Some(arg) = args.get(at) {
            at += 1;
            let Some(flag) = arg.to_str().and_then(flag_text) else {
                self.operands.push(arg);
                if program {
                    let files = args[at..]
                        .iter()
                        .take_while(|a| arg.as_bytes().ends_with(b".go") && a.as_bytes().ends_with(b".go"));
                    self.operands.extend(files.map(OsString::as_os_str));
                    return;
                }
                if interleaved {
                    continue;
                }
                self.operands.extend(args[at..].iter().map(OsString::as_os_str));
                return;
            };
            match flag.split_once('=') {
                _ if flag.is_empty() => {
                    self.operands.extend(args[at..].iter().map(OsString::as_os_str));
                    return;
                }
                Some((name, value)) => self.flags.push(Flag {
                    name,
                    value: Some(OsStr::new(value)),
                }),
                None if interleaved && flag == "args" => return,
                None if takes_a_value(&self.words, flag) => {
                    self.flags.push(Flag {
                        name: flag,
                        value: args.get(at).map(OsString::as_os_str),
                    });
                    at += 1;
                }
                None => self.flags.push(Flag {
                    name: flag,
                    value: None,
                }),
            }
        }
    }

    /// The words with blanks between them.
    pub fn verb(&self) -> String {
        self.words.join(" ")
    }

    /// Whether a flag is given, with whatever value; `test.x` counts as `x`.
    pub fn has(&self, name: &str) -> bool {
        self.flag(name).is_some()
    }

    /// The last flag of this name, which is the one that counts.
    pub fn flag(&self, name: &str) -> Option<Flag<'a>> {
        self.flags
            .iter()
            .rev()
            .find(|f| test_name(f.name) == name)
            .copied()
    }

    /// Whether a boolean flag is on.
    pub fn on(&self, name: &str) -> bool {
        self.flag(name).is_some_and(|f| {
            f.value
                .is_none_or(|v| !matches!(v.as_bytes(), b"false" | b"0" | b"f" | b"F"))
        })
    }

    /// The value of a flag that GOFLAGS may set too: that of the command line, else the last one of `goflags`; empty for a
    /// flag without a value. Source: cmd/go/internal/base/goflags.go (SetFromGOFLAGS).
    pub fn setting<'b>(&self, name: &str, goflags: &'b [String]) -> Option<&'b OsStr>
    where
        'a: 'b,
    {
        if let Some(flag) = self.flag(name) {
            return Some(flag.value.unwrap_or_default());
        }
        let mut flags = goflags.iter().rev().filter_map(|word| quoted::flag(word));
        flags.find_map(|(known, value)| (known == name).then(|| OsStr::new(value.unwrap_or_default())))
    }

    /// Whether an operand is `path@version`.
    pub fn names_a_version(&self) -> bool {
        self.operands.iter().any(|o| o.as_bytes().contains(&b'@'))
    }

    /// Whether it is `install p@v` or `run p@v`, which go runs as if outside of any module.
    pub fn leaves_the_module(&self) -> bool {
        matches!(self.words.as_slice(), ["install" | "run"]) && self.names_a_version()
    }
}

fn test_name(flag: &str) -> &str {
    flag.strip_prefix("test.").unwrap_or(flag)
}

// `x` of `-x` and `--x`, `""` of `--`; None for an operand, `-` included.
fn flag_text(arg: &str) -> Option<&str> {
    let name = arg.strip_prefix('-')?;
    if name.is_empty() {
        None
    } else {
        Some(name.strip_prefix('-').unwrap_or(name))
    }
}

// cmd/go/main.go (handleChdirFlag): -C d, --C d, -C=d, --C=d.
fn chdir(args: &[OsString]) -> Option<(PathBuf, usize)> {
    let flag = flag_text(args.first()?.to_str()?)?;
    match flag.strip_prefix('C')? {
        "" => args.get(1).map(|dir| (dir.into(), 2)),
        rest => rest.strip_prefix('=').map(|dir| (dir.into(), 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn words_and_chdir() {
        for (line, verb, dir, at) in [
            ("", "", None, 0),
            ("build ./...", "build", None, 1),
            ("-C d build .", "build", Some("d"), 3),
            ("build -C d .", "build", Some("d"), 3),
            ("mod -C=d tidy", "mod tidy", Some("d"), 3),
            ("mod tidy --C d -v", "mod tidy", Some("d"), 4),
            ("mod -x", "mod", None, 1),
            ("env -w X=y", "env", None, 1),
            ("-x build", "", None, 0),
            ("-C", "", None, 0),
        ] {
            let args = args(line);
            let c = Command::parse(&args);
            assert_eq!(
                (c.verb().as_str(), c.chdir.as_deref(), c.flags_at),
                (verb, dir.map(std::path::Path::new), at),
                "{line}"
            );
        }
    }

    #[test]
    fn flags_and_operands() {
        for (line, flags, operands) in [
            ("build -o x -v ./a -n", "o=x v", "./a -n"),
            (
                "test ./a -run T -v --count=1 ./b -args -n c",
                "run=T v count=1",
                "./a ./b",
            ),
            ("run -race . -n x@y", "race", "."),
            ("run a.go b.go c", "", "a.go b.go"),
            ("run -exec e p@v1 -x", "exec=e", "p@v1"),
            ("tool -n nm x", "n", "nm"),
            ("list -m -f {{.Path}} -- -x", "m f={{.Path}}", "-x"),
            ("build -", "", "-"),
            ("vet -vettool=t ./...", "vettool=t", "./..."),
        ] {
            let args = args(line);
            let c = Command::parse(&args);
            let shown: Vec<String> = c
                .flags
                .iter()
                .map(|f| {
                    f.value
                        .map_or(f.name.into(), |v| format!("{}={}", f.name, v.to_str().unwrap()))
                })
                .collect();
            let rest: Vec<&str> = c.operands.iter().map(|o| o.to_str().unwrap()).collect();
            assert_eq!(
                (shown.join(" ").as_str(), rest.join(" ").as_str()),
                (flags, operands),
                "{line}"
            );
        }
    }

    #[test]
    fn the_last_value_of_a_boolean_counts() {
        let args = args("run -n -n=false .");
        let c = Command::parse(&args);
        assert!(c.has("n") && !c.on("n"));
    }

    #[test]
    fn flags_of_the_command_line_and_of_goflags() {
        for (line, set, expected) in [
            ("build", "", None),
            ("build -mod=mod", "-mod=vendor", Some("mod")),
            ("build -mod vendor", "-mod=mod", Some("vendor")),
            ("build", "-mod=vendor --mod=mod", Some("mod")),
            ("build", "-mod", Some("")),
            ("build", "-modfile=x.mod mod=mod", None),
        ] {
            let (args, goflags) = (args(line), quoted::words(set));
            let value = Command::parse(&args).setting("mod", &goflags);
            assert_eq!(value.and_then(OsStr::to_str), expected, "{line} {set}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_argv_is_understood(raw in proptest::collection::vec(proptest::collection::vec(1u8.., 0..8), 0..8)) {
            use std::os::unix::ffi::OsStringExt;
            let args: Vec<OsString> = raw.into_iter().map(OsString::from_vec).collect();
            let c = Command::parse(&args);
            proptest::prop_assert!(c.flags_at <= args.len() && c.operands.len() <= args.len());
        }
    }
}
