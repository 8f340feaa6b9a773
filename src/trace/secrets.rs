//! The secrets of the person at this machine, looked for in what is about to leave it: as they are, percent-encoded,
//! JSON-escaped and in base64.
//!
//! A secret without any mark can't be told from a word when it is written down; but here its owner is known, and so
//! are the places where secrets are kept.

use super::redact::{self, HIDDEN};
use crate::gomod::base64::encode as base64;
use crate::percent;
use crate::world::World;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A secret with fewer bytes is not looked for: it would be found everywhere.
const SHORTEST: usize = 6;

/// A "secret" that is a word of the vocabulary itself (`default`, `status`) can be none, and could not be hidden.
const VOCABULARY: &str = include_str!("event.rs");

/// Bytes of a file of credentials that are read.
const FILE_MAX: u64 = 1 << 20;

/// Secrets and where they were found.
#[derive(Debug, Default)]
pub struct Secrets {
    /// Every form of a secret, the longest first, and its source.
    forms: Vec<(String, String)>,
    begin: Beginnings,
}

impl Secrets {
    /// Those of the environment (values of variables named like secrets, userinfo and query values of addresses), of
    /// the netrc file, of git's credential store and of git's configuration, and what the linker is given. What can't be
    /// read has none.
    pub fn of(world: &World) -> Secrets {
        let mut found = Found::default();
        for (name, value) in &world.env {
            let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
            if redact::is_secret_name(&name) {
                found.add(&name, &value);
            }
            found.addresses(&name, &value);
            if name.starts_with("OTEL_") && name.ends_with("_HEADERS") {
                for (_, value) in value.split(',').filter_map(|pair| pair.split_once('=')) {
                    found.add(&name, value);
                    found.add(&name, &percent::decode_lossy(value.trim()));
                }
            }
        }
        let goflags = world.set_var("GOFLAGS").into_iter();
        for text in world.args.iter().map(|arg| arg.as_os_str()).chain(goflags) {
            found.linker_variables(&text.to_string_lossy());
        }
        let home = world.home().map(Path::to_path_buf).unwrap_or_default();
        let netrc = world
            .set_var("NETRC")
            .map_or_else(|| home.join(".netrc"), PathBuf::from);
        found.netrc(&netrc.display().to_string(), &read(&netrc));
        let config = world.config_dir().and_then(|dir| Some(dir.parent()?.join("git")));
        for (dir, file) in [
            (Some(home.clone()), ".git-credentials"),
            (Some(home.clone()), ".gitconfig"),
            (config.clone(), "credentials"),
            (config, "config"),
        ] {
            let Some(path) = dir.map(|dir| dir.join(file)) else {
                continue;
            };
            let text = read(&path);
            found.addresses(&path.display().to_string(), &text);
            found.headers(&path.display().to_string(), &text);
        }
        found.forms()
    }

    /// The text with every secret in any of its forms hidden.
    pub fn hide(&self, text: &str) -> String {
        let mut text = text.to_string();
        for (form, _) in &self.forms {
            if text.contains(form.as_str()) {
                text = text.replace(form.as_str(), HIDDEN);
            }
        }
        text
    }

    /// A record on its line with every secret hidden; what holds none is returned as it is.
    pub fn hide_line(&self, line: Vec<u8>) -> Vec<u8> {
        if !self.are_in(&line) {
            return line;
        }
        let Ok(mut value) = serde_json::from_slice::<Value>(&line) else {
            return line;
        };
        texts(&mut value, &mut |text| self.hide(text));
        in_order(&value).into_bytes()
    }

    fn are_in(&self, line: &[u8]) -> bool {
        let mut places = (0..line.len()).filter(|at| self.begin.may_stand(&line[*at..]));
        let forms = |at: usize| {
            self.forms
                .iter()
                .any(|(form, _)| line[at..].starts_with(form.as_bytes()))
        };
        !self.forms.is_empty() && places.any(forms)
    }

    /// Where the secrets come from that a text holds; none where all is well. What `ours` holds too is our own text.
    pub fn sources_in(&self, text: &str, ours: &str) -> Vec<&str> {
        let mut sources: Vec<&str> = self
            .forms
            .iter()
            .filter(|(form, _)| text.contains(form.as_str()) && !ours.contains(form.as_str()))
            .map(|(_, source)| source.as_str())
            .collect();
        sources.sort_unstable();
        sources.dedup();
        sources
    }
}

/// What may be the first four bytes of a form: every record is looked through, and nearly all of their bytes begin none.
#[derive(Debug, Default)]
struct Beginnings {
    /// A bit for each hash; empty where there are no forms.
    bits: Vec<u64>,
}

impl Beginnings {
    const LOG: u32 = 16;

    fn of<'a>(forms: impl Iterator<Item = &'a [u8]>) -> Beginnings {
        let mut bits = Vec::new();
        for hash in forms.filter_map(Beginnings::hash) {
            bits.resize(1 << (Beginnings::LOG - 6), 0);
            bits[hash / 64] |= 1 << (hash % 64);
        }
        Beginnings { bits }
    }

    /// Whether a form may stand at the beginning of the text.
    fn may_stand(&self, text: &[u8]) -> bool {
        let bit = |hash: usize| Some(self.bits.get(hash / 64)? >> (hash % 64) & 1 == 1);
        Beginnings::hash(text).and_then(bit).unwrap_or(false)
    }

    fn hash(text: &[u8]) -> Option<usize> {
        let first = u32::from_le_bytes(*text.first_chunk()?);
        // Knuth's multiplicative hashing: the high bits of the product with 2^32 over the golden ratio.
        Some((first.wrapping_mul(0x9E37_79B1) >> (32 - Beginnings::LOG)) as usize)
    }
}

#[derive(Default)]
struct Found {
    secrets: BTreeMap<String, String>,
}

impl Found {
    fn add(&mut self, source: &str, secret: &str) {
        let secret = secret.trim();
        if secret.len() >= SHORTEST && !VOCABULARY.contains(secret) {
            self.secrets
                .entry(secret.to_string())
                .or_insert_with(|| source.to_string());
        }
    }

    /// Userinfo and the values of queries.
    fn addresses(&mut self, source: &str, text: &str) {
        let ends = |c: char| c.is_whitespace() || c.is_control() || "\"'<>|,;".contains(c);
        for (at, _) in text.match_indices("://") {
            let url = &text[at + 3..];
            let url = &url[..url.find(ends).unwrap_or(url.len())];
            let authority = &url[..url.find(['/', '?', '#']).unwrap_or(url.len())];
            if let Some((userinfo, _)) = authority.rsplit_once('@') {
                // A user alone is a name, unless it is all there is: then it is a token.
                let secret = userinfo
                    .split_once(':')
                    .map_or(userinfo, |(_, password)| password);
                self.add(source, secret);
                self.add(source, &percent::decode_lossy(secret));
            }
            if let Some((_, query)) = url.split_once('?') {
                for (_, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
                    self.add(source, value);
                }
            }
        }
    }

    /// `main.token=…` of `-X main.token=…`: go repeats it where it can't make out the quotes around it.
    fn linker_variables(&mut self, text: &str) {
        for (at, _) in text.match_indices("-X") {
            let rest = text[at + 2..].trim_start_matches(['=', ' ']);
            let quoted = rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
            let ends = |c: char| quoted.map_or(c.is_whitespace() || matches!(c, '\'' | '"'), |q| c == q);
            let rest = &rest[quoted.map_or(0, char::len_utf8)..];
            let variable = &rest[..rest.find(ends).unwrap_or(rest.len())];
            if variable.contains('=') {
                self.add("-ldflags", variable);
            }
        }
    }

    /// The words after `password` (cmd/go/internal/auth/netrc.go).
    fn netrc(&mut self, source: &str, text: &str) {
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            if word == "password" {
                self.add(source, words.next().unwrap_or_default());
            }
        }
    }

    /// `extraHeader = Authorization: Basic xxx` and other settings named like secrets.
    fn headers(&mut self, source: &str, text: &str) {
        for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let name = name.trim().to_ascii_lowercase();
            if name.contains("extraheader") {
                self.add(source, value.split_whitespace().last().unwrap_or_default());
            } else if redact::is_secret_name(&name) {
                self.add(source, value.trim().trim_matches('"'));
            }
        }
    }

    fn forms(self) -> Secrets {
        let mut forms = Vec::new();
        for (secret, source) in self.secrets {
            for form in written(&secret) {
                forms.push((form, source.clone()));
            }
        }
        forms.sort_by(|a, b| (b.0.len(), &a.0).cmp(&(a.0.len(), &b.0)));
        forms.dedup_by(|a, b| a.0 == b.0);
        let begin = Beginnings::of(forms.iter().map(|(form, _)| form.as_bytes()));
        Secrets { forms, begin }
    }
}

/// The record as it is written: `t` and `kind` first.
pub(super) fn in_order(value: &Value) -> String {
    let Value::Object(members) = value else {
        return value.to_string();
    };
    let first = ["t", "kind"];
    let head = first.iter().filter_map(|name| Some((*name, members.get(*name)?)));
    let rest = members.iter().filter(|(name, _)| !first.contains(&name.as_str()));
    let rest = rest.map(|(name, value)| (name.as_str(), value));
    let members: Vec<String> = head
        .chain(rest)
        .map(|(name, value)| format!("{}:{value}", Value::from(name)))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// Changes every text of a value, names of members aside.
pub(super) fn texts(value: &mut Value, change: &mut impl FnMut(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| texts(item, change)),
        Value::Object(members) => members.values_mut().for_each(|member| texts(member, change)),
        _ => {}
    }
}

/// The ways in which a secret may be written.
fn written(secret: &str) -> Vec<String> {
    let percent = percent::encode(secret.as_bytes(), b"");
    let json = serde_json::Value::from(secret).to_string();
    let mut forms = vec![
        secret.to_string(),
        percent.to_ascii_lowercase(),
        percent,
        json[1..json.len() - 1].to_string(),
    ];
    // In the base64 of a longer text it stands at one of three offsets; its outermost characters depend on what stands
    // beside it and are left out.
    for offset in 0..3usize {
        let mut bytes = vec![0; offset];
        bytes.extend_from_slice(secret.as_bytes());
        let text = base64(&bytes);
        let first = (offset * 8).div_ceil(6);
        let last = bytes.len() * 8 / 6;
        let inner = &text[first..last];
        if inner.len() >= SHORTEST {
            forms.push(inner.to_string());
            forms.push(inner.replace('+', "-").replace('/', "_"));
        }
    }
    // Lower case was for the digits of `%2F`; of a secret without any it is another word.
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

fn read(path: &Path) -> String {
    // Not to wait for the other end of a FIFO.
    let regular = std::fs::metadata(path).is_ok_and(|meta| meta.is_file());
    let mut text = Vec::new();
    if regular && let Ok(file) = File::open(path) {
        let _ = file.take(FILE_MAX).read_to_end(&mut text);
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(env: &[(&str, &str)]) -> Secrets {
        Secrets::of(&World {
            env: env.iter().map(|(k, v)| (k.into(), v.into())).collect(),
            ..World::default()
        })
    }

    #[test]
    fn a_secret_is_known_in_every_form() {
        let secret = "kö/rb\"ap+fel~9";
        let secrets = secrets(&[("MY_TOKEN", secret)]);
        let json = serde_json::Value::from(secret).to_string();
        for text in [
            secret.to_string(),
            json,
            percent::encode(secret.as_bytes(), b""),
            percent::encode(secret.as_bytes(), b"").to_lowercase(),
            base64(secret.as_bytes()),
            base64(format!("user:{secret}").as_bytes()),
            base64(format!("u:{secret}.").as_bytes()),
            base64(format!("us:{secret}.x").as_bytes())
                .replace('+', "-")
                .replace('/', "_"),
        ] {
            assert_eq!(
                secrets.sources_in(&format!("<{text}>"), ""),
                ["MY_TOKEN"],
                "{text}"
            );
            let hidden = secrets.hide(&text);
            assert!(
                secrets.sources_in(&hidden, "").is_empty() && hidden.contains('…'),
                "{text}: {hidden}"
            );
        }
        assert!(secrets.sources_in("korb apfel", "").is_empty());
    }

    #[test]
    fn what_the_linker_is_given_is_one() {
        for flags in [
            "-ldflags='-X main.key=s3cr3t'",
            "-ldflags=-X=main.key=s3cr3t",
            "-ldflags=\"-s -X 'main.key=s3cr3t' -w\"",
            "'-ldflags=-X  main.key=s3cr3t",
        ] {
            let secrets = secrets(&[("GOFLAGS", flags)]);
            let error = "go: parsing $GOFLAGS: non-flag \"main.key=s3cr3t'\"";
            assert_eq!(
                secrets.hide(error),
                "go: parsing $GOFLAGS: non-flag \"…'\"",
                "{flags}"
            );
        }
        let of = |arg: &str| {
            Secrets::of(&World {
                args: vec![arg.into()],
                ..World::default()
            })
        };
        assert_eq!(of("-X 'main.key=two words").hide("<main.key=two words>"), "<…>");
        assert!(of("-X").forms.is_empty() && of("-X main").forms.is_empty());
    }

    #[test]
    fn secrets_are_found_where_people_keep_them() {
        let home = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
        write(".netrc", "machine h\nlogin u password netrc-plain\n");
        write(".git-credentials", "https://u:stored%2Fword@h\n");
        write(
            ".gitconfig",
            "[http]\n\textraHeader = Authorization: Basic aGVhZGVyd29yZA==\n",
        );
        let secrets = secrets(&[
            ("HOME", home.path().to_str().unwrap()),
            (
                "GOPROXY",
                "https://u:proxyword@a|https://tokenword@b?key=queryword,direct",
            ),
            ("SHORT_TOKEN", "abc"),
            ("EDITOR", "plainword"),
            ("CREDENTIAL_MODE", "request"),
        ]);
        for (word, known) in [
            ("netrc-plain", true),
            ("stored/word", true),
            ("stored%2Fword", true),
            ("aGVhZGVyd29yZA==", true),
            ("proxyword", true),
            ("tokenword", true),
            ("queryword", true),
            ("abc", false),
            ("plainword", false),
            ("request", false),
        ] {
            assert_eq!(!secrets.sources_in(word, "").is_empty(), known, "{word}");
        }
    }
}
