//! What the answers of a module server say about it. Pure.
//!
//! Sources: cmd/go/internal/modfetch/proxy.go (Versions, Stat, Latest, GoMod, Zip), cmd/go/internal/web (HTTPError,
//! formatErrorDetail), golang.org/x/mod/zip; RFC 9110 for lengths and ranges.

use super::asking::{Asked, Files, has};
use super::words::{begin, clipped, go_prints, info, is_page, said};
use super::{Judgement, POINTS, Point, sumdb, transfer};
use crate::gomod::{self, h1, semver};
use crate::proxy::Archive;
use crate::proxy::probe::Answer;
use crate::ui::words::count;
use std::io::Cursor;

/// What an absence is: go moves on after a comma at these alone (web/api.go: HTTPError.Is).
const ABSENT: [u16; 2] = [404, 410];

/// Words of a failure that has no business in a 404: those of net/http and of servers. What git says of a repository
/// that is not there is not among them: hosts answer it as they answer a stranger.
const FAILURES: &[&str] = &[
    "timeout",
    "timed out",
    "deadline exceeded",
    "connection refused",
    "connection reset",
    "no route to host",
    "no such host",
    "x509",
    "tls:",
    "internal server error",
    "bad gateway",
    "bad upstream",
    "service unavailable",
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
            found.extend(transfer::judge(asked, held(asked)));
            let zip = asked.files.as_ref().and_then(|files| files.zip.as_ref().ok());
            let hash = zip.and_then(|zip| h1::of_zip(Cursor::new(&zip.body)).ok().flatten());
            found.extend(sumdb::judge(&asked.log, hash.as_deref()));
            found
        }
    };
    let why = match reached {
        false => said(&asked.list),
        true if held(asked) => "the answer that would tell did not come".to_owned(),
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
            format!("{}, {}", seen.status_text, count(words.len() as u64, "version")),
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
        Some(&asked.list),
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

fn some(words: &[&str]) -> String {
    let more = if words.len() > 3 { ", …" } else { "" };
    let words: Vec<_> = words.iter().take(3).map(|word| clipped(word)).collect();
    format!("{}{more}", words.join(", "))
}

/// The server does what go needs.
pub fn kept(id: &'static str, evidence: impl Into<String>) -> Point {
    Point::new(id, Judgement::Kept, evidence)
}

/// It does not.
pub fn broken(id: &'static str, evidence: impl Into<String>) -> Point {
    Point::new(id, Judgement::Broken, evidence)
}

/// It can't be told, or does not apply.
pub fn unknown(id: &'static str, evidence: impl Into<String>) -> Point {
    Point::new(id, Judgement::Unknown, evidence)
}
