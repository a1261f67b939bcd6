//! `POST /callback/initiation`: banks send the payer to the member's own address, and the member
//! forwards the browser's parameters to us.

use serde_json::{Value, json};
use store::members::MemberSettings;

use crate::scenarios::usual_order;
use crate::support::{Answer, Decision, MEMBERS_RETURN_URL, World, assert_error, id, with, worlds};

impl World {
    async fn receive_payers_itself(&self) {
        let return_url = Some(MEMBERS_RETURN_URL.to_owned());
        self.agree(MemberSettings { return_url, ..MemberSettings::default() }).await;
    }

    async fn bring_query(&self, query: &str) -> Answer {
        self.post("/callback/initiation", &json!({ "query": query })).await
    }

    /// Goes through the bank's pages to where the payment wants: the query at the member's page.
    async fn query_from_bank(&self, payment: &Value, decision: Decision) -> String {
        let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
        let back = self.walk_pages(url, decision).await;
        let rest = back.strip_prefix(MEMBERS_RETURN_URL);
        rest.unwrap_or_else(|| panic!("{back}")).to_owned()
    }
}

#[tokio::test]
async fn what_the_member_brings_completes_the_payment() {
    for world in worlds().await {
        world.receive_payers_itself().await;
        for bank in ["ob-onyx", "ob-modelo", "bg-linden", "stet-hetre", "pl-dab"] {
            let payment = world.create(&usual_order(bank)).await;
            let query = world.query_from_bank(&payment, Decision::Approve).await;
            let answer = world.bring_query(&query).await;
            assert_eq!(answer.status, 200, "{bank}: {}", answer.text());
            assert_eq!(answer.json()["payment"]["id"], payment["id"]);
            world.half_a_minute().await;
            assert_eq!(world.status(&id(&payment)).await, "INITIATION_COMPLETED", "{bank}");
            assert_eq!(world.posted_and_executed(&id(&payment)).await, (1, 1), "{bank}");
            // A second call changes nothing.
            let again = world.bring_query(&query).await;
            assert_eq!(again.json()["payment"]["status"], "INITIATION_COMPLETED", "{bank}");
            assert_eq!(world.posted_and_executed(&id(&payment)).await, (1, 1), "{bank}");
        }
    }
}

#[tokio::test]
async fn the_answer_says_where_the_payer_goes_next() {
    for world in worlds().await {
        world.receive_payers_itself().await;
        let payment = world.create(&usual_order("bg-encina")).await;
        let query = world.query_from_bank(&payment, Decision::Approve).await;
        let answer = world.bring_query(&query).await.json();
        let next = answer["payment"].clone();
        assert_eq!(next["status"], "INITIATION_PENDING_REDIRECT_AUTH", "{answer}");
        assert_eq!(answer["redirectUrl"], next["authentication"]["redirectUrl"]);
        assert_ne!(answer["redirectUrl"], payment["authentication"]["redirectUrl"]);
        let query = world.query_from_bank(&next, Decision::Approve).await;
        let answer = world.bring_query(&query).await.json();
        assert_eq!(answer["redirectUrl"], json!(null), "{answer}");
        world.half_a_minute().await;
        assert_eq!(world.status(&id(&payment)).await, "INITIATION_COMPLETED");
    }
}

#[tokio::test]
async fn a_payer_who_declined_is_told_of() {
    for world in worlds().await {
        world.receive_payers_itself().await;
        let payment = world.create(&usual_order("ob-onyx")).await;
        let query = world.query_from_bank(&payment, Decision::Decline).await;
        let answer = world.bring_query(&query).await;
        world.settle().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(world.status(&id(&payment)).await, "INITIATION_DECLINED");
    }
}

#[tokio::test]
async fn payers_on_our_own_pages_come_back_to_us() {
    for world in worlds().await {
        world.receive_payers_itself().await;
        let body = with(&usual_order("pl-dab"), "initiation.flowType", "EMBEDDED_HOSTED_PAGES");
        let payment = world.create(&body).await;
        world.play_payer(&payment, Decision::Approve).await;
        world.half_a_minute().await;
        assert_eq!(world.status(&id(&payment)).await, "INITIATION_COMPLETED");
    }
}

#[tokio::test]
async fn a_query_that_belongs_to_no_payment_of_the_member_is_refused() {
    for world in worlds().await {
        world.receive_payers_itself().await;
        let payment = world.create(&usual_order("ob-onyx")).await;
        let query = world.query_from_bank(&payment, Decision::Approve).await;
        let body = json!({ "query": query }).to_string();
        let path = "/callback/initiation";
        let of_other = world.call(&world.other, "POST", path, body.as_bytes()).await;
        let message = "`query` belongs to no payment of this member: `state` names no payment.";
        let error = json!({ "errorCode": "Field.Invalid", "paths": ["query"], "message": message });
        assert_error(&of_other, 400, error.clone());
        assert_error(&world.bring_query("?state=nonsense&code=1").await, 400, error);
        for query in ["", "?", "code=1", "state", "%%%", &"a=1&".repeat(1_000)] {
            assert_eq!(world.bring_query(query).await.status, 400, "{query}");
        }
        for body in [&b""[..], b"{}", b"{\"query\":7}", b"[]"] {
            assert_eq!(world.call(&world.member, "POST", path, body).await.status, 400);
        }
        assert_eq!(world.status(&id(&payment)).await, "INITIATION_PENDING_REDIRECT_AUTH");
    }
}

/// Some banks append their answer to the address with the wrong separator.
#[tokio::test]
async fn the_query_is_read_whichever_separator_the_bank_put_before_it() {
    type Written = fn(&str, &str) -> String;
    let forms: [(&str, Written); 5] = [
        ("as it should be", |_, query| format!("?{query}")),
        ("with &", |address, query| format!("{address}&{query}")),
        ("a second ?", |_, query| format!("?{}", query.replacen('&', "?", 1))),
        ("the parameters alone", |_, query| query.to_owned()),
        ("the whole address, and a fragment", |address, query| {
            let (first, rest) = query.split_once('&').unwrap_or((query, ""));
            format!("{address}?{first}#{rest}")
        }),
    ];
    for world in worlds().await {
        world.receive_payers_itself().await;
        for (what, written) in forms {
            for bank in ["ob-onyx", "stet-hetre"] {
                let payment = world.create(&usual_order(bank)).await;
                let query = world.query_from_bank(&payment, Decision::Approve).await;
                let query = query.trim_start_matches(['?', '#']);
                let brought = written(MEMBERS_RETURN_URL, query);
                let answer = world.bring_query(&brought).await;
                assert_eq!(answer.status, 200, "{what} {bank}: {brought}: {}", answer.text());
                world.half_a_minute().await;
                assert_eq!(world.status(&id(&payment)).await, "INITIATION_COMPLETED", "{what}");
            }
        }
    }
}
