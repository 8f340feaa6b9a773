//! Which module a function belongs to.

use super::Dump;
use std::collections::BTreeMap;

/// The modules of a program by path, with their versions; the main module has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modules(BTreeMap<String, String>);

impl FromIterator<(String, String)> for Modules {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(modules: T) -> Modules {
        Modules(modules.into_iter().collect())
    }
}

impl Modules {
    /// Notes the module of every frame that has one: `path@version`.
    pub fn note(&self, dump: &mut Dump) {
        for frame in dump.groups.iter_mut().flat_map(|g| &mut g.frames) {
            frame.module = self.of(&frame.function).unwrap_or_default();
        }
    }

    /// The module of a function: the longest path that its package lies in. `None` for the standard library.
    pub fn of(&self, function: &str) -> Option<String> {
        let package = package(function);
        let mut prefix = package.as_str();
        loop {
            match self.0.get(prefix).map(String::as_str) {
                Some("" | "(devel)") => return Some(prefix.to_string()),
                Some(version) => return Some(format!("{prefix}@{version}")),
                None => prefix = prefix.rsplit_once('/')?.0,
            }
        }
    }
}

// `gopkg.in/yaml%2ev3.(*decoder).unmarshal` as `gopkg.in/yaml.v3`: dots in a path's last element are escaped
// (cmd/internal/objabi/path.go: PathToPrefix).
fn package(function: &str) -> String {
    let element = function.rfind('/').map_or(0, |at| at + 1);
    let end = function[element..]
        .find('.')
        .map_or(function.len(), |at| element + at);
    let mut parts = function[..end].split('%');
    let mut package = parts.next().unwrap_or_default().to_string();
    for part in parts {
        match part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                package.push(char::from(byte));
                package.push_str(&part[2..]);
            }
            None => {
                package.push('%');
                package.push_str(part);
            }
        }
    }
    package
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_of_a_function() {
        let modules: Modules = [
            ("example.com/p", "(devel)"),
            ("gopkg.in/yaml.v3", "v3.0.1"),
            ("a.test/b", "v1.0.0"),
            ("a.test/b/v2", "v2.3.0"),
        ]
        .map(|(path, version)| (path.to_string(), version.to_string()))
        .into_iter()
        .collect();
        for (function, want) in [
            (
                "gopkg.in/yaml%2ev3.(*decoder).unmarshal",
                Some("gopkg.in/yaml.v3@v3.0.1"),
            ),
            ("a.test/b/c.F", Some("a.test/b@v1.0.0")),
            ("a.test/b.F.func1", Some("a.test/b@v1.0.0")),
            ("a.test/b/v2/d.Map[...]", Some("a.test/b/v2@v2.3.0")),
            ("a.test/bc.F", None),
            ("example.com/p/q.init.0", Some("example.com/p")),
            ("net/http.(*Server).Serve", None),
            ("main.main", None),
            ("a.test/%zz%.F", None),
            ("", None),
        ] {
            assert_eq!(modules.of(function).as_deref(), want, "{function}");
        }
    }
}
