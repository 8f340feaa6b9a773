//! What a certificate says of its issuer and its dates, and no more: verifying is webpki's part (RFC 5280, 4.1).

use std::time::SystemTime;

/// An issuer and dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Organization and common name of the issuer, whichever it has.
    pub issuer: Vec<String>,
    /// From when on it is valid.
    pub begins: SystemTime,
    /// Until when it is valid.
    pub ends: SystemTime,
}

// Tags of DER (X.690, 8.1.2).
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const VERSION: u8 = 0xa0;

/// id-at-organizationName and id-at-commonName.
const NAMES: [&[u8]; 2] = [&[0x55, 4, 10], &[0x55, 4, 3]];

/// Reads a certificate; `None` for what is none.
pub fn read(der: &[u8]) -> Option<Told> {
    let (certificate, _) = expect(der, SEQUENCE)?;
    let (mut rest, _) = expect(certificate, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = element(rest)?.2;
    }
    // Serial number and algorithm.
    for _ in 0..2 {
        rest = element(rest)?.2;
    }
    let (issuer, rest) = expect(rest, SEQUENCE)?;
    let (validity, _) = expect(rest, SEQUENCE)?;
    let (tag, begins, after) = element(validity)?;
    let (other, ends, _) = element(after)?;
    Some(Told {
        issuer: NAMES.iter().filter_map(|oid| named(issuer, oid)).collect(),
        begins: time(tag, begins)?,
        ends: time(other, ends)?,
    })
}

/// The tag and the content of the first element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = bytes.iter().fold(0, |n, b| (n << 8) | usize::from(*b));
            (length, rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((*tag, content, after))
}

fn expect(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    element(der)
        .filter(|(found, ..)| *found == tag)
        .map(|(_, content, after)| (content, after))
}

/// The value of this attribute in a name: a sequence of sets of pairs.
fn named(mut name: &[u8], oid: &[u8]) -> Option<String> {
    while let Some((mut set, after)) = expect(name, SET) {
        name = after;
        while let Some((pair, more)) = expect(set, SEQUENCE) {
            set = more;
            let (kind, value) = expect(pair, OID)?;
            if kind == oid {
                return Some(String::from_utf8_lossy(element(value)?.1).into_owned());
            }
        }
    }
    None
}

/// `YYMMDDHHMMSSZ` from 1950 on, or `YYYYMMDDHHMMSSZ` (RFC 5280, 4.1.2.5).
fn time(tag: u8, text: &[u8]) -> Option<SystemTime> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let text = match tag {
        UTC_TIME if text < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let at = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", text).ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn certificate() -> Vec<u8> {
        let mut params = rcgen::CertificateParams::new(vec!["m.example".into()]).unwrap();
        let names = &mut params.distinguished_name;
        names.push(rcgen::DnType::CountryName, "AT");
        names.push(rcgen::DnType::CommonName, "Inspection CA");
        names.push(rcgen::DnType::OrganizationName, "Example Corp");
        params.not_before = rcgen::date_time_ymd(1994, 11, 15);
        params.not_after = rcgen::date_time_ymd(2099, 1, 2);
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn issuer_and_dates() {
        let told = read(&certificate()).unwrap();
        assert_eq!(told.issuer, ["Example Corp", "Inspection CA"]);
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!((told.begins, told.ends), (at(784_857_600), at(4_070_995_200)));
        assert_eq!(read(b""), None);
        assert_eq!(read(b"\x30\x84\xff\xff\xff\xff"), None);
    }

    proptest! {
        #[test]
        fn anything_is_read(at in 0usize..400, byte: u8, end in 0usize..600) {
            let mut der = certificate();
            let at = at % der.len();
            der[at] = byte;
            der.truncate(end);
            let _ = read(&der);
        }
    }
}
