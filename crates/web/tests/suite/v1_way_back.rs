//! The parameters of a payer's return to the shop from a token request (reference, section 2.13).

use std::collections::BTreeMap;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use store::members::MemberSettings;

use crate::support::payer::unescaped;
use crate::support::{Decision, Fault, INSTRUCTIONS, id, with, worlds};
use crate::v1_hosted_pages::v2;

/// The way back to the shop that a page offers: its parameters, decoded once.
pub fn way_back(page: &str) -> BTreeMap<String, String> {
    let page = unescaped(page);
    let link = page.split("href=\"").find(|link| link.starts_with("https://shop.example/return"));
    let link = link.unwrap_or_else(|| panic!("no way back: {page}")).split('"').next().unwrap();
    let url = url::Url::parse(link).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let named: BTreeMap<String, String> = pairs.iter().cloned().collect();
    assert_eq!(named.len(), pairs.len(), "a parameter twice: {link}");
    named
}

#[tokio::test]
async fn the_signature_of_the_way_back_is_that_of_the_result_and_the_state_survives() {
    // As the published client builds it: JSON, percent-encoded once before it is sent.
    let sent = "%7B%22csrfTokenHash%22%3A%22x%2By%22%2C%22innerState%22%3A%22a%20b%22%7D";
    for world in worlds().await {
        let body = with(&world.open_request(), "requestPayload.callbackState", sent);
        let request = id(&world.store(&body).await);
        world.submit(&v2(&request), &[("bank-id", "ob-modelo")]).await;
        let text = world.decide_at_bank(Decision::Approve).await;
        let back = way_back(&text);
        assert_eq!(back["state"], sent);
        // On the wire it is encoded once more, and so it is for whoever decodes `+` as itself.
        assert!(text.contains(&sent.replace('%', "%25")), "{text}");
        let signature: Value = serde_json::from_str(&back["signature"]).unwrap();
        assert_eq!(signature, world.result(&request).await["signature"]);
        let signed = format!(r#"{{"state":"{sent}","tokenId":"{}"}}"#, back["token-id"]);
        let bytes = URL_SAFE_NO_PAD.decode(signature["signature"].as_str().unwrap()).unwrap();
        let public = URL_SAFE_NO_PAD.decode(world.app.gateway_key().public_key()).unwrap();
        UnparsedPublicKey::new(&ED25519, public).verify(signed.as_bytes(), &bytes).unwrap();
    }
}

#[tokio::test]
async fn a_state_with_spaces_is_understood_by_every_decoder() {
    for world in worlds().await {
        let body = with(&world.open_request(), "requestPayload.callbackState", "a b+c");
        let request = id(&world.store(&body).await);
        let (_, left) = world.submit_and_follow(&v2(&request), &[("decision", "decline")]).await;
        let page = unescaped(&left.text());
        assert!(page.contains("state=a%20b%2Bc"), "{page}");
    }
}

#[tokio::test]
async fn questions_that_wait_are_named_in_the_way_back() {
    for world in worlds().await {
        let source = json!({ "accountIdentifier": { "iban": { "iban": "DE32370400440000001036" } },
            "customerData": { "legalNames": ["Payer"] } });
        let body = with(&world.euro_request(), "requestOptions.bankId", "bg-ahorn");
        let body = with(&body, &format!("{INSTRUCTIONS}.source"), source);
        let request = id(&world.store(&body).await);
        world.authorize(&request, &json!({ "useCredentialFlow": true })).await;
        let payment = id(&world.only_payment().await);
        // In a flow led by the API, the payer still opens our page, answers the first question there,
        // and leaves: the bank executes at the approval, so nobody can cancel any more.
        let path = format!("/session/{payment}");
        world.submit(&format!("{path}/answers"), &[("psuId", "anna")]).await;
        let page = world.page(&path).await.text();
        assert_eq!(way_back(&page)["credential-fields"], "password", "{page}");
    }
}

#[tokio::test]
async fn without_auto_redeem_the_way_back_has_a_token_and_no_transfer() {
    for world in worlds().await {
        world.agree(MemberSettings { redeems_on_request: true, ..Default::default() }).await;
        let request = id(&world.store(&world.open_request()).await);
        world.submit(&v2(&request), &[("bank-id", "ob-modelo")]).await;
        let back = way_back(&world.decide_at_bank(Decision::Approve).await);
        assert_eq!(back["token-id"], world.result(&request).await["tokenId"].as_str().unwrap());
        assert_eq!(back["tokenId"], back["token-id"]);
        assert!(back.contains_key("signature"), "{back:?}");
        for absent in ["transfer-id", "transferId", "transfer-status", "transferStatus", "error"] {
            assert!(!back.contains_key(absent), "{back:?}");
        }
    }
}

#[tokio::test]
async fn a_payer_who_declines_at_the_bank_brings_an_error_and_no_token() {
    for world in worlds().await {
        let request = id(&world.store(&world.open_request()).await);
        world.submit(&v2(&request), &[("bank-id", "ob-modelo")]).await;
        let back = way_back(&world.decide_at_bank(Decision::Decline).await);
        assert_eq!(
            (back["error"].as_str(), back["request-id"].as_str()),
            ("access_denied", request.as_str())
        );
        assert!(!back["message"].is_empty() && !back.contains_key("token-id"), "{back:?}");
        assert_eq!(world.result(&request).await["status"], "REJECTED");
    }
}

#[tokio::test]
async fn a_bank_that_does_not_begin_the_payment_is_an_exception_in_the_way_back() {
    for world in worlds().await {
        let request = id(&world.store(&world.open_request()).await);
        world.wire.expect_broken_answers();
        world.wire.plan("create-domestic-payment-consent", Fault::Instead(400), 9);
        world.submit(&v2(&request), &[("bank-id", "ob-modelo")]).await;
        world.half_a_minute().await;
        let payment = world.only_payment().await;
        let back = way_back(&world.page(&format!("/session/{}", id(&payment))).await.text());
        assert_eq!(back["error"], "EXCEPTION_INITIATE_BANK_AUTH", "{back:?}");
        assert!(!back["message"].is_empty() && !back.contains_key("token-id"), "{back:?}");
    }
}

#[tokio::test]
async fn led_by_the_api_an_approval_has_its_token_and_transfer_in_both_names() {
    for world in worlds().await {
        let request = id(&world.store(&world.token_request()).await);
        let authorization = world.authorize(&request, &json!({})).await;
        let visit = authorization.json()["redirectUrl"].as_str().unwrap().to_owned();
        let from_bank = world.visit_bank(&visit, Decision::Approve).await;
        // The first time the bank has not confirmed anything yet.
        let first = world.return_to_gateway(&from_bank).await.text();
        assert!(!first.contains("token-id") && !first.contains("tokenId"), "{first}");
        world.settle().await;
        let page = world.return_to_gateway(&from_bank).await.text();
        let result = world.result(&request).await;
        let page: Value = serde_json::from_str(&page).unwrap();
        let url = url::Url::parse(page["location"].as_str().unwrap()).unwrap();
        let back: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        for (kebab, camel) in [
            ("token-id", "tokenId"),
            ("transfer-id", "transferId"),
            ("transfer-status", "transferStatus"),
        ] {
            assert_eq!(back.get(kebab), back.get(camel), "{back:?}");
            assert!(back.contains_key(camel), "{back:?}");
        }
        assert_eq!(back["tokenId"], result["tokenId"].as_str().unwrap());
        assert_eq!(back["transferId"], result["transferId"].as_str().unwrap());
    }
}

#[tokio::test]
async fn led_by_the_api_a_failure_has_a_number_and_a_trace_id() {
    for world in worlds().await {
        let request = id(&world.store(&world.token_request()).await);
        let authorization = world.authorize(&request, &json!({})).await;
        let page = world.decide_on(&authorization, Decision::Decline).await;
        let location = serde_json::from_str::<Value>(&page).ok();
        let location = location.and_then(|page| page["location"].as_str().map(str::to_owned));
        let url = url::Url::parse(&location.unwrap()).unwrap();
        let back: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(
            (back["request-id"].as_str(), back["request_id"].as_str()),
            (request.as_str(), request.as_str())
        );
        assert_eq!(back["state"], "state-1");
        // UNKNOWN of gRPC: the number that has always been sent for the bank's `access_denied`.
        assert_eq!(back["error"], "2", "{back:?}");
        assert!(!back["message"].is_empty(), "{back:?}");
        let payment = id(&world.only_payment().await);
        assert_eq!(payment.split(':').nth(1), back.get("trace-id").map(String::as_str));
        assert!(!back.contains_key("token-id"), "{back:?}");
    }
}
