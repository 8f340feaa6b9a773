//! Percent-encoding (RFC 3986, 2.1).

/// Escapes every byte but the unreserved characters (RFC 3986, 2.3) and those in `keep`.
pub fn encode(bytes: &[u8], keep: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || keep.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Undoes it; `None` where an escape is broken.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let high = char::from(bytes.next()?).to_digit(16)?;
        let low = char::from(bytes.next()?).to_digit(16)?;
        out.push(u8::try_from(high * 16 + low).ok()?);
    }
    Some(out)
}

/// Undoes it as far as it goes: what is no escape stays as it is, and what is no UTF-8 is replaced.
pub fn decode_lossy(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let hex = |b: Option<u8>| char::from(b?).to_digit(16);
        let ahead = bytes.clone();
        match byte {
            b'%' => match (hex(bytes.next()), hex(bytes.next())) {
                (Some(high), Some(low)) => out.push((high * 16 + low) as u8),
                _ => {
                    out.push(b'%');
                    bytes = ahead;
                }
            },
            byte => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for (text, keep, escaped) in [
            ("a b/%~", "", "a%20b%2F%25~"),
            ("a/ä:", "/", "a/%C3%A4%3A"),
            ("", "", ""),
        ] {
            assert_eq!(encode(text.as_bytes(), keep.as_bytes()), escaped);
            assert_eq!(decode(escaped).unwrap(), text.as_bytes());
        }
        for broken in ["%", "%4", "%zz", "a%-1"] {
            assert_eq!(decode(broken), None, "{broken}");
            assert_eq!(decode_lossy(broken), broken);
        }
        assert_eq!(decode_lossy("a%20b%2F%25~%zz%"), "a b/%~%zz%");
    }
}
