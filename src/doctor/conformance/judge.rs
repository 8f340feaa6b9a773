//! What the answers of a module server say about it. Pure.
//!
//! Sources: cmd/go/internal/modfetch/proxy.go (Versions, Stat, Latest, GoMod, Zip), cmd/go/internal/web (HTTPError,
//! formatErrorDetail), golang.org/x/mod/zip; RFC 9110 for lengths and ranges.

use super::asking::{Asked, Files, Ranges, has};
use super::{Judgement, POINTS, Point, sumdb};
use crate::gomod::{self, h1, semver};
use crate::proxy::Archive;
use crate::proxy::probe::{Answer, Seen, Trouble};
use jiff::Timestamp;
use std::io::Cursor;

/// What an absence is: go moves on after a comma at these alone (web/api.go: HTTPError.Is).
const ABSENT: [u16; 2] = [404, 410];

/// Words of a failure that has no business in a 404: those of go, git and net/http.
const FAILURES: &[&str] = &[
    "timeout",
    "timed out",
    "deadline exceeded",
    "connection refused",
    "connection reset",
    "no route to host",
    "no such host",
    "i/o timeout",
    "x509",
    "tls:",
    "internal server error",
    "bad gateway",
    "service unavailable",
    "exit status 128",
    "permission denied",
    "could not read username",
    "authentication",
    "rate limit",
    "unexpected eof",
    "no space left",
];

/// Every point of [`POINTS`], in that order.
pub fn judge(asked: &Asked) -> Vec<Point> {
    let reached = [&asked.list, &asked.latest, &asked.path]
        .into_iter()
        .any(Result::is_ok);
    let mut found = match reached {
        false => Vec::new(),
        true => {
            let mut found = list(&asked.list, &asked.target.module, held(asked));
            found.extend(versions(asked));
            found.extend(files(asked));
            found.extend(absences(asked));
            found.extend(transfer(asked));
            let zip = asked.files.as_ref().and_then(|files| files.zip.as_ref().ok());
            let hash = zip.and_then(|zip| h1::of_zip(Cursor::new(&zip.body)).ok().flatten());
            found.extend(sumdb::judge(&asked.log, hash.as_deref()));
            found
        }
    };
    let why = match reached {
        false => said(&asked.list),
        true => format!(
            "it has no {}; name a module that it has with --module",
            asked.about()
        ),
    };
    let take = |id: &'static str| {
        let at = found.iter().position(|point| point.id == id);
        at.map_or_else(|| unknown(id, why.clone()), |at| found.swap_remove(at))
    };
    POINTS.iter().map(|(id, ..)| *id).map(take).collect()
}

/// Whether the server has the module at all: else nothing can be told from its files.
fn held(asked: &Asked) -> bool {
    let files = asked.files.as_ref();
    let any = files.is_some_and(|f| [&f.info, &f.go_mod, &f.zip].into_iter().any(has));
    let listed = matches!(&asked.list, Ok(seen) if seen.status == 200 && !seen.body.is_empty());
    any || listed || has(&asked.latest)
}

fn list(list: &Answer, module: &str, held: bool) -> Vec<Point> {
    let seen = match list {
        Ok(seen) if seen.status == 200 && !is_page(seen) => seen,
        Ok(seen) if ABSENT.contains(&seen.status) && !held => return Vec::new(),
        other => return vec![broken("server-list", said(other))],
    };
    let text = String::from_utf8_lossy(&seen.body);
    let words: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let canonical = |word: &&str| semver::parse(word).is_some_and(|v| semver::belongs(&v, module));
    let odd: Vec<_> = words.iter().copied().filter(|word| !canonical(word)).collect();
    let pseudo = words
        .iter()
        .filter_map(|word| semver::parse(word))
        .filter(semver::Version::is_pseudo);
    let pseudo: Vec<_> = pseudo.map(|version| version.text).collect();
    let none = |id, wrong: &[&str], fine: String| match wrong {
        [] => kept(id, fine),
        _ => broken(id, format!("{} of {}: {}", wrong.len(), words.len(), some(wrong))),
    };
    vec![
        kept(
            "server-list",
            format!("{}, {} versions", seen.status_text, words.len()),
        ),
        none("server-list-canonical", &odd, format!("all {}", words.len())),
        none("server-list-pseudo", &pseudo, format!("none in {}", words.len())),
    ]
}

fn versions(asked: &Asked) -> Vec<Point> {
    let mut points = vec![match &asked.latest {
        Ok(seen) if seen.status == 200 => match info(&seen.body) {
            Ok(info) => kept("server-latest", info.version),
            Err(why) => broken("server-latest", why),
        },
        other => broken("server-latest", said(other)),
    }];
    let named = asked.files.as_ref().map(|files| &files.info);
    let mut json = Vec::new();
    for (name, answer) in [(".info", named), ("@latest", Some(&asked.latest))] {
        if let Some(Ok(seen)) = answer.filter(|answer| has(answer)) {
            json.push((name, info(&seen.body)));
        }
    }
    match json
        .iter()
        .find_map(|(name, info)| Some((name, info.as_ref().err()?)))
    {
        Some((name, why)) => points.push(broken("server-json", format!("{name}: {why}"))),
        None if json.is_empty() => {}
        None => points.push(kept("server-json", "Version and Time are as go reads them")),
    }
    if let Some((_, Ok(info))) = json.iter().find(|(name, _)| *name == ".info") {
        points.push(match info.version == asked.target.version {
            true => kept("server-version", info.version.clone()),
            false => broken(
                "server-version",
                format!("asked for {}, told of {}", asked.target.version, info.version),
            ),
        });
    }
    points.push(match &asked.branch {
        _ if !held(asked) => return points,
        None => unknown(
            "server-revision",
            "only asked of a module that is known to have such a branch",
        ),
        Some(Ok(seen)) if seen.status == 200 => match info(&seen.body) {
            Ok(info) => kept("server-revision", info.version),
            Err(why) => broken("server-revision", why),
        },
        Some(other) => broken("server-revision", said(other)),
    });
    points
}

fn files(asked: &Asked) -> Vec<Point> {
    let Some(files) = asked.files.as_ref().filter(|_| held(asked)) else {
        return Vec::new();
    };
    let (module, version) = (&asked.target.module, &asked.target.version);
    let mut points = vec![match has(&files.info) {
        true => kept("server-info", said(&files.info)),
        false => broken("server-info", said(&files.info)),
    }];
    points.push(match &files.go_mod {
        Ok(seen) if seen.status == 200 => match gomod::directives(&seen.body).module {
            Some(path) if path == *module => kept("server-mod", format!("module {path}")),
            Some(path) => broken("server-mod", format!("module {path}, not {module}")),
            None => broken("server-mod", format!("no module line: {}", begin(seen))),
        },
        other => broken("server-mod", said(other)),
    });
    let (zip, zip_mod) = match &files.zip {
        Ok(seen) if seen.status == 200 && !seen.whole => {
            let why = || format!("longer than {} bytes, so not read", seen.body.len());
            (unknown("server-zip", why()), unknown("server-zip-mod", why()))
        }
        Ok(seen) if seen.status == 200 => of_zip(files, &seen.body, module, version),
        other => (
            broken("server-zip", said(other)),
            unknown("server-zip-mod", "there is no zip"),
        ),
    };
    points.extend([zip, zip_mod]);
    let capitals = module.chars().any(char::is_uppercase);
    points.push(match capitals {
        true => kept("server-escape", format!("{} was found", gomod::escape(module))),
        false if asked.plain.is_some() => broken(
            "server-escape",
            "it has golang.org/x/mod, but no github.com/!burnt!sushi/toml",
        ),
        false => unknown("server-escape", format!("{module} has no capital letter")),
    });
    points
}

fn of_zip(files: &Files, zip: &[u8], module: &str, version: &str) -> (Point, Point) {
    let sound = h1::look(Cursor::new(zip), module, version).and_then(|()| h1::of_zip(Cursor::new(zip)));
    let sound = match sound {
        Ok(hash) => kept(
            "server-zip",
            format!("{} bytes, {}", zip.len(), hash.unwrap_or_default()),
        ),
        Err(h1::Bad::Broken(why) | h1::Bad::Foreign(why)) => broken("server-zip", why),
    };
    let inside = Archive::open(Cursor::new(zip), module, version).and_then(|mut zip| zip.go_mod(module));
    let told = files.go_mod.as_ref().ok().filter(|seen| seen.status == 200);
    let same = match (inside, told) {
        (Some(inside), Some(told)) if inside == told.body => {
            kept("server-zip-mod", format!("the same {} bytes", inside.len()))
        }
        (Some(inside), Some(told)) => broken(
            "server-zip-mod",
            format!(
                "{} bytes in the zip, {} in the .mod, not the same",
                inside.len(),
                told.body.len()
            ),
        ),
        _ => unknown("server-zip-mod", "there is no zip, or no .mod, to compare"),
    };
    (sound, same)
}

fn absences(asked: &Asked) -> Vec<Point> {
    let mut points = Vec::new();
    let absent = |id, what: &str, answer: &Answer| match answer {
        Ok(seen) if ABSENT.contains(&seen.status) => kept(id, format!("{what}: {}", seen.status_text)),
        // A directory without versions is as good: the list of a module that has no tag.
        Ok(seen) if seen.status == 200 && seen.body.trim_ascii().is_empty() => {
            kept(id, format!("{what}: an empty list"))
        }
        other => broken(id, format!("{what}: {}", said(other))),
    };
    let mut texts = Vec::new();
    if let Some((version, answer)) = asked.absent.as_ref().filter(|_| held(asked)) {
        points.push(absent("server-absent-version", version, answer));
        texts.push(answer);
    }
    let directory = format!("{}/internal", asked.target.module);
    points.push(absent("server-absent-path", &directory, &asked.path));
    texts.push(&asked.path);
    let said_of = |answer: &&Answer| {
        let seen = answer
            .as_ref()
            .ok()
            .filter(|seen| ABSENT.contains(&seen.status))?;
        Some(go_prints(seen))
    };
    let texts: Vec<String> = texts.iter().filter_map(said_of).collect();
    if let Some(text) = texts.first() {
        points.push(match text.as_str() {
            "" => broken("server-absent-text", "go prints nothing below the status"),
            text => kept("server-absent-text", format!("go prints: {text}")),
        });
    }
    points.extend(masked(asked));
    points
}

/// A failure told as an absence: by its words, or where the list says that the version is there.
fn masked(asked: &Asked) -> Option<Point> {
    let id = "server-masked";
    let mut seen_absent = false;
    let files = asked.files.as_ref();
    let of_files = files
        .into_iter()
        .flat_map(|f| [("info", &f.info), ("mod", &f.go_mod), ("zip", &f.zip)]);
    let listed = matches!(&asked.list, Ok(seen) if seen.status == 200
        && String::from_utf8_lossy(&seen.body).lines().any(|line| line.split_whitespace().next() == Some(&asked.target.version)));
    for (name, answer) in of_files {
        if let Ok(seen) = answer
            && ABSENT.contains(&seen.status)
            && listed
        {
            let version = &asked.target.version;
            return Some(broken(
                id,
                format!("the list has {version}, its .{name} is {}", seen.status_text),
            ));
        }
    }
    let others = [
        Some(&asked.path),
        asked.absent.as_ref().map(|(_, answer)| answer),
        Some(&asked.latest),
    ];
    for seen in others
        .into_iter()
        .flatten()
        .flatten()
        .filter(|s| ABSENT.contains(&s.status))
    {
        seen_absent = true;
        let text = String::from_utf8_lossy(&seen.body).to_lowercase();
        if let Some(word) = FAILURES.iter().find(|word| text.contains(**word)) {
            return Some(broken(
                id,
                format!("{} that speaks of {word:?}: {}", seen.status_text, begin(seen)),
            ));
        }
    }
    seen_absent.then(|| kept(id, "no 404 or 410 speaks of a failure"))
}

fn transfer(asked: &Asked) -> Vec<Point> {
    let mut points = Vec::new();
    let files = asked.files.as_ref();
    let more = files.into_iter().flat_map(|f| [&f.info, &f.go_mod, &f.zip]);
    let all: Vec<&Seen> = [&asked.list, &asked.latest, &asked.path]
        .into_iter()
        .chain(more)
        .filter_map(|answer| answer.as_ref().ok())
        .collect();
    points.push(
        match all.iter().find(|seen| seen.status == 200 && is_page(seen)) {
            Some(seen) => broken("server-page", begin(seen)),
            None => kept("server-page", "none was seen"),
        },
    );
    points.push(match all.iter().find(|seen| seen.packed) {
        Some(_) => broken(
            "server-encoding",
            "Content-Encoding: gzip, though only identity was asked for",
        ),
        None => kept("server-encoding", "nothing came packed"),
    });
    points.push(match all.iter().find(|seen| !seen.way.protocol.is_empty()) {
        _ if !asked.https => unknown("server-http2", "it is asked over plain http"),
        Some(seen) if seen.way.protocol == "HTTP/2" => kept("server-http2", "HTTP/2"),
        Some(seen) => broken("server-http2", seen.way.protocol),
        None => unknown("server-http2", "nothing was answered"),
    });
    let Some(files) = files.filter(|_| held(asked)) else {
        return points;
    };
    points.extend(match &files.zip {
        Ok(seen) if seen.status != 200 => None,
        Ok(seen) if seen.packed => Some(broken("server-length", "none is stated: it came packed")),
        Ok(seen) => Some(match seen.length {
            None => broken("server-length", "none is stated"),
            Some(length) if seen.whole && length != seen.body.len() as u64 => broken(
                "server-length",
                format!("{length} stated, {} came", seen.body.len()),
            ),
            Some(length) => kept("server-length", format!("{length} bytes")),
        }),
        Err(trouble) => Some(broken("server-length", reason(trouble))),
    });
    if let (Some(ranges), Ok(zip)) = (&asked.ranges, &files.zip) {
        points.extend(of_ranges(ranges, &zip.body));
    } else {
        points.extend(
            ["server-range", "server-if-range"].map(|id| unknown(id, "there is no zip to take a part of")),
        );
    }
    points
}

fn of_ranges(ranges: &Ranges, zip: &[u8]) -> [Point; 2] {
    let part = |answer: &Answer| match answer {
        Ok(seen) if seen.status == 206 => {
            let range = format!("bytes {}-{}/{}", ranges.from, zip.len() - 1, zip.len());
            match seen.headers.get("content-range") {
                Some(stated) if *stated != range => Err(format!("Content-Range: {stated}, not {range}")),
                None => Err("206 without Content-Range".to_owned()),
                Some(_) if seen.body != zip[ranges.from..] => {
                    Err("206 with other bytes than those".to_owned())
                }
                Some(_) => Ok(true),
            }
        }
        Ok(seen) if seen.status == 200 => Ok(false),
        other => Err(said(other)),
    };
    let bare = match part(&ranges.bare) {
        Ok(true) => kept("server-range", "206 and the right bytes"),
        Ok(false) => broken("server-range", "200 and the whole: Range is not supported"),
        Err(why) => broken("server-range", why),
    };
    let id = "server-if-range";
    let guarded = match (
        part(&ranges.bare),
        part(&ranges.other),
        ranges.same.as_ref().map(part),
    ) {
        (Ok(false) | Err(_), ..) => unknown(id, "Range does not work"),
        (_, Ok(false), Some(Ok(true))) => kept(id, "206 with its own validator, 200 with another one"),
        (_, Ok(false), Some(Ok(false))) => kept(id, "200 with another validator, but with its own one, too"),
        (_, Ok(false), None) => kept(
            id,
            "200 with another validator; it gives none of its own, so nothing is resumed",
        ),
        (_, Ok(true), _) => broken(id, "206 whatever If-Range says"),
        (_, Err(why), _) | (_, _, Some(Err(why))) => broken(id, why),
    };
    [bare, guarded]
}

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
        Trouble::Silent => "no answer in time".to_owned(),
        Trouble::Local(why) => why.clone(),
    }
}

fn is_page(seen: &Seen) -> bool {
    seen.body.trim_ascii_start().starts_with(b"<")
}

fn begin(seen: &Seen) -> String {
    let text = String::from_utf8_lossy(&seen.body);
    clipped(text.trim().lines().next().unwrap_or_default())
}

fn clipped(text: &str) -> String {
    crate::config::printable(text.trim(), 160)
}

fn some(words: &[&str]) -> String {
    let more = if words.len() > 3 { ", …" } else { "" };
    let words: Vec<_> = words.iter().take(3).map(|word| clipped(word)).collect();
    format!("{}{more}", words.join(", "))
}

pub(super) fn kept(id: &'static str, evidence: impl Into<String>) -> Point {
    Point::new(id, Judgement::Kept, evidence)
}

pub(super) fn broken(id: &'static str, evidence: impl Into<String>) -> Point {
    Point::new(id, Judgement::Broken, evidence)
}

pub(super) fn unknown(id: &'static str, evidence: impl Into<String>) -> Point {
    Point::new(id, Judgement::Unknown, evidence)
}
