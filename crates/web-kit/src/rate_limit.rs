//! How often one client may knock at a door where secrets are guessed.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request};
use axum::response::IntoResponse;
use governor::RateLimiter;
use governor::clock::DefaultClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use tower_governor::governor::GovernorConfigBuilder;
use tower_governor::key_extractor::KeyExtractor;
use tower_governor::{GovernorError, GovernorLayer};

use crate::error::Error;
use crate::settings::TrustedProxies;

const FORGET_EVERY: Duration = Duration::from_secs(60);

type Limiter = RateLimiter<IpAddr, DefaultKeyedStateStore<IpAddr>, DefaultClock, NoOpMiddleware>;

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// A layer for the routes to guard; POST only.
pub type AddressLimit = GovernorLayer<ClientAddress, NoOpMiddleware, Body>;

/// Lets each client address POST `burst` times at once and once more each `period`.
///
/// Panics when `burst` or `period` is zero, which is a mistake in the code.
#[must_use]
pub fn per_address(proxies: TrustedProxies, burst: u32, period: Duration) -> AddressLimit {
    let config = GovernorConfigBuilder::default()
        .period(period)
        .burst_size(burst)
        .methods(vec![Method::POST])
        .key_extractor(ClientAddress { proxies })
        .finish()
        .expect("burst and period are not zero");
    forget_quiet_clients(Arc::downgrade(config.limiter()));
    GovernorLayer::new(config).error_handler(|error| match error {
        GovernorError::TooManyRequests { wait_time, .. } => Error::TooMany {
            retry_after: wait_time.max(1),
        }
        .into_response(),
        other => Error::internal(other).into_response(),
    })
}

/// Clients come by the million over the years; those who have not knocked of late need not be remembered. Ends with the
/// layer; outside a runtime (a router built by a plain test) there is nothing to forget.
fn forget_quiet_clients(limiter: Weak<Limiter>) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(async move {
            loop {
                tokio::time::sleep(FORGET_EVERY).await;
                match limiter.upgrade() {
                    Some(limiter) => limiter.retain_recent(),
                    None => break,
                }
            }
        });
    }
}

/// Finds the client's address: the peer, or, when that is one of our own proxies, the last address in
/// `X-Forwarded-For` that is not. What stands further left was written by the client and is never believed.
#[derive(Debug, Clone)]
pub struct ClientAddress {
    proxies: TrustedProxies,
}

impl ClientAddress {
    fn of<T>(&self, request: &Request<T>) -> Option<IpAddr> {
        let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
        let peer = peer.ip().to_canonical();
        if !self.proxies.contains(peer) {
            return Some(peer);
        }
        let mut client = peer;
        let hops = request.headers().get_all(X_FORWARDED_FOR);
        let lines: Vec<_> = hops.iter().filter_map(|line| line.to_str().ok()).collect();
        for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            let Ok(address) = hop.trim().parse::<IpAddr>() else {
                break;
            };
            client = address.to_canonical();
            if !self.proxies.contains(client) {
                break;
            }
        }
        Some(client)
    }
}

/// A client with IPv6 has a network of its own, not one address.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

impl KeyExtractor for ClientAddress {
    type Key = IpAddr;

    fn extract<T>(&self, request: &Request<T>) -> Result<Self::Key, GovernorError> {
        self.of(request)
            .map(network_of)
            .ok_or(GovernorError::UnableToExtractKey)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed test may panic")]

    use super::*;

    fn key(peer: &str, forwarded: &[&str]) -> String {
        let mut request = Request::new(());
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        for line in forwarded {
            request
                .headers_mut()
                .append(X_FORWARDED_FOR, line.parse().unwrap());
        }
        let extractor = ClientAddress {
            proxies: "10.0.0.0/8".parse().unwrap(),
        };
        extractor.extract(&request).unwrap().to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(key("192.0.2.1:999", &["203.0.113.9"]), "192.0.2.1");
    }

    #[test]
    fn our_proxy_tells_the_client() {
        assert_eq!(key("10.0.0.1:999", &["203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn what_the_client_wrote_in_front_is_ignored() {
        assert_eq!(
            key("10.0.0.1:999", &["198.51.100.1", "203.0.113.9, 10.0.0.2"]),
            "203.0.113.9"
        );
        assert_eq!(key("10.0.0.1:999", &["198.51.100.1, junk"]), "10.0.0.1");
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        assert_eq!(key("[2001:db8:1:2:3::4]:999", &[]), "2001:db8:1:2::");
        assert_eq!(key("[::ffff:192.0.2.1]:999", &[]), "192.0.2.1");
    }
}
