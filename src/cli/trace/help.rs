//! What stands below the help of each command.

pub(super) const LIST: &str = "\
Examples:
  gosteady trace list --failed --since 2d       what went wrong lately
  gosteady trace list --hung --project .        what hung in this project
  gosteady trace list --json | jq -r .path      the files, for a script";

pub(super) const SHOW: &str = "\
Examples:
  gosteady trace show                           the last run
  gosteady trace show 01ab | less               a run whose id begins with 01ab
  gosteady trace show --json | jq 'select(.kind == \"attempt\")'";

pub(super) const DIFF: &str = "\
Examples:
  gosteady trace diff 01ab 02cd                 what worked against what did not
  gosteady trace diff ci.jsonl                  CI's trace against the last run";

pub(super) const STATS: &str = "\
Examples:
  gosteady trace stats --since 7d               how each mirror did this week
  gosteady trace stats --prometheus -o gosteady.prom";

pub(super) const EXPORT: &str = "\
Examples:
  gosteady trace export -f html -o run.html     a report to read in a browser
  gosteady trace export -f markdown             a summary to paste into an issue
  gosteady trace export -f perfetto -o run.json for https://ui.perfetto.dev
  gosteady trace export -f otlp | curl -H 'Content-Type: application/json' \\
      --data-binary @- http://localhost:4318/v1/traces

Private names are hashed with a salt of their own each time: docs/trace.md.";

pub(super) const BUNDLE: &str = "\
Examples:
  gosteady trace bundle -n                      what it would contain
  gosteady trace bundle                         gosteady-mod-download-01ab.zip
  gosteady trace bundle 01ab --salt \"$(cat salt)\" -o run.zip";

pub(super) const PRUNE: &str = "\
Examples:
  gosteady trace prune                          by trace.keep and trace.max-size
  gosteady trace prune --older-than 3d -n       what would go";

pub(super) const PATH: &str = "\
Examples:
  jq . \"$(gosteady trace path)\"                 the last run's records";
