//! Which Go files a build takes in: `//go:build` lines, `// +build` lines and file names.
//!
//! Source: cmd/go/internal/imports/build.go, go/build/constraint, internal/syslist.

use std::collections::HashSet;

const OS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "zos",
];
const NOT_UNIX: &[&str] = &["js", "nacl", "plan9", "wasip1", "windows", "zos"];
const ARCH: &[&str] = &[
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

/// What holds in a build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    /// Any build: every tag but `ignore` counts as both set and unset, as `go mod tidy` has it.
    pub any: bool,
    /// GOOS.
    pub os: String,
    /// GOARCH.
    pub arch: String,
    /// `26` of Go 1.26; `None`: every release tag holds.
    pub minor: Option<u32>,
    /// `-tags`, and what other flags add: `cgo`, `race`.
    pub set: HashSet<String>,
}

impl Tags {
    /// Whether a file of this name may take part (MatchFile).
    pub fn takes_name(&self, name: &str) -> bool {
        if self.any {
            return true;
        }
        let stem = name.split('.').next().unwrap_or_default();
        let mut parts: Vec<&str> = stem.split('_').skip(1).collect();
        if parts.last() == Some(&"test") {
            parts.pop();
        }
        let last = parts.pop().unwrap_or_default();
        if ARCH.contains(&last) {
            let before = parts.pop().filter(|p| OS.contains(p));
            return self.holds(last) && before.is_none_or(|os| self.holds(os));
        }
        !OS.contains(&last) || self.holds(last)
    }

    /// Whether the lines at the head of a file let it take part (ShouldBuild).
    pub fn takes(&self, text: &[u8]) -> bool {
        let (go_build, plus_build) = lines(text);
        match go_build {
            Some(line) => Expression::new(&line, false).value(self),
            None => plus_build.iter().all(|line| self.plus_build(line)),
        }
    }

    /// Whether a tag holds.
    pub fn holds(&self, tag: &str) -> bool {
        let os = self.os.as_str();
        self.set.contains(tag)
            || match tag {
                "gc" => true,
                "linux" if os == "android" => true,
                "solaris" if os == "illumos" => true,
                "darwin" if os == "ios" => true,
                "unix" => OS.contains(&os) && !NOT_UNIX.contains(&os),
                _ if tag == os || tag == self.arch => true,
                _ => tag
                    .strip_prefix("go1.")
                    .and_then(|minor| minor.parse::<u32>().ok())
                    .is_some_and(|minor| self.minor.is_none_or(|ours| minor <= ours)),
            }
    }

    fn tag(&self, tag: &str, prefer: bool) -> bool {
        if self.any && tag != "ignore" {
            return prefer;
        }
        self.holds(tag)
    }

    // Alternatives are separated by blanks, what must hold together by commas.
    fn plus_build(&self, line: &str) -> bool {
        let term = |term: &str| match term.strip_prefix('!') {
            Some(tag) => !self.tag(tag, false),
            None => self.tag(term, true),
        };
        line.split_whitespace().any(|option| option.split(',').all(term))
    }
}

/// The `//go:build` line's expression and the `// +build` lines of a file's head, which must end with a blank line.
fn lines(text: &[u8]) -> (Option<String>, Vec<String>) {
    let mut go_build = None;
    let (mut plus, mut counted) = (Vec::new(), 0);
    let (mut within, mut only_lines) = (false, true);
    for line in text.split(|b| *b == b'\n') {
        let line = String::from_utf8_lossy(line.trim_ascii());
        let mut rest = line.as_ref();
        if rest.is_empty() {
            if only_lines {
                counted = plus.len();
            }
            continue;
        }
        if !within && let Some(expression) = rest.strip_prefix("//go:build") {
            if expression.starts_with(char::is_whitespace) && go_build.is_none() {
                go_build = Some(expression.trim().to_owned());
            }
            continue;
        }
        if only_lines && let Some(comment) = rest.strip_prefix("//") {
            if let Some(options) = comment.trim_start().strip_prefix("+build ") {
                plus.push(options.to_owned());
            }
            continue;
        }
        only_lines = false;
        // `/* … */` may stand before the line, code may not.
        loop {
            if within {
                let Some((_, after)) = rest.split_once("*/") else {
                    break;
                };
                (rest, within) = (after.trim_start(), false);
            }
            match rest.strip_prefix("/*") {
                Some(after) => (rest, within) = (after, true),
                None => break,
            }
        }
        if !within && !rest.is_empty() && !rest.starts_with("//") {
            break;
        }
    }
    plus.truncate(counted);
    (go_build, plus)
}

/// A `//go:build` expression, read and evaluated in one pass; one that can't be read is false, as for go.
struct Expression<'a> {
    rest: &'a str,
    bad: bool,
    depth: u32,
    negated: bool,
}

/// Nested deeper than this, an expression is nobody's work; go/build/constraint has a bound, too.
const DEEPEST: u32 = 100;

impl<'a> Expression<'a> {
    fn new(rest: &'a str, negated: bool) -> Expression<'a> {
        Expression {
            rest,
            bad: false,
            depth: 0,
            negated,
        }
    }

    fn value(mut self, tags: &Tags) -> bool {
        let value = self.or(tags);
        value && !self.bad && self.rest.trim().is_empty()
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.trim_start().strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn or(&mut self, tags: &Tags) -> bool {
        let mut value = self.and(tags);
        while self.eat("||") {
            value |= self.and(tags);
        }
        value
    }

    fn and(&mut self, tags: &Tags) -> bool {
        let mut value = self.not(tags);
        while self.eat("&&") {
            value &= self.not(tags);
        }
        value
    }

    fn not(&mut self, tags: &Tags) -> bool {
        self.depth += 1;
        self.bad |= self.depth > DEEPEST;
        let value = if self.bad {
            false
        } else if self.eat("!") {
            self.negated = !self.negated;
            let value = !self.not(tags);
            self.negated = !self.negated;
            value
        } else if self.eat("(") {
            let value = self.or(tags);
            self.bad |= !self.eat(")");
            value
        } else {
            self.atom(tags)
        };
        self.depth -= 1;
        value
    }

    fn atom(&mut self, tags: &Tags) -> bool {
        let text = self.rest.trim_start();
        let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'));
        let (tag, rest) = text.split_at(end.unwrap_or(text.len()));
        (self.rest, self.bad) = (rest, self.bad || tag.is_empty());
        tags.tag(tag, !self.negated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn linux() -> Tags {
        Tags {
            os: "linux".into(),
            arch: "amd64".into(),
            minor: Some(26),
            set: ["cgo", "extra"].map(String::from).into(),
            any: false,
        }
    }

    #[test]
    fn names() {
        for (name, takes) in [
            ("a.go", true),
            ("linux.go", true),
            ("windows.go", true),
            ("a_linux.go", true),
            ("a_windows.go", false),
            ("a_amd64.go", true),
            ("a_arm64_test.go", false),
            ("a_linux_arm64.go", false),
            ("a_windows_amd64.go", false),
            ("a_b_linux_amd64.go", true),
            ("a_unix.go", true),
            ("a_linux.pb.go", true),
            ("a_x_amd64.s", true),
        ] {
            assert_eq!(linux().takes_name(name), takes, "{name}");
        }
        let any = Tags { any: true, ..linux() };
        assert!(any.takes_name("a_windows.go"));
    }

    #[test]
    fn expressions() {
        for (line, ours, any) in [
            ("linux", true, true),
            ("!linux", false, true),
            ("windows || (unix && go1.26)", true, true),
            ("go1.27", false, true),
            ("go1.9 && !windows && extra", true, true),
            ("ignore", false, false),
            ("!ignore", true, true),
            ("linux && !cgo", false, true),
            ("!(linux && cgo)", false, true),
            ("!!linux", true, true),
            ("linux &&", false, false),
            ("(linux", false, false),
            ("linux windows", false, false),
        ] {
            let text = format!("// Words.\n\n//go:build {line}\n\npackage p\n");
            assert_eq!(linux().takes(text.as_bytes()), ours, "{line}");
            let tags = Tags { any: true, ..linux() };
            assert_eq!(tags.takes(text.as_bytes()), any, "any: {line}");
        }
    }

    #[test]
    fn where_the_lines_stand() {
        for (text, takes) in [
            ("package p\n//go:build windows\n", true),
            ("/* c\n*/ /* d */\n//go:build windows\npackage p\n", false),
            ("/*\n//go:build windows\n*/\npackage p\n", true),
            ("//go:buildx windows\n\npackage p\n", true),
            ("// +build windows\n\npackage p\n", false),
            ("// +build windows\npackage p\n", true),
            ("//+build windows linux,!cgo\n\npackage p\n", false),
            ("// +build linux\n// +build !arm64\n\npackage p\n", true),
            ("//go:build linux\n// +build windows\n\npackage p\n", true),
            ("", true),
        ] {
            assert_eq!(linux().takes(text.as_bytes()), takes, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[()!&|a-z/*+ \n.]{0,200}") {
            linux().takes(text.as_bytes());
            linux().takes(format!("//go:build {text}").as_bytes());
        }
    }
}
