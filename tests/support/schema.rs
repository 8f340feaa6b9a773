//! Holds records against `docs/trace.schema.json`: as much of JSON Schema (draft 2020-12) as that file uses, and strict
//! where a schema is lenient: a kind or a member that is not written down there is a fault.

use serde_json::Value;
use std::path::Path;

/// The faults of every whole line of every trace below a directory, with the line.
pub fn faults_below(dir: &Path) -> Vec<String> {
    let text = include_str!("../../docs/trace.schema.json");
    let schema: Value = serde_json::from_str(text).expect("the schema");
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".jsonl") || name.starts_with("invocations") {
            continue;
        }
        for line in std::fs::read_to_string(entry.path()).unwrap_or_default().lines() {
            // The last line of a run that was killed may be cut.
            let Ok(record) = serde_json::from_str(line) else {
                continue;
            };
            faults.extend(
                of_record(&schema, &record)
                    .iter()
                    .map(|fault| format!("{fault}: {line}")),
            );
        }
    }
    faults
}

fn of_record(schema: &Value, record: &Value) -> Vec<String> {
    let kind = record["kind"].as_str().unwrap_or_default();
    match schema["$defs"]
        .get(kind)
        .filter(|of| of["properties"]["kind"]["const"] == kind)
    {
        Some(of) => faults(schema, of, record, kind),
        None => vec![format!("the kind {kind:?} is not in docs/trace.schema.json")],
    }
}

fn faults(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|path| path.strip_prefix("#/$defs/"))
    {
        return faults(root, &root["$defs"][name], value, at);
    }
    let mut found = Vec::new();
    for (keyword, rule) in schema.as_object().expect("a schema") {
        let holds = match keyword.as_str() {
            "type" => match rule {
                Value::Array(any) => any.iter().any(|one| is(one, value)),
                one => is(one, value),
            },
            "const" => rule == value,
            "enum" => rule.as_array().expect("an enum").contains(value),
            "minimum" => value.as_f64() >= rule.as_f64(),
            "maximum" => value.as_f64() <= rule.as_f64(),
            // The one pattern there is.
            "pattern" => {
                assert_eq!(rule, "^[0-9a-f]{16}$");
                let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
                value
                    .as_str()
                    .is_some_and(|id| id.len() == 16 && id.chars().all(hex))
            }
            "required" => {
                let names = rule.as_array().expect("names");
                names
                    .iter()
                    .all(|name| value.get(name.as_str().unwrap_or_default()).is_some())
            }
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    found.extend(faults(root, rule, item, at));
                }
                true
            }
            "additionalProperties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    found.extend(faults(root, rule, member, &format!("{at}.{name}")));
                }
                true
            }
            "properties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    match rule.get(name) {
                        Some(rule) => found.extend(faults(root, rule, member, &format!("{at}.{name}"))),
                        None => found.push(format!("{at}.{name} is not in docs/trace.schema.json")),
                    }
                }
                true
            }
            "description" => true,
            other => panic!("the schema uses {other}, which is not understood here"),
        };
        if !holds {
            found.push(format!("{at}: {keyword} {rule} does not hold"));
        }
    }
    found
}

fn is(name: &Value, value: &Value) -> bool {
    match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        other => panic!("the type {other:?} is not understood here"),
    }
}

#[test]
fn what_is_not_written_down_is_a_fault() {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/trace.schema.json")).expect("the schema");
    let check = |line: &str| of_record(&schema, &serde_json::from_str(line).expect("JSON"));
    assert_eq!(check(r#"{"t":1.5,"kind":"warning","text":"w"}"#), [""; 0]);
    assert_eq!(
        check(
            r#"{"t":1,"kind":"child-end","status":null,"signal":9,"user_ms":0,"system_ms":0,"max_rss_kib":1}"#
        ),
        [""; 0]
    );
    for (line, fault) in [
        (r#"{"t":1,"kind":"omen"}"#, "the kind \"omen\""),
        (r#"{"t":1,"kind":"warning"}"#, "warning: required"),
        (r#"{"t":-1,"kind":"warning","text":"w"}"#, "warning.t: minimum"),
        (r#"{"t":1,"kind":"warning","text":3}"#, "warning.text: type"),
        (
            r#"{"t":1,"kind":"warning","text":"w","x":1}"#,
            "warning.x is not in",
        ),
        (
            r#"{"t":1,"kind":"upstreams","list":[{"url":"a","public":true,"separator":";"}]}"#,
            "upstreams.list.separator: enum",
        ),
    ] {
        let faults = check(line);
        assert!(faults.iter().any(|f| f.starts_with(fault)), "{line}: {faults:?}");
    }
}
