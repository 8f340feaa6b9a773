//! The transport against real servers on the loopback interface.

mod peers;
mod plain;
mod proxied;
mod secure;

use super::{Address, Answer, Client, Failure, Get};
use crate::activity::{Activity, FlightHandle};
use crate::secret::Secret;
use crate::world::World;
use std::sync::Arc;
use std::time::Duration;

/// A client with what it reports to.
struct Asker {
    client: Client,
    activity: Arc<Activity>,
    flight: FlightHandle,
    connect_timeout: Duration,
}

impl Asker {
    fn new(env: &[(&str, &str)]) -> Asker {
        let activity = Arc::new(Activity::default());
        let world = World {
            env: env.iter().map(|(k, v)| (k.into(), v.into())).collect(),
            ..World::default()
        };
        Asker {
            client: Client::new(Arc::new(world)),
            flight: activity.begin("test", "test"),
            activity,
            connect_timeout: Duration::from_secs(20),
        }
    }

    async fn ask(&self, address: &str, fresh: bool, headers: &[(&str, &str)]) -> Result<Answer, Failure> {
        let headers = headers
            .iter()
            .map(|(n, v)| (n.to_string(), Secret::new(v.to_string())));
        let get = Get {
            address: Address::parse(address).unwrap(),
            fresh,
            connect_timeout: self.connect_timeout,
            headers: headers.collect(),
            post: None,
            flight: &self.flight,
        };
        self.client.get(get).await
    }

    async fn get(&self, address: &str) -> Result<Answer, Failure> {
        self.ask(address, false, &[]).await
    }

    /// The whole body as text, and whether the connection had served before.
    async fn text(&self, address: &str) -> Result<(String, bool), Failure> {
        let mut answer = self.get(address).await?;
        let body = answer.body.read_all(1 << 20).await?;
        Ok((String::from_utf8_lossy(&body).into_owned(), answer.way.reused))
    }
}
