//! Networks in CIDR notation (RFC 4632), as a list of those that are let in.

use std::{net::IpAddr, str::FromStr};

use ipnet::{IpNet, Ipv4Net};

/// More are a mistake, or a firewall's work.
const MOST: usize = 50;
/// The prefix under which IPv4 addresses stand in IPv6: ::ffff:0:0/96.
const MAPPED: u8 = 96;

/// Networks from which somebody may come; none: from anywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

/// What is wrong with a network, in words.
#[derive(Debug, thiserror::Error)]
pub enum NetworksError {
    #[error("{0} is no network: write 203.0.113.0/24, 2001:db8::/32, or a single address")]
    Unreadable(String),
    #[error("at most {MOST} networks")]
    TooMany,
}

impl Networks {
    /// Reads networks and single addresses; host bits are dropped, IPv4 that is written as IPv6 becomes IPv4, doubles become one.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, NetworksError> {
        let mut networks = Vec::new();
        for text in texts.into_iter().map(str::trim).filter(|text| !text.is_empty()) {
            let network = read(text).ok_or_else(|| NetworksError::Unreadable(text.chars().take(60).collect()))?;
            if !networks.contains(&network) {
                networks.push(network);
            }
        }
        if networks.len() > MOST { Err(NetworksError::TooMany) } else { Ok(Self(networks)) }
    }

    /// Whether somebody with this address may come in. Where only some networks may, an unknown address may not.
    pub fn admit(&self, address: Option<IpAddr>) -> bool {
        let address = address.map(|address| address.to_canonical());
        self.0.is_empty() || address.is_some_and(|address| self.0.iter().any(|network| network.contains(&address)))
    }

    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl FromStr for Networks {
    type Err = NetworksError;

    /// Separated by commas.
    fn from_str(text: &str) -> Result<Self, NetworksError> {
        Self::parse(text.split(','))
    }
}

fn read(text: &str) -> Option<IpNet> {
    let network: IpNet = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    let network = match network {
        IpNet::V6(six) if six.prefix_len() >= MAPPED => match six.addr().to_ipv4_mapped() {
            Some(four) => IpNet::V4(Ipv4Net::new(four, six.prefix_len() - MAPPED).ok()?),
            None => network,
        },
        _ => network,
    };
    Some(network.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admit(networks: &str, address: &str) -> bool {
        networks.parse::<Networks>().expect("networks").admit(address.parse().ok())
    }

    #[test]
    fn addresses_are_in_or_out() {
        assert!(admit("", "198.51.100.7"), "no network: from anywhere");
        assert!("".parse::<Networks>().expect("none").admit(None));
        assert!(admit("203.0.113.0/24", "203.0.113.255"));
        assert!(!admit("203.0.113.0/24", "203.0.114.0"));
        assert!(!admit("203.0.113.0/24", "unknown"), "an unknown address is in no network");
        assert!(admit("2001:db8::/32, 203.0.113.9", "2001:db8:ffff::1"));
        assert!(!admit("2001:db8::/32, 203.0.113.9", "203.0.113.8"));
    }

    #[test]
    fn ipv4_within_ipv6_is_ipv4() {
        assert!(admit("203.0.113.0/24", "::ffff:203.0.113.9"));
        assert!(admit("::ffff:203.0.113.0/120", "203.0.113.9"));
        assert!(!admit("::ffff:203.0.113.0/120", "203.0.112.9"));
        assert!(!admit("::/0", "203.0.113.9"), "all of IPv6 is not IPv4");
    }

    #[test]
    fn what_is_written_becomes_a_network() {
        let texts = |text: &str| text.parse::<Networks>().map(|networks| networks.texts());
        assert_eq!(
            texts("203.0.113.9/24,203.0.113.0/24 , 198.51.100.1").expect("read"),
            ["203.0.113.0/24", "198.51.100.1/32"]
        );
        for wrong in ["203.0.113", "203.0.113.0/33", "office", "2001:db8::/129"] {
            assert!(texts(wrong).is_err(), "{wrong}");
        }
        let many: Vec<String> = (0..60).map(|n| format!("10.0.{n}.0/24")).collect();
        assert!(matches!(Networks::parse(many.iter().map(String::as_str)), Err(NetworksError::TooMany)));
    }
}
