//! JSON of banks' answers (PolishAPI 2.1).

use serde::Deserialize;

/// The answer to `authorize`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthorizeAnswer {
    pub(super) aspsp_redirect_uri: String,
}

/// The answer to `token`.
#[derive(Debug, Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) access_token: String,
    /// The document has a text; banks send numbers, too.
    pub(super) expires_in: Option<serde_json::Value>,
    pub(super) refresh_token: Option<String>,
    pub(super) scope_details: Option<ScopeDetailsIn>,
}

/// The consent as the bank repeats it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScopeDetailsIn {
    pub(super) consent_id: Option<String>,
}

/// An order as the bank shows it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderIn {
    pub(super) payment_id: Option<String>,
    pub(super) tpp_transaction_id: Option<String>,
    pub(super) general_status: Option<String>,
    pub(super) detailed_status: Option<String>,
    pub(super) recurring_payment_id: Option<String>,
    pub(super) tpp_recurring_payment_id: Option<String>,
    pub(super) recurring_payment_status: Option<String>,
    pub(super) recurring_payment_detailed_status: Option<String>,
}

/// The answer to a cancellation: the orders that could not be cancelled.
#[derive(Debug, Deserialize)]
pub(super) struct Uncancelled {
    #[serde(default)]
    pub(super) payments: Vec<serde_json::Value>,
}

/// The answer to a question about funds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FundsAnswer {
    pub(super) funds_available: bool,
}

/// The standard's error.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub(super) struct ErrorIn {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
}
