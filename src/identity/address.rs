//! Where a request comes from, as far as our own proxies can be believed.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::{extract::ConnectInfo, http::request::Parts};

/// The caller's address: with `hops` proxies in front the `hops`-th entry of `X-Forwarded-For` from the right, else the peer.
pub fn client_address(parts: &Parts, hops: usize) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    if hops == 0 {
        return peer;
    }
    // A line that holds bytes which are no text is read like any other: the entries that our own proxies added stand in it, too.
    let lines: Vec<_> = parts
        .headers
        .get_all("x-forwarded-for")
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    let entries: Vec<&str> = lines.iter().flat_map(|line| line.split(',')).map(str::trim).collect();
    // Fewer entries than proxies: the request took a shorter way, and only the peer is certain.
    let entry = entries.len().checked_sub(hops).and_then(|at| entries.get(at));
    entry.and_then(|entry| entry.parse().ok()).or(peer)
}

/// What is counted as one caller: an IPv6 customer has a whole /64.
pub fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(forwarded: &[&str]) -> Parts {
        let mut request = axum::http::Request::builder();
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let mut parts = request.body(()).expect("builds").into_parts().0;
        parts.extensions.insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 1))));
        parts
    }

    #[test]
    fn only_trusted_entries_count() {
        let told = |forwarded: &[&str], hops| client_address(&parts(forwarded), hops).expect("an address").to_string();
        assert_eq!(told(&["1.1.1.1"], 0), "10.0.0.1", "no proxy: the header is anybody's word");
        assert_eq!(told(&["6.6.6.6, 1.1.1.1"], 1), "1.1.1.1");
        assert_eq!(told(&["6.6.6.6", "1.1.1.1, 2.2.2.2"], 2), "1.1.1.1");
        assert_eq!(told(&["1.1.1.1"], 2), "10.0.0.1");
        assert_eq!(told(&["rubbish"], 1), "10.0.0.1");
        assert_eq!(told(&["\u{e6}, 1.1.1.1"], 1), "1.1.1.1", "what cannot be read hides nobody");
    }

    #[test]
    fn an_ipv6_customer_is_one_caller() {
        let counted = |text: &str| counted(text.parse().expect("an address")).to_string();
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(counted("::ffff:1.2.3.4"), "1.2.3.4");
    }
}
