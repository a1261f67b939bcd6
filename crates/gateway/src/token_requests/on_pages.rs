//! A payer opens a token request on the hosted pages.
//!
//! It is not a payment before the payer has chosen a bank: until then it can be looked at, left and
//! opened again, and the member may still send the payee.

use std::sync::Arc;

use banks::approvals::Credentials;
use banks::call::PsuContext;
use banks::profile::BankProfile;
use domain::Refusal;
use domain::account::AccountIdentifier;
use domain::ids::{PaymentId, TokenRequestId};
use domain::initiation::{Flow, Initiation};
use domain::payment::{Creation, Payment, Terms};
use domain::token_request::{Destinations, TokenRequest};
use jiff::Timestamp;
use store::{idempotency, token_requests, unit};

use crate::idempotency::IdempotencyKey;
use crate::payments::{self, NewPayment, bank_with_id, check_choice, could_take_kind};
use crate::{App, GatewayError, Member};

/// A change of a token request: the changed one, or nothing where it was made before.
type Change<'a> =
    dyn Fn(TokenRequest, Timestamp) -> Result<Option<TokenRequest>, Refusal> + Send + Sync + 'a;

/// The payer's decision on our pages.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The bank.
    pub bank_id: String,
    /// The payer's account, where the payer gave it.
    pub payer_account: Option<AccountIdentifier>,
    /// Whether the payer has accepted the payment at that bank by a word of its own, so that the
    /// bank can no longer be changed.
    pub accepted: bool,
    /// The payer's browser.
    pub psu: PsuContext,
}

/// The token request whose link a payer holds; the first visit is noted. The id is the secret: 80
/// random bits.
///
/// # Errors
/// [`GatewayError::TokenRequestNotFound`]; [`GatewayError::Store`].
pub async fn arrive(app: &Arc<App>, id: &TokenRequestId) -> Result<TokenRequest, GatewayError> {
    let request = by_link(app, id).await?;
    // Nearly every visit finds nothing to note, and writes nothing.
    if !matches!(request.clone().visited(app.now()), Ok(Some(_))) {
        return Ok(request);
    }
    match change(app, id, Arc::new(TokenRequest::visited)).await {
        Err(GatewayError::Refused(_)) => by_link(app, id).await,
        changed => changed,
    }
}

/// The payer says no.
///
/// # Errors
/// [`GatewayError::Refused`] if it is a payment already, or has expired;
/// [`GatewayError::TokenRequestNotFound`]; [`GatewayError::Store`].
pub async fn decline(app: &Arc<App>, id: &TokenRequestId) -> Result<TokenRequest, GatewayError> {
    change(app, id, Arc::new(TokenRequest::decline)).await
}

/// Whether the bank, if it is up, could take the token request.
#[must_use]
pub fn could_take(app: &App, bank: &BankProfile, request: &TokenRequest) -> bool {
    if request.destinations_url.is_some() {
        return could_take_kind(bank, &request.initiation);
    }
    let all = request.payments().into_iter();
    all.filter_map(|initiation| sketch(request, initiation, app).ok())
        .any(|payment| payments::could_take(app, bank, &payment))
}

/// The payment that the token request would be at a bank, on our pages: to the first payee to whom
/// the bank pays. Nothing is recorded.
///
/// # Errors
/// [`GatewayError::Refused`] if nobody knows whom to pay; where the bank pays to none, why it
/// does not pay to the first: those of [`payments::create`].
pub fn payment_at(
    app: &App,
    request: &TokenRequest,
    bank: &BankProfile,
) -> Result<Payment, GatewayError> {
    let mut first = None;
    // As many as a request may have destinations.
    for initiation in request.payments() {
        let payment = sketch(request, initiation, app)?;
        match payments::check_fit_now(app, bank, &payment) {
            Ok(execution) => return Ok(Payment { execution: Some(execution), ..payment }),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or(GatewayError::Refused(Refusal::TokenRequestWithoutPayee)))
}

/// Makes the token request a payment at the chosen bank and opens it there. A second click, or
/// another tab, finds the payment of the first.
///
/// # Errors
/// Those of [`payments::choose_bank`]: nothing was recorded; [`GatewayError::Refused`] if the
/// token request has expired, was declined, or nobody knows whom to pay;
/// [`GatewayError::TokenRequestNotFound`]; [`GatewayError::Store`].
pub async fn pay(
    app: &Arc<App>,
    id: &TokenRequestId,
    choice: Choice,
) -> Result<Payment, GatewayError> {
    let request = by_link(app, id).await?;
    if let Some(payment_id) = &request.payment_id {
        return payments::open_by_link(app, payment_id).await;
    }
    let Choice { bank_id, payer_account, accepted, psu } = choice;
    let bank = bank_with_id(app, request.initiation.visit.bank_id.as_deref().unwrap_or(&bank_id))?;
    if request.destinations_for(&bank.id, app.now()) != Destinations::Known {
        return Err(GatewayError::Refused(Refusal::TokenRequestWithoutPayee));
    }
    let Payment { mut initiation, .. } = payment_at(app, &request, &bank)?;
    let sketched = sketch(&request, initiation.clone(), app)?;
    check_choice(app, &bank, &sketched, payer_account.as_ref())?;
    initiation.visit.flow = Flow::FullHostedPages;
    initiation.visit.pisp_consent_accepted = accepted;
    if accepted {
        initiation.visit.bank_id = Some(bank.id.clone());
    }
    let new = NewPayment {
        initiation,
        psu: psu.clone(),
        credentials: Credentials::default(),
        request_timeout_ms: None,
        idempotency: None,
        token_request_id: Some(request.id.clone()),
        receipt_to: request.receipt_to.clone(),
    };
    // The link is the payer's right to continue with what the member has asked for.
    let member = Member::authenticated(request.member_id.clone());
    match payments::create(app, &member, new).await {
        Ok(payment) => payments::choose_bank(app, &payment.id, &bank.id, payer_account, psu).await,
        Err(GatewayError::Refused(Refusal::TokenRequestUsed)) => {
            let request = by_link(app, id).await?;
            let payment_id = request.payment_id.ok_or(GatewayError::TokenRequestNotFound)?;
            payments::open_by_link(app, &payment_id).await
        }
        Err(error) => Err(error),
    }
}

/// The token request of that id, whoever's it is: for callers who prove nothing but that they know the
/// id. The id is the secret: 80 random bits.
///
/// # Errors
/// [`GatewayError::TokenRequestNotFound`]; [`GatewayError::Store`].
pub async fn by_link(app: &App, id: &TokenRequestId) -> Result<TokenRequest, GatewayError> {
    let wanted = id.clone();
    app.db()
        .read(move |tx| unit(async move { token_requests::get_any(tx, &wanted).await }))
        .await?
        .ok_or(GatewayError::TokenRequestNotFound)
}

/// Changes a token request in one commit, and returns it as it then is.
pub(super) async fn change(
    app: &Arc<App>,
    id: &TokenRequestId,
    how: Arc<Change<'static>>,
) -> Result<TokenRequest, GatewayError> {
    change_once(app, id, how, None).await
}

/// The same by a request that may be repeated with its key.
pub(super) async fn change_once(
    app: &Arc<App>,
    id: &TokenRequestId,
    how: Arc<Change<'static>>,
    key: Option<IdempotencyKey>,
) -> Result<TokenRequest, GatewayError> {
    let (id, now) = (id.clone(), app.now());
    let key = key.map(|key| key.row(app, 0));
    app.db()
        .transact((id, how, key), move |(id, how, key), tx| {
            unit(async move {
                let Some(request) = token_requests::get_any(tx, id).await? else {
                    return Ok(Err(GatewayError::TokenRequestNotFound));
                };
                let changed = match how(request.clone(), now) {
                    Ok(changed) => changed,
                    Err(refusal) => return Ok(Err(GatewayError::Refused(refusal))),
                };
                if let Some(key) = key
                    && !idempotency::insert(tx, key, None).await?
                {
                    return Ok(Err(GatewayError::KeyTaken));
                }
                if let Some(changed) = &changed {
                    token_requests::update(tx, changed).await?;
                }
                Ok(Ok(changed.unwrap_or(request)))
            })
        })
        .await?
}

/// The payment as it would begin; it has an id that nobody will see.
fn sketch(
    request: &TokenRequest,
    mut initiation: Initiation,
    app: &App,
) -> Result<Payment, GatewayError> {
    let id = PaymentId::new(app.now(), app.ids());
    // Pages need no bank from the start.
    let flow = std::mem::replace(&mut initiation.visit.flow, Flow::FullHostedPages);
    let creation = Creation {
        initiation,
        execution: None,
        attempt: app.new_attempt(&id, None)?,
        end_to_end_id: app.new_end_to_end_id(),
        credentials: None,
        terms: Terms::default(),
        token_request_id: Some(request.id.clone()),
        receipt_to: None,
    };
    let step = Payment::create(id, request.member_id.clone(), creation, app.now())?;
    let mut payment = step.state;
    payment.initiation.visit.flow = flow;
    Ok(payment)
}
