//! Where traces are sent, by the variables of the OpenTelemetry specification (OpenTelemetry Protocol Exporter). Of
//! the environment alone: a project's file has no say in it.

use crate::percent;
use crate::proxy::transport::Address;
use crate::secret::Secret;
use crate::world::World;
use std::time::Duration;

/// What is asked where no endpoint is named.
const DEFAULT: &str = "http://localhost:4318";
/// What an endpoint for all signals is followed by.
const PATH: &str = "v1/traces";
/// The specification's.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Whom to send to, and how.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    pub address: Address,
    /// Those that the variables name, and the type of what is sent.
    pub headers: Vec<(String, Secret<String>)>,
    pub timeout: Duration,
}

impl Endpoint {
    /// The endpoint that the environment names. `None` where OpenTelemetry is switched off; the error is one clause
    /// that repeats no secret.
    pub fn of(world: &World) -> Result<Option<Endpoint>, String> {
        let is = |name: &str, value: &str| world.text(name).is_some_and(|v| v.eq_ignore_ascii_case(value));
        if is("OTEL_SDK_DISABLED", "true") {
            return Ok(None);
        }
        if setting(world, "PROTOCOL").is_some_and(|(_, protocol)| protocol == "grpc") {
            return Err("OTEL_EXPORTER_OTLP_PROTOCOL is grpc; it is sent over HTTP only".into());
        }
        let invalid = |name: &str, what: String| format!("{name} is no address: {what}");
        let address = match setting(world, "ENDPOINT") {
            // As it is; without a path it is the root.
            Some((name, text)) if name == TRACES_ENDPOINT => {
                Address::parse(text).map_err(|e| invalid(&name, e))?
            }
            Some((name, text)) => Address::parse(text).map_err(|e| invalid(&name, e))?.join(PATH),
            None => Address::parse(DEFAULT)?.join(PATH),
        };
        let mut headers = vec![(
            "Content-Type".to_string(),
            Secret::new("application/json".to_string()),
        )];
        headers.extend(
            setting(world, "HEADERS")
                .map(|(_, text)| pairs(text))
                .unwrap_or_default(),
        );
        let timeout = setting(world, "TIMEOUT").and_then(|(_, text)| text.trim().parse().ok());
        Ok(Some(Endpoint {
            address,
            headers,
            timeout: timeout.map_or(TIMEOUT, Duration::from_millis),
        }))
    }

    /// The address without its userinfo and its query.
    pub fn shown(&self) -> String {
        format!("{}{}", self.address.origin(), self.address.path)
    }
}

const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

/// The variable for traces, else the one for all signals, with its name; an empty one counts as unset.
fn setting<'a>(world: &'a World, what: &str) -> Option<(String, &'a str)> {
    ["TRACES_", ""].iter().find_map(|signal| {
        let name = format!("OTEL_EXPORTER_OTLP_{signal}{what}");
        let value = world.text(&name)?;
        Some((name, value))
    })
}

/// `key1=value1,key2=value2`, values percent-encoded (W3C Baggage without its metadata). What is none is left out.
fn pairs(text: &str) -> Vec<(String, Secret<String>)> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let name = name.trim();
        (!name.is_empty()).then(|| (name.to_string(), Secret::new(percent::decode_lossy(value.trim()))))
    };
    text.split(',').filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(env: &[(&str, &str)]) -> Result<Option<Endpoint>, String> {
        Endpoint::of(&World {
            env: env.iter().map(|(k, v)| (k.into(), v.into())).collect(),
            ..World::default()
        })
    }

    #[test]
    fn the_address_is_that_of_the_specification() {
        let all = "OTEL_EXPORTER_OTLP_ENDPOINT";
        for (env, address) in [
            (vec![], "http://localhost:4318/v1/traces"),
            (vec![(all, "")], "http://localhost:4318/v1/traces"),
            (vec![(all, "http://c:4318")], "http://c:4318/v1/traces"),
            (vec![(all, "https://c/otlp/")], "https://c/otlp/v1/traces"),
            (vec![(TRACES_ENDPOINT, "https://c/mine")], "https://c/mine"),
            (
                vec![(all, "http://a"), (TRACES_ENDPOINT, "http://b:1/x")],
                "http://b:1/x",
            ),
            (
                vec![(all, "https://user:hunter2@c?key=hunter2")],
                "https://c/v1/traces",
            ),
        ] {
            let found = endpoint(&env).unwrap().unwrap();
            assert_eq!(found.shown(), address, "{env:?}");
            assert!(!format!("{found:?}").contains("hunter2"));
        }
    }

    #[test]
    fn headers_are_secrets_and_those_for_traces_win() {
        let all = ("OTEL_EXPORTER_OTLP_HEADERS", "a=1");
        let traces = (
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
            " api-key = hunter%202 ,x,=y,b=c=d",
        );
        let found = endpoint(&[all, traces]).unwrap().unwrap();
        let told: Vec<_> = found
            .headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.expose().as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("Content-Type", "application/json"),
                ("api-key", "hunter 2"),
                ("b", "c=d")
            ]
        );
        assert!(!format!("{found:?}").contains("hunter"));
    }

    #[test]
    fn what_cannot_be_is_said_without_secrets() {
        for (name, value, says) in [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "grpc"),
            (
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "hunter2:4317",
                "OTEL_EXPORTER_OTLP_ENDPOINT is no address",
            ),
            (
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "http://u:hunter2@c:x",
                "OTEL_EXPORTER_OTLP_ENDPOINT is no address",
            ),
        ] {
            let error = endpoint(&[(name, value)]).unwrap_err();
            assert!(error.contains(says) && !error.contains("hunter2"), "{error}");
        }
        assert!(endpoint(&[("OTEL_SDK_DISABLED", "TRUE")]).unwrap().is_none());
    }

    #[test]
    fn the_timeout_is_in_milliseconds() {
        let timeout = |text| {
            endpoint(&[("OTEL_EXPORTER_OTLP_TIMEOUT", text)])
                .unwrap()
                .unwrap()
                .timeout
        };
        assert_eq!(timeout("250"), Duration::from_millis(250));
        assert_eq!((timeout(""), timeout("soon")), (TIMEOUT, TIMEOUT));
    }
}
