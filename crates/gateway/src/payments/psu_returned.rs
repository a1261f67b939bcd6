//! The payer's browser comes back from the bank.

use std::sync::Arc;

use banks::psu_return::{PsuReturn, parse_return};
use domain::ids::PaymentId;
use domain::payment::{Fact, Payment, PsuFact};

use crate::jobs::{Held, observe};
use crate::{App, GatewayError, jobs};

/// What the callback led to.
#[derive(Debug, Clone)]
pub enum PsuReturnOutcome {
    /// The payment to show; whatever the browser brought has been recorded.
    Payment(Box<Payment>),
    /// Nothing that belongs to a payment of ours: why.
    NotOurs(String),
}

/// Records what the browser brought. Verification happens in a job; the payer does not wait for
/// it here. A second call with the same parameters changes nothing.
///
/// # Errors
/// [`GatewayError::Store`], [`GatewayError::Sealing`].
pub async fn psu_returned(
    app: &Arc<App>,
    parameters: &[(String, String)],
) -> Result<PsuReturnOutcome, GatewayError> {
    let returned = match parse_return(parameters) {
        Ok(returned) => returned,
        Err(error) => return Ok(PsuReturnOutcome::NotOurs(error.to_string())),
    };
    let state = match &returned {
        PsuReturn::Authorised(returned) => returned.state.clone(),
        PsuReturn::Denied { state, .. } => state.clone().unwrap_or_default(),
    };
    let Some(payment_id) = payment_of_state(&state) else {
        return Ok(PsuReturnOutcome::NotOurs("`state` names no payment".to_owned()));
    };
    let what = match returned {
        PsuReturn::Authorised(returned) => {
            let plain = serde_json::to_vec(&(&returned.code, &returned.id_token))
                .map_err(|error| GatewayError::Sealing(error.to_string()))?;
            let sealed = app.parts.sealer.seal("return", payment_id.as_str(), &plain, app.ids())?;
            PsuFact::Returned { returned: sealed }
        }
        PsuReturn::Denied { error, description, .. } => PsuFact::Denied { error, description },
    };
    let fact = Fact::Psu { oauth_state: state, what };
    match observe(app, &payment_id, fact, None).await {
        Ok(Held::Job(claim)) => jobs::run_in_background(app, claim),
        Ok(Held::Nothing) => {}
        Err(GatewayError::PaymentNotFound) => {
            return Ok(PsuReturnOutcome::NotOurs("`state` names no payment".to_owned()));
        }
        Err(error) => return Err(error),
    }
    let payment = super::open_by_link(app, &payment_id).await?;
    Ok(PsuReturnOutcome::Payment(Box::new(payment)))
}

/// `state` begins with the core of the payment's id; see `App::new_attempt`.
fn payment_of_state(state: &str) -> Option<PaymentId> {
    let core = state.split('.').next()?;
    format!("{}:{core}:{}", PaymentId::PREFIX, domain::ids::SUFFIX).parse().ok()
}
