//! A member asks for a payment.

use std::sync::Arc;

use banks::profile::{BankProfile, Capability};
use banks::protocol::PsuContext;
use domain::ids::PaymentId;
use domain::initiation::{Initiation, LocalInstrument};
use domain::payment::Payment;
use store::step::{self, Saving};
use store::unit;

use crate::{App, GatewayError, Member, jobs};

/// What a member asks for.
#[derive(Debug, Clone)]
pub struct NewPayment {
    /// The payment.
    pub initiation: Initiation,
    /// The payer's browser, where the member tells.
    pub psu: PsuContext,
    /// How long the answer may wait for the bank, in milliseconds (header `request-timeout`).
    pub request_timeout_ms: Option<u64>,
}

/// Records the payment and, where its bank is known from the start, opens it there. Returns it as
/// it stands when the bank has answered or the time is over, whichever comes first; the opening
/// goes on by itself.
///
/// # Errors
/// [`GatewayError::BankUnknown`], [`GatewayError::FeatureNotSupported`],
/// [`GatewayError::Refused`]: nothing was recorded. [`GatewayError::Store`].
pub async fn create(
    app: &Arc<App>,
    member: &Member,
    new: NewPayment,
) -> Result<Payment, GatewayError> {
    if let Some(bank_id) = &new.initiation.bank_id {
        check_bank(bank_with_id(app, bank_id)?, &new.initiation)?;
    }
    let now = app.now();
    let id = PaymentId::new(now, app.ids());
    let attempt = app.new_attempt(&id);
    let step = Payment::create(id, member.id().clone(), new.initiation, attempt, now)?;
    let step = Arc::new(step);
    let (shared, lease) = (Arc::clone(&step), Arc::new(app.new_lease()));
    let saved = app
        .db()
        .transact(move |tx| {
            let (step, lease) = (Arc::clone(&shared), Arc::clone(&lease));
            unit(async move {
                step::create(tx, &step, Saving { finishes: None, keeps: Some(&lease) }).await
            })
        })
        .await?;
    if saved.more_is_due {
        app.jobs_may_be_due();
    }
    let payment = Arc::unwrap_or_clone(step).state;
    let Some(claim) = saved.kept else {
        return Ok(payment);
    };
    let timeout_ms = new.request_timeout_ms.unwrap_or(app.settings().request_timeout_ms);
    jobs::run_now(app, claim, new.psu, timeout_ms).await;
    super::get(app, member, &payment.id).await
}

/// The bank of that id.
pub(super) fn bank_with_id<'a>(
    app: &'a App,
    bank_id: &str,
) -> Result<&'a BankProfile, GatewayError> {
    let unknown = || GatewayError::BankUnknown { bank_id: bank_id.chars().take(64).collect() };
    app.directory().get(bank_id).ok_or_else(unknown)
}

/// Whether the bank offers what the payment needs.
pub(super) fn check_bank(bank: &BankProfile, initiation: &Initiation) -> Result<(), GatewayError> {
    let lacks = |feature: String| {
        Err(GatewayError::FeatureNotSupported { bank_id: bank.id.clone(), feature })
    };
    let rail = initiation.local_instrument;
    if rail != LocalInstrument::AutoSelect && !bank.rails.contains(&rail) {
        return lacks(format!("the rail of `localInstrument` ({rail:?})"));
    }
    let currency = initiation.amount.currency();
    if !bank.currencies.contains(&currency) {
        return lacks(format!("payments in {currency}"));
    }
    if !bank.can(Capability::SinglePayment) {
        return lacks("single payments".to_owned());
    }
    if initiation.confirm_funds && !bank.can(Capability::FundsConfirmation) {
        return lacks("`confirmFunds`".to_owned());
    }
    Ok(())
}
