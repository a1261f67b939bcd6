//! Reading: one payment, lists, banks, keys; pages; the OpenAPI document.

use serde_json::json;

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
        assert!(nothing.contains("No bank found"), "{nothing}");
        assert_eq!(world.page("/session/pm2:nothing:here").await.status, 404);
        let unknown = world.submit(&path, &[("bank-id", "ob-none")]).await;
        assert!(unknown.text().contains("do not know that bank"));
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

#[tokio::test]
async fn a_payment_of_the_members_own_pages_has_no_hosted_page_of_choice() {
    for world in worlds().await {
        let payment = world.create(&order()).await;
        let page = world.page(&format!("/session/{}", id(&payment))).await;
        assert!(page.text().contains("Approve at"), "{}", page.text());
    }
}

#[test]
fn what_our_document_refers_to_is_in_it() {
    let document = serde_json::to_value(web::openapi()).unwrap();
    let text = document.to_string();
    let references = text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().unwrap());
    let mut count = 0;
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference} is not there");
        count += 1;
    }
    assert!(count > 100, "{count}");
}

/// The rules of parameters beside the handlers are in the document, as the handlers check them.
#[test]
fn the_document_has_the_bounds_and_words_of_parameters() {
    let document = serde_json::to_value(web::openapi()).unwrap();
    let schema = |path: &str, name: &str| {
        let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap();
        let found = parameters.iter().find(|one| one["name"] == name);
        found.unwrap_or_else(|| panic!("{path} {name}"))["schema"].clone()
    };
    assert_eq!(schema("/banks", "perPage")["maximum"], 10_000);
    assert_eq!(schema("/banks", "ids")["maxItems"], 1_000);
    assert_eq!(schema("/v2/payments", "refIds")["maxItems"], 32);
    assert_eq!(schema("/v2/payments", "limit")["format"], "int64");
    assert_eq!(schema("/transfers", "filter.refId")["maxLength"], 64);
    assert_eq!(schema("/transfers", "filter.role")["enum"][2], "PAYEE");
    assert_eq!(schema("/tokens", "filter.role")["enum"][3], "ISSUER");
    assert_eq!(schema("/v2/banks", "sort")["enum"][0], "NAME");
    assert_eq!(schema("/banks", "sort")["enum"][0], "name");
    assert!(schema("/members/{memberId}", "memberId")["pattern"].is_string());
}

#[tokio::test]
async fn a_truth_value_that_is_empty_is_refused() {
    for world in worlds().await {
        for path in [
            "/v2/payments?partial=",
            "/bank/countries?bank_features.supports_send_payment.value=",
            "/v2/banks?supportsSinglePayment=",
        ] {
            let answer = world.get(path).await;
            assert_eq!(answer.status, 400, "{path}: {}", answer.text());
            let text = answer.text();
            assert!(text.contains("should be true or false."), "{path}: {text}");
        }
    }
}
