//! The payer's address and browser reach the bank as they are: from the connection or a trusted proxy on
//! our pages, from the member's headers on the API. Without a payer nothing is invented.

use axum::body::Body;
use gateway::Settings;
use http::Request;
use serde_json::json;
use web::pages::browser::Peer;

use crate::scenarios::usual_order;
use crate::support::{Answer, World, id, with, without, worlds_with};

/// The headers of the payer's browser.
const BROWSER: [(&str, &str); 5] = [
    ("user-agent", "Mozilla/5.0 (X11)"),
    ("accept", "text/html"),
    ("accept-encoding", "gzip"),
    ("accept-language", "de-AT"),
    ("x-forwarded-for", "1.2.3.4, 203.0.113.9"),
];

fn behind_proxies(settings: &mut Settings) {
    settings.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
}

impl World {
    /// The payer chooses the bank on the page of the payment, over a connection from that address.
    async fn choose_from(&self, peer: &str, id: &str, bank: &str) -> Answer {
        let visit = self.app.visit_token(id);
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("bascule-visit", visit.as_str()), ("bank-id", bank)])
            .append_pair("decision", "accept")
            .finish();
        let mut request = Request::post(format!("/session/{id}"))
            .header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in BROWSER {
            request = request.header(name, value);
        }
        let request = request.extension(Peer(peer.parse().unwrap()));
        self.send(request.body(Body::from(form)).unwrap()).await
    }

    /// The payer in the headers of that request to the bank.
    fn payer_in(&self, operation: &str) -> Vec<String> {
        let sent = self.wire.sent_in(operation).headers;
        let of_payer = |name: &str| name.starts_with("psu-") || name.contains("customer");
        let mut found: Vec<String> = sent
            .iter()
            .filter(|(name, _)| of_payer(name))
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        found.sort();
        found
    }
}

fn hosted(bank: &str) -> serde_json::Value {
    let order = with(&usual_order(bank), "initiation.flowType", "FULL_HOSTED_PAGES");
    without(&order, "initiation.bankId")
}

#[tokio::test]
async fn on_pages_the_bank_gets_the_address_of_the_connection_or_of_a_trusted_proxy() {
    for world in worlds_with(behind_proxies).await {
        for (peer, address) in [
            // Not a proxy of ours: its header does not count.
            ("198.51.100.7:4242", vec!["psu-ip-address: 198.51.100.7", "psu-ip-port: 4242"]),
            ("10.0.0.2:4242", vec!["psu-ip-address: 203.0.113.9"]),
        ] {
            let payment = world.create(&hosted("bg-linden")).await;
            let answer = world.choose_from(peer, &id(&payment), "bg-linden").await;
            assert_eq!(answer.status, 303, "{}", answer.text());
            let mut expected = vec![
                "psu-accept-encoding: gzip",
                "psu-accept-language: de-AT",
                "psu-accept: text/html",
                "psu-user-agent: Mozilla/5.0 (X11)",
            ];
            expected.extend(address);
            expected.sort_unstable();
            assert_eq!(world.payer_in("create-payment"), expected, "{}: {peer}", world.name);
        }
    }
}

#[tokio::test]
async fn on_the_api_the_bank_gets_what_the_member_says_of_the_payer() {
    for world in worlds_with(behind_proxies).await {
        let headers = [
            ("content-type", "application/json"),
            ("token-customer-ip-address", "203.0.113.9"),
            ("token-customer-user-agent", "Mozilla/5.0 (X11)"),
            ("token-customer-geo-location", "geo:48.2082,16.3738"),
        ];
        let tables: [(&str, &str, &[&str]); 3] = [
            (
                "bg-linden",
                "create-payment",
                &[
                    "psu-geo-location: GEO:48.208200;16.373800",
                    "psu-ip-address: 203.0.113.9",
                    "psu-user-agent: Mozilla/5.0 (X11)",
                ],
            ),
            (
                "stet-hetre",
                "create-payment-request",
                &[
                    "psu-geo-location: GEO:48.208200;16.373800",
                    "psu-ip-address: 203.0.113.9",
                    "psu-user-agent: Mozilla/5.0 (X11)",
                ],
            ),
            (
                "ob-modelo",
                "create-domestic-payment-consent",
                &[
                    "x-customer-user-agent: Mozilla/5.0 (X11)",
                    "x-fapi-customer-ip-address: 203.0.113.9",
                ],
            ),
        ];
        for (bank, operation, expected) in tables {
            let body = usual_order(bank).to_string();
            let request = world.request("POST", "/v2/payments", body.as_bytes(), &headers);
            let answer = world.send(request).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(world.payer_in(operation), expected, "{}: {bank}", world.name);
        }
    }
}

#[tokio::test]
async fn without_a_payer_no_address_is_invented() {
    for world in worlds_with(behind_proxies).await {
        for bank in ["bg-linden", "stet-hetre", "ob-modelo"] {
            let payment = world.create(&usual_order(bank)).await;
            assert_eq!(payment["initiation"]["bankId"], json!(bank));
        }
        // NextGenPSD2 still requires an address: it is our own.
        assert_eq!(world.payer_in("create-payment"), ["psu-ip-address: 127.0.0.1"]);
        assert_eq!(world.payer_in("create-payment-request"), [] as [String; 0]);
        assert_eq!(world.payer_in("create-domestic-payment-consent"), [] as [String; 0]);
        // A member's nonsense is nobody's address.
        let headers = [
            ("content-type", "application/json"),
            ("token-customer-ip-address", "not an address"),
            ("token-customer-geo-location", "geo:91,16"),
        ];
        let body = usual_order("stet-hetre").to_string();
        let answer =
            world.send(world.request("POST", "/v2/payments", body.as_bytes(), &headers)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(world.payer_in("create-payment-request"), [] as [String; 0]);
    }
}
