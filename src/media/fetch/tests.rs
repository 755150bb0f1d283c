//! Tests of what may be asked.

use super::address::{self, Allowed};
use super::places::Places;
use super::public::{IPV4, IPV6, is_public};
use super::refusal::retry_after;
use super::{FetchSettings, Refusal, reply};
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

fn public(address: &str) -> bool {
    is_public(address.parse().unwrap())
}

#[test]
fn the_edges_of_each_block_are_where_they_should_be() {
    // The last address outside, the first and last inside, the first outside again.
    for [before, first, last, after] in [
        ["", "0.0.0.0", "0.255.255.255", "1.0.0.0"],
        ["9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"],
        ["100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"],
        ["126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"],
        ["168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17"],
        ["169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"],
        ["172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"],
        ["191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"],
        ["192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"],
        ["192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"],
        ["192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"],
        ["198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"],
        ["198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"],
        ["203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"],
        ["223.255.255.255", "224.0.0.0", "255.255.255.255", ""],
        ["", "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"],
        ["2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"],
        ["2001:db7:ffff::", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"],
        ["2001:ffff::", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"],
        ["3ffe:ffff::", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"],
        ["3fff:ffff::", "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""],
    ] {
        assert!(before.is_empty() || public(before), "{before}");
        assert!(!public(first), "{first}");
        assert!(!public(last), "{last}");
        assert!(after.is_empty() || public(after), "{after}");
    }
}

#[test]
fn addresses_that_matter_are_judged_right() {
    for public_one in
        ["8.8.8.8", "93.184.215.14", "2606:4700::6810:84e5", "2a00:1450:4001:82b::200e", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
    {
        assert!(public(public_one), "{public_one}");
    }
    for kept in [
        "169.254.169.254",
        "fd00:ec2::254",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "::1",
        "::",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::808:808",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "fe80::1",
        "fec0::1",
        "fc00::1",
        "ff02::1",
        "100::1",
    ] {
        assert!(!public(kept), "{kept}");
    }
}

/// What the standard library knows of, as a second opinion.
fn surely_not_public(address: Ipv4Addr) -> bool {
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || address.is_unspecified()
}

proptest! {
    #[test]
    fn no_wrapping_makes_an_address_public(bits: u32) {
        let v4 = Ipv4Addr::from(bits);
        let judged = is_public(v4.into());
        prop_assert!(!(judged && surely_not_public(v4)));
        prop_assert_eq!(is_public(v4.to_ipv6_mapped().into()), judged);
        let nat64 = Ipv6Addr::from((0x0064_ff9b_u128 << 96) | u128::from(bits));
        prop_assert_eq!(is_public(nat64.into()), judged);
        let [a, b, c, d] = v4.octets();
        let compatible = Ipv6Addr::from(u128::from(bits));
        let six_to_four = Ipv6Addr::from([0x20, 0x02, a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        prop_assert!(!is_public(compatible.into()) && !is_public(six_to_four.into()));
    }

    #[test]
    fn every_address_of_a_block_is_kept_back(line in 0..IPV4.len(), line6 in 0..IPV6.len(), bits: u128) {
        let (block, _) = IPV4[line];
        let inside = u32::from(block.network()) | (u32::try_from(bits & u128::from(u32::MAX)).unwrap() & u32::from(block.hostmask()));
        prop_assert!(!is_public(Ipv4Addr::from(inside).into()));
        let (block, _) = IPV6[line6];
        let inside = u128::from(block.network()) | (bits & u128::from(block.hostmask()));
        prop_assert!(!is_public(Ipv6Addr::from(inside).into()));
        let home = Ipv6Addr::from(bits);
        prop_assert!(!(is_public(home.into()) && (home.is_unique_local() || home.is_unicast_link_local() || home.is_multicast() || home.is_loopback())));
    }

    #[test]
    fn any_text_is_an_address_or_a_refusal(text in ".*", host in "[a-z0-9.:\\[\\]x%@/\\\\-]{0,40}") {
        let (allowed, settings) = (Allowed::default(), FetchSettings::default());
        for text in [text, format!("http://{host}/lamp.jpg")] {
            match address::read(&text, &allowed, &settings) {
                Ok(asked) => {
                    prop_assert!(!asked.trusted && matches!(asked.url.scheme(), "http" | "https") && asked.url.username().is_empty());
                    let literal = asked.host.trim_matches(['[', ']']).parse::<IpAddr>();
                    prop_assert!(literal.map_or(true, is_public), "{} is asked", asked.host);
                }
                Err(refusal) => prop_assert!(matches!(refusal.code, "bad_address" | "forbidden_address")),
            }
        }
    }

    #[test]
    fn any_allowed_host_is_read_or_refused(text in ".*", host in "[a-z0-9.:\\[\\]/-]{0,30}") {
        let _ = (Allowed::read(&[text]), Allowed::read(&[host]));
    }

    #[test]
    fn a_wait_is_within_its_bounds(value in ".*", date in proptest::option::of(".*"), seconds: u64) {
        let longest = Duration::from_secs(60);
        for value in [value, seconds.to_string()] {
            let wait = retry_after(Some(&value), date.as_deref(), longest);
            prop_assert!(wait.is_none_or(|wait| wait >= Duration::from_secs(1) && wait <= longest));
        }
    }
}

#[test]
fn a_date_to_wait_for_is_read_by_the_hosts_own_clock() {
    let longest = Duration::from_secs(3600);
    let until = Some("Sun, 06 Nov 1994 09:00:00 GMT");
    assert_eq!(retry_after(until, Some("Sun, 06 Nov 1994 08:50:00 GMT"), longest), Some(Duration::from_secs(600)));
    assert_eq!(retry_after(until, Some("Sun, 06 Nov 1994 09:10:00 GMT"), longest), Some(Duration::from_secs(1)), "it has passed");
    assert_eq!(retry_after(until, None, longest), None);
    assert_eq!(retry_after(None, None, longest), None);
}

#[test]
fn a_redirect_from_https_to_http_is_refused() {
    let (allowed, settings) = (Allowed::default(), FetchSettings::default());
    let from = reqwest::Url::parse("https://shop.example/lamps/1.jpg").unwrap();
    let follow = |to: &str| address::follow(&from, to, &allowed, &settings);
    let code = |to: &str| follow(to).map(|asked| asked.url.to_string()).map_err(|refusal: Refusal| refusal.code);
    assert_eq!(code("http://shop.example/1.jpg"), Err("downgrade"));
    assert_eq!(code("//cdn.example/1.jpg"), Ok("https://cdn.example/1.jpg".to_owned()));
    assert_eq!(code("2.jpg"), Ok("https://shop.example/lamps/2.jpg".to_owned()));
    assert_eq!(code("https://127.0.0.1/"), Err("forbidden_address"));
    assert_eq!(code("http://127.0.0.1/"), Err("forbidden_address"));
    assert_eq!(code(&format!("/{}", "a".repeat(5000))), Err("bad_address"));
}

#[test]
fn ports_of_others_are_found_and_ports_of_web_servers_are_not() {
    let (allowed, settings) = (Allowed::default(), FetchSettings::default());
    let asked = |port: u16| address::read(&format!("http://shop.example:{port}/"), &allowed, &settings).is_ok();
    assert!(address::PORTS_OF_OTHERS.is_sorted(), "it is searched by halves");
    assert!(address::PORTS_OF_OTHERS.iter().all(|port| !asked(*port)));
    assert!([80, 81, 443, 3000, 7171, 8000, 8080, 8443, 9000, 65535].into_iter().all(asked));
}

#[test]
fn the_longer_a_body_the_longer_it_may_take() {
    let settings = FetchSettings { grace: Duration::from_secs(60), slowest: 16 << 10, ..FetchSettings::default() };
    assert_eq!(reply::patience(0, &settings), Duration::from_secs(60));
    assert_eq!(reply::patience(160 << 10, &settings), Duration::from_secs(70));
    assert!(reply::patience(u64::MAX, &FetchSettings { slowest: 0, ..settings }) > Duration::from_secs(60));
}

#[tokio::test]
async fn hosts_are_forgotten_when_nobody_is_there() {
    let places = Places::new(1, 1);
    let first = places.enter("a.example").await;
    // Two wait, one at the same host and one for a place overall; both give up.
    for host in ["a.example", "b.example"] {
        let waiting = tokio::time::timeout(Duration::from_millis(5), places.enter(host)).await;
        assert!(waiting.is_err());
    }
    assert_eq!(places.hosts(), 1);
    drop(first);
    assert_eq!(places.hosts(), 0);
    drop(places.enter("b.example").await);
    assert_eq!(places.hosts(), 0);
}
