//! Which addresses belong to the public internet.
//!
//! An address that a supplier names must not lead back into the house: to this machine, to its neighbours, to a cloud's metadata
//! service. So an address is public only when no line of [`IPV4`] or [`IPV6`] holds it, and an IPv6 address only when it lies in the one block from
//! which public addresses are given at all. The lines are those of the IANA registries of special-purpose addresses
//! (RFC 6890, <https://www.iana.org/assignments/iana-ipv4-special-registry>, <https://www.iana.org/assignments/iana-ipv6-special-registry>),
//! with what clouds have put elsewhere.

use ipnet::{Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const fn v4(address: [u8; 4], bits: u8) -> Ipv4Net {
    let [a, b, c, d] = address;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(first: u16, second: u16, third: u16, bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, third, 0, 0, 0, 0, 0), bits)
}

/// IPv4 blocks that are not public, and what they are.
pub const IPV4: [(Ipv4Net, &str); 16] = [
    (v4([0, 0, 0, 0], 8), "this network, RFC 791; on Linux 0.0.0.0 is this machine"),
    (v4([10, 0, 0, 0], 8), "private, RFC 1918"),
    (v4([100, 64, 0, 0], 10), "behind a carrier's NAT, RFC 6598; holds Alibaba's metadata service"),
    (v4([127, 0, 0, 0], 8), "this machine, RFC 1122"),
    (v4([168, 63, 129, 16], 32), "Azure's service for its own machines, learn.microsoft.com: What is IP address 168.63.129.16?"),
    (v4([169, 254, 0, 0], 16), "link-local, RFC 3927; holds the metadata service of most clouds"),
    (v4([172, 16, 0, 0], 12), "private, RFC 1918"),
    (v4([192, 0, 0, 0], 24), "protocol assignments, RFC 6890; holds Oracle's metadata service"),
    (v4([192, 0, 2, 0], 24), "documentation, RFC 5737"),
    (v4([192, 88, 99, 0], 24), "6to4 relays, given up by RFC 7526"),
    (v4([192, 168, 0, 0], 16), "private, RFC 1918"),
    (v4([198, 18, 0, 0], 15), "benchmarks, RFC 2544"),
    (v4([198, 51, 100, 0], 24), "documentation, RFC 5737"),
    (v4([203, 0, 113, 0], 24), "documentation, RFC 5737"),
    (v4([224, 0, 0, 0], 4), "multicast, RFC 1112"),
    (v4([240, 0, 0, 0], 4), "reserved, RFC 1112, and broadcast, RFC 919"),
];

/// The only block of which public IPv6 addresses are given: RFC 4291, section 2.4, and IANA's registry of the IPv6 address space. Outside of it lie
/// loopback, link-local (`fe80::/10`), unique local (`fc00::/7`, RFC 4193, with Amazon's metadata service `fd00:ec2::254`), multicast, the old
/// IPv4-compatible addresses, and blocks that nobody uses.
pub const IPV6_GIVEN: Ipv6Net = v6(0x2000, 0, 0, 3);

/// IPv6 blocks within [`IPV6_GIVEN`] that are not public, and what they are.
pub const IPV6: [(Ipv6Net, &str); 4] = [
    (v6(0x2001, 0, 0, 23), "protocol assignments, RFC 2928: Teredo (RFC 4380), benchmarks (RFC 5180), ORCHID (RFC 7343)"),
    (v6(0x2001, 0xdb8, 0, 32), "documentation, RFC 3849"),
    (v6(0x2002, 0, 0, 16), "6to4, RFC 3056: wraps any IPv4 address, and its relays are gone (RFC 7526)"),
    (v6(0x3fff, 0, 0, 20), "documentation, RFC 9637"),
];

/// Wraps the IPv4 address in its last 32 bits, which a gateway then asks: RFC 6052. In networks without IPv4 every IPv4 host is reached so.
pub const NAT64: Ipv6Net = v6(0x64, 0xff9b, 0, 96);

/// Is this an address of the public internet? One that wraps an IPv4 address (IPv4-mapped, RFC 4291; NAT64, RFC 6052) is as public as that.
/// A gateway's own NAT64 block of ordinary addresses (RFC 6052, section 2.2) cannot be told from them.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) if NAT64.contains(&address) => {
            let [.., a, b, c, d] = address.octets();
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        IpAddr::V6(address) => IPV6_GIVEN.contains(&address) && !IPV6.iter().any(|(block, _)| block.contains(&address)),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !IPV4.iter().any(|(block, _)| block.contains(&address))
}
