//! What a module server is asked in its conformance test: some fifteen small requests and one zip, about one module.

use super::super::network::{BOUND, LIST};
use super::super::subject::Subject;
use super::sumdb::{self, Log};
use crate::activity::Phase;
use crate::gomod::{escape, pattern, semver};
use crate::proxy::Upstream;
use crate::proxy::probe::{Answer, Asker, Question, Trouble, database_file, module_file};
use crate::sumdb::Database;
use std::sync::Arc;
use std::time::Instant;

/// A small public module that every mirror knows, with capital letters in its path, and a version of it.
const MODULE: (&str, &str) = ("github.com/BurntSushi/toml", "v1.2.0");
/// A branch of it.
const BRANCH: &str = "master";
/// Requests at the same time: as many as a careful client makes.
const AT_ONCE: usize = 4;
/// The largest zip that is read whole.
const ZIP: usize = 16 << 20;
/// A validator that no file has.
const STRANGE: &str = "\"gosteady-has-another-one\"";

/// The module that it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// Its path.
    pub module: String,
    /// The version; empty where none is known.
    pub version: String,
}

/// What was asked, and what came.
#[derive(Debug)]
pub struct Asked {
    /// Of which module.
    pub target: Target,
    /// Over TLS.
    pub https: bool,
    /// The list of a public module without a capital letter.
    pub plain: Option<Answer>,
    /// `@v/list`.
    pub list: Answer,
    /// `@latest`.
    pub latest: Answer,
    /// The list of a directory in the module, which is none.
    pub path: Answer,
    /// `.info` of a branch.
    pub branch: Option<Answer>,
    /// The three files of the version.
    pub files: Option<Files>,
    /// `.info` of a version that is not there: its name and the answer.
    pub absent: Option<(String, Answer)>,
    /// The zip again: from the middle; the same with its own validator; with another one.
    pub ranges: Option<Ranges>,
    /// The checksum database; why not, where it was not asked for.
    pub log: Result<Log, &'static str>,
}

/// The files of a version.
#[derive(Debug)]
pub struct Files {
    /// `.info`.
    pub info: Answer,
    /// `.mod`.
    pub go_mod: Answer,
    /// `.zip`.
    pub zip: Answer,
}

/// Parts of a zip.
#[derive(Debug)]
pub struct Ranges {
    /// The first byte that was asked for.
    pub from: usize,
    /// With Range alone.
    pub bare: Answer,
    /// With If-Range and the zip's own validator, where it has one.
    pub same: Option<Answer>,
    /// With If-Range and another validator.
    pub other: Answer,
}

impl Asked {
    /// The module version in words.
    pub fn about(&self) -> String {
        match self.target.version.as_str() {
            "" => self.target.module.clone(),
            version => format!("{}@{version}", self.target.module),
        }
    }
}

/// The server under test, and the time that is left for it.
struct Server<'a> {
    upstream: &'a Upstream,
    asker: Result<Asker, Trouble>,
    begun: Instant,
}

/// Answers in the order of their questions; one that is lacking is a silence.
struct Answers(std::vec::IntoIter<Answer>);

impl Answers {
    fn next(&mut self) -> Answer {
        self.0.next().unwrap_or(Err(Trouble::Silent(Phase::Waiting)))
    }
}

impl Server<'_> {
    fn put(&self, questions: Vec<Question>) -> Answers {
        // The whole test has the time of two servers.
        let bound = BOUND.min((BOUND * 2).saturating_sub(self.begun.elapsed()));
        let answers = match &self.asker {
            Ok(asker) => asker.all(questions, AT_ONCE, bound),
            Err(trouble) => questions.iter().map(|_| Err(trouble.clone())).collect(),
        };
        Answers(answers.into_iter())
    }

    fn at(&self, module: &str, file: &str) -> Question {
        Question::new(self.upstream.file(&module_file(module, file)))
    }

    fn of_version(&self, target: &Target, end: &str) -> Question {
        self.at(&target.module, &format!("@v/{}.{end}", escape(&target.version)))
    }

    // `@v/list`, `@latest` and the list of a directory.
    fn about_module(&self, target: &Target) -> Vec<Question> {
        vec![
            self.at(&target.module, "@v/list"),
            self.at(&target.module, "@latest"),
            self.at(&format!("{}/internal", target.module), "@v/list"),
        ]
    }

    // Parts of a zip that came whole.
    fn ranges(&self, target: &Target, zip: &Answer) -> Option<Ranges> {
        let zip = zip.as_ref().ok()?;
        if zip.status != 200 || !zip.whole || zip.body.len() < 2 {
            return None;
        }
        let from = zip.body.len() / 2;
        let part = |validator: Option<&str>| {
            let question = self.of_version(target, "zip").most(ZIP);
            let question = question.with("Range", format!("bytes={from}-"));
            match validator {
                Some(validator) => question.with("If-Range", validator),
                None => question,
            }
        };
        // A weak validator may not stand in If-Range (RFC 9110, 13.1.5).
        let strong = zip.headers.get("etag").filter(|tag| !tag.starts_with("W/"));
        let validator = strong.or(zip.headers.get("last-modified"));
        let mut questions = vec![part(None), part(Some(STRANGE))];
        questions.extend(validator.map(|validator| part(Some(validator))));
        let mut answers = self.put(questions);
        Some(Ranges {
            from,
            bare: answers.next(),
            other: answers.next(),
            same: validator.is_some().then(|| answers.next()),
        })
    }
}

/// Asks all of it.
pub fn ask(subject: &Subject, upstream: &Upstream, module: Option<&str>) -> Asked {
    let begun = Instant::now();
    let server = Server {
        upstream,
        asker: Asker::new(&Arc::new(subject.world.clone()), &subject.text("GOAUTH")),
        begun,
    };
    let mut target = match module.map(|m| m.split_once('@').unwrap_or((m, ""))) {
        Some((path, version)) => Target::new(path, version),
        None => Target::new(MODULE.0, MODULE.1),
    };
    let mut questions = server.about_module(&target);
    if module.is_none() {
        questions.push(Question::new(upstream.file(LIST)));
        questions.push(server.at(MODULE.0, &format!("@v/{BRANCH}.info")));
    }
    let mut answers = server.put(questions);
    let (mut list, mut latest, mut path) = (answers.next(), answers.next(), answers.next());
    let (plain, branch) = match module {
        None => (Some(answers.next()), Some(answers.next())),
        Some(_) => (None, None),
    };
    // A server that has no module with capital letters is asked about another one.
    if !has(&list)
        && let Some(plain) = plain.as_ref().filter(|plain| has(plain))
    {
        target = Target::new(LIST.split("/@v/").next().unwrap_or_default(), "");
        let mut answers = server.put(server.about_module(&target)[1..].to_vec());
        (list, latest, path) = (plain.clone(), answers.next(), answers.next());
    }
    if target.version.is_empty() {
        target.version = newest(&latest, &list, &target.module).unwrap_or_default();
    }
    let mut asked = Asked {
        https: upstream.is_https(),
        plain,
        list,
        latest,
        path,
        branch,
        files: None,
        absent: None,
        ranges: None,
        log: Err("the module version is not known"),
        target,
    };
    let reached = [&asked.list, &asked.latest, &asked.path]
        .into_iter()
        .any(Result::is_ok);
    if !asked.target.version.is_empty() && reached {
        of_version(subject, &server, &mut asked);
    }
    asked
}

// What is asked about the version, once one is known.
fn of_version(subject: &Subject, server: &Server<'_>, asked: &mut Asked) {
    let target = &asked.target;
    let absent = absent_version(&target.module);
    let mut answers = server.put(vec![
        server.of_version(target, "info"),
        server.of_version(target, "mod"),
        server.of_version(target, "zip").most(ZIP),
        server.at(&target.module, &format!("@v/{absent}.info")),
    ]);
    let files = Files {
        info: answers.next(),
        go_mod: answers.next(),
        zip: answers.next(),
    };
    asked.absent = Some((absent, answers.next()));
    asked.ranges = server.ranges(target, &files.zip);
    asked.files = Some(files);
    asked.log = log(subject, target, |path| {
        let question = Question::new(server.upstream.file(path));
        server.put(vec![question]).next()
    });
}

impl Target {
    fn new(module: &str, version: &str) -> Target {
        Target {
            module: module.to_owned(),
            version: version.to_owned(),
        }
    }
}

fn log(subject: &Subject, target: &Target, ask: impl FnMut(&str) -> Answer) -> Result<Log, &'static str> {
    let database = match Database::parse(&subject.env.gosumdb()) {
        Ok(database) if database.url.is_some() => return Err("GOSUMDB has a URL of its own"),
        Ok(database) => database,
        Err(_) => return Err("GOSUMDB names no database"),
    };
    let mut kept = subject.text("GONOSUMDB");
    if kept.is_empty() {
        kept = subject.text("GOPRIVATE");
    }
    if pattern::matches_prefix(&kept, &target.module) {
        return Err("GONOSUMDB keeps the module from the database");
    }
    let file = |path: &str| database_file(database.name(), path);
    Ok(sumdb::ask(&database.key, target, file, ask))
}

/// Whether it answers 200.
pub fn has(answer: &Answer) -> bool {
    matches!(answer, Ok(seen) if seen.status == 200)
}

/// The version that a server calls the latest, else the highest release of its list, else its highest version.
pub fn newest(latest: &Answer, list: &Answer, module: &str) -> Option<String> {
    let named = latest.as_ref().ok().filter(|seen| seen.status == 200);
    let named = named.and_then(|seen| super::words::info(&seen.body).ok());
    if let Some(info) = named {
        return Some(info.version);
    }
    let list = list.as_ref().ok().filter(|seen| seen.status == 200)?;
    let text = String::from_utf8_lossy(&list.body).into_owned();
    let words = text.lines().filter_map(|line| line.split_whitespace().next());
    let versions = words
        .filter_map(semver::parse)
        .filter(|v| semver::belongs(v, module));
    let best = versions.max_by(|a, b| {
        let release = |v: &semver::Version| v.pre.is_empty();
        release(a)
            .cmp(&release(b))
            .then_with(|| semver::compare(a.text, b.text))
    });
    best.map(|version| version.text.to_owned())
}

/// A version that nobody has published, of the major version that the path demands.
fn absent_version(module: &str) -> String {
    let major = semver::path_major(module).unwrap_or_default();
    let digits: String = major.chars().filter(char::is_ascii_digit).collect();
    match digits.as_str() {
        "" => "v1.999999.0".to_owned(),
        digits => format!("v{digits}.999999.0"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::probe::Seen;

    #[test]
    fn versions_that_are_asked_for() {
        for (module, absent) in [
            ("a.io/x", "v1.999999.0"),
            ("a.io/x/v3", "v3.999999.0"),
            ("gopkg.in/yaml.v2", "v2.999999.0"),
        ] {
            assert_eq!(absent_version(module), absent);
            assert!(semver::belongs(&semver::parse(absent).unwrap(), module));
        }
        let answer = |status, body: &'static str| {
            Ok(Seen {
                status,
                body: body.into(),
                ..Seen::default()
            })
        };
        let none = || answer(404, "");
        let list = answer(
            200,
            "v1.0.0\nv1.10.0 2024-01-01T00:00:00Z\nv1.9.0\nv1.11.0-rc.1\nv2.0.0\nx\n",
        );
        let latest = answer(200, "{\"Version\":\"v1.4.0\",\"Time\":\"2024-01-01T00:00:00Z\"}");
        assert_eq!(newest(&latest, &list, "a.io/x").as_deref(), Some("v1.4.0"));
        assert_eq!(newest(&none(), &list, "a.io/x").as_deref(), Some("v1.10.0"));
        assert_eq!(
            newest(&answer(200, "<html>"), &list, "a.io/x/v2").as_deref(),
            Some("v2.0.0")
        );
        assert_eq!(newest(&none(), &none(), "a.io/x"), None);
    }
}
