//! A member asks for a payment.

use std::sync::Arc;

use banks::protocol::{Credentials, PsuContext};
use domain::ids::PaymentId;
use domain::initiation::Initiation;
use domain::payment::{Creation, Payment};
use store::step::{self, Saving};
use store::{idempotency, unit};

use super::offer::{bank_with_id, check_fit, check_mandatory, execution_at};
use crate::idempotency::IdempotencyKey;
use crate::jobs::approval;
use crate::{App, GatewayError, Member, account_verifications, jobs, members, tokenized_accounts};

/// What a member asks for.
#[derive(Debug, Clone)]
pub struct NewPayment {
    /// The payment.
    pub initiation: Initiation,
    /// The payer's browser, where the member tells.
    pub psu: PsuContext,
    /// What the member already knows of the bank's questions (API `initialEmbeddedAuth`).
    pub credentials: Credentials,
    /// How long the answer may wait for the bank, in milliseconds (header `request-timeout`).
    pub request_timeout_ms: Option<u64>,
    /// Where the member may repeat the request.
    pub idempotency: Option<IdempotencyKey>,
}

/// Records the payment and, where its bank is known from the start, opens it there. Returns it as
/// it stands when the bank has answered or the time is over, whichever comes first; the opening
/// goes on by itself.
///
/// # Errors
/// [`GatewayError::BankUnknown`], [`GatewayError::BankUnavailable`],
/// [`GatewayError::FeatureNotSupported`], [`GatewayError::FieldNeeded`], [`GatewayError::Misfit`],
/// [`GatewayError::Refused`], [`GatewayError::KeyTaken`]: nothing was recorded.
/// [`GatewayError::Store`].
pub async fn create(
    app: &Arc<App>,
    member: &Member,
    new: NewPayment,
) -> Result<Payment, GatewayError> {
    let bank = new.initiation.bank_id.as_deref().map(|id| bank_with_id(app, id)).transpose()?;
    let mut initiation = new.initiation;
    tokenized_accounts::resolve(app, member, &mut initiation, bank).await?;
    account_verifications::check(app, member, &initiation).await?;
    // On the full hosted pages the payer comes later, and is asked for the account.
    let later = initiation.flow.begins_on_pages();
    let execution = bank.map(|bank| execution_at(app, bank, &initiation)).transpose()?;
    if let Some(bank) = bank {
        check_mandatory(bank, &initiation, later)?;
    }
    let now = app.now();
    let id = PaymentId::new(now, app.ids());
    let attempt = app.new_attempt(&id, bank);
    let credentials = match new.credentials == Credentials::default() {
        true => None,
        false => Some(approval::seal_credentials(app, &id, &new.credentials)?),
    };
    let member_id = member.id().clone();
    let terms = members::terms(app, member, initiation.flow).await?;
    let decided = execution.filter(|_| !later);
    let creation = Creation { initiation, execution: decided, attempt, credentials, terms };
    let step = Payment::create(id, member_id, creation, now)?;
    if let (Some(bank), Some(execution)) = (bank, execution) {
        check_fit(app, bank, &step.state, execution)?;
    }
    let step = Arc::new(step);
    let timeout_ms = new.request_timeout_ms.unwrap_or(app.settings().request_timeout_ms);
    let key = new.idempotency.map(|key| Arc::new(key.row(app, timeout_ms)));
    let (shared, lease) = (Arc::clone(&step), Arc::new(app.new_lease()));
    let saved = app
        .db()
        .transact(move |tx| {
            let (step, lease, key) = (Arc::clone(&shared), Arc::clone(&lease), key.clone());
            unit(async move {
                if let Some(key) = key
                    && !idempotency::insert(tx, &key, Some(&step.state.id)).await?
                {
                    return Ok(None);
                }
                let saving = Saving { finishes: None, keeps: Some(&lease) };
                step::create(tx, &step, saving).await.map(Some)
            })
        })
        .await?
        .ok_or(GatewayError::KeyTaken)?;
    if saved.more_is_due {
        app.jobs_may_be_due();
    }
    let payment = Arc::unwrap_or_clone(step).state;
    let Some(claim) = saved.kept else {
        return Ok(payment);
    };
    jobs::run_now(app, claim, new.psu, timeout_ms).await;
    super::get(app, member, &payment.id).await
}
