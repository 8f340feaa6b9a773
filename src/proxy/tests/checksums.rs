//! The checksum database through the proxy.

use super::upstream::{Act, Upstream};
use super::{Rules, good, start_with};

#[test]
fn the_checksum_database_is_offered_truthfully() {
    let supported = "sumdb/sum.example/supported";
    let no = || Upstream::always(404, "no sumdb here");
    // The list by upstream; what each prefix says to `supported`.
    for (list, gosumdb, want) in [
        ("yes", "sum.example", vec![200]),
        ("no", "sum.example", vec![200]),
        ("no,direct", "sum.example", vec![200]),
        ("no,off", "sum.example", vec![404]),
        ("no,no,direct", "sum.example", vec![404, 200]),
        ("no,yes", "sum.example", vec![404, 200]),
        ("no", "off", vec![404]),
        ("no", "other.example", vec![404]),
        ("no,file:///nowhere", "sum.example", vec![404]),
        ("down", "sum.example", vec![503]),
        ("down,direct", "sum.example", vec![503]),
        ("public", "sum.example", vec![200]),
        ("public,yes", "sum.example", vec![200, 200]),
        ("public,no", "sum.example", vec![404, 200]),
        ("public,down", "sum.example", vec![503, 503]),
        ("public,public", "sum.example", vec![200, 200]),
    ] {
        let mut servers = Vec::new();
        let mut public = Vec::new();
        let list_text = list.split(',').map(|word| {
            let server = match word {
                "yes" => good(),
                "no" => no(),
                "down" | "public" => Upstream::always(503, ""),
                other => return other.to_owned(),
            };
            if word == "public" {
                public.push(server.host());
            }
            servers.push(server);
            servers[servers.len() - 1].url()
        });
        let goproxy = list_text.collect::<Vec<_>>().join(",");
        let proxy = start_with(
            &goproxy,
            Rules {
                public,
                gosumdb,
                ..Rules::default()
            },
        );
        let got: Vec<u16> = (0..want.len()).map(|n| proxy.get(n, supported).status).collect();
        assert_eq!(got, want, "{list} {gosumdb}");
    }
}

#[test]
fn records_follow_the_commitment() {
    let (a, b) = (Upstream::start(|_, _| Act::Close), good());
    let rules = Rules {
        public: vec![a.host()],
        ..Rules::default()
    };
    let proxy = start_with(&format!("{},{}", a.url(), b.url()), rules);
    assert_eq!(proxy.get(0, "sumdb/sum.example/supported").status, 200);
    let before = a.asked().len();
    assert_eq!(
        proxy.get(0, "sumdb/sum.example/lookup/m.io/%21a@v1.0.0").text(),
        "ok"
    );
    assert_eq!(a.asked().len(), before);
    assert_eq!(b.asked()[1], "/sumdb/sum.example/lookup/m.io/!a@v1.0.0");
}
