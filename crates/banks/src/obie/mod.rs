//! UK Open Banking Read/Write Data API 3.1.11 and 4.0: domestic payments, at once, on a later day
//! and as standing orders.
//!
//! One file per resource: private wire structs, `ask` (ours → request) and `answer` (response →
//! ours) as two pure functions, and a driver of a few lines. `exchange` does what all resources
//! share; `errors` and `status` are the tables.
//!
//! Links in answers are never followed: every URL is made from the profile and an id.

mod authorise;
mod consent;
mod discovery;
mod errors;
mod exchange;
mod funds;
mod initiation;
mod order;
pub(crate) mod resource;
mod returned;
mod risk;
mod schedule;
pub(crate) mod status;
mod token;

use std::sync::Arc;

use domain::authorisation::Approach;
use domain::authorisation::Attempt;
use domain::bank::OrderStatus;
use domain::seams::BoxFuture;

use crate::cache::Cache;
use crate::error::{AuthorisationError, BankError};
use crate::jose::{JoseError, KeySet};
use crate::misfit::{Misfit, unsupported};
use crate::profile::{BankProfile, Standard, UkOpenBanking};
use crate::protocol::{
    AccessToken, Approval, Call, Credentials, Held, LostOrder, OrderAnswer, PaymentOrder, Pending,
    Protocol, RefreshToken,
};
use crate::psu_return::Returned;

/// The standard, with what it keeps between calls per bank and client.
#[derive(Default)]
pub(crate) struct Obie {
    discovery: Cache<Arc<discovery::Discovery>>,
    keys: Cache<Arc<KeySet>>,
    tokens: Cache<String>,
}

impl Protocol for Obie {
    fn fits(&self, bank: &BankProfile, order: &PaymentOrder) -> Result<(), Misfit> {
        consent::fits(bank, order)
    }

    fn open_payment<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        attempt: &'a Attempt,
        _known: &'a Credentials,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        Box::pin(async move {
            let consent_id = self.create_consent(call, order, &attempt.idempotency_key).await?;
            let url = self.authorisation_url(call, &consent_id, attempt).await?;
            let approach = Approach::Redirect { url };
            Ok(Approval::Continue { consent_id: Some(consent_id), context: None, approach })
        })
    }

    fn uses_up_return(&self, _call: &Call<'_>, _pending: Pending<'_>, returned: &Returned) -> bool {
        returned::has_code(returned)
    }

    fn complete_authorisation<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        pending: Pending<'a>,
        returned: &'a Returned,
    ) -> BoxFuture<'a, Result<Approval, AuthorisationError>> {
        Box::pin(self.returned(call, order, pending, returned))
    }

    /// The standard has no embedded approach.
    fn send_credentials<'a>(
        &'a self,
        _call: &'a Call<'a>,
        _order: &'a PaymentOrder,
        _pending: Pending<'a>,
        _credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        Box::pin(async { Err(not_in_standard("embedded approval").into()) })
    }

    fn ask_approval<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        pending: Pending<'a>,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        Box::pin(async move {
            match pending.consent_id {
                Some(consent_id) => self.approval(call, order, consent_id).await,
                None => Ok(Approval::Waiting),
            }
        })
    }

    fn confirm_funds<'a>(
        &'a self,
        call: &'a Call<'a>,
        _order: &'a PaymentOrder,
        consent_id: &'a str,
        grant: &'a AccessToken,
    ) -> BoxFuture<'a, Result<bool, BankError>> {
        Box::pin(self.ask_funds(call, consent_id, grant))
    }

    fn submit_order<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        consent_id: &'a str,
        grant: &'a AccessToken,
        idempotency_key: &'a str,
    ) -> BoxFuture<'a, Result<OrderAnswer, BankError>> {
        Box::pin(self.create_order(call, order, consent_id, grant, idempotency_key))
    }

    fn ask_order_status<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        bank_payment_id: &'a str,
        _grant: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Result<OrderStatus, BankError>> {
        Box::pin(self.read_order(call, order, bank_payment_id))
    }

    /// The standard cannot find an order by its consent; the consent shows whether it was used.
    fn ask_lost_order<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        consent_id: &'a str,
        _grant: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Result<LostOrder, BankError>> {
        Box::pin(async move {
            Ok(LostOrder::Consent(self.read_consent(call, order, consent_id).await?))
        })
    }

    /// "Payments not" (OBIE 3.1.11, Domestic Payments: there is no DELETE).
    /// A payment's token is used once, at once.
    fn refresh_token<'a>(
        &'a self,
        _call: &'a Call<'a>,
        _refresh: &'a RefreshToken,
    ) -> BoxFuture<'a, Result<AccessToken, BankError>> {
        Box::pin(async { Err(not_in_standard("a refresh of a payment's token").into()) })
    }

    fn cancel_payment<'a>(
        &'a self,
        _call: &'a Call<'a>,
        _order: &'a PaymentOrder,
        _held: Held<'a>,
        _attempt: &'a Attempt,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        Box::pin(async { Err(not_in_standard("cancellation of payments").into()) })
    }
}

/// The bank's settings within this standard. A profile of another standard never arrives here:
/// `Protocols::protocol_for` chooses by it.
fn settings(bank: &BankProfile) -> Result<&UkOpenBanking, Misfit> {
    match &bank.standard {
        Standard::UkOpenBanking(settings) => Ok(settings),
        Standard::NextGenPsd2(_) | Standard::Stet(_) | Standard::PolishApi(_) => {
            Err(not_in_standard("this bank"))
        }
    }
}

fn not_in_standard(what: &str) -> Misfit {
    unsupported(format!("UK Open Banking does not have {what}"))
}

/// Signing fails before anything is sent.
fn signing_failed(error: JoseError) -> BankError {
    BankError::Unavailable { text: format!("our signature: {error}") }
}
