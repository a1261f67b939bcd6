//! Banks with habits of their own refuse what the others take: in a consent, in an authorisation and
//! with a code.

use serde_json::{Value, json};

use crate::support::*;

const BASALT: &str = "ob-basalt";
const FLINT: &str = "ob-flint";
/// `tpp-1:open%2Bsecret%2F1`.
const BASIC: &str = "Basic dHBwLTE6b3BlbiUyQnNlY3JldCUyRjE=";

impl World {
    async fn post(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Reply {
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request =
            http::Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        let request = headers.iter().fold(request, |all, (name, value)| all.header(*name, *value));
        self.send(request.body(axum::body::Body::from(body)).unwrap()).await
    }

    /// A token of our own at a bank that knows secrets.
    async fn own_token(&self, bank: &str) -> String {
        let own = [("grant_type", "client_credentials"), ("scope", "payments")];
        let path = format!("/{bank}/token");
        let reply = match bank {
            BASALT => self.post(&path, &[("authorization", BASIC)], &own).await,
            _ => {
                let secret = [("client_id", CLIENT_ID), ("client_secret", "open+secret/1")];
                let header = [("x-client-application", "flint-application-1")];
                self.post(&path, &header, &[&own[..], &secret].concat()).await
            }
        };
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Asks Basalt for a consent with this risk.
    async fn consent_at_basalt(&self, risk: Value, refund: &str) -> Reply {
        let mut body = consent_body("10.00");
        body["Risk"] = risk;
        body["Data"]["ReadRefundAccount"] = json!(refund);
        let token = self.own_token(BASALT).await;
        let call = self.signed("/domestic-payment-consents", &token, &body);
        self.api(BASALT, call.bad().broken()).await
    }
}

#[tokio::test]
async fn a_bank_takes_its_own_context_code_and_no_contract_indicator() {
    let world = World::new();
    let code = || json!({ "PaymentContextCode": "PartyToParty" });
    let good = world.consent_at_basalt(code(), "No").await;
    assert_eq!(good.status, 201, "{}", good.text());
    assert!(!good.headers.contains_key("x-jws-signature"), "its answers are not signed");
    for risk in [
        json!({}),
        json!({ "PaymentContextCode": "TransferToThirdParty" }),
        json!({ "PaymentContextCode": "PartyToParty", "ContractPresentInidicator": true }),
        json!({ "PaymentContextCode": "PartyToParty", "ContractPresentIndicator": true }),
    ] {
        let refused = world.consent_at_basalt(risk.clone(), "No").await;
        assert_eq!(refused.status, 400, "{risk}: {}", refused.text());
    }
    let refund = world.consent_at_basalt(code(), "Yes").await;
    assert_eq!(refund.status, 400, "it gives no account for refunds: {}", refund.text());
}

#[tokio::test]
async fn a_bank_without_openid_opens_a_visit_by_the_query_alone() {
    let world = World::new();
    let good = [
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "payments"),
        ("state", "state-1"),
        ("code_challenge", "0123456789012345678901234567890123456789012"),
        ("code_challenge_method", "S256"),
        ("display", "no-such-consent"),
    ];
    let visit = async |changed: &str, value: Option<&str>| {
        let pairs = good.iter().filter_map(|(name, usual)| match (*name == changed, value) {
            (true, None) => None,
            (true, Some(value)) => Some((*name, value)),
            (false, _) => Some((*name, *usual)),
        });
        let extra = value.filter(|_| good.iter().all(|(name, _)| *name != changed));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .extend_pairs(extra.map(|value| (changed, value)))
            .finish();
        let data = base64url(query);
        let reply = world.get(&format!("/{FLINT}/authorize?data={data}")).await;
        reply.header("location").to_owned()
    };
    let plain = world.get(&format!("/{FLINT}/authorize?response_type=code")).await;
    assert_eq!(plain.status, 400, "everything is in one parameter: {}", plain.text());
    // Everything is right but the consent.
    assert!(visit("", None).await.contains("consent+is+unknown"));
    for (name, value, refusal) in [
        ("response_type", Some("code id_token"), "unsupported_response_type"),
        ("scope", Some("openid payments"), "invalid_scope"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("display", None, "invalid_request"),
        ("request", Some("object"), "no+OpenID"),
        ("nonce", Some("nonce"), "no+OpenID"),
    ] {
        let location = visit(name, value).await;
        assert!(location.starts_with(REDIRECT_URI), "{name}: {location}");
        assert!(location.contains(refusal), "{name}: {location}");
    }
}

#[tokio::test]
async fn a_bank_wants_the_scope_again_and_its_own_id() {
    let world = World::new();
    let code =
        [("grant_type", "authorization_code"), ("code", "unknown"), ("redirect_uri", REDIRECT_URI)];
    let path = format!("/{BASALT}/token");
    let headers = [("authorization", BASIC)];
    let without = world.post(&path, &headers, &code).await;
    assert_eq!(without.json()["error"], "invalid_scope");
    let with = [&code[..], &[("scope", "openid payments")]].concat();
    let with = world.post(&path, &headers, &with).await;
    assert_eq!(with.json()["error"], "invalid_grant", "the scope is right, the code is not");

    let token = world.own_token(FLINT).await;
    let call = || {
        let call = ApiCall::new("GET", "/domestic-payments/1", &token).bad().broken();
        call.header("x-client-application", "flint-application-1")
    };
    let refused = world.api(FLINT, call()).await;
    assert_eq!((refused.status, refused.error_code().as_str()), (400, "Header.Missing"));
    let known = call().header("x-fapi-financial-id", "0015800001FLINT000");
    assert_eq!(world.api(FLINT, known).await.error_code(), "Resource.NotFound");
}

#[tokio::test]
async fn a_key_set_may_be_untidy() {
    let world = World::new();
    let set = world.get(&format!("/{BASALT}/jwks")).await.json();
    let keys = set["keys"].as_array().unwrap();
    let same = keys.iter().filter(|key| key["kid"] == keys[0]["kid"]).count();
    assert!(keys.len() > same && same > 2, "{set}");
}
