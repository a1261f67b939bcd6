//! `/tokens`: payers' approvals.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{Decision, World, assert_error, id, with, worlds};
use crate::v1_transfers::on_request;

impl World {
    async fn token(&self, id: &str) -> Value {
        let answer = self.get(&format!("/tokens/{id}")).await;
        assert_eq!(answer.status, 200, "{}: {}", self.name, answer.text());
        answer.json()["token"].clone()
    }

    async fn tokens(&self, query: &str) -> Vec<String> {
        let answer = self.get(&format!("/tokens?page.limit=10&{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        let list = answer.json();
        let tokens = list["tokens"].as_array().unwrap().iter();
        tokens.map(|one| one["payload"]["refId"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn an_approval_is_a_token_with_all_its_fields() {
    for world in worlds().await {
        let body = world.token_request();
        let request = id(&world.store(&body).await);
        assert_eq!(world.get(&format!("/tokens/{request}")).await.status, 404, "not approved");
        let authorization = world.authorize(&request, &json!({})).await;
        world.decide_on(&authorization, Decision::Approve).await;
        let token = world.token(&request).await;
        assert_eq!(token["id"], world.result(&request).await["tokenId"]);
        assert_eq!(token["tokenRequestId"], request);
        let payload = &token["payload"];
        assert_eq!(payload["transfer"], body["requestPayload"]["transferBody"]);
        assert_eq!(payload["to"]["id"], world.member.id.as_str());
        assert_eq!(payload["initiatorId"], world.member.id.as_str());
        assert_eq!(payload["refId"], "ORDER-1001");
        assert_eq!(payload["description"], "Order 1001");
        assert_eq!(payload["version"], "1.0");
        let [signed] = token["payloadSignatures"].as_array().unwrap().as_slice() else {
            panic!("{token}");
        };
        assert_eq!(signed["action"], "ENDORSED");
        let bytes = signed["signature"]["signature"].as_str().unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(bytes).unwrap();
        let public = URL_SAFE_NO_PAD.decode(world.app.gateway_key().public_key()).unwrap();
        let text = format!("{payload}.endorsed");
        UnparsedPublicKey::new(&ED25519, public).verify(text.as_bytes(), &bytes).unwrap();
        let path = format!("/tokens/{request}");
        assert_eq!(world.call(&world.other, "GET", &path, b"").await.status, 404);
    }
}

#[tokio::test]
async fn a_token_is_cancelled_as_long_as_it_was_not_redeemed() {
    for world in worlds().await {
        world.agree(on_request()).await;
        let request = world.decided(&world.token_request(), Decision::Approve).await;
        let token = world.token(&request).await;
        assert!(token["payload"]["expiresAtMs"].is_string(), "{token}");
        let path = format!("/tokens/{}/cancel", id(&token));
        let other = world.put(&path, &json!({ "description": "Order 2" })).await;
        let error = json!({ "errorCode": "Field.Invalid", "paths": ["description"],
            "message": "`description` should be that of the token request, or be left out." });
        assert_error(&other, 400, error);
        let first = world.put(&path, &json!({ "description": "Order 1001" })).await;
        assert_eq!(first.status, 200, "{}", first.text());
        let result = first.json()["result"].clone();
        assert_eq!(result["status"], "SUCCESS");
        let actions: Vec<&Value> = result["token"]["payloadSignatures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["action"])
            .collect();
        assert_eq!(actions, ["ENDORSED", "CANCELED"]);
        // The second click.
        assert_eq!(world.put(&path, &Value::Null).await.json(), first.json());
        let body = json!({ "payload": { "tokenId": token["id"] } });
        let answer = world.post("/transfers", &body).await;
        let error = json!({ "errorCode": "Field.Invalid", "paths": ["payload.tokenId"],
            "message": "The payment is CANCELED: only an approved payment can be redeemed." });
        assert_error(&answer, 400, error);
        assert_eq!(world.posted_and_executed(&id(&token).replacen("tt:", "pm2:", 1)).await, (0, 0));
    }
}

#[tokio::test]
async fn a_redeemed_token_is_not_cancelled() {
    for world in worlds().await {
        let request = world.decided(&world.token_request(), Decision::Approve).await;
        let answer = world.put(&format!("/tokens/{request}/cancel"), &Value::Null).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        world.half_a_minute().await;
        let answer = world.get(&format!("/transfers/{request}")).await;
        assert_eq!(answer.json()["transfer"]["status"], "SUCCESS");
        assert_eq!(world.put("/tokens/tt:1:1/cancel", &Value::Null).await.status, 404);
    }
}

#[tokio::test]
async fn each_published_parameter_filters() {
    for world in worlds().await {
        let acting = json!({ "displayName": "Baker", "refId": "sub-1" });
        let one = with(&world.token_request(), "requestPayload.refId", "ONE");
        let sub = with(&world.token_request(), "requestPayload.refId", "SUB");
        let sub = with(&sub, "requestPayload.actingAs", acting);
        let mut since = vec![];
        for body in [one, sub] {
            let request = world.decided(&body, Decision::Approve).await;
            let token = world.token(&request).await;
            since.push(token["payload"]["effectiveAtMs"].as_str().unwrap().to_owned());
            world.half_a_minute().await;
        }
        world.store(&world.token_request()).await;
        let all = ["SUB", "ONE"];
        for (query, expected) in [
            (String::new(), &all[..]),
            ("type=INVALID".to_owned(), &all[..]),
            ("type=TRANSFER".to_owned(), &all[..]),
            ("type=ACCESS".to_owned(), &[]),
            ("filter.role=ANY".to_owned(), &all[..]),
            ("filter.role=TO".to_owned(), &all[..]),
            ("filter.role=FROM".to_owned(), &[]),
            ("filter.role=ISSUER".to_owned(), &[]),
            ("filter.sourceAccountId=a:1:2".to_owned(), &[]),
            ("filter.destinationAccountId=a:1:2".to_owned(), &[]),
            ("filter.actingAsRefId=sub-1".to_owned(), &["SUB"]),
            (format!("filter.startTimeMs={}", since[1]), &["SUB"]),
            (format!("filter.endTimeMs={}", since[0]), &["ONE"]),
        ] {
            assert_eq!(world.tokens(&query).await, expected, "{query}");
        }
        let page = world.get("/tokens?page.limit=1").await.json();
        let next = format!("page.limit=1&page.offset={}", page["offset"].as_str().unwrap());
        let answer = world.get(&format!("/tokens?{next}")).await.json();
        assert_eq!(answer["tokens"][0]["payload"]["refId"], "ONE");
        assert_eq!(answer["offset"], "");
    }
}
