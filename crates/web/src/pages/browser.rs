//! The payer's browser, as we describe it to banks: its address and the headers that identify it.
//!
//! The address is that of the connection, unless the connection comes from a proxy that the operator
//! has named: then it is the last address of `X-Forwarded-For` that is not such a proxy. Anybody can
//! write the header, so nothing else in it counts.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use banks::call::PsuContext;
use gateway::App;
use ipnet::IpNet;

/// Proxies in a row, at most; an address behind more is not read.
const PROXIES_MAX: usize = 16;
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The other end of a request's connection: an extension of the request, set by the server that
/// accepted the connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// The browser that sent a request.
pub(crate) struct Browser(pub(crate) PsuContext);

impl FromRequestParts<Arc<App>> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Browser, Infallible> {
        let headers = &parts.headers;
        let peer = parts.extensions.get::<Peer>().map(|Peer(peer)| *peer);
        let address = peer.and_then(|peer| payer(peer, headers, &app.settings().trusted_proxies));
        let text = |name| headers.get(name).and_then(|text| text.to_str().ok()).map(str::to_owned);
        Ok(Browser(PsuContext {
            ip_address: address.map(|(address, _)| address),
            ip_port: address.and_then(|(_, port)| port),
            user_agent: text(header::USER_AGENT),
            accept: text(header::ACCEPT),
            accept_charset: text(header::ACCEPT_CHARSET),
            accept_encoding: text(header::ACCEPT_ENCODING),
            accept_language: text(header::ACCEPT_LANGUAGE),
            geo_location: None,
        }))
    }
}

/// The payer's address, and its port if the payer is connected to us; `None` if only proxies are known.
fn payer(
    peer: SocketAddr,
    headers: &HeaderMap,
    trusted: &[IpNet],
) -> Option<(IpAddr, Option<u16>)> {
    let is_proxy = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let address = peer.ip().to_canonical();
    if !is_proxy(address) {
        return Some((address, Some(peer.port())));
    }
    // Each proxy appends the address that called it.
    let lines: Vec<&str> =
        headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok()).collect();
    let chain = lines.iter().flat_map(|line| line.split(',')).map(str::trim);
    for entry in chain.rev().take(PROXIES_MAX) {
        let address = address_in(entry)?;
        if !is_proxy(address) {
            return Some((address, None));
        }
    }
    None
}

/// An address as proxies write it: alone, with a port, or in brackets.
fn address_in(entry: &str) -> Option<IpAddr> {
    let address = entry.parse::<IpAddr>().ok();
    let with_port = || entry.parse::<SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    address.or_else(with_port).or_else(bracketed).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        match payer(peer.parse().unwrap(), &headers, &trusted) {
            Some((address, Some(port))) => format!("{address} {port}"),
            Some((address, None)) => address.to_string(),
            None => "nobody".to_owned(),
        }
    }

    #[test]
    fn the_payer_is_the_connection_or_the_last_one_that_a_trusted_proxy_names() {
        let proxies = ["10.0.0.0/8", "fd00::/8"];
        let table: [(&str, &[&str], &[&str], &str); 13] = [
            ("198.51.100.7:4242", &[], &[], "198.51.100.7 4242"),
            // Nobody is trusted: the header is the payer's own invention.
            ("198.51.100.7:4242", &["203.0.113.9"], &[], "198.51.100.7 4242"),
            ("198.51.100.7:4242", &["203.0.113.9"], &proxies, "198.51.100.7 4242"),
            ("10.0.0.1:80", &["203.0.113.9"], &proxies, "203.0.113.9"),
            // The payer's own text comes first, the addresses that our proxies saw come last.
            ("10.0.0.1:80", &["1.2.3.4, 203.0.113.9, 10.0.0.2"], &proxies, "203.0.113.9"),
            ("10.0.0.1:80", &["1.2.3.4", "203.0.113.9, 10.0.0.2"], &proxies, "203.0.113.9"),
            ("10.0.0.1:80", &["203.0.113.9:5000"], &proxies, "203.0.113.9"),
            ("10.0.0.1:80", &["[2001:db8::1]:5000"], &proxies, "2001:db8::1"),
            ("10.0.0.1:80", &["[2001:db8::1]"], &proxies, "2001:db8::1"),
            ("[::ffff:10.0.0.1]:80", &["::ffff:203.0.113.9"], &proxies, "203.0.113.9"),
            ("10.0.0.1:80", &[], &proxies, "nobody"),
            ("10.0.0.1:80", &["10.0.0.3, 10.0.0.2"], &proxies, "nobody"),
            // An entry that is not an address ends the search: entries before it do not count.
            ("10.0.0.1:80", &["203.0.113.9, unknown"], &proxies, "nobody"),
        ];
        for (peer, forwarded, trusted, expected) in table {
            assert_eq!(found(peer, forwarded, trusted), expected, "{peer} {forwarded:?}");
        }
        let many = vec!["10.0.0.2"; PROXIES_MAX].join(",");
        assert_eq!(found("10.0.0.1:80", &["203.0.113.9", &many], &proxies), "nobody");
    }
}
