//! Which upstreams are public mirrors: they serve anybody, hold nothing private and gate nothing.

use super::transport::Address;

/// Mirrors that are public by general knowledge, as `host[/path]`.
pub const MIRRORS: &[&str] = &[
    "proxy.golang.org",
    "goproxy.io",
    "goproxy.cn",
    "mirrors.aliyun.com/goproxy",
    "mirrors.cloud.tencent.com/go",
    "repo.huaweicloud.com/repository/goproxy",
    "athens.azurefd.net",
];

/// Whether this base is a mirror of the built-in list or of `more` (`host[:port][/path]`, with or without scheme).
/// A base that carries credentials is never public.
pub fn is_public(base: &Address, more: &[String]) -> bool {
    if base.userinfo.is_some() {
        return false;
    }
    let built_in = base.https && base.port == 443 && MIRRORS.iter().any(|m| matches(base, m));
    built_in || more.iter().any(|m| matches(base, m))
}

fn matches(base: &Address, pattern: &str) -> bool {
    let pattern = pattern.split_once("://").map_or(pattern, |(_, rest)| rest);
    let (authority, path) = pattern.split_at(pattern.find('/').unwrap_or(pattern.len()));
    let path = path.trim_end_matches('/');
    let with_port = format!("{}:{}", base.host, base.port);
    if !authority.eq_ignore_ascii_case(&base.host) && !authority.eq_ignore_ascii_case(&with_port) {
        return false;
    }
    match base.path.strip_prefix(path) {
        Some(rest) => rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::base::Base;

    #[test]
    fn mirrors_match_by_host_and_path() {
        for (url, more, public) in [
            ("https://proxy.golang.org", "", true),
            ("https://PROXY.golang.org/", "", true),
            ("https://mirrors.aliyun.com/goproxy/", "", true),
            ("https://mirrors.aliyun.com/goproxy-private", "", false),
            ("https://mirrors.aliyun.com", "", false),
            ("http://proxy.golang.org", "", false),
            ("https://u:p@proxy.golang.org", "", false),
            ("https://proxy.golang.org.evil.example", "", false),
            ("https://corp.example", "corp.example", true),
            ("http://127.0.0.1:3000/x", "127.0.0.1:3000", true),
            ("http://127.0.0.1:3000/x", "http://127.0.0.1:3001", false),
            ("https://gocenter.io", "", false),
        ] {
            let more = [more.to_owned()];
            let address = Base::parse(url).unwrap().address;
            assert_eq!(is_public(&address, &more), public, "{url}");
        }
    }
}
