//! What go would send to prove who it is: userinfo, netrc, GOAUTH. Source: cmd/go/internal/auth.

use super::transport::Address;
use crate::secret::Secret;
use crate::world::World;
use std::sync::Arc;

/// Headers for a request.
pub type Headers = Vec<(String, Secret<String>)>;

/// The credentials of a run. Nothing is read and no helper is run before the first https request.
#[derive(Debug)]
pub struct Credentials(());

impl Credentials {
    /// From GOAUTH's value as go reads it (default `netrc`), and the surroundings (NETRC, HOME, PATH, directory).
    pub fn new(goauth: &str, world: Arc<World>) -> Credentials {
        let _ = (goauth, world);
        Credentials(())
    }

    /// Headers for a request to this address; none for http. Userinfo in the address is Basic auth, unless a
    /// header is already there.
    pub async fn headers(&self, address: &Address) -> Headers {
        let _ = address;
        Vec::new()
    }

    /// After a 4xx over https: asks the helpers once more with the address and the answer's head. Returns the new
    /// headers where they differ from `sent`, else `None` (asking again would be pointless).
    pub async fn ask_again(
        &self,
        address: &Address,
        status_line: &str,
        head: &[(String, String)],
        sent: &Headers,
    ) -> Option<Headers> {
        let _ = (address, status_line, head, sent);
        None
    }
}
