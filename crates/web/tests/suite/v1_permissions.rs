//! The settings of a member and the requests that they allow: acting on behalf of others, and
//! accounts that may be paid.

use domain::account::AccountIdentifier;
use serde_json::json;
use store::members::MemberSettings;

use crate::support::{assert_error, order, with, worlds};

fn settings() -> MemberSettings {
    MemberSettings { acts_on_behalf: true, ..MemberSettings::default() }
}

#[tokio::test]
async fn acting_on_behalf_of_others_needs_its_permission() {
    for world in worlds().await {
        world.agree(MemberSettings { acts_on_behalf: false, ..settings() }).await;
        let acting = json!({ "displayName": "Baker", "refId": "sub-1" });
        let body = with(&world.token_request(), "requestPayload.actingAs", acting);
        let error = json!({
            "errorCode": "PermissionDenied",
            "message": "`actingAs` needs the permission ACT_ON_BEHALF_OF, which this member does not \
                        have: see `bascule members set`.",
            "paymentId": "",
        });
        assert_error(&world.post("/token-requests", &body).await, 403, error);
        // Nothing was kept: the reference is still free.
        world.store(&world.token_request()).await;
        world.agree(settings()).await;
        world.store(&with(&body, "requestPayload.refId", "ORDER-2")).await;
    }
}

#[tokio::test]
async fn payments_go_to_listed_accounts_only_where_that_is_agreed() {
    for world in worlds().await {
        let listed = AccountIdentifier::SortCode {
            sort_code: "123456".to_owned(),
            account_number: "12345678".to_owned(),
        };
        let restricted = |beneficiaries: Vec<AccountIdentifier>| MemberSettings {
            restricts_beneficiaries: true,
            beneficiaries,
            ..settings()
        };
        let message = "The payee's account should be one of those to which payments of this member \
                       are restricted: see `bascule members list`.";
        world.agree(restricted(vec![])).await;
        let v1 = world.token_request();
        let place =
            "requestPayload.transferBody.instructions.transferDestinations[0].fasterPayments";
        let error = json!({ "errorCode": "Field.Invalid", "message": message, "paths": [place] });
        assert_error(&world.post("/token-requests", &v1).await, 400, error);
        let error = |place: &str| json!({ "errorCode": "Field.Invalid", "message": message, "paths": [place] });
        let payments = world.post("/v2/payments", &order()).await;
        assert_error(&payments, 400, error("initiation.creditor"));
        world.agree(restricted(vec![listed.clone()])).await;
        world.store(&v1).await;
        world.create(&order()).await;
        let other = with(&order(), "initiation.creditor.accountNumber", "87654321");
        assert_error(&world.post("/v2/payments", &other).await, 400, error("initiation.creditor"));
        // Switched off, the list is kept and does not count.
        let off = MemberSettings { restricts_beneficiaries: false, ..restricted(vec![listed]) };
        world.agree(off).await;
        world.create(&other).await;
    }
}
