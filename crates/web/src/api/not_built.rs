//! Published operations that this release does not carry out: a signed request is answered 501 in
//! the published shape, so that a client can distinguish them from a wrong URL.
//!
//! They are not part of `/openapi.json`, which describes what exists. A test compares this list
//! with the published document.

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, delete, get, post};
use gateway::App;

use super::ApiError;
use super::auth::MemberRequest;

/// The operations by path.
pub fn routes() -> Router<Arc<App>> {
    let both = || get(refuse).post(refuse);
    let read_or_end = || get(refuse).delete(refuse);
    let paths: [(&str, MethodRouter<Arc<App>>); 30] = [
        ("/accounts", get(refuse)),
        ("/accounts/{accountId}", get(refuse)),
        ("/account-balance", get(refuse)),
        ("/accounts/{accountId}/balance", get(refuse)),
        ("/accounts/{accountId}/standing-orders", get(refuse)),
        ("/accounts/{accountId}/standing-orders/{standingOrderId}", get(refuse)),
        ("/accounts/{accountId}/transactions", get(refuse)),
        ("/accounts/{accountId}/transaction/{transactionId}", get(refuse)),
        ("/member/sub-tpps", both()),
        ("/member/sub-tpps/{subTppId}", read_or_end()),
        ("/member/sub-tpps/{subTppId}/children", get(refuse)),
        ("/vrp-consents", both()),
        ("/vrp-consents/{id}", read_or_end()),
        ("/vrp-consents/{id}/payments", get(refuse)),
        ("/vrps/{id}/confirm-funds", get(refuse)),
        ("/refunds", both()),
        ("/refunds/{id}", get(refuse)),
        ("/transfers/{id}/refunds", get(refuse)),
        ("/payouts", both()),
        ("/payouts/{id}", get(refuse)),
        ("/v2/payment-links", both()),
        ("/v2/payment-links/{paymentLinkId}", read_or_end()),
        ("/virtual-accounts", both()),
        ("/virtual-accounts/{accountId}", get(refuse)),
        ("/virtual-accounts/{accountId}/transactions", get(refuse)),
        ("/virtual-accounts/{accountId}/transactions/{providerPaymentId}", get(refuse)),
        ("/virtual-accounts/{accountId}/settlement-rule", post(refuse)),
        ("/virtual-accounts/{accountId}/settlement-rules", get(refuse)),
        (
            "/virtual-accounts/{accountId}/settlement-rules/{settlementRuleId}",
            delete(refuse).get(refuse),
        ),
        ("/virtual-accounts/{accountId}/settlement-rule-payouts", get(refuse)),
    ];
    paths.into_iter().fold(Router::new(), |router, (path, methods)| router.route(path, methods))
}

/// The member learns that the operation is missing only after it has said who it is, as everywhere.
async fn refuse(_call: MemberRequest) -> ApiError {
    let message = "This operation is published, but not part of this release: see /openapi.json.";
    ApiError::NotImplemented { message: message.to_owned() }
}
