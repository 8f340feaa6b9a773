//! Reading and showing one value. Pure.

use super::key::{Key, Kind};
use super::settings::{Settings, TraceTo};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::de::DeValue;

/// The longest duration a setting can have. It keeps sums of instants and products of settings in range.
const LONGEST: Duration = Duration::from_secs(3660 * 24 * 3600);

/// A value as it was written.
#[derive(Debug, Clone, Copy)]
pub enum Raw<'a> {
    /// In a variable or on a command line.
    Text(&'a OsStr),
    /// In a file.
    Toml(&'a DeValue<'a>),
}

/// What a relative path or `~/` is relative to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Base<'a> {
    /// For a relative path; `None` where a path must be absolute, as in files.
    pub cwd: Option<&'a Path>,
    /// For `~/`.
    pub home: Option<&'a Path>,
}

/// Why a value was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It is not of the kind; the reason as a clause for "`proxy.attempts` …".
    Bad(String),
    /// It is looser than what the layers below give, which is shown here.
    Looser(String),
}

/// Puts a value into the settings. With `tighten` a value looser than the present one is refused. On a
/// refusal the settings are as before.
pub fn assign(
    key: &Key,
    settings: &mut Settings,
    raw: Raw<'_>,
    base: Base<'_>,
    tighten: bool,
) -> Result<(), Refusal> {
    let before = || show(key, settings);
    match key.kind {
        Kind::Duration(field) => {
            let new = duration(raw)?;
            if tighten && new > *field(&mut settings.clone()) {
                return Err(Refusal::Looser(before()));
            }
            *field(settings) = new;
        }
        Kind::Bound(field) => {
            let off = text(raw).is_some_and(|t| t.trim() == "off");
            let new = if off { None } else { Some(duration(raw)?) };
            let old = *field(&mut settings.clone());
            if tighten && new.unwrap_or(Duration::MAX) > old.unwrap_or(Duration::MAX) {
                return Err(Refusal::Looser(before()));
            }
            *field(settings) = new;
        }
        Kind::Count { max, get, set } => {
            let new = count(raw, max)?;
            if tighten && new > get(settings) {
                return Err(Refusal::Looser(before()));
            }
            set(settings, new);
        }
        Kind::Choice { words, get, set } => {
            let word = text(raw).map(str::trim).ok_or_else(not_text)?;
            let rank = |word: &str| words.iter().position(|w| *w == word);
            let Some(new) = rank(word) else {
                return Err(Refusal::Bad(match super::suggest::nearest(word, words) {
                    Some(meant) => format!("knows no such word, did you mean `{meant}`?"),
                    None => "knows no such word".into(),
                }));
            };
            if tighten && Some(new) > rank(get(settings)) {
                return Err(Refusal::Looser(before()));
            }
            set(settings, word);
        }
        Kind::Switch(field) => {
            let new = switch(raw)?;
            if tighten && new && !*field(&mut settings.clone()) {
                return Err(Refusal::Looser(before()));
            }
            *field(settings) = new;
        }
        Kind::Size(field) => {
            let new = size(raw)?;
            if tighten && new > *field(&mut settings.clone()) {
                return Err(Refusal::Looser(before()));
            }
            *field(settings) = new;
        }
        // A list and a path have no order, so nothing about them can be tightened.
        Kind::GoVersion(field) => *field(settings) = Some(go_version(raw)?),
        Kind::Hosts(_) | Kind::Sums(_) | Kind::Target(_) if tighten => return Err(Refusal::Looser(before())),
        Kind::Hosts(field) => *field(settings) = hosts(raw)?,
        Kind::Sums(field) => *field(settings) = sums(raw)?,
        Kind::Target(field) => *field(settings) = target(raw, base)?,
    }
    Ok(())
}

/// The present value as a person would write it.
pub fn show(key: &Key, settings: &Settings) -> String {
    let mut copy = settings.clone();
    match key.kind {
        Kind::Duration(field) => show_duration(*field(&mut copy)),
        Kind::Bound(field) => field(&mut copy).map_or("off".into(), show_duration),
        Kind::Count { get, .. } => get(settings).to_string(),
        Kind::Choice { get, .. } => get(settings).into(),
        Kind::Switch(field) => field(&mut copy).to_string(),
        Kind::Size(field) => show_size(*field(&mut copy)),
        Kind::GoVersion(field) => field(&mut copy).clone().unwrap_or_else(|| "any".into()),
        Kind::Hosts(field) => format!("[{}]", field(&mut copy).join(", ")),
        Kind::Sums(field) => format!("[{}]", field(&mut copy).join(", ")),
        Kind::Target(field) => match field(&mut copy) {
            TraceTo::State => "state".into(),
            TraceTo::Off => "off".into(),
            TraceTo::Path(path) => super::printable_path(path),
        },
    }
}

fn text(raw: Raw<'_>) -> Option<&str> {
    match raw {
        Raw::Text(text) => text.to_str(),
        Raw::Toml(value) => value.as_str(),
    }
}

// Only its shape: what a version is, the toolchain knows.
fn go_version(raw: Raw<'_>) -> Result<String, Refusal> {
    let text = text(raw).map(str::trim).ok_or_else(not_text)?;
    let number = text.strip_prefix("go").unwrap_or(text);
    let shape = number.starts_with(|c: char| c.is_ascii_digit())
        && number.len() <= 64
        && number
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b));
    if shape || text == "system" {
        Ok(text.to_string())
    } else {
        Err(Refusal::Bad("is not a Go version".into()))
    }
}

fn not_text() -> Refusal {
    Refusal::Bad("is not a text".into())
}

fn duration(raw: Raw<'_>) -> Result<Duration, Refusal> {
    let bad = |why: &str| Refusal::Bad(why.into());
    let text = text(raw)
        .map(str::trim)
        .ok_or_else(|| bad("is not a duration in quotes"))?;
    match humantime::parse_duration(text) {
        Ok(Duration::ZERO) => Err(bad("can't be zero")),
        Ok(d) if d > LONGEST => Err(bad("can't be longer than ten years")),
        Ok(d) => Ok(d),
        Err(_) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => {
            Err(bad("is a duration without a unit"))
        }
        Err(_) => Err(bad("is not a duration")),
    }
}

fn integer(raw: Raw<'_>) -> Option<u64> {
    match raw {
        Raw::Text(text) => text.to_str()?.trim().parse().ok(),
        Raw::Toml(DeValue::Integer(n)) => u64::from_str_radix(n.as_str(), n.radix()).ok(),
        Raw::Toml(_) => None,
    }
}

fn count(raw: Raw<'_>, max: u32) -> Result<u32, Refusal> {
    match integer(raw).map(u32::try_from) {
        Some(Ok(n)) if (1..=max).contains(&n) => Ok(n),
        Some(_) => Err(Refusal::Bad("is out of range".into())),
        None => Err(Refusal::Bad("is not a whole number".into())),
    }
}

fn switch(raw: Raw<'_>) -> Result<bool, Refusal> {
    let value = match raw {
        Raw::Text(text) => text.to_str().and_then(|t| t.trim().parse().ok()),
        Raw::Toml(value) => value.as_bool(),
    };
    value.ok_or_else(|| Refusal::Bad("is neither `true` nor `false`".into()))
}

const UNITS: &[(&str, u64)] = &[
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

fn size(raw: Raw<'_>) -> Result<u64, Refusal> {
    let bad = || Refusal::Bad("is not a size".into());
    if let Some(bytes) = integer(raw) {
        return Ok(bytes);
    }
    let text = text(raw).ok_or_else(bad)?.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = UNITS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(unit.trim()))
        .ok_or_else(bad)?;
    let number: u64 = number.parse().map_err(|_| bad())?;
    number.checked_mul(unit.1).ok_or_else(bad)
}

/// In days at most: a month of humantime's is 30.44 days, so that `60d` would read `1month 29days 13h 7m 12s`.
fn show_duration(duration: Duration) -> String {
    const DAY: u64 = 24 * 60 * 60;
    let days = duration.as_secs() / DAY;
    let rest = duration - Duration::from_secs(days * DAY);
    let rest = (days == 0 || !rest.is_zero()).then(|| humantime::format_duration(rest).to_string());
    let days = (days > 0).then(|| format!("{days}day{}", if days == 1 { "" } else { "s" }));
    days.into_iter().chain(rest).collect::<Vec<_>>().join(" ")
}

fn show_size(bytes: u64) -> String {
    let unit = UNITS
        .iter()
        .find(|(_, size)| bytes > 0 && bytes.is_multiple_of(*size));
    let (name, size) = unit.unwrap_or(&("B", 1));
    format!("{}{name}", bytes / size)
}

/// The entries of a list: those of a file's array, or the parts of a text between commas.
fn list(raw: Raw<'_>) -> Option<Vec<&str>> {
    match raw {
        Raw::Text(text) => text
            .to_str()
            .map(|t| t.split(',').map(str::trim).filter(|h| !h.is_empty()).collect()),
        Raw::Toml(DeValue::Array(items)) => items.iter().map(|item| item.get_ref().as_str()).collect(),
        Raw::Toml(_) => None,
    }
}

/// `go1.26.6.linux-amd64 h1:BASE64`, one blank between.
fn sums(raw: Raw<'_>) -> Result<Vec<String>, Refusal> {
    let list = list(raw).ok_or_else(|| Refusal::Bad("is not a list of hashes".into()))?;
    let is_sum = |entry: &str| {
        let mut fields = entry.split_whitespace();
        let (name, hash) = (
            fields.next().unwrap_or_default(),
            fields.next().unwrap_or_default(),
        );
        let named = name
            .strip_prefix("go1.")
            .is_some_and(|rest| rest.contains('.') && rest.contains('-'));
        let hash = hash.strip_prefix("h1:").and_then(crate::gomod::base64::decode);
        named && hash.is_some_and(|h| h.len() == 32) && fields.next().is_none()
    };
    match list.iter().position(|entry| !is_sum(entry)) {
        Some(i) => Err(Refusal::Bad(format!(
            "has an entry that is not `go1.26.6.linux-amd64 h1:…` (number {})",
            i + 1
        ))),
        None => Ok(list
            .iter()
            .map(|e| e.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()),
    }
}

fn hosts(raw: Raw<'_>) -> Result<Vec<String>, Refusal> {
    let list = list(raw).ok_or_else(|| Refusal::Bad("is not a list of host names".into()))?;
    // The entry is not repeated in the message: it may be a URL with a password in it.
    match list.iter().position(|h| !is_host(h)) {
        Some(i) => Err(Refusal::Bad(format!(
            "has an entry that is not a host name (number {}); no scheme, no user, no path",
            i + 1
        ))),
        None => Ok(list.iter().map(|h| h.to_ascii_lowercase()).collect()),
    }
}

/// `name`, `name:port`, an IPv4 address or an IPv6 address in brackets.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, rest)) => {
            let ok = v6.parse::<std::net::Ipv6Addr>().is_ok();
            (ok, rest.strip_prefix(':').or(rest.is_empty().then_some("1")))
        }
        None => {
            let (name, port) = text.split_once(':').unwrap_or((text, "1"));
            let label = |l: &str| {
                !l.is_empty()
                    && l.bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            };
            (name.len() <= 253 && name.split('.').all(label), Some(port))
        }
    };
    let digits = |p: &str| p.bytes().all(|b| b.is_ascii_digit());
    host && port.is_some_and(|p| digits(p) && p.parse::<u16>().is_ok_and(|p| p > 0))
}

fn target(raw: Raw<'_>, base: Base<'_>) -> Result<TraceTo, Refusal> {
    let bad = |why: &str| Refusal::Bad(why.into());
    // A path is bytes; only the words are text.
    let path = match raw {
        Raw::Text(text) => Path::new(text),
        Raw::Toml(value) => Path::new(value.as_str().ok_or_else(not_text)?),
    };
    match path.as_os_str().as_bytes() {
        b"" => return Err(bad("is empty")),
        b"-" => return Err(bad("names no file: stdout and stderr are go's")),
        // What people write who know other variables of this kind; none of it is a file that anyone wants.
        b"off" | b"0" | b"false" | b"/dev/null" => return Ok(TraceTo::Off),
        b"state" | b"1" | b"true" => return Ok(TraceTo::State),
        bytes if bytes.contains(&0) => return Err(bad("has a NUL in it")),
        _ => {}
    }
    let full: PathBuf = if path.is_absolute() {
        path.into()
    } else if let Ok(below) = path.strip_prefix("~") {
        base.home.ok_or_else(|| bad("needs HOME to be set"))?.join(below)
    } else {
        base.cwd.ok_or_else(|| bad("is not an absolute path"))?.join(path)
    };
    Ok(TraceTo::Path(full))
}
