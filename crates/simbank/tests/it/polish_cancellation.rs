//! Cancellations of PolishAPI: with a token to which the payer has given the privilege.

use serde_json::{Value, json};

use crate::support::*;

/// A payment of PolishAPI for a day, made with the payer's consent to it and to its cancellation: its
/// id and the token.
pub async fn polish_payment(world: &World, bank: &str, user: &str, days: i64) -> (String, String) {
    let cancellation = json!({ "scopeUsageLimit": "single" });
    polish_payment_with(world, (bank, user), days, cancellation).await
}

async fn polish_payment_with(
    world: &World,
    (bank, user): (&str, &str),
    days: i64,
    cancellation: Value,
) -> (String, String) {
    let ours = world.unique("pl");
    let payment = json!({
        "recipient": { "accountNumber": "PL61109010140000071219812874",
            "nameAddress": { "value": ["Customer Inc."] } },
        "sender": {},
        "transferData": { "description": "Rent", "amount": "20.00", "currency": "PLN",
            "executionDate": world.day(days) },
        "executionMode": "FutureDated", "deliveryMode": "StandardD1", "system": "Elixir",
    });
    let asked = json!({
        "response_type": "code", "client_id": ORGANISATION, "redirect_uri": REDIRECT_URI,
        "scope": "pis", "state": "s",
        "scope_details": { "scopeGroupType": "pis", "consentId": ours,
            "scopeTimeLimit": "2030-01-01T00:00:00Z", "throttlingPolicy": "psd2Regulatory",
            "privilegeList": [{ "pis:domestic": payment,
                "pis:getPayment": { "tppTransactionId": ours },
                "pis:cancelPayment": cancellation }] },
    });
    let consent = world.polish_api(bank, ("auth", "authorize"), None, asked).await;
    assert_eq!(consent.status, 200, "{}", consent.text());
    let visit = consent.json()["aspspRedirectUri"].as_str().unwrap().to_owned();
    let back = world.decide(&visit, user, "approve").await;
    let location = url::Url::parse(back.header("location")).unwrap();
    let code = location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let body = json!({ "grant_type": "authorization_code", "Code": code,
        "redirect_uri": REDIRECT_URI, "client_id": ORGANISATION });
    let token = world.polish_api(bank, ("auth", "token"), None, body).await.json();
    let access = token["access_token"].as_str().unwrap().to_owned();
    let mut order = payment;
    order["tppTransactionId"] = json!(ours);
    let made = world.polish_api(bank, ("payments", "domestic"), Some(&access), order).await;
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(made.json()["generalStatus"], "scheduled");
    (made.json()["paymentId"].as_str().unwrap().to_owned(), token.to_string())
}

#[tokio::test]
async fn a_payment_of_polish_api_is_cancelled_with_the_payers_token() {
    for (bank, user) in [("pl-dab", "dorota"), ("pl-brzoza", "beata")] {
        let world = World::new();
        let (id, token) = polish_payment(&world, bank, user, 5).await;
        let token: Value = serde_json::from_str(&token).unwrap();
        let access = token["access_token"].as_str().unwrap();
        let cancel = ("payments", "cancelPayments");
        let body = json!({ "paymentId": id });
        let stranger = world.polish_api(bank, cancel, Some("guessed"), body.clone()).await;
        assert_eq!(stranger.status, 401, "{bank}");
        let other = json!({ "paymentId": "another" });
        assert_eq!(world.polish_api(bank, cancel, Some(access), other).await.status, 422);
        let done = world.polish_api(bank, cancel, Some(access), body.clone()).await;
        assert_eq!(done.status, 200);
        assert!(done.json().get("payments").is_none(), "nothing was left uncancelled");
        let read = world.polish_api(bank, ("payments", "getPayment"), Some(access), body).await;
        assert_eq!(read.json()["generalStatus"], "cancelled", "{}", read.text());
        world.wait_days(7);
        assert_eq!(world.kept(&id).await, ("CANC".to_owned(), true, 0));

        let (id, token) = polish_payment(&world, bank, user, 1).await;
        let token: Value = serde_json::from_str(&token).unwrap();
        let access = token["access_token"].as_str().unwrap();
        world.wait_days(2);
        let body = json!({ "paymentId": id });
        let late = world.polish_api(bank, cancel, Some(access), body).await.json();
        assert_eq!(late["payments"][0]["generalStatus"], "done", "{late}");
        assert_eq!(world.kept(&id).await, ("ACSC".to_owned(), false, 1));
    }
}

/// The payer's consent lists what the token may do (`ScopeDetailsInputPrivilegeList`).
#[tokio::test]
async fn a_token_of_polish_api_cancels_only_with_the_privilege_for_it() {
    let world = World::new();
    let (id, token) = polish_payment_with(&world, ("pl-dab", "dorota"), 5, Value::Null).await;
    let token: Value = serde_json::from_str(&token).unwrap();
    let access = token["access_token"].as_str().unwrap();
    let body = json!({ "paymentId": id });
    let cancel = ("payments", "cancelPayments");
    let refused = world.polish_api("pl-dab", cancel, Some(access), body).await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (403, Some("INSUFFICIENT_SCOPE"))
    );
    world.wait_days(7);
    assert_eq!(world.kept(&id).await, ("ACSC".to_owned(), false, 1));
}
