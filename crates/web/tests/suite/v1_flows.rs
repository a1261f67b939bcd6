//! The flows of the published guide "Single Immediate Payments v1" in which the member has pages of
//! its own, step by step. Those of hosted pages are in `v1_hosted_pages`.

use serde_json::{Value, json};

use crate::support::{Answer, Decision, HOOKS_URL, World, id, worlds};

impl World {
    async fn subscribe_to(&self, kind: &str) {
        let config = json!({ "config": { "type": [kind], "url": HOOKS_URL } });
        assert_eq!(self.put("/webhook/config", &config).await.status, 200);
    }

    /// The bank as the list of banks has it.
    async fn bank_of_list(&self, query: &str, bank: &str) -> Value {
        let path = format!("/banks?memberId={}&{query}", self.member.id);
        let list = self.get(&path).await.json();
        let banks = list["banks"].as_array().unwrap_or_else(|| panic!("{list}")).iter();
        let found = banks.into_iter().find(|one| one["id"] == bank);
        found.unwrap_or_else(|| panic!("{bank} is not in {list}")).clone()
    }

    /// "TPP receives payment status": by webhook, and by asking.
    async fn told_and_asked(&self, request: &str) {
        let result = self.result(request).await;
        assert_eq!(result["status"], "PROCESSED");
        let transfer_id = result["transferId"].as_str().unwrap();
        let hooks = self.wire.hooks();
        let last = hooks.last().unwrap().json()["transferStatusChanged"].clone();
        assert_eq!(
            (&last["transferId"], &last["status"]),
            (&json!(transfer_id), &json!("SUCCESS"))
        );
        let transfer = self.get(&format!("/transfers/{transfer_id}")).await.json();
        assert_eq!(transfer["transfer"]["status"], "SUCCESS");
    }
}

fn payee() -> Value {
    json!([{
        "sepa": { "iban": "DE02120300000000202051" },
        "customerData": { "legalNames": ["Customer Inc."] }
    }])
}

fn payer(iban: &str) -> Value {
    json!({
        "accountIdentifier": { "iban": { "iban": iban } },
        "customerData": { "legalNames": ["Payer"] }
    })
}

#[tokio::test]
async fn api_only_redirect() {
    for world in worlds().await {
        world.subscribe_to("TRANSFER_STATUS_CHANGED").await;
        // 1 TPP retrieves list of banks, 2 user selects bank, 3 TPP collects consent.
        let bank = world.bank_of_list("countries=GB", "ob-modelo").await;
        assert_eq!(bank["requiresOneStepPayment"], false);
        // 4 TPP initiates payment request.
        let request = id(&world.store(&world.token_request()).await);
        // 5 TPP requests authorization URL.
        let authorization = world.authorize(&request, &json!({ "consentAccepted": true })).await;
        assert!(authorization.json()["redirectUrl"].is_string(), "{}", authorization.text());
        // 6 User completes authorization with bank, 7 user redirect and callback.
        let page = world.decide_on(&authorization, Decision::Approve).await;
        assert!(page.contains(&request.replace(':', "%3A")), "{page}");
        // 8 TPP receives payment status.
        world.half_a_minute().await;
        world.told_and_asked(&request).await;
    }
}

#[tokio::test]
async fn api_only_embedded() {
    for world in worlds().await {
        world.subscribe_to("TRANSFER_STATUS_CHANGED").await;
        // 1 TPP retrieves list of banks, 2 user selects bank, 3 TPP collects consent.
        world.bank_of_list("countries=DE", "bg-birke").await;
        // 4 TPP initiates payment request.
        let instructions = json!({
            "transferDestinations": payee(), "source": payer("DE11500105170000001064") });
        let body = world.token_request_of("bg-birke", "EUR", instructions);
        let request = id(&world.store(&body).await);
        // 5 TPP requests authorization with bank: the bank's first questions.
        let with_credentials = |credentials: Value| {
            json!({
                "consentAccepted": true, "useCredentialFlow": true, "credentials": credentials })
        };
        let mut answer = world.authorize(&request, &with_credentials(json!({}))).await;
        let mut rounds = 0;
        // 6 TPP captures additional user credentials, 7 TPP submits them to the bank, which may ask
        // for more; 8 user completes authorization, here without a page of the bank.
        loop {
            assert_eq!(answer.status, 200, "{}", answer.text());
            let asked = answer.json();
            let Some(fields) = asked["fields"]["fields"].as_array() else { break };
            assert!(asked["oauthState"].is_string(), "{asked}");
            let mut credentials = serde_json::Map::new();
            for field in fields {
                let name = field["id"].as_str().unwrap();
                match field["type"].as_str().unwrap() {
                    "FIELD" | "PASSWORD" => {
                        let option = field["options"][0].as_str();
                        let value = world.answer_of("bg-birke", name, option).await;
                        credentials.insert(name.to_owned(), value.into());
                    }
                    "DECOUPLED" => world.decide_in_app("bg-birke", Decision::Approve).await,
                    _ => {}
                }
            }
            world.pass(jiff::SignedDuration::from_secs(2)).await;
            answer = world.authorize(&request, &with_credentials(credentials.into())).await;
            rounds += 1;
            assert!(rounds < 8, "no end of questions: {asked}");
        }
        assert!(rounds >= 2, "{}", answer.text());
        assert_eq!(answer.json(), json!({ "status": "AUTHENTICATED" }));
        // 9 TPP receives payment status.
        world.half_a_minute().await;
        world.told_and_asked(&request).await;
    }
}

#[tokio::test]
async fn api_only_decoupled() {
    for world in worlds().await {
        world.subscribe_to("TRANSFER_STATUS_CHANGED").await;
        // 1 TPP retrieves list of banks, 2 user selects bank, 3 TPP collects consent.
        world.bank_of_list("countries=FR", "stet-saule").await;
        // 4 TPP initiates payment request.
        let instructions = json!({
            "transferDestinations": payee(), "source": payer("FR7610207000010000000209972") });
        let body = world.token_request_of("stet-saule", "EUR", instructions);
        let request = id(&world.store(&body).await);
        // 5 TPP requests authorization with bank: a message for the payer.
        let body = json!({ "consentAccepted": true, "useCredentialFlow": true });
        let answer = world.authorize(&request, &body).await;
        let asked = answer.json();
        let [field] = asked["fields"]["fields"].as_array().unwrap().as_slice() else {
            panic!("{asked}");
        };
        assert_eq!(field["type"], "DECOUPLED");
        assert!(!field["description"].as_str().unwrap().is_empty(), "{field}");
        // Asked before the payer has done anything, it is the same message.
        assert_eq!(world.authorize(&request, &body).await.json(), asked);
        assert_eq!(world.result(&request).await["status"], "PENDING");
        // 6 TPP messages user, and the user authenticates elsewhere.
        world.decide_in_app("stet-saule", Decision::Approve).await;
        world.bring_callbacks().await;
        world.pass(jiff::SignedDuration::from_secs(5)).await;
        // 7 TPP calls again, 8 the authorization is complete.
        assert_eq!(
            world.authorize(&request, &body).await.json(),
            json!({ "status": "AUTHENTICATED" })
        );
        // 9 TPP receives payment status.
        world.half_a_minute().await;
        world.told_and_asked(&request).await;
    }
}

#[tokio::test]
async fn credentials_that_are_known_from_the_start_are_not_asked_for() {
    for world in worlds().await {
        let instructions = json!({
            "transferDestinations": payee(), "source": payer("DE11500105170000001064") });
        let body = world.token_request_of("bg-birke", "EUR", instructions);
        let names = |answer: &Answer| {
            let fields = answer.json()["fields"]["fields"].as_array().unwrap().clone();
            fields.iter().map(|field| field["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let request = id(&world.store(&body).await);
        let without = world.authorize(&request, &json!({ "useCredentialFlow": true })).await;
        let asked_first = names(&without);
        // The list of banks says which they are.
        let bank = world.bank_of_list("countries=DE", "bg-birke").await;
        let listed: Vec<&str> = bank["credentialFields"]["fields"]
            .as_array()
            .unwrap_or_else(|| panic!("{bank}"))
            .iter()
            .map(|field| field["id"].as_str().unwrap())
            .collect();
        assert!(asked_first.iter().all(|name| listed.contains(&name.as_str())), "{listed:?}");
        let mut credentials = serde_json::Map::new();
        for name in &asked_first {
            let value = world.answer_of("bg-birke", name, None).await;
            credentials.insert(name.clone(), value.into());
        }
        let other = crate::support::with(&body, "requestPayload.refId", "ORDER-2");
        let request = id(&world.store(&other).await);
        let body = json!({ "useCredentialFlow": true, "credentials": credentials });
        let answer = world.authorize(&request, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_ne!(names(&answer), asked_first);
    }
}
