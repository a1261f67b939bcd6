//! Who takes part in a token request: aliases of the member, the payer's name of ours, the payee's type.

use serde_json::{Value, json};
use store::members::MemberSettings;

use crate::support::{INSTRUCTIONS, World, assert_error, id, with, without, worlds};

impl World {
    async fn has_alias(&self, alias: &str) {
        let aliases = vec![alias.parse().unwrap()];
        self.agree(MemberSettings { aliases, ..MemberSettings::default() }).await;
    }

    /// A token request of the payer `psu_id` with another reference: its `userRefId`.
    async fn user_ref_id(&self, ref_id: &str, psu_id: &str) -> Value {
        let body = with(&self.token_request(), "requestPayload.refId", ref_id);
        let body = with(&body, "requestOptions.psuId", psu_id);
        self.store(&body).await["requestPayload"]["userRefId"].clone()
    }
}

#[tokio::test]
async fn an_alias_of_the_member_stands_for_its_id() {
    for world in worlds().await {
        world.has_alias("EMAIL:Sales@shop.example").await;
        let alias = |kind: &str, value: &str| json!({ "alias": { "type": kind, "value": value } });
        let to = "requestPayload.to";
        let body = with(&world.token_request(), to, alias("EMAIL", "sales@shop.example"));
        let stored = world.store(&body).await;
        assert_eq!(stored["requestPayload"]["to"]["id"], world.member.id.as_str());
        let error = json!({
            "errorCode": "Field.Invalid", "paths": ["requestPayload.to.alias"],
            "message": "`alias` should be one of the calling member's, or `id` its id. The operator \
                        gives a member its aliases.",
        });
        let mut unknown = vec![
            alias("EMAIL", "other@shop.example"),
            alias("DOMAIN", "sales@shop.example"),
            alias("UNKNOWN", "sales@shop.example"),
            json!({ "alias": { "value": "sales@shop.example" } }),
            json!({ "alias": {} }),
            json!({ "id": "", "alias": { "type": "EMAIL", "value": "x" } }),
        ];
        for to_whom in unknown.drain(..) {
            let body = with(&world.token_request(), to, to_whom);
            let body = with(&body, "requestPayload.refId", "ORDER-2");
            assert_error(&world.post("/token-requests", &body).await, 400, error.clone());
        }
        // The alias is this member's alone.
        let of_other = body.to_string();
        let answer = world.call(&world.other, "POST", "/token-requests", of_other.as_bytes()).await;
        assert_error(&answer, 400, error);
        // Beside the id it is a name for people.
        let named = json!({ "id": world.member.id.as_str(),
            "alias": { "type": "DOMAIN", "value": "anything.example" } });
        let body = with(&world.token_request(), to, named.clone());
        let body = with(&body, "requestPayload.refId", "ORDER-3");
        assert_eq!(world.store(&body).await["requestPayload"]["to"], named);
    }
}

#[tokio::test]
async fn a_payer_has_one_name_of_ours_with_each_member() {
    for world in worlds().await {
        let first = world.user_ref_id("ONE", "customer-77").await;
        let text = first.as_str().unwrap().to_owned();
        assert_eq!(text.len(), 32, "{text}");
        assert!(!text.contains("customer"), "{text}");
        assert_eq!(world.user_ref_id("TWO", "customer-77").await, first, "the same payer");
        assert_ne!(world.user_ref_id("THREE", "customer-78").await, first, "another payer");
        let body = with(&world.token_request(), "requestOptions.psuId", "customer-77");
        let body = with(&body, "requestPayload.to.id", world.other.id.as_str());
        let of_other =
            world.call(&world.other, "POST", "/token-requests", body.to_string().as_bytes()).await;
        let of_other = of_other.json()["tokenRequest"]["requestPayload"]["userRefId"].clone();
        assert!(of_other.is_string() && of_other != first, "another member's payer: {of_other}");
        // A second read shows it; without a payer it is absent; the member's own is kept.
        let body = with(&world.token_request(), "requestPayload.refId", "FOUR");
        let nobody = world.store(&without(&body, "requestOptions.psuId")).await;
        assert_eq!(nobody["requestPayload"]["userRefId"], Value::Null);
        let body = with(&body, "requestPayload.refId", "FIVE");
        let own = world.store(&with(&body, "requestPayload.userRefId", "mine")).await;
        let read = world.get(&format!("/token-requests/{}", id(&own))).await.json();
        assert_eq!(read["tokenRequest"]["requestPayload"]["userRefId"], "mine");
    }
}

#[tokio::test]
async fn a_payee_of_no_type_is_shown_as_unknown_and_sent_as_a_business() {
    for world in worlds().await {
        let place = format!("{INSTRUCTIONS}.transferDestinations");
        let base = world.token_request();
        for (number, (kind, shown, sent)) in [
            (None, "UNKNOWN", "Business"),
            (Some("UNKNOWN"), "UNKNOWN", "Business"),
            (Some("BUSINESS"), "BUSINESS", "Business"),
            (Some("PERSONAL"), "PERSONAL", "Personal"),
        ]
        .into_iter()
        .enumerate()
        {
            let mut payee = json!({
                "fasterPayments": { "sortCode": "123456", "accountNumber": "12345678" },
                "customerData": { "legalNames": ["Customer Inc."] } });
            if let Some(kind) = kind {
                payee["type"] = kind.into();
            }
            let body = with(&base, &place, json!([payee]));
            let body = with(&body, "requestPayload.refId", format!("ORDER-{number}"));
            let stored = world.store(&body).await;
            let of = &stored["requestPayload"]["transferBody"]["instructions"];
            assert_eq!(of["transferDestinations"][0]["type"], shown, "{kind:?}");
            world.authorize(&id(&stored), &json!({})).await;
            let made = world.last_body("/domestic-payment-consents").await;
            assert_eq!(made["Risk"]["BeneficiaryAccountType"], sent, "{kind:?}: {made}");
        }
        // A value for the bank alone has priority.
        let risk =
            format!("{INSTRUCTIONS}.metadata.providerTransferMetadata.cma9TransferMetadata.risk");
        let body = with(&base, &risk, json!({ "beneficiaryAccountType": "CHARITY" }));
        world.authorize(&id(&world.store(&body).await), &json!({})).await;
        let made = world.last_body("/domestic-payment-consents").await;
        assert_eq!(made["Risk"]["BeneficiaryAccountType"], "Charity", "{made}");
    }
}

#[tokio::test]
async fn a_transfer_may_repeat_its_payee_with_or_without_the_type_that_it_has_not() {
    for world in worlds().await {
        world.agree(crate::v1_transfers::on_request()).await;
        let place = format!("{INSTRUCTIONS}.transferDestinations");
        let payee = json!([{
            "fasterPayments": { "sortCode": "123456", "accountNumber": "12345678" },
            "customerData": { "legalNames": ["Customer Inc."] } }]);
        let body = with(&world.token_request(), &place, payee.clone());
        let request = world.decided(&body, crate::support::Decision::Approve).await;
        let token = world.result(&request).await["tokenId"].clone();
        let typed = with(&payee[0], "type", "UNKNOWN");
        for destinations in [payee, json!([typed])] {
            let again = json!({ "payload": {
                "tokenId": token, "transferDestinations": destinations } });
            let answer = world.post("/transfers", &again).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }
}

#[tokio::test]
async fn the_banks_of_a_member_are_all_of_them_and_whoever_is_none_has_none() {
    for world in worlds().await {
        for path in ["/banks", "/v2/banks"] {
            let count = async |query: &str| {
                let answer = world_list(&world, &format!("{path}?perPage=200{query}")).await;
                answer["banks"].as_array().unwrap().len()
            };
            let all = count("").await;
            assert!(all > 1);
            assert_eq!(count(&format!("&memberId={}", world.member.id)).await, all, "{path}");
            assert_eq!(count("&memberId=m:111:bscuLe").await, 0, "{path}");
            assert_eq!(count("&memberId=nonsense").await, 0, "{path}");
            assert_eq!(count("&memberId=").await, all, "{path}");
        }
        let countries = world_list(&world, "/bank/countries?memberId=m:111:bscuLe").await;
        assert_eq!(countries["countries"], json!([]));
    }
}

async fn world_list(world: &World, path: &str) -> Value {
    let answer = world.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}
