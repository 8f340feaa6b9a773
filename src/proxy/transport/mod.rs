//! One request to one upstream: resolve, connect, proxy hop, TLS, request, answer, body; each step timed and told.
