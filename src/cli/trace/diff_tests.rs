use super::*;
use crate::trace::event::Record;

fn records(lines: &[&str]) -> Vec<Record> {
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn run(goproxy: &str, path: &str) -> String {
    format!(
        r#"{{"t":0,"kind":"run","go":"/go","env":{{"PATH":"{path}","TERM":"{path}"}},"settings":{{"GOPROXY":"{goproxy}"}}}}"#
    )
}

#[test]
fn only_what_matters_differs() {
    let request = r#"{"t":1,"kind":"request","request":1,"resource":"m@v1.0.0 zip","upstream":"https://a"}"#;
    let newer = r#"{"t":1,"kind":"request","request":1,"resource":"m@v1.1.0 zip","upstream":"https://a"}"#;
    let lost = r#"{"t":9,"kind":"attempt","request":1,"resource":"m@v1.0.0 zip","upstream":"https://a","outcome":"silent","reason":"no byte"}"#;
    let failed = r#"{"t":9,"kind":"answer","request":1,"status":502,"bytes":0,"total_ms":8,"served_by":"","attempts":1}"#;
    let end = r#"{"t":10,"kind":"end","outcome":"exited","code":0,"total_ms":5000,"dropped":0}"#;
    let broke = r#"{"t":10,"kind":"end","outcome":"exited","code":1,"total_ms":1000,"dropped":0}"#;
    let a = records(&[
        &run("https://a", "/bin:/a:/usr/bin"),
        request,
        lost,
        failed,
        broke,
    ]);
    let b = records(&[&run("https://b", "/bin:/usr/bin:/b"), newer, end]);
    let told: Vec<[String; 4]> = rows(&Story::of(&a), &Story::of(&b))
        .into_iter()
        .map(|row| [row.section.to_string(), row.what, row.a, row.b])
        .collect();
    assert_eq!(
        told,
        [
            ["outcome", "outcome", "exit 1", "ok"],
            [
                "failed on one side",
                "m@v1.0.0 zip",
                "failed (502): silent: no byte",
                "not asked for"
            ],
            ["failed on one side", "m@v1.1.0 zip", "not asked for", "no answer"],
            ["go settings", "GOPROXY", "https://a", "https://b"],
            [
                "mirrors",
                "https://a",
                "1 attempt, 0.0 % ok, no answer, 0 B",
                "not asked"
            ],
            ["modules", "m", "v1.0.0", "v1.1.0"],
            ["timings", "the whole run", "1.00 s", "5.00 s"],
            ["environment", "PATH, what is not in both", "/a", "/b"],
        ]
        .map(|row| row.map(String::from))
    );
    assert_eq!(rows(&Story::of(&a), &Story::of(&a)), []);
}

#[test]
fn small_differences_of_time_do_not_matter() {
    for (a, b, least, matters) in [
        (100.0, 140.0, 50.0, false),
        (100.0, 160.0, 50.0, true),
        (10_000.0, 11_000.0, 50.0, false),
    ] {
        assert_eq!(far(a, b, least), matters, "{a} {b}");
    }
}
