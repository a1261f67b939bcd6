//! `setTransferDestinationsUrl` and `POST /token-requests/{requestId}/transfer-destinations`: the
//! member sends the payee after the payer has chosen a bank.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::idempotency::keyed;
use crate::support::{
    Answer, Decision, Endpoint, INSTRUCTIONS, World, assert_error, id, with, without, worlds,
    worlds_with,
};
use crate::v1_hosted_pages::{v1, v2};
use crate::v1_way_back::way_back;

const URL: &str = "https://shop.example/destinations?cart=7";
const URL_PLACE: &str = "requestPayload.transferBody.setTransferDestinationsUrl";
const WAITS: &str = "We are waiting for account details from the shop";
const NO_ANSWER: &str = "The shop does not answer";

fn destination(account: &str) -> Value {
    json!({
        "fasterPayments": { "sortCode": "123456", "accountNumber": account },
        "customerData": { "legalNames": ["Branch Ltd."] }
    })
}

impl World {
    /// A token request whose payee arrives later.
    fn dynamic_request(&self) -> Value {
        let body = with(&self.open_request(), INSTRUCTIONS, json!({}));
        with(&body, URL_PLACE, URL)
    }

    async fn tell(&self, request: &str, destinations: Value) -> Answer {
        let body = json!({ "transferDestinations": destinations });
        self.post(&format!("/token-requests/{request}/transfer-destinations"), &body).await
    }

    async fn is_told(&self, request: &str, destinations: Value) {
        let answer = self.tell(request, destinations).await;
        assert_eq!((answer.status, answer.json()), (200, json!({})), "{}", answer.text());
    }
}

#[tokio::test]
async fn the_member_is_asked_for_the_payee_once_the_bank_is_chosen() {
    for world in worlds().await {
        let stored = world.store(&world.dynamic_request()).await;
        let request = id(&stored);
        assert_eq!(stored["requestPayload"]["transferBody"]["setTransferDestinationsUrl"], URL);
        let page = world.page(&v1(&request)).await.text();
        assert!(page.contains("Choose your bank") && page.contains("£10.23"), "{page}");
        assert!(world.wire.hooks().is_empty(), "nobody is asked before the bank is chosen");
        let (at, page) = world.submit_and_follow(&v1(&request), &[("bank-id", "ob-modelo")]).await;
        assert!(page.text().contains(WAITS), "{}", page.text());
        let questions = world.wire.hooks();
        let [question] = questions.as_slice() else { panic!("{questions:?}") };
        let asked = url::Url::parse(&question.url).unwrap();
        let pairs: Vec<(String, String)> = asked.query_pairs().into_owned().collect();
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert!(pairs.contains(&("cart", "7")) && pairs.contains(&("country", "GB")), "{pairs:?}");
        assert!(pairs.contains(&("supportedTransferDestinationTypes", "FASTER_PAYMENTS")));
        assert!(pairs.iter().any(|(name, bank)| *name == "bankName" && bank.contains("Modelo")));
        // The page looks again, and asks nobody again.
        assert!(world.page(&at).await.text().contains(WAITS));
        assert!(page.text().contains(&format!("url={}", at.replace('&', "&#38;"))), "{at}");
        world.is_told(&request, json!([destination("87654321")])).await;
        let text = world.page(&at).await.text();
        assert!(text.contains("Branch Ltd.") && text.contains("12-34-56 87654321"), "{text}");
        assert_eq!(world.wire.hooks().len(), 1);
        let accept = [("bank-id", "ob-modelo"), ("decision", "accept")];
        world.submit(&v1(&request), &accept).await;
        let payment = world.only_payment().await;
        assert_eq!(payment["initiation"]["creditor"]["accountNumber"], "87654321");
        world.play_payer(&payment, Decision::Approve).await;
        world.half_a_minute().await;
        assert_eq!(world.result(&request).await["status"], "PROCESSED");
        let shown = world.get(&format!("/token-requests/{request}")).await.json();
        let body = &shown["tokenRequest"]["requestPayload"]["transferBody"];
        let account = &body["instructions"]["transferDestinations"][0]["fasterPayments"];
        assert_eq!(account["accountNumber"], "87654321");
    }
}

#[tokio::test]
async fn destinations_beside_the_address_are_not_paid_on_the_pages() {
    for world in worlds().await {
        let request = id(&world.store(&with(&world.open_request(), URL_PLACE, URL)).await);
        let (_, page) = world.submit_and_follow(&v1(&request), &[("bank-id", "ob-modelo")]).await;
        assert!(page.text().contains(WAITS), "{}", page.text());
        world.pass(SignedDuration::from_secs(60)).await;
        let accept = [("bank-id", "ob-modelo"), ("decision", "accept")];
        let (_, page) = world.submit_and_follow(&v1(&request), &accept).await;
        assert!(page.text().contains(NO_ANSWER), "{}", page.text());
        assert_eq!(world.get("/v2/payments").await.json()["payments"], json!([]));
    }
}

#[tokio::test]
async fn in_v2_the_payer_goes_on_with_one_click() {
    for world in worlds().await {
        let request = id(&world.store(&world.dynamic_request()).await);
        let (at, page) = world.submit_and_follow(&v2(&request), &[("bank-id", "ob-modelo")]).await;
        assert!(page.text().contains(WAITS), "{}", page.text());
        world.is_told(&request, json!([destination("87654321")])).await;
        let page = world.page(&at).await.text();
        assert!(page.contains("Branch Ltd.") && page.contains("Continue to"), "{page}");
        let (at, _) = world.submit_and_follow(&v2(&request), &[("bank-id", "ob-modelo")]).await;
        assert!(at.ends_with("/leave"), "{at}");
    }
}

#[tokio::test]
async fn a_bank_that_the_member_named_is_asked_for_at_once() {
    for world in worlds().await {
        let body = with(&world.dynamic_request(), "requestOptions.bankId", "ob-modelo");
        let request = id(&world.store(&body).await);
        // The API alone has nobody to pay.
        let error = json!({
            "errorCode": "Field.Invalid", "paths": ["tokenRequestId"],
            "message": "the token request has no transfer destination yet.",
        });
        assert_error(&world.authorize(&request, &json!({})).await, 400, error);
        assert!(world.page(&v1(&request)).await.text().contains(WAITS));
        assert_eq!(world.wire.hooks().len(), 1);
        world.is_told(&request, json!([destination("87654321")])).await;
        assert!(world.page(&v1(&request)).await.text().contains("Branch Ltd."));
        assert!(world.authorize(&request, &json!({})).await.json()["redirectUrl"].is_string());
    }
}

#[tokio::test]
async fn what_is_told_for_one_bank_is_not_for_another() {
    for world in worlds().await {
        let request = id(&world.store(&world.dynamic_request()).await);
        world.submit_and_follow(&v1(&request), &[("bank-id", "ob-modelo")]).await;
        world.is_told(&request, json!([destination("87654321")])).await;
        let (_, page) = world.submit_and_follow(&v1(&request), &[("bank-id", "ob-iron")]).await;
        assert!(page.text().contains(WAITS), "{}", page.text());
        assert!(!page.text().contains("Branch Ltd."), "{}", page.text());
        assert_eq!(world.wire.hooks().len(), 2);
        // Nor can it be paid: there is nobody to pay.
        let accept = [("bank-id", "ob-iron"), ("decision", "accept")];
        let (at, _) = world.submit_and_follow(&v1(&request), &accept).await;
        assert!(at.contains("?bank-id=ob-iron"), "{at}");
        world.is_told(&request, json!([destination("11111111")])).await;
        let page = world.page(&at).await.text();
        assert!(page.contains("12-34-56 11111111"), "{page}");
    }
}

#[tokio::test]
async fn a_member_that_does_not_tell_is_waited_for_a_minute() {
    for world in worlds().await {
        let request = id(&world.store(&world.dynamic_request()).await);
        let (at, _) = world.submit_and_follow(&v1(&request), &[("bank-id", "ob-modelo")]).await;
        world.pass(SignedDuration::from_secs(59)).await;
        assert!(world.page(&at).await.text().contains(WAITS));
        world.pass(SignedDuration::from_secs(1)).await;
        let page = world.page(&at).await.text();
        assert!(page.contains(NO_ANSWER) && !page.contains("http-equiv"), "{page}");
        let back = way_back(&page);
        assert_eq!(back["error"], "EXCEPTION_INITIATE_BANK_AUTH");
        assert_eq!(back["message"], "No transfer destinations were set in time.");
        assert_eq!(
            (back["request-id"].as_str(), back["state"].as_str()),
            (request.as_str(), "state-1")
        );
        // The payer tries again, and this time the member answers.
        assert!(world.page(&format!("{at}&again=1")).await.text().contains(WAITS));
        assert_eq!(world.wire.hooks().len(), 2);
        world.is_told(&request, json!([destination("87654321")])).await;
        assert!(world.page(&at).await.text().contains("Branch Ltd."));
    }
}

#[tokio::test]
async fn a_member_that_cannot_be_asked_is_not_waited_for() {
    for world in worlds().await {
        for (number, endpoint) in [
            Endpoint::Answers(500),
            Endpoint::Answers(302),
            Endpoint::Unreachable,
            Endpoint::Silent,
        ]
        .into_iter()
        .enumerate()
        {
            let reference = format!("ORDER-{number}");
            let body = with(&world.dynamic_request(), "requestPayload.refId", reference);
            let request = id(&world.store(&body).await);
            world.wire.script_endpoint([endpoint]);
            let (at, page) =
                world.submit_and_follow(&v2(&request), &[("bank-id", "ob-modelo")]).await;
            assert!(page.text().contains(NO_ANSWER), "{endpoint:?}: {}", page.text());
            // A late answer still counts.
            world.is_told(&request, json!([destination("87654321")])).await;
            assert!(world.page(&at).await.text().contains("Branch Ltd."), "{endpoint:?}");
        }
    }
}

#[tokio::test]
async fn destinations_can_be_told_until_the_request_is_at_a_bank() {
    for world in worlds().await {
        // Of any request, and more than once.
        let request = id(&world.store(&world.open_request()).await);
        world.is_told(&request, json!([destination("11111111")])).await;
        world.is_told(&request, json!([destination("87654321")])).await;
        world.submit(&v2(&request), &[("bank-id", "ob-modelo")]).await;
        let creditor = world.only_payment().await["initiation"]["creditor"].clone();
        assert_eq!(creditor["accountNumber"], "87654321");
        let error = json!({
            "errorCode": "Field.Invalid", "paths": ["tokenRequestId"],
            "message": "the token request has been authorised already.",
        });
        assert_error(&world.tell(&request, json!([destination("22222222")])).await, 400, error);
        let body = with(&world.open_request(), "requestPayload.refId", "ORDER-2");
        let late = id(&world.store(&body).await);
        world.pass(SignedDuration::from_mins(20)).await;
        assert_eq!(world.tell(&late, json!([destination("22222222")])).await.status, 400);
    }
}

#[tokio::test]
async fn destinations_are_checked_like_those_of_the_request() {
    for world in worlds().await {
        let request = id(&world.store(&world.dynamic_request()).await);
        let sepa = json!({ "sepa": { "iban": "DE02120300000000202051" },
            "customerData": { "legalNames": ["Branch Ltd."] } });
        let nameless = without(&destination("87654321"), "customerData");
        for (destinations, code, place) in [
            (json!([]), "Field.Expected", "transferDestinations"),
            (json!([destination("1")]), "Field.", "transferDestinations[0].fasterPayments"),
            (
                json!([destination("87654321"), nameless]),
                "Field.Expected",
                "transferDestinations[1].customerData.legalNames",
            ),
            // The payment is in pounds.
            (json!([sepa]), "Field.Invalid", ""),
            (json!(vec![destination("87654321"); 17]), "Field.Invalid", "transferDestinations"),
        ] {
            let answer = world.tell(&request, destinations).await;
            let error = &answer.json()["error"];
            let (code_told, path) = (error["errorCode"].as_str(), error["paths"][0].as_str());
            assert_eq!(answer.status, 400, "{place}: {}", answer.text());
            assert!(code_told.unwrap().starts_with(code), "{place}: {}", answer.text());
            assert!(path.unwrap().starts_with(place), "{place}: {}", answer.text());
        }
        let other = json!({ "transferDestinations": [destination("87654321")] }).to_string();
        let path = format!("/token-requests/{request}/transfer-destinations");
        let answer = world.call(&world.other, "POST", &path, other.as_bytes()).await;
        assert_eq!(answer.status, 404, "{}", answer.text());
        // None of these has sent a payee.
        let (_, page) = world.submit_and_follow(&v1(&request), &[("bank-id", "ob-modelo")]).await;
        assert!(page.text().contains(WAITS), "{}", page.text());
    }
}

#[tokio::test]
async fn a_repeated_key_tells_once() {
    for world in worlds().await {
        let request = id(&world.store(&world.dynamic_request()).await);
        let path = format!("/token-requests/{request}/transfer-destinations");
        let body = json!({ "transferDestinations": [destination("11111111")] });
        let first = world.send(keyed(&world, &path, &body, "k1")).await;
        world.is_told(&request, json!([destination("87654321")])).await;
        let again = world.send(keyed(&world, &path, &body, "k1")).await;
        assert_eq!((first.status, again.status), (200, 200), "{}", again.text());
        assert_eq!(again.header("idempotent-replayed"), "true");
        world.submit(&v2(&request), &[("bank-id", "ob-modelo")]).await;
        let creditor = world.only_payment().await["initiation"]["creditor"].clone();
        assert_eq!(creditor["accountNumber"], "87654321");
    }
}

#[tokio::test]
async fn the_address_is_one_that_webhooks_may_have() {
    for world in worlds_with(|settings| settings.sandbox = false).await {
        for (url, good) in [
            ("destination.url.com", false),
            ("http://shop.example/destinations", false),
            ("https://localhost/destinations", false),
            ("https://10.0.0.1/destinations", false),
            ("https://user:pw@shop.example/destinations", false),
            (URL, true),
        ] {
            let answer = world
                .post("/token-requests", &with(&world.dynamic_request(), URL_PLACE, url))
                .await;
            assert_eq!(answer.status == 200, good, "{url}: {}", answer.text());
            if !good {
                let error = &answer.json()["error"];
                assert_eq!(error["paths"], json!([URL_PLACE]), "{}", answer.text());
                let named = error["message"].as_str().unwrap();
                assert!(named.contains("`setTransferDestinationsUrl` should"), "{named}");
            }
        }
    }
}
