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
mod international;
mod order;
mod register;
pub(crate) mod resource;
mod returned;
mod risk;
mod schedule;
pub(crate) mod status;
mod token;

use std::sync::Arc;

use domain::authorisation::{Approach, Attempt};
use domain::bank::OrderStatus;
use domain::seams::BoxFuture;

use crate::approvals::{Approvable, Approval, Approvals, Credentials, Pending};
use crate::cache::Cache;
use crate::call::Call;
use crate::error::{AuthorisationError, BankError};
use crate::jose::{JoseError, KeySet};
use crate::misfit::{Misfit, unsupported};
use crate::payments::{LostOrder, OrderAnswer, PaymentOrder, Payments};
use crate::profile::{BankProfile, Standard, UkOpenBanking as Settings};
use crate::psu_return::Returned;
use crate::reachable::{Reachable, Trial};
use crate::registration;
use crate::token::{AccessToken, Proof, RefreshToken};

/// The standard, with what it keeps between calls per bank and client.
#[derive(Default)]
pub(crate) struct UkOpenBanking {
    discovery: Cache<Arc<discovery::Discovery>>,
    keys: Cache<Arc<KeySet>>,
    tokens: Cache<String>,
}

impl Approvals for UkOpenBanking {
    fn open<'a>(
        &'a self,
        call: &'a Call<'a>,
        what: Approvable<'a>,
        attempt: &'a Attempt,
        _known: &'a Credentials,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        Box::pin(async move {
            let order = match what {
                Approvable::Payment(order) => order,
                // OBIE 3.1.11, Domestic Payments: there is no DELETE.
                Approvable::Cancellation { .. } => {
                    return Err(not_in_standard("cancellation of payments").into());
                }
            };
            let consent_id = self.create_consent(call, order, &attempt.idempotency_key).await?;
            let url = self.authorisation_url(call, &consent_id, attempt).await?;
            let approach = Approach::Redirect { url };
            Ok(Approval::Continue { consent_id: Some(consent_id), context: None, approach })
        })
    }

    fn uses_up_return(&self, _call: &Call<'_>, _pending: Pending<'_>, returned: &Returned) -> bool {
        returned::has_code(returned)
    }

    fn complete<'a>(
        &'a self,
        call: &'a Call<'a>,
        what: Approvable<'a>,
        pending: Pending<'a>,
        returned: &'a Returned,
    ) -> BoxFuture<'a, Result<Approval, AuthorisationError>> {
        Box::pin(self.returned(call, what.order(), pending, returned))
    }

    /// The standard has no embedded approach.
    fn send_credentials<'a>(
        &'a self,
        _call: &'a Call<'a>,
        _what: Approvable<'a>,
        _pending: Pending<'a>,
        _credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        Box::pin(async { Err(not_in_standard("embedded approval").into()) })
    }

    fn ask<'a>(
        &'a self,
        call: &'a Call<'a>,
        what: Approvable<'a>,
        pending: Pending<'a>,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        Box::pin(async move {
            match pending.consent_id {
                Some(consent_id) => self.approval(call, what.order(), consent_id).await,
                None => Ok(Approval::Waiting),
            }
        })
    }

    /// A payment's token is used once, at once.
    fn refresh<'a>(
        &'a self,
        _call: &'a Call<'a>,
        _refresh: &'a RefreshToken,
    ) -> BoxFuture<'a, Result<AccessToken, BankError>> {
        Box::pin(async { Err(not_in_standard("a refresh of a payment's token").into()) })
    }
}

impl Payments for UkOpenBanking {
    fn fits(&self, bank: &BankProfile, order: &PaymentOrder) -> Result<(), Misfit> {
        consent::fits(bank, order)
    }

    fn confirm_funds<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        consent_id: &'a str,
        proof: &'a Proof,
    ) -> BoxFuture<'a, Result<bool, BankError>> {
        Box::pin(
            async move { self.ask_funds(call, order, consent_id, proof.access_token()?).await },
        )
    }

    fn submit<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        consent_id: &'a str,
        proof: &'a Proof,
        idempotency_key: &'a str,
    ) -> BoxFuture<'a, Result<OrderAnswer, BankError>> {
        Box::pin(async move {
            let token = proof.access_token()?;
            self.create_order(call, order, consent_id, token, idempotency_key).await
        })
    }

    fn ask_status<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        bank_payment_id: &'a str,
        _token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Result<OrderStatus, BankError>> {
        Box::pin(self.read_order(call, order, bank_payment_id))
    }

    /// The standard cannot find an order by its consent; the consent shows whether it was used.
    fn ask_lost_order<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        consent_id: &'a str,
        _token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Result<LostOrder, BankError>> {
        Box::pin(async move {
            Ok(LostOrder::Consent(self.read_consent(call, order, consent_id).await?))
        })
    }
}

impl Reachable for UkOpenBanking {
    fn try_out<'a>(&'a self, call: &'a Call<'a>) -> BoxFuture<'a, Vec<Trial>> {
        Box::pin(async move {
            let asked = |what: &str, url: &str| format!("{what} {url}");
            let document = settings(call.bank).ok().and_then(Settings::discovery_address);
            let found = self.discovery(call).await;
            let known = found.as_ref().ok().map(Arc::clone);
            let mut trials = Vec::new();
            if let Some(url) = document {
                trials.push(Trial::of(asked("discovery document at", &url), found, |_| {
                    "its issuer and addresses fit the bank's file".to_owned()
                }));
            }
            // The other addresses are in the document.
            let Some(discovery) = known else { return trials };
            if let Some(url) = &discovery.jwks_uri {
                let keys = self.newer_keys(call).await;
                trials.push(Trial::of(asked("key set at", url), keys, |_| {
                    "it can be read".to_owned()
                }));
            }
            let token = self.client_token(call).await;
            let wanted = asked("access token (client_credentials) at", &discovery.token_endpoint);
            trials.push(Trial::of(wanted, token, |_| "the bank knows us".to_owned()));
            trials
        })
    }
}

/// The bank's settings within this standard. A profile of another standard never arrives here:
/// `Protocols::protocol_for` chooses by it.
fn settings(bank: &BankProfile) -> Result<&Settings, Misfit> {
    match &bank.standard {
        Standard::UkOpenBanking(settings) => Ok(settings),
        Standard::NextGenPsd2(_) | Standard::Stet(_) | Standard::PolishApi(_) => {
            Err(not_in_standard("this bank"))
        }
    }
}

/// Our client id at the bank.
fn client_id<'a>(call: &Call<'a>) -> &'a str {
    let own = match &call.bank.standard {
        Standard::UkOpenBanking(settings) => settings.client_id.as_deref(),
        Standard::NextGenPsd2(_) | Standard::Stet(_) | Standard::PolishApi(_) => None,
    };
    own.or(registration::client_id(call)).unwrap_or(&call.identity.client_id)
}

fn not_in_standard(what: &str) -> Misfit {
    unsupported(format!("UK Open Banking does not have {what}"))
}

/// Signing fails before anything is sent.
fn signing_failed(error: JoseError) -> BankError {
    BankError::Unavailable { text: format!("our signature: {error}") }
}
