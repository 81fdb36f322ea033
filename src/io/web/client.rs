//! Who sends: the peer's address, or what a proxy of ours says it is. Anybody can write `X-Forwarded-For`, so only
//! the hops behind a trusted peer are believed, from the last one back.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};

/// The sender's network.
pub(super) fn network(known: &Extensions, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let peer = known.get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    network_of(behind(peer.to_canonical(), headers, trusted))
}

/// What counts as one network: providers give a customer a whole /64.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let lines = headers.get_all("x-forwarded-for").iter();
    let text: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
    let text = text.join(",");
    let mut sender = peer;
    for hop in text.rsplit(',') {
        if !trusted.contains(&sender) {
            break;
        }
        match hop_address(hop.trim()) {
            Some(address) => sender = address.to_canonical(),
            None => break,
        }
    }
    sender
}

/// Some proxies write the port too, and brackets around an IPv6 address.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    let address = bare.unwrap_or(hop).parse().ok();
    address.or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn sender(peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted = ["127.0.0.1", "10.0.0.2"].map(|address| address.parse().unwrap());
        behind(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_s_word_for_its_address_is_not_taken() {
        assert_eq!(sender("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn behind_our_proxies_the_last_hop_that_is_not_ours_is_the_sender() {
        assert_eq!(sender("127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            sender("127.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"]),
            "198.51.100.1"
        );
        assert_eq!(
            sender("127.0.0.1", &["1.1.1.1", "198.51.100.1"]),
            "198.51.100.1",
            "several lines are one list"
        );
    }

    #[test]
    fn a_hop_may_have_a_port_and_brackets() {
        assert_eq!(sender("127.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(sender("127.0.0.1", &["[2001:db8::7]"]), "2001:db8::7");
        assert_eq!(sender("127.0.0.1", &["[2001:db8::7]:443"]), "2001:db8::7");
    }

    #[test]
    fn a_proxy_that_says_nothing_readable_is_the_sender_itself() {
        assert_eq!(sender("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(sender("127.0.0.1", &["unknown"]), "127.0.0.1");
        assert_eq!(sender("127.0.0.1", &["1.1.1.1, 10.0.0.2, x"]), "127.0.0.1");
    }

    #[test]
    fn neighbours_in_one_ipv6_network_are_one_sender() {
        let of = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }
}
