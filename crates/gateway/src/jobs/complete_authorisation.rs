//! Job `CompleteAuthorisation`: verifies what the payer's browser brought back and exchanges it
//! for an access grant.

use std::sync::Arc;

use banks::error::{AuthorisationError, BankError};
use banks::protocol::{AccessGrant, PendingConsent, PsuContext};
use banks::psu_return::Returned;
use domain::payment::{AuthorisationFact, BankRefusal, Fact, Payment, Sealed, State};
use store::jobs::Claim;

use super::{ATTEMPTS_MAX, Next, backoff, conclude, payment_of};
use crate::{App, GatewayError};

pub(super) async fn run(app: &Arc<App>, claim: &Claim) -> Result<Next, GatewayError> {
    let Some(payment) = payment_of(app, claim).await? else {
        return Ok(Next::Finish);
    };
    let State::VerifyingReturn { authorisation, returned } = &payment.state else {
        return Ok(Next::Finish);
    };
    let fact = |what| Fact::Authorisation(what);
    let bank = payment.bank_id.as_deref().and_then(|id| app.directory().get(id));
    let Some(bank) = bank else {
        let text = "the bank is no longer in the directory".to_owned();
        return conclude(app, claim, fact(AuthorisationFact::GivenUp { text })).await;
    };
    let returned = open_return(app, &payment, returned, &authorisation.attempt.oauth_state)?;
    let pending = PendingConsent {
        consent_id: authorisation.consent_id.clone(),
        nonce: authorisation.attempt.nonce.clone(),
        state: authorisation.attempt.oauth_state.clone(),
    };
    let (protocol, call) = app.call(bank, PsuContext::default());
    let what = match protocol.complete_authorisation(&call, &pending, &returned).await {
        Ok(grant) => AuthorisationFact::Verified { grant: seal_grant(app, &payment, &grant)? },
        Err(AuthorisationError::Invalid(text)) => AuthorisationFact::Invalid { text },
        Err(AuthorisationError::Bank(BankError::Refused { code, status, text })) => {
            AuthorisationFact::Refused(BankRefusal { http_status: status, code, text })
        }
        Err(AuthorisationError::Bank(
            error @ (BankError::Unavailable { .. }
            | BankError::Unknown { .. }
            | BankError::Malformed { .. }),
        )) => {
            if claim.attempts < ATTEMPTS_MAX {
                return Ok(Next::Repeat(backoff(app, claim.attempts)));
            }
            AuthorisationFact::GivenUp { text: error.to_string() }
        }
    };
    conclude(app, claim, fact(what)).await
}

fn open_return(
    app: &App,
    payment: &Payment,
    sealed: &Sealed,
    oauth_state: &str,
) -> Result<Returned, GatewayError> {
    let plain = app.parts.sealer.open("return", payment.id.as_str(), sealed)?;
    let (code, id_token): (String, String) =
        serde_json::from_slice(&plain).map_err(|error| GatewayError::Sealing(error.to_string()))?;
    Ok(Returned { code, id_token, state: oauth_state.to_owned() })
}

fn seal_grant(app: &App, payment: &Payment, grant: &AccessGrant) -> Result<Sealed, GatewayError> {
    let plain = serde_json::to_vec(&(&grant.access_token, grant.expires_at))
        .map_err(|error| GatewayError::Sealing(error.to_string()))?;
    app.parts.sealer.seal("grant", payment.id.as_str(), &plain, app.ids())
}

/// The grant that [`seal_grant`] sealed.
pub(super) fn open_grant(
    app: &App,
    payment: &Payment,
    sealed: &Sealed,
) -> Result<AccessGrant, GatewayError> {
    let plain = app.parts.sealer.open("grant", payment.id.as_str(), sealed)?;
    let (access_token, expires_at) =
        serde_json::from_slice(&plain).map_err(|error| GatewayError::Sealing(error.to_string()))?;
    Ok(AccessGrant { access_token, expires_at })
}
