//! The flags of go that may be named in a trace, and which of their values.

/// What follows a flag's name and may be shown of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// None, or one after `=`: a switch such as `-v`, `-json=Path` or `-u=patch`.
    Switch,
    /// One that may be shown.
    Shown,
    /// One of which only the number of words is told.
    Counted,
}

/// Flags whose value only counts: they hold programs, linker variables, templates.
const COUNTED: &[&str] = &[
    "asmflags",
    "exec",
    "f",
    "fixtool",
    "gccgoflags",
    "gcflags",
    "ldflags",
    "toolexec",
    "vettool",
];

/// Flags whose value says what was asked for.
#[rustfmt::skip]
const SHOWN: &[&str] = &[
    "C", "bench", "benchtime", "blockprofile", "blockprofilerate", "buildmode", "compat", "compiler", "count",
    "coverpkg", "covermode", "coverprofile", "cpu", "cpuprofile", "debug-actiongraph", "debug-runtime-trace",
    "debug-trace", "dropexclude", "dropgodebug", "dropignore", "dropreplace", "droprequire", "dropretract", "droptool",
    "dropuse", "exclude", "fuzz", "fuzzminimizetime", "fuzztime", "go", "godebug", "ignore", "installsuffix", "list",
    "memprofile", "memprofilerate", "mod", "modfile", "module", "mutexprofile", "mutexprofilefraction", "o",
    "outputdir", "overlay", "p", "parallel", "pgo", "pkgdir", "replace", "require", "retract", "reuse", "run",
    "shuffle", "skip", "tags", "timeout", "toolchain", "trace", "use", "vet",
];

#[rustfmt::skip]
const SWITCHES: &[&str] = &[
    "a", "artifacts", "asan", "benchmem", "broken", "buildvcs", "c", "cache", "changed", "compiled", "cover", "d",
    "deps", "diff", "e", "export", "failfast", "find", "fix", "fmt", "fullpath", "fuzzcache", "h", "help", "i",
    "insecure", "json", "linkshared", "m", "modcache", "modcacherw", "msan", "n", "print", "r", "race", "retracted",
    "short", "t", "test", "testcache", "tool", "trimpath", "u", "v", "vendor", "versions", "w", "work", "x",
];

/// What is known of a flag, by its name without dashes; `None` for a flag that is not go's, whose very name may be
/// a secret. Source: the flag definitions of cmd/go/internal/{base,work,test,list,modget,modcmd,workcmd}.
pub fn known(verb: &str, name: &str) -> Option<Value> {
    let name = name.strip_prefix("test.").unwrap_or(name);
    match (verb, name) {
        // The same letters mean another thing here (modget/get.go, vet/vetflag.go, modcmd/edit.go).
        ("get" | "env", "f") | ("vet" | "fix", "fix") => Some(Value::Switch),
        ("vet" | "fix", "c") | ("mod edit" | "work edit", "tool") => Some(Value::Shown),
        _ if COUNTED.contains(&name) => Some(Value::Counted),
        _ if SHOWN.contains(&name) => Some(Value::Shown),
        _ if SWITCHES.contains(&name) => Some(Value::Switch),
        _ => None,
    }
}
