//! The order of module versions.

use std::cmp::Ordering;

/// Compares two canonical versions, e.g. `v1.2.0-rc.1` before `v1.2.0`. Build metadata (`+incompatible`) has no part in
/// it; a text that is no version stands before all that are. Source: golang.org/x/mod/semver (Compare), semver.org 11.
pub fn compare(a: &str, b: &str) -> Ordering {
    match (parse(a), parse(b)) {
        (Some((a, a_pre)), Some((b, b_pre))) => a.cmp(&b).then_with(|| prerelease(a_pre, b_pre)),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

fn parse(version: &str) -> Option<([u64; 3], &str)> {
    let version = version.strip_prefix('v')?;
    let version = version.split_once('+').map_or(version, |(v, _)| v);
    let (core, pre) = version.split_once('-').unwrap_or((version, ""));
    let mut numbers = core.split('.').map(|n| n.parse().ok());
    let found = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some((found, pre))
}

// No pre-release is the release itself, which comes last; numbers come before words.
fn prerelease(a: &str, b: &str) -> Ordering {
    if a.is_empty() || b.is_empty() {
        return a.is_empty().cmp(&b.is_empty());
    }
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, _) => Ordering::Less,
            (_, None) => Ordering::Greater,
            (Some(a), Some(b)) => match (a.parse::<u64>(), b.parse::<u64>()) {
                (Ok(a), Ok(b)) => a.cmp(&b),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => a.cmp(b),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_an_order() {
        let ordered = [
            "main",
            "v0.0.0-20200101000000-abcdefabcdef",
            "v0.0.0-20210101000000-abcdefabcdef",
            "v0.9.10",
            "v1.0.0-1",
            "v1.0.0-1.1",
            "v1.0.0-alpha",
            "v1.0.0-alpha.2",
            "v1.0.0-alpha.10",
            "v1.0.0-beta",
            "v1.0.0",
            "v1.10.0",
            "v2.0.0+incompatible",
        ];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} {b}");
            }
        }
        assert_eq!(compare("v2.0.0", "v2.0.0+incompatible"), Ordering::Equal);
    }
}
