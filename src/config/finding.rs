//! The findings about configuration, one function an id. The place is filled in by the caller.

use super::key::{Key, Kind};
use super::printable;
use crate::error::{Finding, Level};

fn finding(id: &'static str, level: Level, what: String, fix: String) -> Finding {
    Finding {
        id,
        level,
        what,
        evidence: String::new(),
        fix,
    }
}

/// `config-syntax`: the file is no TOML; nothing of it is in effect.
pub fn syntax(why: &str) -> Finding {
    finding(
        "config-syntax",
        Level::Error,
        format!("not TOML, so nothing in this file is in effect: {why}"),
        "mend the line; https://toml.io describes the format".into(),
    )
}

/// `config-unreadable`: something is there that can't be read.
pub fn unreadable(place: String, why: &str) -> Finding {
    Finding {
        evidence: place,
        ..finding(
            "config-unreadable",
            Level::Error,
            format!("can't be read: {why}"),
            "make it a file that you can read, or remove it".into(),
        )
    }
}

/// `config-unknown-key`: no setting has this name.
pub fn unknown(path: &str, meant: Option<&str>) -> Finding {
    let path = printable(path, 60);
    let (what, fix) = match meant {
        Some(meant) => (
            format!("unknown key `{path}`, did you mean `{meant}`?"),
            format!("rename it to `{meant}`, or remove it"),
        ),
        None => (
            format!("unknown key `{path}`"),
            "remove it; `gosteady config` lists every key".into(),
        ),
    };
    finding("config-unknown-key", Level::Warning, what, fix)
}

/// `config-unknown-key` in the table of rules.
pub fn unknown_rule(path: &str, meant: Option<&str>) -> Finding {
    let mut finding = unknown(path, meant);
    if meant.is_none() {
        finding.fix = "remove it; docs/check.md lists every rule".into();
    }
    finding
}

/// `config-bad-value` of a rule: no level has this word.
pub fn bad_level(path: &str, meant: Option<&str>) -> Finding {
    let why = match meant {
        Some(meant) => format!("knows no such level, did you mean `{meant}`?"),
        None => "knows no such level".into(),
    };
    bad_check(path, &why, "`error`, `warn`, `note` or `off`")
}

/// `config-bad-value` of something else in the table of rules.
pub fn bad_check(path: &str, why: &str, write: &str) -> Finding {
    finding(
        "config-bad-value",
        Level::Error,
        format!("`{}` {why}", printable(path, 60)),
        format!("write {write}"),
    )
}

/// `config-not-allowed-in-project` of a rule that is at least this strict. Only a note: the rule is in effect, and a
/// project's file is also right for people who have said nothing.
pub fn laxer(path: &str, floor: &str) -> Finding {
    finding(
        "config-not-allowed-in-project",
        Level::Note,
        format!("a project's file can't make `{path}` laxer than {floor} here"),
        "it is said in your own or the machine's file, or by `policy.profile`".into(),
    )
}

/// `config-unknown-key` of a variable that is nearly one of ours.
pub fn unknown_variable(name: &str, meant: &str) -> Finding {
    Finding {
        evidence: name.into(),
        ..finding(
            "config-unknown-key",
            Level::Warning,
            format!("no setting has this variable, did you mean `{meant}`?"),
            format!("rename it to `{meant}`, or unset it"),
        )
    }
}

/// `config-bad-value` of a value that stands where a table does.
pub fn not_a_table(path: &str) -> Finding {
    let example = if path == "trace" {
        "trace.to".into()
    } else {
        format!("[{path}]")
    };
    finding(
        "config-bad-value",
        Level::Error,
        format!("`{path}` is a table of settings, not a value"),
        format!("write `{example}`; `gosteady config` lists every key"),
    )
}

/// `config-bad-value`: a value that is not of the setting's kind.
pub fn bad(key: &Key, written: &str, why: &str) -> Finding {
    // What stands before an @ may be a password.
    let shown = match key.kind {
        Kind::Hosts(_) => String::new(),
        _ if written.contains('@') => String::new(),
        _ => format!(" = {}", printable(written, 40)),
    };
    finding(
        "config-bad-value",
        Level::Error,
        format!("`{}{shown}` {why}", key.path),
        format!("write {}", key.kind.describe()),
    )
}

/// `config-not-allowed-in-project`: a project's file may not set this at all.
pub fn not_allowed(key: &Key) -> Finding {
    finding(
        "config-not-allowed-in-project",
        Level::Warning,
        format!("a project's file may not set `{}`", key.path),
        elsewhere(key),
    )
}

/// `config-not-allowed-in-project`: a project's file may only tighten this, and `limit` is what it may not pass.
pub fn looser(key: &Key, limit: &str) -> Finding {
    let bound = match key.kind {
        Kind::Choice { .. } | Kind::Switch(_) => format!("looser than `{limit}`"),
        Kind::Count { .. } | Kind::Size(_) => format!("above {limit}"),
        _ => format!("longer than {limit}"),
    };
    finding(
        "config-not-allowed-in-project",
        Level::Warning,
        format!("a project's file may not make `{}` {bound}", key.path),
        elsewhere(key),
    )
}

fn elsewhere(key: &Key) -> String {
    format!(
        "if you want it, set it in your own `~/.config/gosteady/config.toml` or as {}",
        key.preferred_variable()
    )
}
