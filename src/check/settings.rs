//! go's settings in effect, and passwords where none belongs.

use super::{File, Sheet};
use crate::config::Loaded;
use crate::config::goenv::{self, GoEnv};
use crate::error::Level;
use crate::gomod::pattern;
use crate::world::World;
use std::ops::Range;
use std::path::PathBuf;

/// go's settings, and passwords in files near these paths.
pub fn look(sheet: &mut Sheet<'_>, world: &World, env: &GoEnv, paths: &[PathBuf]) {
    let fix = "name what is private in GOPRIVATE instead";
    if env.text("GOSUMDB") == "off" {
        sheet.add(
            "sumdb-off",
            None,
            "GOSUMDB=off: nobody checks new dependencies".into(),
            fix.into(),
        );
    }
    for key in ["GONOSUMDB", "GOPRIVATE", "GOINSECURE"] {
        if pattern::matches_everything(&env.text(key)) {
            sheet.add(
                "sumdb-off",
                None,
                format!("{key} matches every module"),
                fix.into(),
            );
        }
    }
    if env.says_mod_mod() {
        let fix = "give -mod=mod to the one command that needs it";
        sheet.add(
            "goflags-mod-mod",
            None,
            "GOFLAGS says -mod=mod".into(),
            fix.into(),
        );
    }
    if env
        .goproxy()
        .split([',', '|'])
        .any(|element| element.trim() == "direct")
    {
        let fix = "export GOPROXY=https://your.mirror";
        sheet.add(
            "goproxy-direct",
            None,
            "GOPROXY holds `direct`".into(),
            fix.into(),
        );
    }
    let past = env.gonoproxy();
    if !pattern::is_effectively_empty(&past) {
        let by = match env.text("GONOPROXY").is_empty() {
            true => "GOPRIVATE",
            false => "GONOPROXY",
        };
        sheet.add(
            "goproxy-bypass",
            None,
            format!("{by}={past}: these modules are fetched past the proxy"),
            "go env -w GONOPROXY=none, and let the proxy serve them".into(),
        );
    }
    let dirs = paths
        .iter()
        .filter_map(|path| path.ancestors().find(|dir| dir.join("gosteady.toml").is_file()));
    let mut files: Vec<PathBuf> = dirs.map(|dir| dir.join("gosteady.toml")).collect();
    files.extend(goenv::user_file(world));
    files.dedup();
    // go passes over what it can't read, and of our own the settings tell.
    for file in files.into_iter().filter_map(|path| File::read(path).ok()) {
        for span in passwords(&file.text) {
            sheet.add(
                "credentials-in-settings",
                Some((&file, span)),
                "an address with a password".into(),
                "keep it in ~/.netrc or behind GOAUTH, and change the password: it has been in a file".into(),
            );
        }
    }
}

/// gosteady's own settings: what the files say and can't have, unless it is only a note.
pub fn ours(sheet: &mut Sheet<'_>, loaded: &Loaded) {
    for (finding, mark) in loaded.marked().filter(|(f, _)| f.level > Level::Note) {
        let file = mark.map(|mark| File {
            path: mark.path.clone(),
            text: mark.text.clone(),
        });
        let place = file
            .as_ref()
            .zip(mark)
            .map(|(file, mark)| (file, mark.span.clone()));
        let what = match &place {
            Some(_) => finding.what.clone(),
            None => format!("{}: {}", finding.evidence, finding.what),
        };
        sheet.add("settings-faulty", place, what, finding.fix.clone());
    }
}

/// Where the user and password of addresses stand.
fn passwords(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("://") {
        let start = at + 3;
        let rest = &text[start..];
        let end = rest
            .find(|c: char| c.is_whitespace() || "/?#\"',|".contains(c))
            .unwrap_or(rest.len());
        if let Some(userinfo) = rest[..end].rfind('@')
            && rest[..userinfo]
                .split_once(':')
                .is_some_and(|(_, password)| !password.is_empty())
        {
            found.push(start..start + userinfo);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_seen_and_their_absence_too() {
        let text = "GOPROXY=https://me:hunter2@a.example,https://b.example,https://u@c.example|https://:@d\n";
        let found: Vec<_> = passwords(text).into_iter().map(|span| &text[span]).collect();
        assert_eq!(found, ["me:hunter2"]);
    }
}
