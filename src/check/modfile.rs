//! go.mod and go.work as strictly as go reads its main module.
//!
//! Source: golang.org/x/mod/modfile/rule.go (add, parseReplace, parseVersionInterval), work.go (add).

use super::{File, Sheet};
use crate::gomod::syntax::{self, Statement, Token, unquote};
use crate::gomod::{is_indirect, semver};
use std::ops::Range;

/// A `require` line.
#[derive(Debug, Clone)]
pub struct Require {
    /// Module path.
    pub path: String,
    /// Version as written.
    pub version: String,
    /// Marked `// indirect`.
    pub indirect: bool,
    /// Its place.
    pub span: Range<usize>,
}

/// A `replace` line.
#[derive(Debug, Clone)]
pub struct Replace {
    /// The module, and the version where one is named.
    pub old: (String, Option<String>),
    /// The module and version in its place; without a version it is a directory.
    pub new: (String, Option<String>),
    /// Its place.
    pub span: Range<usize>,
}

/// What a file says.
#[derive(Debug, Clone, Default)]
pub struct Modfile {
    /// The `module` line.
    pub module: Option<String>,
    /// The `go` line with its place.
    pub go: Option<(String, Range<usize>)>,
    /// The `toolchain` line with its place.
    pub toolchain: Option<(String, Range<usize>)>,
    /// `require` lines in order.
    pub requires: Vec<Require>,
    /// `replace` lines in order.
    pub replaces: Vec<Replace>,
}

impl Modfile {
    /// What stands in a version's place: itself, a module in its stead, or a directory, which has no version.
    pub fn in_place<'a>(&'a self, path: &'a str, version: &'a str) -> (&'a str, Option<&'a str>) {
        let of = |v: Option<&str>| {
            self.replaces
                .iter()
                .find(|r| r.old.0 == path && r.old.1.as_deref() == v)
        };
        match of(Some(version)).or_else(|| of(None)) {
            Some(replace) => (&replace.new.0, replace.new.1.as_deref()),
            None => (path, Some(version)),
        }
    }
}

/// Reads a file; every line that go would refuse becomes a problem, and then there is no [`Modfile`].
pub fn parse(sheet: &mut Sheet<'_>, file: &File, work: bool) -> Option<Modfile> {
    let markers = conflict_markers(&file.text);
    if !markers.is_empty() {
        for span in markers {
            sheet.add(
                "conflict-marker",
                Some((file, span)),
                "a merge was not finished here".into(),
                "keep one side, then: go mod tidy".into(),
            );
        }
        return None;
    }
    let parsed = syntax::parse(&file.text);
    let mut faults = Vec::new();
    let mut modfile = Modfile::default();
    for statement in &parsed.statements {
        if let Err(fault) = modfile.take(statement, work) {
            faults.push(fault);
        }
    }
    if let Some((span, why)) = parsed.fault {
        faults.push(Fault::new(span, why));
    }
    let sound = faults.is_empty();
    for fault in faults {
        sheet.add(fault.rule, Some((file, fault.span)), fault.what, fault.fix);
    }
    sound.then_some(modfile)
}

/// Lines that git leaves in a file with conflicts.
pub fn conflict_markers(text: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    let mut found = Vec::new();
    for line in text.split_inclusive('\n') {
        let marker = |m: &str| line.starts_with(m) && line[m.len()..].starts_with([' ', '\n', '\r']);
        if marker("<<<<<<<") || marker(">>>>>>>") || (marker("=======") && line.trim() == "=======") {
            found.push(at..at + line.trim_end().len());
        }
        at += line.len();
    }
    found
}

struct Fault {
    rule: &'static str,
    span: Range<usize>,
    what: String,
    fix: String,
}

impl Fault {
    fn new(span: Range<usize>, what: impl Into<String>) -> Fault {
        Fault {
            rule: "gomod-syntax",
            span,
            what: what.into(),
            fix: String::new(),
        }
    }

    fn fix(mut self, fix: impl Into<String>) -> Fault {
        self.fix = fix.into();
        self
    }
}

impl Modfile {
    fn take(&mut self, line: &Statement, work: bool) -> Result<(), Fault> {
        let whole = |what: &str| Fault::new(line.span.clone(), what);
        match (line.verb.as_str(), work) {
            ("go", _) => {
                let [version] = line.args.as_slice() else {
                    return Err(whole("go takes one version").fix("go 1.24.0"));
                };
                if self.go.is_some() {
                    return Err(whole("a second go line"));
                }
                if !is_go_version(&version.raw) {
                    let what = format!("{:?} is no Go version", version.raw);
                    return Err(Fault::new(version.span.clone(), what)
                        .fix("a version such as 1.24.0, without `go` and `v`"));
                }
                self.go = Some((version.raw.clone(), line.span.clone()));
            }
            ("toolchain", _) => {
                let [name] = line.args.as_slice() else {
                    return Err(whole("toolchain takes one name").fix("toolchain go1.24.0"));
                };
                if self.toolchain.is_some() {
                    return Err(whole("a second toolchain line"));
                }
                if name.raw != "default" && name.raw != "go1" && !name.raw.starts_with("go1.") {
                    let what = format!("{:?} is no toolchain", name.raw);
                    return Err(
                        Fault::new(name.span.clone(), what).fix("a name such as go1.24.0, or default")
                    );
                }
                self.toolchain = Some((name.raw.clone(), line.span.clone()));
            }
            ("godebug", _) => {
                let sound = |t: &Token| t.raw.contains('=') && !t.raw.contains(['"', '`', '\'', ',']);
                if !matches!(line.args.as_slice(), [setting] if sound(setting)) {
                    return Err(whole("godebug takes key=value"));
                }
            }
            ("replace", _) => {
                let replace = replace(line)?;
                self.replaces.push(replace);
            }
            ("use", true) | ("tool" | "ignore", false) => {
                let [path] = line.args.as_slice() else {
                    return Err(whole("one path belongs here"));
                };
                text(path)?;
            }
            ("module", false) => {
                let [path] = line.args.as_slice() else {
                    return Err(whole("module takes one path").fix("module example.com/name"));
                };
                if self.module.is_some() {
                    return Err(whole("a second module line"));
                }
                self.module = Some(text(path)?);
            }
            ("require" | "exclude", false) => {
                let [path, version] = line.args.as_slice() else {
                    let fix = format!("{} example.com/name v1.2.3", line.verb);
                    return Err(whole("a path and a version belong here").fix(fix));
                };
                let (path, version) = (text(path)?, versioned(path, version)?);
                if line.verb == "require" {
                    self.requires.push(Require {
                        path,
                        version,
                        indirect: is_indirect(&line.comment),
                        span: line.span.clone(),
                    });
                }
            }
            ("retract", false) => retract(line)?,
            (verb, _) => {
                let kind = if work { "go.work" } else { "go.mod" };
                return Err(whole(&format!("{kind} has no directive {verb:?}")));
            }
        }
        Ok(())
    }
}

fn text(token: &Token) -> Result<String, Fault> {
    unquote(&token.raw).map_err(|why| Fault::new(token.span.clone(), why))
}

/// A version of a path, as written. A short one (`v1.2`) is go's to complete.
fn versioned(path: &Token, version: &Token) -> Result<String, Fault> {
    let (path_text, text) = (text(path)?, text(version)?);
    let Some(parsed) = semver::parse(&text) else {
        return Err(Fault {
            rule: "version-not-canonical",
            span: version.span.clone(),
            what: format!("{text:?} is not a version of the form v1.2.3"),
            fix: format!("go get {path_text}@{text}   # writes the version that this is now"),
        });
    };
    if semver::path_major(&path_text).is_none() {
        let what = format!("{path_text:?} is no module path that go takes");
        return Err(Fault::new(path.span.clone(), what));
    }
    if !semver::belongs(&parsed, &path_text) {
        let base = path_text.trim_end_matches(semver::path_major(&path_text).unwrap_or_default());
        let right = match parsed.major {
            "v0" | "v1" => base.to_owned(),
            major => format!("{base}/{major}"),
        };
        return Err(Fault {
            rule: "version-wrong-major",
            span: version.span.clone(),
            what: format!("{text} is no version of {path_text}"),
            fix: format!("{right} {text}"),
        });
    }
    Ok(text)
}

fn replace(line: &Statement) -> Result<Replace, Fault> {
    let usage = || {
        Fault::new(
            line.span.clone(),
            "replace takes MODULE [VERSION] => MODULE VERSION, or => DIRECTORY",
        )
        .fix("replace example.com/a => ../a")
    };
    let arrow = line.args.iter().position(|t| t.raw == "=>").ok_or_else(usage)?;
    let (left, right) = (&line.args[..arrow], &line.args[arrow + 1..]);
    let (path, version) = match left {
        [path] => (path, None),
        [path, version] => (path, Some(versioned(path, version)?)),
        _ => return Err(usage()),
    };
    let old = text(path)?;
    if semver::path_major(&old).is_none() {
        return Err(Fault::new(
            path.span.clone(),
            format!("{old:?} is no module path that go takes"),
        ));
    }
    let new = match right {
        [target] => {
            let target_text = text(target)?;
            let at = |what: &str| Fault::new(target.span.clone(), what);
            if !is_directory(&target_text) {
                return Err(at(
                    "a module needs a version here, and a directory begins with ./, ../ or /",
                ));
            }
            if target_text.contains('\\') {
                return Err(at("a directory is written with forward slashes"));
            }
            (target_text, None)
        }
        [target, version] => {
            let target_text = text(target)?;
            if is_directory(&target_text) {
                return Err(Fault::new(version.span.clone(), "a directory has no version"));
            }
            let version_text = text(version)?;
            if semver::parse(&version_text).is_none() {
                return Err(Fault {
                    rule: "version-not-canonical",
                    span: version.span.clone(),
                    what: format!("{version_text:?} is not a version of the form v1.2.3"),
                    fix: format!("go mod edit -replace={old}={target_text}@{version_text} && go mod tidy"),
                });
            }
            (target_text, Some(version_text))
        }
        _ => return Err(usage()),
    };
    Ok(Replace {
        old: (old, version),
        new,
        span: line.span.clone(),
    })
}

fn retract(line: &Statement) -> Result<(), Fault> {
    let raws: Vec<&str> = line.args.iter().map(|t| t.raw.as_str()).collect();
    let versions: &[&str] = match raws.as_slice() {
        [version] => &[version],
        ["[", low, ",", high, "]"] => &[low, high],
        _ => {
            let usage = "retract takes a version, or [LOW, HIGH]";
            return Err(Fault::new(line.span.clone(), usage));
        }
    };
    let wrong = versions
        .iter()
        .find(|v| !unquote(v).is_ok_and(|v| semver::is_version(&v)));
    match wrong {
        None => Ok(()),
        Some(version) => {
            let what = format!("{version:?} is not a version of the form v1.2.3");
            Err(Fault::new(line.span.clone(), what))
        }
    }
}

/// Whether a replacement is a directory, of any system (modfile.IsDirectoryPath).
pub fn is_directory(path: &str) -> bool {
    let bytes = path.as_bytes();
    matches!(path, "." | "..")
        || ["./", ".\\", "../", "..\\", "/", "\\"]
            .iter()
            .any(|start| path.starts_with(start))
        || (bytes.len() >= 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':')
}

/// `1.22`, `1.22.3`, `1.23rc1` (modfile.GoVersionRE).
fn is_go_version(text: &str) -> bool {
    let end = text.find(|c: char| c.is_ascii_lowercase()).unwrap_or(text.len());
    let (numbers, pre) = text.split_at(end);
    let parts: Vec<&str> = numbers.split('.').collect();
    let number =
        |n: &str| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) && (n == "0" || !n.starts_with('0'));
    let kind = pre.trim_end_matches(|c: char| c.is_ascii_digit());
    let pre_sound = pre.is_empty()
        || (kind.len() < pre.len() && !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_lowercase()));
    (2..=3).contains(&parts.len()) && parts.iter().all(|p| number(p)) && parts[0] != "0" && pre_sound
}
