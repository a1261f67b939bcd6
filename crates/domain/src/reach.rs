//! Which addresses the gateway may call.
//!
//! Members and banks name URLs that the gateway then calls: webhooks, questions for destinations,
//! links. Without a rule they could make it call into the operator's own network. The rule looks at
//! addresses, not at names: a name may resolve to anything, and to something else a moment later.
//! So the wire asks here with the resolved addresses, for each connection.
//!
//! Sources: the IANA registries of special-purpose addresses (RFC 6890 and its updates).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far the gateway may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Addresses of the public internet alone.
    Public,
    /// These and the machine itself: for a sandbox, whose banks and shops run beside it.
    PublicAndLoopback,
}

/// An address that the gateway must not call: its kind in place of public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address is not public: {0}")]
pub struct Unreachable(pub &'static str);

/// Networks of IPv4 that are not public: first address, length of the prefix, what they are.
const NOT_PUBLIC_V4: [(Ipv4Addr, u32, &str); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, "this network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "shared by a provider's customers"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, LOOPBACK),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "for protocols"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "for documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a 6to4 relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "for benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "for documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "for documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];
/// Networks inside 2000::/3, the public part of IPv6, that are not public.
const NOT_PUBLIC_V6: [(Ipv6Addr, u32, &str); 4] = [
    // Holds Teredo (2001::/32), which tunnels to any IPv4 address.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "for protocols"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "for documentation"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "a 6to4 tunnel"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "for documentation"),
];
/// The public part of IPv6.
const PUBLIC_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// Carries an IPv4 address in its last 32 bits: mapped (the system itself calls the IPv4 address).
const MAPPED: (Ipv6Addr, u32) = (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96);
/// The same through a translator (NAT64, RFC 6052): ordinary in networks without IPv4.
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);
const LOOPBACK: &str = "loopback";

impl Reach {
    /// The reach of a sandbox, or of a gateway in production.
    #[must_use]
    pub fn of(sandbox: bool) -> Reach {
        if sandbox { Reach::PublicAndLoopback } else { Reach::Public }
    }

    /// Whether `address` may be called.
    ///
    /// # Errors
    /// [`Unreachable`] says what the address is.
    pub fn check(self, address: IpAddr) -> Result<(), Unreachable> {
        let what = match address {
            IpAddr::V4(address) => special_v4(address),
            IpAddr::V6(address) => special_v6(address),
        };
        match (what, self) {
            (None, _) | (Some(LOOPBACK), Reach::PublicAndLoopback) => Ok(()),
            (Some(what), Reach::Public | Reach::PublicAndLoopback) => Err(Unreachable(what)),
        }
    }

    /// Whether a host of that name may be called, as far as the name says: `localhost` is the
    /// machine itself. Other names are judged by the addresses to which they resolve.
    ///
    /// # Errors
    /// [`Unreachable`] says what the name is.
    pub fn check_name(self, name: &str) -> Result<(), Unreachable> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let local = name == "localhost" || name.ends_with(".localhost");
        if local && self == Reach::Public { Err(Unreachable(LOOPBACK)) } else { Ok(()) }
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    let inside = |(network, length, _): &&(Ipv4Addr, u32, &str)| {
        let mask = u32::MAX.checked_shl(32_u32.saturating_sub(*length)).unwrap_or(0);
        address.to_bits() & mask == network.to_bits()
    };
    NOT_PUBLIC_V4.iter().find(inside).map(|(_, _, what)| *what)
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    if address == Ipv6Addr::LOCALHOST {
        return Some(LOOPBACK);
    }
    if inside_v6(address, MAPPED) || inside_v6(address, NAT64) {
        let [.., a, b, c, d] = address.octets();
        return special_v4(Ipv4Addr::new(a, b, c, d));
    }
    if !inside_v6(address, PUBLIC_V6) {
        return Some("no global unicast address");
    }
    let inside =
        |(network, length, _): &&(Ipv6Addr, u32, &str)| inside_v6(address, (*network, *length));
    NOT_PUBLIC_V6.iter().find(inside).map(|(_, _, what)| *what)
}

fn inside_v6(address: Ipv6Addr, (network, length): (Ipv6Addr, u32)) -> bool {
    let mask = u128::MAX.checked_shl(128_u32.saturating_sub(length)).unwrap_or(0);
    address.to_bits() & mask == network.to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLED: &str = "";

    /// Address and what it is; nothing where it is public.
    const ADDRESSES: [(&str, &str); 84] = [
        ("1.1.1.1", CALLED),
        ("8.8.8.8", CALLED),
        ("9.255.255.255", CALLED),
        ("11.0.0.0", CALLED),
        ("100.63.255.255", CALLED),
        ("100.128.0.0", CALLED),
        ("126.255.255.255", CALLED),
        ("128.0.0.1", CALLED),
        ("169.253.255.255", CALLED),
        ("169.255.0.0", CALLED),
        ("172.15.255.255", CALLED),
        ("172.32.0.0", CALLED),
        ("191.255.255.255", CALLED),
        ("192.0.1.0", CALLED),
        ("192.0.3.0", CALLED),
        ("192.167.255.255", CALLED),
        ("192.169.0.0", CALLED),
        ("198.17.255.255", CALLED),
        ("198.20.0.0", CALLED),
        ("203.0.112.255", CALLED),
        ("203.0.114.0", CALLED),
        ("223.255.255.255", CALLED),
        ("2606:4700:4700::1111", CALLED),
        ("2a00:1450:4001::200e", CALLED),
        ("2003::1", CALLED),
        ("2001:200::1", CALLED),
        ("::ffff:8.8.8.8", CALLED),
        ("64:ff9b::8.8.8.8", CALLED),
        ("0.0.0.0", "this network"),
        ("0.255.255.255", "this network"),
        ("10.0.0.0", "private"),
        ("10.255.255.255", "private"),
        ("100.64.0.0", "shared by a provider's customers"),
        ("100.127.255.255", "shared by a provider's customers"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("169.254.0.0", "link-local"),
        ("169.254.169.254", "link-local"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.0.0.1", "for protocols"),
        ("192.0.0.170", "for protocols"),
        ("192.0.2.1", "for documentation"),
        ("192.88.99.1", "a 6to4 relay"),
        ("192.168.0.1", "private"),
        ("192.168.255.255", "private"),
        ("198.18.0.1", "for benchmarks"),
        ("198.19.255.255", "for benchmarks"),
        ("198.51.100.7", "for documentation"),
        ("203.0.113.7", "for documentation"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::", "no global unicast address"),
        ("::1", "loopback"),
        ("::2", "no global unicast address"),
        ("::127.0.0.1", "no global unicast address"),
        ("::8.8.8.8", "no global unicast address"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:10.0.0.1", "private"),
        ("::ffff:169.254.169.254", "link-local"),
        ("::ffff:0.0.0.0", "this network"),
        ("::ffff:0:8.8.8.8", "no global unicast address"),
        ("64:ff9b::127.0.0.1", "loopback"),
        ("64:ff9b::192.168.1.1", "private"),
        ("64:ff9b::169.254.169.254", "link-local"),
        ("64:ff9b:1::8.8.8.8", "no global unicast address"),
        ("100::1", "no global unicast address"),
        ("2001::1", "for protocols"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "for protocols"),
        ("2001:2::1", "for protocols"),
        ("2001:10::1", "for protocols"),
        ("2001:20::1", "for protocols"),
        ("2001:db8::1", "for documentation"),
        ("2002:7f00:1::1", "a 6to4 tunnel"),
        ("2002:808:808::1", "a 6to4 tunnel"),
        ("3fff::1", "for documentation"),
        ("5f00::1", "no global unicast address"),
        ("fc00::1", "no global unicast address"),
        ("fdff::1", "no global unicast address"),
        ("fe80::1", "no global unicast address"),
        ("fec0::1", "no global unicast address"),
        ("ff02::1", "no global unicast address"),
    ];

    #[test]
    fn public_addresses_are_called_and_no_others() {
        for (text, what) in ADDRESSES {
            let address: IpAddr = text.parse().unwrap();
            let expected = if what.is_empty() { Ok(()) } else { Err(Unreachable(what)) };
            assert_eq!(Reach::Public.check(address), expected, "{text}");
            let in_a_sandbox = if what == LOOPBACK { Ok(()) } else { expected };
            assert_eq!(Reach::PublicAndLoopback.check(address), in_a_sandbox, "{text}");
        }
    }

    #[test]
    fn the_machine_has_a_name() {
        for name in ["localhost", "localhost.", "LOCALHOST", "api.localhost", "api.localhost.."] {
            assert_eq!(Reach::Public.check_name(name), Err(Unreachable(LOOPBACK)), "{name}");
            assert_eq!(Reach::PublicAndLoopback.check_name(name), Ok(()), "{name}");
        }
        for name in ["example.com", "localhost.example.com", "notlocalhost"] {
            assert_eq!(Reach::Public.check_name(name), Ok(()), "{name}");
        }
    }
}
