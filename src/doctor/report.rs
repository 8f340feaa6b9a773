//! The report: text for a terminal, Markdown for an issue, JSON for a program.

use super::check::{Layer, Verdict};
use super::conformance::Conformance;
use super::findings;
use crate::error::{Finding, Level};
use crate::ui::words::plain;
use crate::ui::{Style, wrap};

/// What all checks came to.
#[derive(Debug, Default)]
pub struct Report {
    verdicts: Vec<(Layer, Verdict)>,
}

impl Report {
    /// The report of these verdicts.
    pub fn new(mut verdicts: Vec<(Layer, Verdict)>) -> Report {
        verdicts.sort_by_key(|(layer, _)| *layer);
        Report { verdicts }
    }

    /// Every finding with its layer, in the order in which people reason; the worst first in each layer.
    pub fn findings(&self) -> Vec<(Layer, &Finding)> {
        let mut all: Vec<_> = self
            .verdicts
            .iter()
            .flat_map(|(layer, verdict)| verdict.findings.iter().map(move |f| (*layer, f)))
            .collect();
        all.sort_by_key(|(layer, finding)| (*layer, std::cmp::Reverse(finding.level)));
        all
    }

    /// Whether anything is wrong: a note is not.
    pub fn faulty(&self) -> bool {
        self.findings().iter().any(|(_, f)| f.level > Level::Note)
    }

    /// The first layer with an error, or else with a warning.
    fn first(&self) -> Option<(Layer, &Finding)> {
        let findings = self.findings();
        let of = |level| findings.iter().find(|(_, f)| f.level == level).copied();
        of(Level::Error).or_else(|| of(Level::Warning))
    }

    /// One line: where to look first.
    pub fn headline(&self) -> String {
        match self.first() {
            None => "Nothing is wrong that gosteady could see.".into(),
            Some((layer, finding)) => {
                let verb = match finding.level {
                    Level::Error => "fails",
                    _ => "deserves a look",
                };
                format!(
                    "The first layer that {verb}: {} ({})",
                    layer.as_str(),
                    finding.what
                )
            }
        }
    }

    /// For a terminal of this width, if it is one.
    pub fn text(&self, style: Style, width: Option<usize>) -> String {
        let wrapped = |line: &str, width: Option<usize>, indent: usize| match width {
            Some(width) => wrap::wrap(&plain(line), width, indent),
            None => plain(line),
        };
        let headline = wrapped(&self.headline(), width, 0);
        let mut out = match self.first() {
            None => style.green(&headline),
            Some((_, f)) if f.level == Level::Error => style.red(&headline),
            Some(_) => style.yellow(&headline),
        };
        out.push_str("\n\n");
        for layer in Layer::ALL {
            let seen = self.seen(layer);
            let findings = self.findings_of(layer);
            if seen.is_empty() && findings.is_empty() {
                continue;
            }
            out.push_str(&style.bold(layer.as_str()));
            out.push('\n');
            for line in seen {
                let line = wrapped(&format!("  {line}"), width, 4);
                out.push_str(&format!("{}\n", style.dim(&line)));
            }
            for finding in findings {
                let (level, coloured) = match finding.level {
                    Level::Error => ("error", style.red("error")),
                    Level::Warning => ("warning", style.yellow("warning")),
                    Level::Note => ("note", style.cyan("note")),
                };
                let line = format!("  {level}: {} [{}]", finding.what, finding.id);
                let line = wrapped(&line, width, 4);
                out.push_str(&format!("  {coloured}{}\n", &line[2 + level.len()..]));
                let mut row = |name: &str, text: &str, width: Option<usize>| {
                    for (n, line) in text.lines().enumerate() {
                        let name = if n == 0 { name } else { "" };
                        let line = wrapped(&format!("           {line}"), width, 11);
                        out.push_str(&format!(
                            "    {} {}\n",
                            style.dim(&format!("{name:<6}")),
                            &line[11..]
                        ));
                    }
                };
                row("seen", &finding.evidence, width);
                row("means", findings::meaning(finding.id), width);
                // A command stays one line, to be copied; a sentence is one to be read.
                row("mend", &finding.fix, width.filter(|_| finding.fix.ends_with('.')));
            }
        }
        out
    }

    /// For an issue.
    pub fn markdown(&self) -> String {
        let mut out = format!("**{}**\n", plain(&self.headline()));
        for layer in Layer::ALL {
            let (seen, findings) = (self.seen(layer), self.findings_of(layer));
            if seen.is_empty() && findings.is_empty() {
                continue;
            }
            out.push_str(&format!("\n### {}\n\n", layer.as_str()));
            for line in seen {
                out.push_str(&format!("- {}\n", code(line)));
            }
            for finding in findings {
                let level = format!("{:?}", finding.level).to_lowercase();
                out.push_str(&format!(
                    "- **{level}** `{}`: {}\n",
                    finding.id,
                    plain(&finding.what)
                ));
                if !finding.evidence.is_empty() {
                    out.push_str(&format!("  - seen: {}\n", code(&finding.evidence)));
                }
                if !finding.fix.is_empty() {
                    out.push_str(&format!("  - mend: {}\n", code(&finding.fix)));
                }
            }
        }
        out
    }

    /// `{"schema": 1, "headline", "layers": [{"layer", "seen": […], "findings": [{id, level, what, evidence, meaning,
    /// fix}]}], "conformance": […]}`; the last as [`Conformance::json`](super::conformance::Conformance::json) has it.
    pub fn json(&self) -> serde_json::Value {
        let layers = Layer::ALL.map(|layer| {
            let findings: Vec<_> = self
                .findings_of(layer)
                .into_iter()
                .map(|f| {
                    serde_json::json!({
                        "id": f.id,
                        "level": f.level,
                        "what": f.what,
                        "evidence": f.evidence,
                        "meaning": findings::meaning(f.id),
                        "fix": f.fix,
                    })
                })
                .collect();
            serde_json::json!({"layer": layer, "seen": self.seen(layer), "findings": findings})
        });
        let servers = self.verdicts.iter().filter_map(|(_, v)| v.conformance.as_ref());
        let servers: Vec<_> = servers.map(Conformance::json).collect();
        serde_json::json!({"schema": 1, "headline": self.headline(), "layers": layers, "conformance": servers})
    }

    fn seen(&self, layer: Layer) -> Vec<&str> {
        let verdicts = self.verdicts.iter().filter(|(l, _)| *l == layer);
        verdicts
            .flat_map(|(_, v)| v.seen.iter().map(String::as_str))
            .collect()
    }

    fn findings_of(&self, layer: Layer) -> Vec<&Finding> {
        let all = self.findings();
        all.into_iter()
            .filter(|(l, _)| *l == layer)
            .map(|(_, f)| f)
            .collect()
    }
}

/// Text as Markdown shows it unchanged.
fn code(text: &str) -> String {
    let text = plain(&text.replace('\n', " · "));
    let fence = if text.contains('`') { "``" } else { "`" };
    format!("{fence}{text}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(ids: &[&'static str], seen: &str) -> Verdict {
        let mut verdict = Verdict::default();
        verdict.saw(seen);
        for id in ids {
            verdict.found(id, format!("{id} is so"), "line one\nline two", "do it");
        }
        verdict
    }

    #[test]
    fn nothing_that_was_seen_steers_the_terminal() {
        let odd = "o\x1b[31m\u{9b}d";
        let mut verdict = verdict(&["cache-not-writable"], odd);
        verdict.found("upstream-refused", odd, odd, odd);
        let report = Report::new(vec![(Layer::Caches, verdict)]);
        for text in [
            report.text(Style::plain(), Some(40)),
            report.text(Style::plain(), None),
            report.markdown(),
        ] {
            assert!(!text.contains(['\x1b', '\u{9b}']), "{text}");
        }
    }

    #[test]
    fn the_headline_names_the_first_layer_that_fails() {
        let report = Report::new(vec![
            (Layer::Network, verdict(&["upstream-refused"], "n")),
            (Layer::Module, verdict(&["no-module"], "m")),
            (Layer::Caches, verdict(&["cache-not-writable"], "c")),
        ]);
        assert!(report.faulty());
        assert_eq!(
            report.headline(),
            "The first layer that fails: caches (cache-not-writable is so)"
        );
        let text = report.text(Style::plain(), None);
        let order = ["module\n", "caches\n", "network\n"].map(|heading| text.find(heading));
        assert!(order.is_sorted() && order[0].is_some(), "{text}");
        assert!(
            text.contains("    seen   line one\n           line two\n"),
            "{text}"
        );
        let json = report.json();
        assert_eq!(json["layers"][3]["findings"][0]["id"], "cache-not-writable");
        assert!(report.markdown().contains("- seen: `line one · line two`"));
    }

    #[test]
    fn notes_are_no_fault() {
        let report = Report::new(vec![(Layer::Module, verdict(&["no-module"], "m"))]);
        assert!(!report.faulty());
        assert_eq!(report.headline(), "Nothing is wrong that gosteady could see.");
        assert_eq!(Report::default().findings().len(), 0);
    }
}
