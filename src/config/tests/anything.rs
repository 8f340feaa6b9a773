//! No input makes loading panic.

use super::*;
use proptest::prelude::*;
use std::ffi::OsStr;

fn check_any(bytes: &[u8], value: &OsStr) -> Result<(), TestCaseError> {
    let machine = Machine::new()
        .user(bytes)
        .project(bytes)
        .env("GOSTEADY_TRACE", value);
    let machine = KEYS.iter().fold(machine, |m, key| m.env(key.variable, value));
    let loaded = machine.load();
    for (finding, mark) in loaded.marked() {
        prop_assert!(!finding.what.chars().any(char::is_control));
        prop_assert!(mark.is_none_or(|m| m.span.start <= m.text.len()));
    }
    prop_assert_eq!(loaded.entries().count(), KEYS.len());
    let _ = warning(&loaded.findings);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_loading_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check_any(&bytes, &OsString::from_vec(bytes.iter().copied().filter(|b| *b != 0).collect()))?;
    }

    #[test]
    fn no_toml_like_text_makes_loading_panic(
        lines in prop::collection::vec(
            ("[a-z.\\[\\]]{0,3}(proxy|patience|trace|hang|public|to|progress|attempts|deadline)?", "[ .=\\[\\]]{0,3}",
             "(-?[0-9]{0,22}|\"[0-9]{0,20}[a-zµé ]{0,6}\"|\\[.{0,9}\\]|\\{.{0,9}\\}|.{0,12})"), 0..8)
    ) {
        let text: String = lines.iter().map(|(k, eq, v)| format!("{k}{eq}{v}\n")).collect();
        let value: String = lines.iter().map(|(_, _, v)| v.as_str()).filter(|v| !v.contains('\0')).collect();
        check_any(text.as_bytes(), OsStr::new(&value))?;
    }
}
