//! A member asks for a payment.

use std::sync::Arc;

use banks::approvals::Credentials;
use banks::call::PsuContext;
use domain::ids::{PaymentId, TokenRequestId};
use domain::initiation::Initiation;
use domain::mail::MailAddress;
use domain::payment::{Creation, Payment, PaymentStep};
use domain::token_request::TokenRequest;
use store::step::{self, Aggregate, Saving};
use store::{StoreError, Tx, idempotency, payments, token_requests, unit};

use super::offer::{bank_with_id, check_fit, check_mandatory, execution_at};
use crate::idempotency::IdempotencyKey;
use crate::jobs::approval;
use crate::{App, GatewayError, Member, account_verifications, jobs, members, tokenized_accounts};

/// A member's request.
#[derive(Debug, Clone)]
pub struct NewPayment {
    /// The payment.
    pub initiation: Initiation,
    /// The payer's browser, if the member sends it.
    pub psu: PsuContext,
    /// The member's answers to the bank's first questions (API `initialEmbeddedAuth`).
    pub credentials: Credentials,
    /// How long the answer may wait for the bank, in milliseconds (header `request-timeout`).
    pub request_timeout_ms: Option<u64>,
    /// Where the member may repeat the request.
    pub idempotency: Option<IdempotencyKey>,
    /// The token request that becomes the payment (payments v1).
    pub token_request_id: Option<TokenRequestId>,
    /// Where a receipt goes once the payment is completed.
    pub receipt_to: Option<MailAddress>,
}

/// Records the payment and, if its bank is known from the start, opens it there. Returns the current
/// payment when the bank has answered or the time is over, whichever is first; the opening
/// continues by itself.
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
    let NewPayment {
        initiation,
        psu,
        credentials,
        request_timeout_ms,
        idempotency,
        token_request_id,
        receipt_to,
    } = new;
    let from = (token_request_id, receipt_to);
    let step = prepare(app, member, initiation, &credentials, from).await?;
    let step = Arc::new(step);
    let timeout_ms = request_timeout_ms.unwrap_or(app.settings().request_timeout_ms);
    let key = idempotency.map(|key| Arc::new(key.row(app, timeout_ms)));
    let (shared, lease) = (Arc::clone(&step), Arc::new(app.new_lease()));
    let saved = app
        .db()
        .transact((shared, lease, key), move |(step, lease, key), tx| {
            unit(async move {
                let used = match &step.state.token_request_id {
                    None => None,
                    Some(id) => match used_up(tx, id, &step.state).await? {
                        Ok(used) => Some(used),
                        Err(refusal) => return Ok(Err(refusal)),
                    },
                };
                if let Some(key) = key
                    && !idempotency::insert(tx, key, Some(&step.state.subject())).await?
                {
                    return Ok(Err(GatewayError::KeyTaken));
                }
                if let Some(request) = used {
                    token_requests::update(tx, &request).await?;
                }
                let saving = Saving { finishes: None, keeps: Some(lease) };
                step::create(tx, step, saving).await.map(Ok)
            })
        })
        .await??;
    if saved.more_is_due {
        app.jobs_may_be_due();
    }
    let payment = Arc::unwrap_or_clone(step).state;
    let Some(claim) = saved.kept else {
        return Ok(payment);
    };
    jobs::run_now(app, claim, psu, timeout_ms).await;
    super::get(app, member, &payment.id).await
}

/// Whether [`create`] would record such a payment now.
///
/// # Errors
/// As there.
pub(crate) async fn check(
    app: &Arc<App>,
    member: &Member,
    initiation: Initiation,
) -> Result<(), GatewayError> {
    let step = prepare(app, member, initiation, &Credentials::default(), (None, None)).await;
    step.map(|_| ())
}

/// The first Step of the payment, if it can be made.
async fn prepare(
    app: &Arc<App>,
    member: &Member,
    mut initiation: Initiation,
    credentials: &Credentials,
    (token_request_id, receipt_to): (Option<TokenRequestId>, Option<MailAddress>),
) -> Result<PaymentStep, GatewayError> {
    let bank = initiation.visit.bank_id.as_deref().map(|id| bank_with_id(app, id)).transpose()?;
    let bank = bank.as_deref();
    tokenized_accounts::resolve(app, member, &mut initiation, bank).await?;
    members::check_beneficiary(app, member, &initiation.order.creditor).await?;
    account_verifications::check(app, member, &initiation).await?;
    // On the full hosted pages the payer comes later, and is asked for the account.
    let later = initiation.visit.flow.begins_on_pages();
    let execution = bank.map(|bank| execution_at(app, bank, &initiation.order)).transpose()?;
    if let (Some(bank), Some(execution)) = (bank, execution) {
        check_mandatory(bank, &initiation.order, execution.rail, later)?;
    }
    let now = app.now();
    let id = PaymentId::new(now, app.ids());
    let attempt = app.new_attempt(&id, bank)?;
    let credentials = match *credentials == Credentials::default() {
        true => None,
        false => Some(approval::seal_credentials(app, &id, credentials)?),
    };
    let terms = members::terms(app, member, initiation.visit.flow).await?;
    let creation = Creation {
        initiation,
        execution: execution.filter(|_| !later),
        attempt,
        end_to_end_id: app.new_end_to_end_id(),
        credentials,
        terms,
        token_request_id,
        receipt_to,
    };
    let step = Payment::create(id, member.id().clone(), creation, now)?;
    if let (Some(bank), Some(execution)) = (bank, execution) {
        check_fit(app, bank, &step.state, execution)?;
    }
    Ok(step)
}

/// The token request as it is once it is the payment; written in the payment's own commit.
async fn used_up(
    tx: &mut Tx,
    id: &TokenRequestId,
    payment: &Payment,
) -> Result<Result<TokenRequest, GatewayError>, StoreError> {
    let Some(request) = token_requests::get(tx, &payment.member_id, id).await? else {
        return Ok(Err(GatewayError::TokenRequestNotFound));
    };
    let (new, now) = (payment.id.clone(), payment.created_at);
    let used = match &request.payment_id {
        None => request.become_payment(new, now),
        Some(id) => match payments::get(tx, &payment.member_id, id).await? {
            Some(failed) => request.become_another_payment(&failed, new, now),
            None => return Err(StoreError::Corrupt(format!("{} lacks its payment", request.id))),
        },
    };
    Ok(used.map_err(GatewayError::from))
}
