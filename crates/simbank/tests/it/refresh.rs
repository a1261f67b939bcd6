//! Tokens as real banks have them: short lives, refresh tokens, rotation, and a bank that refuses.

use serde_json::{Value, json};

use crate::certificate::{qwac, qwac_with_role};
use crate::next_gen_psd2::BACK;
use crate::polish_cancellation::polish_payment;
use crate::support::*;
use axum::body::Body;
use http::Request;
use simbank::PeerCertificate;

const MINUTE_MS: i64 = 60_000;

impl World {
    /// A world whose banks give tokens as real banks do.
    fn with_short_lived_tokens() -> Self {
        let options = simbank::Options { short_lived_tokens: true, ..options(None) };
        Self::start(options, environment())
    }

    async fn oauth_token(
        &self,
        bank: &str,
        certificate: Vec<u8>,
        fields: &[(&str, &str)],
    ) -> Reply {
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let query = if bank == "bg-encina" { "?role=DEDICATED_PISP" } else { "" };
        let request = Request::post(format!("/{bank}/oauth/token{query}"))
            .extension(PeerCertificate(certificate))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-client-application", "encina-application-1")
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    async fn refreshed(&self, bank: &str, refresh_token: &str) -> Reply {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
            ("client_id", ORGANISATION),
        ];
        self.oauth_token(bank, qwac(ORGANISATION, 49), &fields).await
    }

    /// The tokens of a payer who signs in, or approves a payment, by OAuth.
    async fn signed_in(&self, bank: &str, user: &str, scope: &str) -> Value {
        let verifier = "v".repeat(64);
        let challenge =
            base64url(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes()));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(match bank {
                "bg-olmo" => [("responseType", "code"), ("clientId", ORGANISATION), ("", "")],
                _ => [("response_type", "CODE"), ("client_id", ORGANISATION), ("bic", "ENCIESMM")],
            })
            .extend_pairs([
                ("redirect_uri", BACK),
                ("scope", scope),
                ("state", "s"),
                ("code_challenge", &challenge),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        let reply = self.get(&format!("/{bank}/oauth/authorize?{query}")).await;
        let visit = reply.header("location").to_owned();
        let back = if bank == "bg-encina" {
            let password = format!("{user}-pass");
            let fields = [("username", user), ("password", password.as_str())];
            self.post_form(&format!("{visit}/sign-in"), &fields).await
        } else {
            self.decide(&visit, user, "approve").await
        };
        let location = url::Url::parse(back.header("location")).unwrap();
        let code = location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("client_id", ORGANISATION),
            ("redirect_uri", BACK),
            ("code_verifier", verifier.as_str()),
        ];
        let reply = self.oauth_token(bank, qwac(ORGANISATION, 49), &fields).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    /// A payment for a day at the bank of OAuth, approved: its path and the tokens.
    async fn at_olmo(&self) -> (String, Value) {
        let path = "/bg-olmo/v1/payments/sepa-credit-transfers";
        let body = json!({
            "instructedAmount": { "currency": "EUR", "amount": "9.00" },
            "creditorAccount": { "iban": "DE02120300000000202051" },
            "creditorName": "Customer Inc.",
            "debtorAccount": { "iban": "ES9521000418450000001176" },
            "requestedExecutionDate": self.day(5),
        });
        let created = self.sealed(false, ("POST", path), None, &body).await;
        let id = created.json()["paymentId"].as_str().unwrap().to_owned();
        let tokens = self.signed_in("bg-olmo", "olga", &format!("PIS: {id}")).await;
        (format!("{path}/{id}"), tokens)
    }
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}"))
}

#[tokio::test]
async fn without_the_switch_tokens_outlive_the_payment_and_nobody_refreshes() {
    let world = World::new();
    let (path, tokens) = world.at_olmo().await;
    assert_eq!((tokens["expires_in"].as_i64(), tokens.get("refresh_token")), (Some(86_400), None));
    let reply = world.refreshed("bg-olmo", "guessed").await;
    assert_eq!(reply.json()["error"], "unsupported_grant_type");
    world.environment.advance(11 * MINUTE_MS);
    let status = format!("{path}/status");
    let token = text(&tokens, "access_token");
    let read = world.sealed(false, ("GET", &status), Some(token), &Value::Null).await;
    assert_eq!(read.status, 200);
}

#[tokio::test]
async fn an_expired_token_is_refused_and_a_refreshed_one_asks_and_cancels() {
    let world = World::with_short_lived_tokens();
    let (path, tokens) = world.at_olmo().await;
    assert_eq!(tokens["expires_in"], 600);
    let old = text(&tokens, "access_token").to_owned();
    let status = format!("{path}/status");
    let ask =
        async |token: &str| world.sealed(false, ("GET", &status), Some(token), &Value::Null).await;
    assert_eq!(ask(&old).await.status, 200);
    world.environment.advance(10 * MINUTE_MS);
    let expired = ask(&old).await;
    let code = expired.json()["tppMessages"][0]["code"].clone();
    assert_eq!((expired.status, code.as_str()), (401, Some("TOKEN_EXPIRED")));
    let cancel = world.sealed(false, ("DELETE", &path), Some(&old), &Value::Null).await;
    assert_eq!(cancel.status, 401);
    let unknown = ask("guessed").await.json();
    assert_eq!(unknown["tppMessages"][0]["code"], "TOKEN_INVALID");

    let fresh = world.refreshed("bg-olmo", text(&tokens, "refresh_token")).await.json();
    assert_eq!(fresh["scope"], tokens["scope"]);
    let fresh = text(&fresh, "access_token");
    assert_eq!(ask(fresh).await.status, 200);
    let cancel = world.sealed(false, ("DELETE", &path), Some(fresh), &Value::Null).await;
    assert_eq!(cancel.status, 204);
    assert_eq!(ask(fresh).await.json()["transactionStatus"], "CANC");
}

#[tokio::test]
async fn a_rotated_refresh_token_dies_with_its_use_and_a_stolen_one_ends_all() {
    let world = World::with_short_lived_tokens();
    let (path, tokens) = world.at_olmo().await;
    let first = text(&tokens, "refresh_token").to_owned();
    let second = world.refreshed("bg-olmo", &first).await.json();
    let next = text(&second, "refresh_token").to_owned();
    assert_ne!(next, first);
    let third = world.refreshed("bg-olmo", &next).await.json();
    let again = world.refreshed("bg-olmo", &first).await;
    assert_eq!((again.status, again.json()["error"].as_str()), (400, Some("invalid_grant")));
    let last = text(&third, "refresh_token");
    assert_eq!(world.refreshed("bg-olmo", last).await.status, 400, "the family has ended");
    let status = format!("{path}/status");
    let token = text(&third, "access_token");
    let read = world.sealed(false, ("GET", &status), Some(token), &Value::Null).await;
    assert_eq!(read.status, 401, "and its tokens with it");
}

#[tokio::test]
async fn a_bank_refuses_to_refresh_after_a_while() {
    let world = World::with_short_lived_tokens();
    let tokens = world.signed_in("bg-encina", "elena", "DEDICATED_PISP").await;
    let refresh = text(&tokens, "refresh_token").to_owned();
    for _ in 0..3 {
        let reply = world.refreshed("bg-encina", &refresh).await;
        assert_eq!(reply.status, 200);
        assert!(reply.json().get("refresh_token").is_none(), "this bank does not rotate");
    }
    let refused = world.refreshed("bg-encina", &refresh).await;
    assert_eq!((refused.status, refused.json()["error"].as_str()), (400, Some("invalid_grant")));

    let tokens = world.signed_in("bg-encina", "elena", "DEDICATED_PISP").await;
    world.wait_days(90);
    let refused = world.refreshed("bg-encina", text(&tokens, "refresh_token")).await;
    assert_eq!(refused.status, 400, "it has expired");
}

#[tokio::test]
async fn a_refresh_is_authenticated_as_strictly_as_the_code() {
    let world = World::with_short_lived_tokens();
    let (_, tokens) = world.at_olmo().await;
    let refresh = text(&tokens, "refresh_token").to_owned();
    let fields = |client: &'static str| {
        [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.as_str()),
            ("client_id", client),
        ]
    };
    let other = "PSDGB-FCA-654321";
    let no_payments = qwac_with_role(ORGANISATION, 49, (3, "PSP_AI"));
    for (certificate, client, expected) in [
        (qwac(other, 49), other, (400, "invalid_grant")),
        (qwac(other, 49), ORGANISATION, (401, "invalid_client")),
        (qwac(ORGANISATION, 21), ORGANISATION, (401, "invalid_client")),
        (no_payments, ORGANISATION, (400, "unauthorized_client")),
    ] {
        let reply = world.oauth_token("bg-olmo", certificate, &fields(client)).await;
        let error = reply.json()["error"].as_str().unwrap_or_default().to_owned();
        assert_eq!((reply.status, error.as_str()), expected);
    }
    let elsewhere = world.refreshed("bg-encina", &refresh).await;
    assert_eq!(elsewhere.status, 400, "another bank's");
    assert_eq!(world.refreshed("bg-olmo", &refresh).await.status, 200, "it is still good");
    // A refresh token opens nothing itself.
    let path = "/bg-olmo/v1/payments/sepa-credit-transfers/x";
    let read = world.sealed(false, ("GET", path), Some(&refresh), &Value::Null).await;
    assert_eq!(read.status, 401);
}

#[tokio::test]
async fn polish_tokens_end_after_minutes_and_are_refreshed_where_the_bank_has_that() {
    let refresh = async |world: &World, bank: &str, token: &Value| {
        let body = json!({ "grant_type": "refresh_token", "client_id": ORGANISATION,
            "refresh_token": token["refresh_token"] });
        world.polish_api(bank, ("auth", "token"), None, body).await
    };
    for (bank, user, minutes) in [("pl-dab", "dorota", 60), ("pl-brzoza", "beata", 15)] {
        let world = World::with_short_lived_tokens();
        let (id, token) = polish_payment(&world, bank, user, 5).await;
        let token: Value = serde_json::from_str(&token).unwrap();
        assert_eq!(token["expires_in"], (minutes * 60).to_string());
        world.environment.advance(minutes * MINUTE_MS);
        let body = json!({ "paymentId": id });
        let old = Some(text(&token, "access_token"));
        for operation in ["getPayment", "cancelPayments"] {
            let reply = world.polish_api(bank, ("payments", operation), old, body.clone()).await;
            assert_eq!(
                (reply.status, reply.json()["code"].as_str()),
                (401, Some("TOKEN")),
                "{bank}"
            );
        }
        let fresh = refresh(&world, bank, &token).await.json();
        let fresh = Some(text(&fresh, "access_token"));
        let read = world.polish_api(bank, ("payments", "getPayment"), fresh, body.clone()).await;
        assert_eq!(read.json()["generalStatus"], "scheduled");
        world.polish_api(bank, ("payments", "cancelPayments"), fresh, body).await;
        assert!(world.kept(&id).await.1);
    }
    let world = World::with_short_lived_tokens();
    let wrong = json!({ "refresh_token": "guessed" });
    assert_eq!(refresh(&world, "pl-dab", &wrong).await.status, 401);
    assert_eq!(refresh(&world, "pl-sosna", &wrong).await.status, 401);
}

/// STET issues no token for the payer's approval: the client's own token, valid for minutes, asks and cancels.
#[tokio::test]
async fn a_clients_own_token_of_stet_ends_after_five_minutes() {
    let world = World::with_short_lived_tokens();
    let token = world.stet_token("stet-chene").await;
    let ask = async || {
        let what = ("GET", "/payment-requests/unknown");
        world.stet_with(&token, "stet-chene", what, &Value::Null).await.status
    };
    assert_eq!(ask().await, 404);
    world.environment.advance(5 * MINUTE_MS);
    assert_eq!(ask().await, 401);
}

/// British banks give no refresh token for a payment: the order follows at once, and a client's own
/// token reads it.
#[tokio::test]
async fn a_token_of_uk_open_banking_ends_and_the_order_is_read_without_it() {
    let world = World::with_short_lived_tokens();
    let body = consent_body("10.00");
    let (consent_id, token) = world.authorised("ob-iron", &body).await;
    let call = world.signed("/domestic-payments", &token, &order_body(&consent_id, &body));
    let order = world.api("ob-iron", call.clone()).await.json();
    world.environment.advance(5 * MINUTE_MS);
    assert_eq!(world.api("ob-iron", call).await.status, 401);
    let id = order["Data"]["DomesticPaymentId"].as_str().unwrap();
    assert_eq!(world.read("ob-iron", &format!("/domestic-payments/{id}")).await.status, 200);
    let assertion = keys().jwt(&world.assertion("ob-iron"));
    let fields = [("grant_type", "refresh_token"), ("refresh_token", "guessed")];
    let reply = world.token("ob-iron", &assertion, &fields).await;
    assert_eq!(reply.json()["error"], "unsupported_grant_type");
}
