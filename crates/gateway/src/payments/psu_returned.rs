//! The payer's browser comes back from the bank.

use std::sync::Arc;

use banks::protocol::PsuContext;
use banks::psu_return::{Denied, PsuReturn, parse_return};
use domain::ids::PaymentId;
use domain::payment::{Fact, Payment, PsuFact};

use crate::jobs::{Held, approval, observe};
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
    psu: PsuContext,
) -> Result<PsuReturnOutcome, GatewayError> {
    let PsuReturn { returned, denied } = match parse_return(parameters) {
        Ok(returned) => returned,
        Err(error) => return Ok(PsuReturnOutcome::NotOurs(error.to_string())),
    };
    let Some(payment_id) = payment_of_state(&returned.state) else {
        return Ok(PsuReturnOutcome::NotOurs("`state` names no payment".to_owned()));
    };
    let sealed = approval::seal_return(app, &payment_id, &returned)?;
    let what = match denied {
        None => PsuFact::Returned { returned: sealed },
        Some(Denied { error, description }) => {
            PsuFact::Denied { returned: sealed, error, description }
        }
    };
    let fact = Fact::Psu { oauth_state: returned.state, what };
    match observe(app, &payment_id, fact, None).await {
        Ok(Held::Job(claim)) => jobs::run_in_background(app, claim, psu),
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
