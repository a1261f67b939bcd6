//! The payer chooses a bank on the hosted pages.

use std::sync::Arc;

use banks::call::PsuContext;
use domain::Refusal;
use domain::account::AccountIdentifier;
use domain::ids::PaymentId;
use domain::payment::Payment;
use store::step::{self, Saving};
use store::{StoreError, payments, unit};

use super::offer::{bank_with_id, check_choice};
use crate::{App, GatewayError, jobs};

/// Opens the payment at the chosen bank and waits for the bank, at most as long as a request
/// waits. The same choice again (a double click) changes nothing.
///
/// # Errors
/// [`GatewayError::BankUnknown`], [`GatewayError::FeatureNotSupported`],
/// [`GatewayError::Misfit`], [`GatewayError::FieldNeeded`] if the bank wants the payer's account and nobody knows it,
/// [`GatewayError::Refused`] once the payer has approved; [`GatewayError::PaymentNotFound`].
pub async fn choose_bank(
    app: &Arc<App>,
    id: &PaymentId,
    bank_id: &str,
    payer_account: Option<AccountIdentifier>,
    psu: PsuContext,
) -> Result<Payment, GatewayError> {
    let payment = super::open_by_link(app, id).await?;
    let bank = bank_with_id(app, bank_id)?;
    let execution = check_choice(app, &bank, &payment, payer_account.as_ref())?;
    let attempt = app.new_attempt(id, Some(&bank))?;
    let (wanted, bank_id, lease, now) = (id.clone(), bank.id.clone(), app.new_lease(), app.now());
    let chosen = app
        .db()
        .transact(
            (wanted, bank_id, attempt, lease, payer_account),
            move |(wanted, bank_id, attempt, lease, payer_account), tx| {
                unit(async move {
                    let payment = payments::get_any(tx, wanted).await?;
                    let payment = payment
                        .ok_or_else(|| StoreError::Corrupt("the payment vanished".to_owned()))?;
                    let (account, attempt) = (payer_account.clone(), attempt.clone());
                    match payment.choose_bank(bank_id, account, execution, attempt, now) {
                        Ok(Some(step)) => {
                            let saving = Saving { finishes: None, keeps: Some(lease) };
                            Ok(Ok(step::update(tx, &step, saving).await?.kept))
                        }
                        Ok(None) => Ok(Ok(None)),
                        Err(refusal) => Ok(Err::<_, Refusal>(refusal)),
                    }
                })
            },
        )
        .await??;
    app.jobs_may_be_due();
    if let Some(claim) = chosen {
        jobs::run_now(app, claim, psu, app.settings().request_timeout_ms).await;
    }
    super::open_by_link(app, id).await
}
