//! How much anybody may ask of the server, and how long it waits for them. The defaults suit one machine behind one proxy.

use std::time::Duration;

use super::Reader;

/// Counts and times. A client that is slower or more than this is refused; everybody else does not notice it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at a time, phones' sockets included. Where they are all taken, the one that has kept us waiting for longest goes.
    pub connections: usize,
    /// Of these, from one address that is no proxy of ours.
    pub connections_per_address: usize,
    /// Requests answered at a time, other than webhooks; one that waits for its body does not count.
    pub requests: usize,
    /// Of these, for one caller.
    pub requests_per_caller: usize,
    /// Webhooks answered at a time: a place that nobody else can take.
    pub webhooks: usize,
    /// From a connection's first byte, or from its opening, to the end of a request's headers.
    pub head: Duration,
    /// From the end of the headers to the end of the body.
    pub body: Duration,
    /// From one answer to the next request. Longer than proxies keep a connection, or they send into one that is being closed.
    pub idle: Duration,
    /// How long a client may read nothing of an answer.
    pub stall: Duration,
    /// A whole request.
    pub request: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            connections_per_address: 2_048,
            requests: 512,
            requests_per_caller: 128,
            webhooks: 1_024,
            head: Duration::from_secs(10),
            body: Duration::from_secs(20),
            idle: Duration::from_secs(75),
            stall: Duration::from_secs(30),
            request: Duration::from_secs(30),
        }
    }
}

impl Limits {
    pub(super) fn read<G: Fn(&str) -> Option<String>>(reader: &mut Reader<G>) -> Self {
        let mut limits = Self::default();
        for (name, field) in [
            ("HTTP_CONNECTIONS", &mut limits.connections),
            ("HTTP_CONNECTIONS_PER_ADDRESS", &mut limits.connections_per_address),
            ("HTTP_REQUESTS", &mut limits.requests),
            ("HTTP_REQUESTS_PER_CALLER", &mut limits.requests_per_caller),
            ("HTTP_WEBHOOKS", &mut limits.webhooks),
        ] {
            *field = reader.positive(name, u32::try_from(*field).unwrap_or(u32::MAX)) as usize;
        }
        for (name, field) in [
            ("HTTP_HEAD_SECONDS", &mut limits.head),
            ("HTTP_BODY_SECONDS", &mut limits.body),
            ("HTTP_IDLE_SECONDS", &mut limits.idle),
            ("HTTP_REQUEST_SECONDS", &mut limits.request),
        ] {
            let seconds = reader.positive(name, u32::try_from(field.as_secs()).unwrap_or(u32::MAX));
            *field = Duration::from_secs(seconds.into());
        }
        limits
    }
}
