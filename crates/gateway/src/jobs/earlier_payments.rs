//! Banks that give each payer one access at a time: a new sign-in ends the access to the payer's
//! earlier payments, so these banks are asked about them before the payer signs in again.

use std::sync::Arc;

use banks::profile::BankProfile;
use domain::account::AccountIdentifier;
use domain::payment::{Payment, STATUS_WINDOW};
use domain::step::{JobKind, PaymentJob};
use domain::subject::Subject;
use jiff::Timestamp;
use store::jobs::{Claim, Waiting};
use store::{jobs, payer_accesses, unit};
use tracing::warn;

use super::{Next, ask_status, finish, order_of, repeat};
use crate::{App, GatewayError};

/// Asks the bank about the payer's earlier payments there. The payer is known by the account; of a payer
/// who names it only at the bank nothing is known before. A bank that does not answer refuses
/// nobody: once the time of one exchange is over, the rest is asked later, and the payer continues.
pub(super) async fn ask_first(
    app: &Arc<App>,
    payment: &Payment,
    bank: &BankProfile,
) -> Result<(), GatewayError> {
    let order = order_of(bank, payment);
    let account = order.content.debtor.as_ref().and_then(|debtor| debtor.account.as_ref());
    let (true, Some(account)) = (bank.status.one_token_per_payer, account) else { return Ok(()) };
    let until_ms = app.now().as_millisecond().saturating_add(timeout_ms(app));
    for claim in claimed(app, payment, &payer(app, bank, account)).await? {
        if app.now().as_millisecond() >= until_ms {
            repeat(app, &claim, app.now()).await?;
            continue;
        }
        match ask_status::run(app, &claim).await {
            Ok(Next::Repeat(due) | Next::Postpone(due)) => repeat(app, &claim, due).await?,
            Ok(Next::Finish) => finish(app, &claim).await?,
            // The job after an end is due now; the runner takes it.
            Ok(Next::Job(next)) => repeat(app, &next, app.now()).await?,
            Ok(Next::Done) => {}
            Err(error) => {
                warn!(subject = %claim.subject, %error, "an earlier payment was not asked about");
                repeat(app, &claim, app.now()).await?;
            }
        }
    }
    Ok(())
}

/// How long one exchange with a bank may take, in milliseconds.
fn timeout_ms(app: &App) -> i64 {
    i64::try_from(app.settings().bank_timeout_ms).unwrap_or(i64::MAX)
}

/// How a payer is recognised: nobody can read the account out of it.
fn payer(app: &App, bank: &BankProfile, account: &AccountIdentifier) -> String {
    let number = account.numbers().pop().unwrap_or_default();
    app.parts.sealer.keyed_hash(&format!("payer of {}: {number}", bank.id))
}

/// The pending questions about the payer's other payments, held by us.
async fn claimed(
    app: &Arc<App>,
    payment: &Payment,
    payer: &str,
) -> Result<Vec<Claim>, GatewayError> {
    let (now, lease) = (app.now(), app.new_lease());
    let since = now.checked_sub(STATUS_WINDOW).unwrap_or(Timestamp::MIN);
    let waiting = Waiting { after: Timestamp::MIN, until: Timestamp::MAX };
    let claims = app
        .db()
        .transact((payer.to_owned(), payment.id.clone(), lease), move |(payer, id, lease), tx| {
            unit(async move {
                let others = payer_accesses::remember(tx, payer, id, now, since).await?;
                let mut claims = vec![];
                for other in others {
                    let subject = Subject::Payment(other);
                    let kind = JobKind::Payment(PaymentJob::AskStatus);
                    claims.extend(jobs::claim_waiting(tx, lease, &subject, kind, waiting).await?);
                }
                Ok(claims)
            })
        })
        .await?;
    Ok(claims)
}
