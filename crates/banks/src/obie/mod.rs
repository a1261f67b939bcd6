//! UK Open Banking Read/Write Data API 3.1.11, single domestic payments.
//!
//! One file per resource: private wire structs, `ask` (ours → request) and `answer` (response →
//! ours) as two pure functions, and a driver of a few lines. `exchange` does what all resources
//! share; `errors` and `status` are the tables.
//!
//! Links in answers are never followed: every URL is made from the profile and an id.

mod authorise;
mod cache;
mod consent;
mod discovery;
mod errors;
mod exchange;
mod funds;
mod initiation;
mod order;
mod risk;
mod status;
mod token;

use std::sync::Arc;

use domain::bank::{ConsentProgress, OrderStatus};
use domain::seams::BoxFuture;

use crate::error::{AuthorisationError, BankError};
use crate::jose::{JoseError, KeySet};
use crate::protocol::{
    AccessGrant, Call, Opened, OrderAnswer, PaymentOrder, PendingConsent, Protocol,
};
use crate::psu_return::Returned;

/// The standard, with what it keeps between calls per bank and client.
#[derive(Default)]
pub(crate) struct Obie {
    discovery: cache::Cache<Arc<discovery::Discovery>>,
    keys: cache::Cache<Arc<KeySet>>,
    tokens: cache::Cache<String>,
}

impl Protocol for Obie {
    fn open_payment<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        state: &'a str,
        nonce: &'a str,
        idempotency_key: &'a str,
    ) -> BoxFuture<'a, Result<Opened, BankError>> {
        Box::pin(async move {
            let consent_id = self.create_consent(call, order, idempotency_key).await?;
            let redirect_url = self.authorisation_url(call, &consent_id, state, nonce).await?;
            Ok(Opened { consent_id, redirect_url })
        })
    }

    fn complete_authorisation<'a>(
        &'a self,
        call: &'a Call<'a>,
        pending: &'a PendingConsent,
        returned: &'a Returned,
    ) -> BoxFuture<'a, Result<AccessGrant, AuthorisationError>> {
        Box::pin(async move {
            self.verify_return(call, pending, returned).await?;
            Ok(self.exchange_code(call, &returned.code).await?)
        })
    }

    fn confirm_funds<'a>(
        &'a self,
        call: &'a Call<'a>,
        consent_id: &'a str,
        grant: &'a AccessGrant,
    ) -> BoxFuture<'a, Result<bool, BankError>> {
        Box::pin(self.ask_funds(call, consent_id, grant))
    }

    fn submit_order<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        consent_id: &'a str,
        grant: &'a AccessGrant,
        idempotency_key: &'a str,
    ) -> BoxFuture<'a, Result<OrderAnswer, BankError>> {
        Box::pin(self.create_order(call, order, consent_id, grant, idempotency_key))
    }

    fn ask_order_status<'a>(
        &'a self,
        call: &'a Call<'a>,
        bank_payment_id: &'a str,
    ) -> BoxFuture<'a, Result<OrderStatus, BankError>> {
        Box::pin(self.read_order(call, bank_payment_id))
    }

    fn ask_consent_status<'a>(
        &'a self,
        call: &'a Call<'a>,
        consent_id: &'a str,
    ) -> BoxFuture<'a, Result<ConsentProgress, BankError>> {
        Box::pin(self.read_consent(call, consent_id))
    }
}

fn header(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

/// Signing fails before anything is sent.
fn signing_failed(error: JoseError) -> BankError {
    BankError::Unavailable { text: format!("our signature: {error}") }
}

/// Our wire structs hold texts, numbers of no size and nothing that can fail to serialise; should
/// one ever fail, nothing was sent.
fn body_of(value: &impl serde::Serialize) -> Result<Vec<u8>, BankError> {
    serde_json::to_vec(value)
        .map_err(|error| BankError::Unavailable { text: format!("our request: {error}") })
}
