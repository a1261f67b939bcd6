//! A member asks for a payment.

use std::sync::Arc;

use banks::profile::{BankProfile, Capability, MandatoryField};
use banks::protocol::{Credentials, PsuContext};
use domain::ids::PaymentId;
use domain::initiation::{Flow, Initiation, LocalInstrument, Schedule};
use domain::payment::Payment;
use store::step::{self, Saving};
use store::{idempotency, unit};

use crate::error::NeededField;
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
/// [`GatewayError::FeatureNotSupported`], [`GatewayError::FieldNeeded`],
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
    if let Some(bank) = bank {
        check_bank(app, bank, &initiation)?;
        // On the full hosted pages the payer is asked for the account.
        let asked_later = initiation.flow == Flow::FullHostedPages;
        check_mandatory(bank, &initiation, asked_later)?;
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
    let step = Payment::create(id, member_id, initiation, attempt, credentials, terms, now)?;
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

/// The bank of that id.
pub(crate) fn bank_with_id<'a>(
    app: &'a App,
    bank_id: &str,
) -> Result<&'a BankProfile, GatewayError> {
    let unknown = || GatewayError::BankUnknown { bank_id: bank_id.chars().take(64).collect() };
    app.directory().get(bank_id).ok_or_else(unknown)
}

impl App {
    /// Whether new payments go to that bank: it is up, as far as is known, and not in an outage
    /// that its profile announces.
    #[must_use]
    pub fn takes_payments(&self, bank: &BankProfile) -> bool {
        self.health().is_up(&bank.id) && !bank.is_in_outage(self.now())
    }
}

/// Whether the bank offers what the payment needs.
pub(super) fn check_bank(
    app: &App,
    bank: &BankProfile,
    initiation: &Initiation,
) -> Result<(), GatewayError> {
    if !app.takes_payments(bank) {
        return Err(GatewayError::BankUnavailable { bank_id: bank.id.clone() });
    }
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
    let (capability, feature) = match initiation.schedule {
        Schedule::Immediate => (Capability::SinglePayment, "single payments"),
        Schedule::FutureDated { .. } => (Capability::FutureDatedPayment, "`executionDate`"),
        Schedule::StandingOrder { .. } => (Capability::StandingOrder, "standing orders"),
    };
    if !bank.can(capability) {
        return lacks(feature.to_owned());
    }
    if initiation.confirm_funds && !bank.can(Capability::FundsConfirmation) {
        return lacks("`confirmFunds`".to_owned());
    }
    Ok(())
}

/// Whether everything is there that the bank refuses to be without; `payer_account_known` where
/// the payer's account is, or will be, known from elsewhere.
pub(super) fn check_mandatory(
    bank: &BankProfile,
    initiation: &Initiation,
    payer_account_known: bool,
) -> Result<(), GatewayError> {
    let debtor = initiation.debtor.as_ref();
    let (creditor, debtor_account) =
        (&initiation.creditor, debtor.and_then(|debtor| debtor.account.as_ref()));
    for field in &bank.mandatory_fields {
        let (there, field) = match field {
            MandatoryField::DebtorAccount => {
                (debtor_account.is_some() || payer_account_known, NeededField::DebtorAccount)
            }
            MandatoryField::DebtorBic => (
                debtor_account.is_some_and(|account| account.bic().is_some()),
                NeededField::DebtorBic,
            ),
            MandatoryField::DebtorName => {
                (debtor.is_some_and(|debtor| debtor.name.is_some()), NeededField::DebtorName)
            }
            MandatoryField::CreditorAddress => {
                (creditor.address.is_some(), NeededField::CreditorAddress)
            }
            MandatoryField::CreditorBic => (
                creditor.account.as_ref().is_some_and(|account| account.bic().is_some()),
                NeededField::CreditorBic,
            ),
        };
        if !there {
            return Err(GatewayError::FieldNeeded { bank_id: bank.id.clone(), field });
        }
    }
    Ok(())
}
