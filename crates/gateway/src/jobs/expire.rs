//! Job `Expire`: tells the payment that its deadline may have passed.

use std::sync::Arc;

use domain::payment::Fact;
use store::jobs::Claim;

use super::{Conclusion, Kept, Next, Observed, observed};
use crate::{App, GatewayError};

pub(super) async fn run(app: &Arc<App>, claim: &Claim) -> Result<Next, GatewayError> {
    match observed(app, claim, Conclusion::of(Fact::TimeRanOut), Some(claim)).await? {
        Observed::Moved(Kept::Job(next)) => Ok(Next::Job(next)),
        Observed::Moved(Kept::Nothing) => Ok(Next::Done),
        Observed::Already(payment) => Ok(payment.deadline().map_or(Next::Finish, Next::Repeat)),
        Observed::Unexpected => Ok(Next::Finish),
    }
}
