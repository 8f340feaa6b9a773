//! The text of a GOENV file or of `$GOROOT/go.env`: `KEY=VALUE` lines.

/// The value of `key` in such a text. As in cmd/go/internal/cfg/cfg.go (readEnvFile): a line must start with an
/// upper-case letter and contain `=`; other lines are skipped; the last of equal keys counts, its value is taken as it is.
pub fn value<'a>(text: &'a [u8], key: &str) -> Option<&'a [u8]> {
    entries(text)
        .filter(|(k, _)| *k == key.as_bytes())
        .last()
        .map(|(_, v)| v)
}

/// Every entry, in order.
pub fn entries(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split(|b| *b == b'\n').filter_map(|line| {
        let equals = line.iter().position(|b| *b == b'=')?;
        line.first()
            .is_some_and(u8::is_ascii_uppercase)
            .then(|| (&line[..equals], &line[equals + 1..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let text = b"# GOPROXY=no\nGOPROXY=https://a,direct\n GOFLAGS=-x\nGOSUMDB=off\r\nGOPROXY=b=c\nplain";
        assert_eq!(value(text, "GOPROXY"), Some(&b"b=c"[..]));
        assert_eq!(
            value(text, "GOSUMDB"),
            Some(&b"off\r"[..]),
            "go keeps it, and refuses it"
        );
        assert_eq!(value(text, "GOFLAGS"), None);
        assert_eq!(value(b"", "GOFLAGS"), None);
    }
}
