use super::text;
use proptest::prelude::*;

#[test]
fn secrets_are_hidden_and_the_rest_stays() {
    for (given, shown) in [
        ("https://u:p@h/x", "https://…@h/x"),
        ("https://token@h", "https://…@h"),
        ("\"https://u:p@h/x\": EOF", "\"https://…@h/x\": EOF"),
        ("https://u@corp.x:p@h", "https://…@h"),
        ("https://u:pa/ss@h/x", "https://…@h/x"),
        ("https://u:p?s#s@h", "https://…@h"),
        (
            "https://u:p@a,https://v:q@b,direct",
            "https://…@a,https://…@b,direct",
        ),
        (
            "ssh://git:pw@h/r.git and git+https://x:y@h",
            "ssh://…@h/r.git and git+https://…@h",
        ),
        ("https://h/x?sig=abc&t=2 rest", "https://h/x?sig=…&t=… rest"),
        (
            "Get \"https://h/x?sig=abc\": EOF",
            "Get \"https://h/x?sig=…\": EOF",
        ),
        ("https://h/x?sig=abc: 404", "https://h/x?sig=…: 404"),
        ("https://h/cb#access_token=abc", "https://h/cb#access_token=…"),
        ("Authorization: Basic dTpw", "Authorization: …"),
        (
            "authorization:Digest a=\"b\", c=\"d\"\nnext",
            "authorization:…\nnext",
        ),
        ("{\"Authorization\":\"Bearer abc\"}", "{\"Authorization\":\"…"),
        ("Set-Cookie: a=b; c=d", "Set-Cookie: …"),
        ("got Bearer abc.def now", "got Bearer … now"),
        ("bad ghp_0123456789abcdef!", "bad …!"),
        ("(github_pat_11AAAA_bbbbbbb)", "(…)"),
        ("glpat-abcdefghij_kl x", "… x"),
        ("eyJhbGciOi.eyJzdWIiOi.sig-_1", "…"),
        ("key AKIAIOSFODNN7EXAMPLE", "key …"),
        ("GITLAB_TOKEN=abc def", "GITLAB_TOKEN=… def"),
        ("password='a b' x", "password=… x"),
        (
            "{\"client_secret\": \"a b\", \"n\": 1}",
            "{\"client_secret\": …, \"n\": 1}",
        ),
        ("machine h login u password p", "machine h login u password …"),
        ("user:pass@proxy.corp:3128", "user:…@proxy.corp:3128"),
    ] {
        assert_eq!(text(given), shown, "{given}");
    }
}

#[test]
fn what_go_says_stays_as_it_is() {
    for line in [
        "",
        "go: downloading golang.org/x/text v0.3.0",
        "go: golang.org/x/text@v0.3.0: reading https://proxy.golang.org/golang.org/x/text/@v/v0.3.0.mod: 404 Not Found",
        "# get https://proxy.golang.org/sumdb/sum.golang.org/lookup/rsc.io/quote@v1.5.2: 200 OK (0.058s)",
        "Get \"https://127.0.0.1:8080/m/@v/list\": dial tcp 127.0.0.1:8080: connect: connection refused",
        "https://[::1]:80/m/@v/list",
        "https://corp.example/m?go-get=1: EOF",
        "git@github.com:corp/repo@v1",
        "127.0.0.1:80/m@v1",
        "./a.go:12:3: syntax error: unexpected token: x",
        "fatal: could not read Password for 'https://h': terminal prompts disabled",
        "remote: HTTP Basic: Access denied",
        "verifying m@v1.0.0: checksum mismatch h1:abcdefghijklmnop=",
        "GOPROXY=https://a,https://b|direct",
        "GOFLAGS=-mod=mod -tags=x",
        "Ünïcode … stays",
    ] {
        assert_eq!(text(line), line);
    }
}

proptest! {
    /// A secret is long enough and odd enough not to stand in the text by accident.
    #[test]
    fn a_secret_in_a_known_place_never_survives(
        secret in "q[A-Za-z0-9]{8,20}z",
        user in "[a-z]{1,8}",
        place in 0usize..16,
        before in "[ -~ä]{0,12}",
        after in "( [ -~ä]{0,12})?",
    ) {
        let marked = match place {
            0 => format!("https://{user}:{secret}@host/path"),
            1 => format!("https://{secret}@host"),
            2 => format!("https://{user}:a/{secret}@host/path"),
            3 => format!("https://host/path?x=1&sig={secret}"),
            4 => format!("https://host/#{user}={secret}"),
            5 => format!("Authorization: Custom {secret}"),
            6 => format!("Bearer {secret}"),
            7 => format!("Basic {secret}=="),
            8 => format!("ghp_{secret}"),
            9 => format!("github_pat_{secret}"),
            10 => format!("glpat-{secret}"),
            11 => format!("eyJ{secret}.eyJ{secret}.{secret}"),
            12 => format!("MY_PASSWORD={secret}"),
            13 => format!("machine h login {user} password {secret}"),
            14 => format!("{user}:{secret}@host:3128"),
            _ => format!("{{\"api_key\":\"{secret}\"}}"),
        };
        let given = format!("{before} {marked}{after}");
        prop_assert!(!text(&given).contains(&secret), "{given}\n{}", text(&given));
    }

    #[test]
    fn any_text_is_taken(s in "\\PC{0,60}") {
        let once = text(&s).into_owned();
        prop_assert!(once.is_char_boundary(once.len()));
    }
}
