//! The payer's browser comes back from the bank.

use std::sync::Arc;

use banks::call::PsuContext;
use banks::psu_return::parse_return;
use domain::ids::PaymentId;
use domain::payment::{Fact, Payment};

use crate::jobs::{Kept, approval, observe};
use crate::{App, GatewayError, Member, jobs};

const UNKNOWN_STATE: &str = "`state` names no payment";

/// What the callback led to.
#[derive(Debug, Clone)]
pub enum PsuReturnOutcome {
    /// The payment to show; whatever the browser brought has been recorded. `says_error`: the
    /// browser says that the payer came back with an error, which is a rumour.
    Payment {
        /// The payment.
        payment: Box<Payment>,
        /// Whether the browser says so.
        says_error: bool,
    },
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
    match record(app, None, parameters).await? {
        Recorded::NotOurs(why) => Ok(PsuReturnOutcome::NotOurs(why)),
        Recorded::Payment { payment_id, held, says_error } => {
            if let Kept::Job(claim) = held {
                jobs::run_in_background(app, claim, psu);
            }
            let payment = super::open_by_link(app, &payment_id).await?;
            Ok(PsuReturnOutcome::Payment { payment: Box::new(payment), says_error })
        }
    }
}

/// As [`psu_returned`], where the payer's browser came back to the member, who brings us what it
/// had. Waits for the bank's verification until the time of a request is over.
///
/// # Errors
/// [`GatewayError::Store`], [`GatewayError::Sealing`].
pub async fn psu_returned_to_member(
    app: &Arc<App>,
    member: &Member,
    parameters: &[(String, String)],
    psu: PsuContext,
    request_timeout_ms: Option<u64>,
) -> Result<PsuReturnOutcome, GatewayError> {
    match record(app, Some(member), parameters).await? {
        Recorded::NotOurs(why) => Ok(PsuReturnOutcome::NotOurs(why)),
        Recorded::Payment { payment_id, held, says_error } => {
            if let Kept::Job(claim) = held {
                let timeout_ms = request_timeout_ms.unwrap_or(app.settings().request_timeout_ms);
                jobs::run_now(app, claim, psu, timeout_ms).await;
            }
            let payment = super::get(app, member, &payment_id).await?;
            Ok(PsuReturnOutcome::Payment { payment: Box::new(payment), says_error })
        }
    }
}

/// What was recorded of a return.
enum Recorded {
    /// The payment, and the job that follows.
    Payment { payment_id: PaymentId, held: Kept, says_error: bool },
    /// Nothing: why.
    NotOurs(String),
}

/// `member` is whose payment it has to be, where a member brings it.
async fn record(
    app: &Arc<App>,
    member: Option<&Member>,
    parameters: &[(String, String)],
) -> Result<Recorded, GatewayError> {
    let not_ours = |why: &str| Ok(Recorded::NotOurs(why.to_owned()));
    let returned = match parse_return(parameters) {
        Ok(returned) => returned,
        Err(error) => return not_ours(&error.to_string()),
    };
    let Some(payment_id) = app.payment_of_state(&returned.state) else {
        return not_ours(UNKNOWN_STATE);
    };
    if let Some(member) = member {
        match super::get(app, member, &payment_id).await {
            Ok(_) => {}
            Err(GatewayError::PaymentNotFound) => return not_ours(UNKNOWN_STATE),
            Err(error) => return Err(error),
        }
    }
    let says_error = returned.says_error();
    let sealed = approval::seal_return(app, &payment_id, &returned)?;
    let fact = Fact::PsuReturned { oauth_state: returned.state, returned: sealed };
    match observe(app, &payment_id, fact).await {
        Ok(held) => Ok(Recorded::Payment { payment_id, held, says_error }),
        Err(GatewayError::PaymentNotFound) => not_ours(UNKNOWN_STATE),
        Err(error) => Err(error),
    }
}
