//! What an answer says, in words of ours. Pure.

use crate::gomod::semver;
use crate::proxy::probe::{Answer, Seen, Trouble};
use jiff::Timestamp;

/// What a server says about a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// The canonical version.
    pub version: String,
    /// When it was made.
    pub time: Option<Timestamp>,
}

/// Reads `.info` and `@latest`; the error is a clause. Source: modfetch/repo.go (RevInfo).
pub fn info(body: &[u8]) -> Result<Info, String> {
    let value: serde_json::Value = serde_json::from_slice(body)
        .map_err(|_| format!("no JSON: {}", clipped(&String::from_utf8_lossy(body))))?;
    let version = value["Version"].as_str().unwrap_or_default();
    if semver::parse(version).is_none() {
        return Err(format!(
            "Version is {}, not a canonical one",
            clipped(&value["Version"].to_string())
        ));
    }
    let time = match &value["Time"] {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(
            text.parse::<Timestamp>()
                .map_err(|_| format!("Time is {text:?}"))?,
        ),
        other => return Err(format!("Time is {}", clipped(&other.to_string()))),
    };
    Ok(Info {
        version: version.to_owned(),
        time,
    })
}

/// What go prints of an answer that is none, below its status (web/api.go: formatErrorDetail); empty for nothing.
pub fn go_prints(seen: &Seen) -> String {
    let kind = seen
        .headers
        .get("content-type")
        .map_or("", String::as_str)
        .to_ascii_lowercase();
    let mut parts = kind.split(';').map(str::trim);
    let plain = parts.next() == Some("text/plain");
    let charset = parts.find_map(|part| part.strip_prefix("charset=")).unwrap_or("");
    let text = std::str::from_utf8(&seen.body).ok();
    let Some(text) = text.filter(|_| plain && matches!(charset.trim_matches('"'), "" | "utf-8" | "us-ascii"))
    else {
        return String::new();
    };
    if text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return String::new();
    }
    let lines = text.lines().take_while(|line| !line.trim().is_empty()).take(8);
    clipped(&lines.collect::<Vec<_>>().join(" / "))
}

/// Status and beginning of an answer, or why there is none.
pub fn said(answer: &Answer) -> String {
    match answer {
        Ok(seen) if seen.status == 200 && !is_page(seen) => seen.status_text.clone(),
        Ok(seen) if seen.body.is_empty() => seen.status_text.clone(),
        Ok(seen) => format!("{}: {}", seen.status_text, begin(seen)),
        Err(trouble) => reason(trouble),
    }
}

/// Why there is no answer.
pub fn reason(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Failed(failure) => failure.reason.clone(),
        Trouble::Silent(_) => "no answer in time".to_owned(),
        Trouble::Local(why) => why.clone(),
    }
}

/// Whether it is a web page.
pub fn is_page(seen: &Seen) -> bool {
    seen.body.trim_ascii_start().starts_with(b"<")
}

/// The first line of its body, for a line of ours.
pub fn begin(seen: &Seen) -> String {
    let text = String::from_utf8_lossy(&seen.body);
    clipped(text.trim().lines().next().unwrap_or_default())
}

/// Foreign text on one line, made harmless.
pub fn clipped(text: &str) -> String {
    crate::config::printable(text.trim(), 160)
}
