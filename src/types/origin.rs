//! Where a request came from.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What is known of a request. Address and device are personal data: they are kept sealed and never logged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub address: Option<IpAddr>,
    /// The `User-Agent`, cut at 200 bytes.
    pub agent: Option<String>,
    /// As in the log and in `X-Request-Id`.
    #[serde(skip)]
    pub request_id: Option<String>,
}

impl Origin {
    pub fn new(address: Option<IpAddr>, agent: Option<&str>, request_id: Option<&str>) -> Self {
        let agent = agent.map(|text| text[..text.floor_char_boundary(200)].to_owned());
        Self {
            address: address.map(|address| address.to_canonical()),
            agent,
            request_id: request_id.map(str::to_owned),
        }
    }
}
