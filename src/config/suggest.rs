//! What a misspelt name probably meant.

use super::keys::KEYS;

/// The known path that an unknown one probably meant: the same last part elsewhere, or a few slips away.
pub fn path(unknown: &str) -> Option<&'static str> {
    let spelt = unknown.replace('_', "-").to_ascii_lowercase();
    let leaf = |path: &str| path.rsplit('.').next().unwrap_or_default().to_string();
    let paths: Vec<&'static str> = KEYS.iter().map(|k| k.path).collect();
    paths
        .iter()
        .find(|p| **p == spelt)
        .or_else(|| {
            let mut same = paths.iter().filter(|p| leaf(p) == leaf(&spelt));
            // Only where the last part alone says which one is meant.
            same.next().filter(|_| same.next().is_none())
        })
        .copied()
        .or_else(|| nearest(&spelt, &paths))
}

/// The table that an unknown one probably meant.
pub fn table(unknown: &str) -> Option<&'static str> {
    let mut tables: Vec<&'static str> = KEYS
        .iter()
        .filter_map(|k| k.path.split_once('.').map(|(table, _)| table))
        .collect();
    tables.dedup();
    tables.push(super::checks::TABLE);
    nearest(&unknown.to_ascii_lowercase(), &tables)
}

/// The variable of a setting that an unknown `GOSTEADY_*` variable probably meant.
pub fn variable(unknown: &str) -> Option<&'static str> {
    // What images and install scripts call the version of gosteady itself.
    if unknown == "GOSTEADY_VERSION" {
        return None;
    }
    let names: Vec<&'static str> = KEYS
        .iter()
        .flat_map(|k| k.short.into_iter().chain([k.variable]))
        .collect();
    // The common prefix says nothing, so it does not count towards the length either.
    let bare: Vec<&'static str> = names.iter().map(|n| &n["GOSTEADY_".len()..]).collect();
    let meant = nearest(unknown.strip_prefix("GOSTEADY_")?, &bare)?;
    names
        .into_iter()
        .find(|n| n.strip_prefix("GOSTEADY_") == Some(meant))
}

/// The candidate fewest slips away, if that is at most a third of its length; the first of equals.
pub fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    // No name of ours is near so long a word; this also bounds the work below.
    if word.len() > 64 {
        return None;
    }
    candidates
        .iter()
        .map(|c| (distance(word, c), *c))
        .filter(|(d, c)| *d <= (c.len() / 3).max(1) && *d < c.len())
        .min_by_key(|(d, _)| *d)
        .map(|(_, c)| c)
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment) between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut older = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(older[j - 2] + 1);
            }
        }
        older = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, d) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("abc", "acb", 1),
            ("hegde", "hedge", 1),
            ("kitten", "sitting", 3),
            ("é", "e", 1),
        ] {
            assert_eq!(distance(a, b), d, "{a} {b}");
            assert_eq!(distance(b, a), d, "{b} {a}");
        }
    }

    #[test]
    fn paths_tables_and_variables() {
        for (unknown, meant) in [
            ("proxy.hegde-after", Some("proxy.hedge-after")),
            ("proxy.hedge_after", Some("proxy.hedge-after")),
            ("Proxy.Failover", Some("proxy.failover")),
            ("failover", Some("proxy.failover")),
            ("proxy.deadline", Some("hang.deadline")),
            ("patiance", Some("patience")),
            ("hang.reportafter", Some("hang.report-after")),
            ("colour", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(path(unknown), meant, "{unknown}");
        }
        assert_eq!(path(&"p".repeat(100_000)), None);
        assert_eq!(
            (table("prxy"), table("hagn"), table("colour")),
            (Some("proxy"), Some("hang"), None)
        );
        for (unknown, meant) in [
            ("GOSTEADY_PATIANCE", Some("GOSTEADY_PATIENCE")),
            ("GOSTEADY_PROXY_HEGDE_AFTER", Some("GOSTEADY_PROXY_HEDGE_AFTER")),
            ("GOSTEADY_HOME", None),
            ("GOSTEADY_VERSION", None),
            ("GOSTEADY_", None),
        ] {
            assert_eq!(variable(unknown), meant, "{unknown}");
        }
    }
}
