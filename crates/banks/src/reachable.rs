//! Harmless calls to a bank, in any standard: whether the bank can be reached and knows us.

use std::sync::Arc;

use domain::seams::BoxFuture;

use crate::call::Call;
use crate::error::{BankError, cut};
use crate::wire::{Request, WireError};

/// The advice when a bank does not answer.
const COMPARE_ADDRESS: &str =
    "compare the address with the bank's documentation, and check the network and our certificates";
/// The advice when a bank does not know us.
const ASK_THE_BANK: &str =
    "ask the bank whether it registered this client id, these certificates and payment initiation";
/// The advice when an answer is not the standard's.
const COMPARE_FILE: &str = "compare the bank's file with the bank's documentation";

/// One harmless call, and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The question and its address: `discovery document of https://bank.test`.
    pub asked: String,
    /// A description of the answer.
    pub result: Result<String, TrialFailure>,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialFailure {
    /// The bank's answer, or the obstacle; at most 256 characters.
    pub why: String,
    /// The next step of the operator.
    pub advice: &'static str,
}

impl TrialFailure {
    /// The failure in words, and what to do.
    #[must_use]
    pub fn of(error: BankError) -> TrialFailure {
        let (why, advice) = match error {
            BankError::Refused(refusal) => {
                // Without a status we refused it ourselves, and our words say why.
                let ours = refusal.http_status == 0;
                let status = (!ours).then(|| format!("HTTP status {}", refusal.http_status));
                let code = refusal.code.filter(|_| !ours);
                let words = [status, code, Some(refusal.text)].into_iter().flatten();
                let why: Vec<String> = words.filter(|word| !word.is_empty()).collect();
                (why.join(", "), if ours { COMPARE_FILE } else { ASK_THE_BANK })
            }
            BankError::Unavailable { text } | BankError::Unknown { text } => {
                (text, COMPARE_ADDRESS)
            }
            BankError::Malformed { what, .. } => (what, COMPARE_FILE),
        };
        TrialFailure { why: cut(&why), advice }
    }
}

/// The part of a standard that shows whether a bank can be reached and knows us.
pub trait Reachable: Send + Sync {
    /// Makes the harmless calls of the standard in order: at least one. A call that needs the answer of
    /// one that failed is left out. Nothing is created at the bank but an access token of our own, which
    /// nobody keeps.
    fn try_out<'a>(&'a self, call: &'a Call<'a>) -> BoxFuture<'a, Vec<Trial>>;
}

impl Trial {
    /// The result of a call of the standard; `came_back` describes an answer.
    pub(crate) fn of<T>(
        asked: String,
        result: Result<T, BankError>,
        came_back: impl FnOnce(T) -> String,
    ) -> Trial {
        Trial { asked, result: result.map(came_back).map_err(TrialFailure::of) }
    }

    /// Whether the call succeeded.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.result.is_ok()
    }
}

/// Asks for the root of the bank's API, with our certificate and without a payment. Any status shows
/// that the name, the network and TLS work.
pub(crate) async fn connection(call: &Call<'_>) -> Trial {
    let url = &call.bank.api_base_url;
    let request = Request {
        operation: "try-connection",
        method: http::Method::GET,
        url: url.clone(),
        headers: vec![],
        body: vec![],
        timeout_ms: call.timeout_ms,
        client_certificate: call.identity.eidas.as_ref().map(|own| Arc::clone(&own.transport)),
        tls_authorities: None,
    };
    let result = match call.wire.send_for_status(request).await {
        Ok(status) => Ok(format!("connected; the bank answered with HTTP status {status}")),
        Err(WireError::NotSent(why) | WireError::NoAnswer(why)) => {
            Err(TrialFailure { why: cut(&why), advice: COMPARE_ADDRESS })
        }
    };
    Trial { asked: format!("TLS connection to {url}"), result }
}
