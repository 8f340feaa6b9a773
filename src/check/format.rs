//! What was found, for a program: JSON, SARIF 2.1.0, GitHub's annotations.

use super::{Problem, Profile, RULES};
use crate::config::printable;
use crate::error::Level;
use crate::percent;
use serde_json::{Value, json};
use std::path::Path;

/// `{"schema": 1, "profile", "problems": [{id, level, what, fix, file, line, column}]}`.
pub fn json(problems: &[Problem], profile: Profile) -> Value {
    let problems: Vec<Value> = problems
        .iter()
        .map(|problem| {
            let place = problem.place();
            json!({
                "id": problem.finding.id,
                "level": problem.finding.level,
                "what": problem.finding.what,
                "fix": problem.finding.fix,
                "file": place.map(|(file, ..)| file.to_string_lossy()),
                "line": place.map(|(_, line, _)| line),
                "column": place.map(|(_, _, column)| column),
            })
        })
        .collect();
    json!({"schema": 1, "profile": profile.as_str(), "problems": problems})
}

/// SARIF (OASIS, 2.1.0); files relative to `root`.
pub fn sarif(problems: &[Problem], root: &Path) -> Value {
    let rules: Vec<Value> = RULES
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "shortDescription": {"text": rule.about},
                "help": {"text": format!("docs/check.md#{}", rule.id)},
            })
        })
        .collect();
    let results: Vec<Value> = problems
        .iter()
        .map(|problem| {
            let fix = &problem.finding.fix;
            let text = match fix.is_empty() {
                true => problem.finding.what.clone(),
                false => format!("{}. Mend it with: {fix}", problem.finding.what),
            };
            let level = match problem.finding.level {
                Level::Error => "error",
                Level::Warning => "warning",
                Level::Note => "note",
            };
            let mut result = json!({"ruleId": problem.finding.id, "level": level, "message": {"text": text}});
            if let Some((file, line, column)) = problem.place() {
                result["locations"] = json!([{
                    "physicalLocation": {
                        "artifactLocation": {"uri": uri(file, root)},
                        "region": {"startLine": line, "startColumn": column},
                    }
                }]);
            }
            result
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "gosteady", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "results": results,
        }],
    })
}

/// A relative URI reference (RFC 3986, 4.2), percent-encoded where it must be.
fn uri(file: &Path, root: &Path) -> String {
    let path = file.strip_prefix(root).unwrap_or(file).to_string_lossy();
    percent::encode(path.as_bytes(), b"/")
}

/// Workflow commands of GitHub Actions, one line each; files relative to `root`. The line end before a fix is encoded, no
/// other control character passes.
pub fn github(problems: &[Problem], root: &Path) -> String {
    let data = |text: &str| printable(text, usize::MAX).replace('%', "%25");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let mut out = String::new();
    for problem in problems {
        let command = match problem.finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let place = problem.place().map(|(file, line, column)| {
            let file = file.strip_prefix(root).unwrap_or(file).to_string_lossy();
            format!("file={},line={line},col={column},", property(&file))
        });
        let fix = match problem.finding.fix.as_str() {
            "" => String::new(),
            fix => format!("%0AMend it with: {}", data(fix)),
        };
        out.push_str(&format!(
            "::{command} {}title={}::{}{fix}\n",
            place.unwrap_or_default(),
            property(problem.finding.id),
            data(&problem.finding.what)
        ));
    }
    out
}
