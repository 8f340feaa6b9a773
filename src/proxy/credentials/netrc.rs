//! `.netrc` as go reads it, oddities included. Source: cmd/go/internal/auth/netrc.go.

use crate::secret::Secret;
use crate::world::World;
use std::path::PathBuf;

/// A machine with its login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Host, with its port where it is not the default one.
    pub machine: String,
    /// User name.
    pub login: String,
    /// Password.
    pub password: Secret<String>,
}

/// The complete entries in their order. A `default` entry is never used; one that stands last on a line ends the file.
pub fn parse(data: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut machine, mut login, mut password) = ("", "", "");
    let mut in_macro = false;
    for line in data.split('\n') {
        if in_macro {
            in_macro = !line.is_empty();
            continue;
        }
        let fields: Vec<&str> = line.split_whitespace().collect();
        let mut pairs = fields.chunks_exact(2);
        for pair in &mut pairs {
            match pair[0] {
                "machine" => (machine, login, password) = (pair[1], "", ""),
                "login" => login = pair[1],
                "password" => password = pair[1],
                "macdef" => in_macro = true,
                _ => {}
            }
            if !machine.is_empty() && !login.is_empty() && !password.is_empty() {
                lines.push(Line {
                    machine: machine.to_string(),
                    login: login.to_string(),
                    password: Secret::new(password.to_string()),
                });
                (machine, login, password) = ("", "", "");
            }
        }
        if pairs.remainder() == ["default"] {
            break;
        }
    }
    lines
}

/// NETRC, else `.netrc` in the home directory; `None` without one. A relative NETRC is one of the working directory.
pub fn path(world: &World) -> Option<PathBuf> {
    match world.set_var("NETRC") {
        Some(path) => Some(world.cwd.clone().unwrap_or_default().join(path)),
        None => Some(PathBuf::from(world.set_var("HOME")?).join(".netrc")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seen(data: &str) -> Vec<(String, String, String)> {
        let show = |l: Line| (l.machine, l.login, l.password.expose().clone());
        parse(data).into_iter().map(show).collect()
    }

    #[test]
    fn entries_as_go_reads_them() {
        let one = |m: &str, l: &str, p: &str| (m.to_string(), l.to_string(), p.to_string());
        for (data, entries) in [
            ("", vec![]),
            ("machine h login u password p", vec![one("h", "u", "p")]),
            (
                "machine h:8443\n\tlogin u\n  password p\n",
                vec![one("h:8443", "u", "p")],
            ),
            // The order within an entry is free, and a new machine starts anew.
            ("machine h password p login u", vec![one("h", "u", "p")]),
            (
                "machine a login u\nmachine b password p login v",
                vec![one("b", "v", "p")],
            ),
            ("machine h login u password p account x", vec![one("h", "u", "p")]),
            // A macro goes on to the first empty line.
            (
                "macdef m\nmachine a login u password p\n\nmachine b login u password p",
                vec![one("b", "u", "p")],
            ),
            (
                "machine a login u password p\ndefault\nmachine b login u password p",
                vec![one("a", "u", "p")],
            ),
            // Tokens are read in pairs, line by line; so this default swallows its own login.
            ("default login u password p", vec![]),
            (
                "machine a login u password p\nmachine a login v password q",
                vec![one("a", "u", "p"), one("a", "v", "q")],
            ),
            ("machine h login u\r\npassword p\r\n", vec![one("h", "u", "p")]),
        ] {
            assert_eq!(seen(data), entries, "{data:?}");
        }
    }

    #[test]
    fn netrc_names_the_file_else_the_home_does() {
        let world = |env: &[(&str, &str)]| World {
            env: env.iter().map(|(k, v)| (k.into(), v.into())).collect(),
            cwd: Some("/work".into()),
            ..World::default()
        };
        let at = |env: &[(&str, &str)]| path(&world(env));
        assert_eq!(at(&[("NETRC", "n"), ("HOME", "/h")]), Some("/work/n".into()));
        assert_eq!(at(&[("NETRC", ""), ("HOME", "/h")]), Some("/h/.netrc".into()));
        assert_eq!(at(&[]), None);
    }

    proptest! {
        #[test]
        fn parsing_never_panics(data in any::<String>()) {
            parse(&data);
        }

        #[test]
        fn words_in_any_order_never_panic_and_no_entry_is_half(
            words in proptest::collection::vec("machine|login|password|macdef|default|x|\n|\n\n", 0..40)
        ) {
            for line in parse(&words.join(" ")) {
                prop_assert!(!line.machine.is_empty() && !line.login.is_empty());
            }
        }
    }
}
