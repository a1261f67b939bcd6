//! `POST /token-requests/{tokenRequestId}/authorization` and what follows, up to
//! `GET /token-requests/{tokenRequestId}/result`.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::members::MemberSettings;

use crate::support::{Decision, Fault, assert_error, id, with, without, worlds};

#[tokio::test]
async fn a_token_request_becomes_a_payment_and_its_result_has_token_and_transfer() {
    for world in worlds().await {
        let request = id(&world.store(&world.token_request()).await);
        let before = json!({
            "signature": {}, "status": "PENDING", "statusReasonInformation": "",
            "bankId": "ob-modelo"
        });
        assert_eq!(world.result(&request).await, before);
        let authorization = world.authorize(&request, &json!({ "consentAccepted": true })).await;
        assert_eq!(authorization.status, 200, "{}", authorization.text());
        assert_eq!(world.result(&request).await, before);
        // Asked again, it is the same visit to the bank, and no second payment.
        assert_eq!(world.authorize(&request, &json!({})).await.json(), authorization.json());
        world.decide_on(&authorization, Decision::Approve).await;
        world.half_a_minute().await;
        let payments = world.get("/v2/payments").await.json()["payments"].clone();
        let [payment] = payments.as_array().unwrap().as_slice() else { panic!("{payments}") };
        assert_eq!(payment["status"], "INITIATION_COMPLETED");
        let initiation = &payment["initiation"];
        assert_eq!(initiation["remittanceInformationPrimary"], "Sweepco");
        assert_eq!(initiation["remittanceInformationSecondary"], "Order 1001");
        assert_eq!(initiation["creditor"]["name"], "Customer Inc.");
        assert_eq!(initiation["amount"], json!({ "value": "10.23", "currency": "GBP" }));
        let result = world.result(&request).await;
        let payment_id = id(payment);
        assert_eq!(result["status"], "PROCESSED");
        assert_eq!(result["tokenId"], payment_id.replacen("pm2:", "tt:", 1));
        assert_eq!(result["transferId"], payment_id.replacen("pm2:", "t:", 1));
        assert_eq!(world.posted_and_executed(&payment_id).await, (1, 1));
        // The request is found under each of its names.
        for name in ["tokenId", "transferId"] {
            assert_eq!(world.result(result[name].as_str().unwrap()).await, result);
        }
    }
}

#[tokio::test]
async fn the_signature_ties_the_token_to_the_state_by_the_gateways_key() {
    for world in worlds().await {
        let state = "%7B\"inner\":\"1\"%7D";
        let body = with(&world.token_request(), "requestPayload.callbackState", state);
        let request = id(&world.store(&body).await);
        let authorization = world.authorize(&request, &json!({})).await;
        world.decide_on(&authorization, Decision::Approve).await;
        let result = world.result(&request).await;
        let (token, signature) = (result["tokenId"].as_str().unwrap(), &result["signature"]);
        let key = world.app.gateway_key();
        assert_eq!(signature["memberId"], key.member_id().as_str());
        assert_eq!(signature["keyId"], key.key_id());
        let signed = format!(r#"{{"state":"%7B\"inner\":\"1\"%7D","tokenId":"{token}"}}"#);
        let bytes = URL_SAFE_NO_PAD.decode(signature["signature"].as_str().unwrap()).unwrap();
        let public = URL_SAFE_NO_PAD.decode(key.public_key()).unwrap();
        UnparsedPublicKey::new(&ED25519, public).verify(signed.as_bytes(), &bytes).unwrap();
    }
}

#[tokio::test]
async fn the_browser_comes_back_with_the_token_requests_id_and_state() {
    for world in worlds().await {
        let request = id(&world.store(&world.token_request()).await);
        let authorization = world.authorize(&request, &json!({})).await;
        let page = world.decide_on(&authorization, Decision::Approve).await;
        let request = request.replace(':', "%3A");
        let there = format!("request-id={request}&request_id={request}&state=state-1");
        let page = crate::support::payer::unescaped(&page);
        assert!(page.contains(&there), "{page}");
        assert!(!page.contains("payment-id"), "{page}");
    }
}

#[tokio::test]
async fn a_payer_who_says_no_rejects_the_token_request() {
    for world in worlds().await {
        let request = id(&world.store(&world.token_request()).await);
        let authorization = world.authorize(&request, &json!({})).await;
        world.decide_on(&authorization, Decision::Decline).await;
        let result = world.result(&request).await;
        assert_eq!(result["status"], "REJECTED", "{result}");
        assert_eq!((&result["tokenId"], &result["signature"]), (&Value::Null, &json!({})));
        let again = world.authorize(&request, &json!({})).await;
        assert_eq!(again.json(), json!({ "status": "DECLINED_BY_PSU" }));
    }
}

#[tokio::test]
async fn without_auto_redeem_there_is_a_token_and_no_transfer() {
    for world in worlds().await {
        world.agree(MemberSettings { redeems_on_request: true, ..Default::default() }).await;
        let request = id(&world.store(&world.token_request()).await);
        let authorization = world.authorize(&request, &json!({})).await;
        world.decide_on(&authorization, Decision::Approve).await;
        let result = world.result(&request).await;
        assert_eq!((&result["status"], &result["transferId"]), (&json!("PROCESSED"), &Value::Null));
        let token = result["tokenId"].as_str().unwrap();
        let again = world.authorize(&request, &json!({})).await;
        assert_eq!(again.json(), json!({ "status": "AUTHENTICATED" }));
        // The grant ends unused; the approval still happened.
        world.pass(SignedDuration::from_hours(25)).await;
        let later = world.result(&request).await;
        assert_eq!((&later["status"], &later["tokenId"]), (&json!("PROCESSED"), &json!(token)));
    }
}

#[tokio::test]
async fn after_twenty_minutes_it_can_no_longer_be_authorised() {
    for world in worlds().await {
        let request = id(&world.store(&world.token_request()).await);
        world.pass(SignedDuration::from_mins(20)).await;
        assert_eq!(world.result(&request).await["status"], "EXPIRED");
        let error = json!({
            "errorCode": "Field.Invalid", "paths": ["tokenRequestId"],
            "message": "the token request has expired: create a new one.",
        });
        assert_error(&world.authorize(&request, &json!({})).await, 400, error);
        assert_eq!(world.get("/v2/payments").await.json()["payments"], json!([]));
    }
}

#[tokio::test]
async fn a_bank_has_to_be_named() {
    for world in worlds().await {
        let body = without(&world.token_request(), "requestOptions.bankId");
        let request = id(&world.store(&body).await);
        let error = json!({
            "errorCode": "Field.Expected", "paths": ["requestOptions.bankId"],
            "message": "`bankId` is required where the payer does not choose the bank on the \
                        hosted pages.",
        });
        assert_error(&world.authorize(&request, &json!({})).await, 400, error);
    }
}

#[tokio::test]
async fn two_authorisations_at_once_are_one_payment() {
    for world in worlds().await {
        let request = id(&world.store(&world.token_request()).await);
        let body = json!({});
        let (one, two) =
            tokio::join!(world.authorize(&request, &body), world.authorize(&request, &body));
        assert!([one.status, two.status].contains(&200), "{} {}", one.text(), two.text());
        let payments = world.get("/v2/payments").await.json()["payments"].clone();
        assert_eq!(payments.as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_slow_bank_is_a_504_and_the_request_is_asked_again() {
    for world in worlds().await {
        let request = id(&world.store(&world.token_request()).await);
        world.wire.plan("create-domestic-payment-consent", Fault::LostBefore, 1);
        let answer = world.authorize(&request, &json!({})).await;
        assert_eq!(answer.status, 504, "{}", answer.text());
        assert_eq!(answer.json()["error"]["errorCode"], "DEADLINE_EXCEEDED");
        world.half_a_minute().await;
        let answer = world.authorize(&request, &json!({})).await;
        assert!(answer.json()["redirectUrl"].is_string(), "{}", answer.text());
    }
}

#[tokio::test]
async fn questions_of_a_bank_are_asked_and_answered() {
    let payee = json!({ "transferDestinations": [{
        "sepa": { "iban": "DE02120300000000202051" },
        "customerData": { "legalNames": ["Customer Inc."] } }],
        "source": { "accountIdentifier": { "iban": { "iban": "DE32370400440000001036" } },
            "customerData": { "legalNames": ["Payer"] } } });
    for world in worlds().await {
        let body = world.token_request_of("bg-ahorn", "EUR", payee.clone());
        let request = id(&world.store(&body).await);
        let refused = world.authorize(&request, &json!({})).await;
        let error = json!({
            "errorCode": "Field.Invalid", "paths": ["useCredentialFlow"],
            "message": "`useCredentialFlow` should be true: bank `bg-ahorn` asks the payer.",
        });
        assert_error(&refused, 400, error);
        let mut answer = world.authorize(&request, &json!({ "useCredentialFlow": true })).await;
        // Password, method, code: at most so many rounds.
        for _ in 0..4 {
            assert_eq!(answer.status, 200, "{}", answer.text());
            let asked = answer.json();
            let Some(fields) = asked["fields"]["fields"].as_array() else { break };
            let mut credentials = serde_json::Map::new();
            for field in fields
                .iter()
                .filter(|field| ["FIELD", "PASSWORD"].contains(&field["type"].as_str().unwrap()))
            {
                let name = field["id"].as_str().unwrap();
                let option = field["options"][0].as_str();
                let value = world.answer_of("bg-ahorn", name, option).await;
                credentials.insert(name.to_owned(), value.into());
            }
            let body = json!({ "useCredentialFlow": true, "credentials": credentials });
            answer = world.authorize(&request, &body).await;
        }
        assert_eq!(answer.json(), json!({ "status": "AUTHENTICATED" }));
        assert_eq!(world.result(&request).await["status"], "PROCESSED");
    }
}
