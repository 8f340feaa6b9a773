//! Basic authentication (RFC 7617).

use crate::gomod::base64;
use crate::secret::Secret;

/// The value of an Authorization or Proxy-Authorization header.
pub(in crate::proxy) fn basic(user: &str, password: &str) -> Secret<String> {
    Secret::new(format!(
        "Basic {}",
        base64::encode(format!("{user}:{password}").as_bytes())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7617() {
        assert_eq!(
            basic("Aladdin", "open sesame").expose(),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
    }
}
