//! Reading: one payment, lists, banks, keys; pages; the OpenAPI document.

use serde_json::{Value, json};

use crate::support::{hosted_order, id, order, with, worlds};

#[tokio::test]
async fn another_members_payment_does_not_exist() {
    for world in worlds().await {
        let path = format!("/v2/payments/{}", id(&world.create(&hosted_order()).await));
        assert_eq!(world.get(&path).await.status, 200);
        let answer = world.call(&world.other, "GET", &path, b"").await;
        assert_eq!(answer.status, 404);
        let list = world.call(&world.other, "GET", "/v2/payments", b"").await.json();
        assert_eq!(list["payments"], json!([]));
        assert_eq!(world.get("/v2/payments/pm2:nothing:here").await.status, 404);
        assert_eq!(world.get("/v2/payments/nonsense").await.status, 404);
    }
}

#[tokio::test]
async fn pages_neither_repeat_nor_lose_payments_while_new_ones_arrive() {
    for world in worlds().await {
        let mut made = vec![];
        for number in 0..7 {
            let body = with(&hosted_order(), "initiation.refId", format!("REF-{number}"));
            made.push(id(&world.create(&body).await));
        }
        made.reverse();
        let (mut read, mut offset) = (vec![], String::new());
        for _ in 0..5 {
            let page = world.get_list(&format!("limit=3&offset={offset}")).await;
            let items = page["payments"].as_array().unwrap();
            read.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            // A newer one is newer: ids of one millisecond have no order.
            world.clock.advance(jiff::SignedDuration::from_millis(1));
            world.create(&hosted_order()).await;
            offset = page["pageInfo"]["nextOffset"].as_str().unwrap().to_owned();
            assert_eq!(page["pageInfo"]["haveMore"], !offset.is_empty());
            if offset.is_empty() {
                break;
            }
        }
        read.sort();
        made.sort();
        assert_eq!(read, made, "{}", world.name);
        let found = world.get_list("limit=200&refIds=REF-1,REF-2&refIds=REF-3").await;
        assert_eq!(found["payments"].as_array().unwrap().len(), 3);
        let none = world.get_list("limit=0&statuses=INITIATION_COMPLETED").await;
        assert_eq!(none["payments"], json!([]));
        assert_eq!(none["pageInfo"]["limit"], 200);
        let waiting = world.get_list("statuses=INITIATION_PENDING_REDIRECT_HP").await;
        assert!(waiting["payments"].as_array().unwrap().len() > 7);
    }
}

#[tokio::test]
async fn wrong_parameters_of_a_list_are_refused_in_both_published_forms() {
    for world in worlds().await {
        for query in [
            "limit=x",
            "offset=x",
            "statuses=NONSENSE",
            "createdAfter=yesterday",
            "createdBefore=2026-01-05",
        ] {
            let answer = world.get(&format!("/v2/payments?{query}")).await;
            assert_eq!(answer.status, 400, "{query}");
            let body = answer.json();
            assert_eq!(body["errorCode"], body["error"]["errorCode"], "{query}: {body}");
            assert_eq!(body["paths"][0], query.split('=').next().unwrap());
        }
    }
}

#[tokio::test]
async fn banks_and_keys_can_be_read() {
    for world in worlds().await {
        let banks = world.get("/v2/banks?perPage=2&search=iron").await.json();
        assert_eq!(banks["banks"][0]["id"], "ob-iron", "{banks}");
        assert_eq!(banks["paging"]["totalCount"], 1);
        assert_eq!(world.get("/v2/banks?sort=NONSENSE").await.status, 400);
        let gateway = world.app.gateway_key().member_id().to_string();
        let keys = world.get(&format!("/member/{gateway}/keys")).await.json();
        assert_eq!(keys[0]["key"][0]["publicKey"], world.app.gateway_key().public_key());
    }
}

#[tokio::test]
async fn the_picker_finds_banks_and_escapes_what_members_write() {
    for world in worlds().await {
        let body = with(&hosted_order(), "initiation.creditor.name", "<script>alert(1)</script>");
        let id = id(&world.create(&body).await);
        let path = format!("/session/{id}");
        let page = world.page(&path).await;
        assert_eq!(page.status, 200);
        let html = page.text();
        assert!(!html.contains("<script>alert"), "{html}");
        for bank in ["ob-modelo", "ob-iron", "mock-redirect"] {
            assert!(html.contains(&format!("value=\"{bank}\"")), "{bank}");
        }
        let found = world.page(&format!("{path}?search=IRON&country=GB")).await.text();
        assert!(found.contains("value=\"ob-iron\"") && !found.contains("value=\"ob-modelo\""));
        let nothing = world.page(&format!("{path}?search=zzz")).await.text();
        assert!(nothing.contains("No bank fits"), "{nothing}");
        assert_eq!(world.page("/session/pm2:nothing:here").await.status, 404);
        let unknown = world.submit(&path, &[("bank-id", "ob-none")]).await;
        assert!(unknown.text().contains("not known here"));
        let chosen = world.submit(&path, &[("bank-id", "ob-iron")]).await;
        assert_eq!((chosen.status, chosen.header("location")), (303, &*format!("{path}/leave")));
        let again = world.submit(&path, &[("bank-id", "ob-iron")]).await;
        assert_eq!(again.status, 303, "a double click");
        assert!(world.page(&format!("{path}/leave")).await.text().contains("Taking you to"));
    }
}

/// `openapi/bascule.json` is the document of the router, committed so that changes are reviewed.
#[test]
fn the_committed_openapi_document_is_that_of_the_router() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/bascule.json");
    let generated = web::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("BASCULE_UPDATE_OPENAPI").is_some() {
        std::fs::create_dir_all(std::path::Path::new(path).parent().unwrap()).unwrap();
        std::fs::write(path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == generated,
        "openapi/bascule.json is not that of the router: BASCULE_UPDATE_OPENAPI=1 cargo test -p web"
    );
}

impl crate::support::World {
    async fn get_list(&self, query: &str) -> Value {
        let answer = self.get(&format!("/v2/payments?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        answer.json()
    }
}

#[tokio::test]
async fn a_payment_of_the_members_own_pages_has_no_hosted_page_of_choice() {
    for world in worlds().await {
        let payment = world.create(&order()).await;
        let page = world.page(&format!("/session/{}", id(&payment))).await;
        assert!(page.text().contains("Approve at"), "{}", page.text());
    }
}
