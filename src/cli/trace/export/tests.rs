use super::*;
use crate::trace::secrets::Secrets;
use crate::trace::whole::Hide;
use serde_json::Value;
use std::collections::BTreeMap;

const TRACE: &str = include_str!("tests.jsonl");

fn whole(salt: Option<&[u8]>) -> Whole {
    let secrets = Secrets::default();
    Whole::read(
        TRACE.as_bytes(),
        &Hide {
            secrets: &secrets,
            salt,
        },
    )
}

fn export(format: Format) -> String {
    render(&whole(None), format)
}

/// An ESC is escaped by JSON itself; U+009B, which a terminal takes for `ESC [`, is not.
#[test]
fn nothing_in_a_trace_steers_the_terminal() {
    let hide = Hide {
        secrets: &Secrets::default(),
        salt: None,
    };
    let text = TRACE.replace("example", "ex\u{9b}31mple");
    assert_ne!(text, TRACE);
    let whole = Whole::read(text.as_bytes(), &hide);
    for format in [Format::Perfetto, Format::Otlp, Format::Markdown, Format::Html] {
        let steers = |c: &char| c.is_control() && !c.is_whitespace();
        assert_eq!(render(&whole, format).chars().find(steers), None, "{format:?}");
    }
}

#[test]
fn slices_of_a_lane_nest_and_every_lane_has_a_name() {
    let json: Value = serde_json::from_str(&export(Format::Perfetto)).unwrap();
    let events = json["traceEvents"].as_array().unwrap();
    let mut lanes: BTreeMap<(u64, u64), Vec<(f64, f64)>> = BTreeMap::new();
    let mut named = Vec::new();
    for event in events {
        let lane = (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap());
        match event["ph"].as_str().unwrap() {
            "X" => {
                let ts = event["ts"].as_f64().unwrap();
                lanes
                    .entry(lane)
                    .or_default()
                    .push((ts, ts + event["dur"].as_f64().unwrap()));
            }
            "M" if event["name"] == "thread_name" => named.push(lane),
            "M" => assert!(event["args"].is_object()),
            "i" => assert!(event["ts"].is_number() && event["s"] == "p"),
            other => panic!("{other}"),
        }
    }
    for (lane, mut slices) in lanes {
        assert!(named.contains(&lane), "{lane:?} has no name");
        slices.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
        let mut open: Vec<f64> = Vec::new();
        for (from, to) in slices {
            open.retain(|end| *end > from);
            assert!(
                open.iter().all(|end| to <= *end),
                "{lane:?}: {from} to {to} in {open:?}"
            );
            open.push(to);
        }
    }
    let names: Vec<&str> = events.iter().filter_map(|e| e["args"]["name"].as_str()).collect();
    for name in [
        "requests of go",
        "https://proxy.golang.org",
        "203.0.113.80:443 #1",
        "/usr/local/go/bin/go, pid 99",
    ] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
}

#[test]
fn spans_have_parents_and_conventional_names() {
    let json: Value = serde_json::from_str(&export(Format::Otlp)).unwrap();
    let spans = json["resourceSpans"][0]["scopeSpans"][0]["spans"]
        .as_array()
        .unwrap();
    let hex = |id: &Value, len: usize| {
        id.as_str()
            .is_some_and(|id| id.len() == len && id.chars().all(|c| c.is_ascii_hexdigit()))
    };
    let ids: Vec<&Value> = spans.iter().map(|span| &span["spanId"]).collect();
    for span in spans {
        assert!(hex(&span["traceId"], 32) && hex(&span["spanId"], 16), "{span}");
        assert_eq!(ids.iter().filter(|id| **id == &span["spanId"]).count(), 1);
        let (from, to) = (
            span["startTimeUnixNano"].as_str().unwrap(),
            span["endTimeUnixNano"].as_str().unwrap(),
        );
        assert!(
            from.parse::<u64>().unwrap() <= to.parse::<u64>().unwrap(),
            "{span}"
        );
    }
    // The caller's span is the root's parent; all others hang below.
    assert_eq!(spans[0]["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(spans[0]["parentSpanId"], "00f067aa0ba902b7");
    assert!(spans[1..].iter().all(|span| ids.contains(&&span["parentSpanId"])));
    assert_eq!(spans[0]["status"]["code"], 2);
    let client: Vec<&Value> = spans.iter().filter(|span| span["kind"] == 3).collect();
    let attribute = |span: &Value, key: &str| {
        let all = span["attributes"].as_array().unwrap().clone();
        all.into_iter()
            .find(|a| a["key"] == key)
            .map(|a| a["value"].clone())
    };
    let url = "https://proxy.golang.org/github.com/!burnt!sushi/toml/@v/v1.0.0.zip";
    let client: Vec<&Value> = client
        .into_iter()
        .filter(|span| attribute(span, "url.full").is_some_and(|url| url.to_string().contains("toml")))
        .collect();
    assert_eq!(attribute(client[0], "url.full").unwrap()["stringValue"], url);
    assert_eq!(
        attribute(client[0], "error.type").unwrap()["stringValue"],
        "silent"
    );
    assert_eq!(
        attribute(client[1], "http.request.resend_count").unwrap()["intValue"],
        "1"
    );
    assert_eq!(
        attribute(client[1], "http.response.status_code").unwrap()["intValue"],
        "200"
    );
    assert_eq!(attribute(client[1], "server.port").unwrap()["intValue"], "8443");
    assert_eq!(
        attribute(&spans[0], "error.type").unwrap()["stringValue"],
        "proxy-silent"
    );
}

#[test]
fn markdown_says_what_matters_and_nothing_breaks_out_of_it() {
    let text = export(Format::Markdown);
    for part in [
        "### `go mod download`: exit 1 after 30.00 s",
        "**Cause:** `proxy-silent`",
        "- `corp.example/lib@v1.0.0 zip`: 502 after 1.00 s, 1 attempt: passing: 503 \\| \\[x\\](y) &lt;script>",
        "| https://goproxy.example:8443 | 1 | 100 % |",
        "go: ''' &\n```",
        "<details><summary>Environment</summary>",
        "| GOVERSION | go1.26.0 |",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    // GitHub takes 65536 characters.
    assert!(text.len() < 60_000);
}

#[test]
fn the_report_holds_everything_and_runs_nothing_of_the_trace() {
    let text = export(Format::Html);
    for part in [
        "<strong>exit 1</strong>",
        "Cause: <strong>proxy-silent</strong>",
        "503 | [x](y) &lt;script&gt;",
        "net.(*conn).Read",
        "git 4711",
        "GOTOOLCHAIN",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!text.contains("{{") && !text.contains("x</script"));
    // Two of data, one of code, none from the trace; nothing from elsewhere.
    assert_eq!(text.matches("<script").count(), 3);
    assert_eq!(text.matches("</script").count(), 3);
    for outside in ["src=", "href=", "url(", "@import", "fetch(", "XMLHttpRequest"] {
        assert!(!text.contains(outside), "{outside}");
    }
    let data = text
        .split_once("id=\"data\">")
        .unwrap()
        .1
        .split_once("</script>")
        .unwrap()
        .0;
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["requests"].as_array().unwrap().len(), 3);
    assert_eq!(data["mirrors"][1], "https://goproxy.example:8443");
}

#[test]
fn names_are_hidden_in_every_format() {
    let whole = whole(Some(b"salt"));
    for format in [Format::Perfetto, Format::Otlp, Format::Markdown, Format::Html] {
        let text = render(&whole, format);
        for name in ["corp.example", "jane", "secretapp", "goproxy.example"] {
            assert!(!text.contains(name), "{format:?} has {name}");
        }
        assert!(text.contains("x-"));
    }
    assert!(!whole.lines.join("\n").contains("corp.example"));
}
