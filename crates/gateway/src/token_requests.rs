//! Token requests: payments v1 up to the moment when they are payments.

mod destinations;
mod on_pages;

use std::sync::Arc;

use banks::approvals::Credentials;
use banks::call::PsuContext;
use banks::profile::ScaMethod;
use domain::authorisation::Authorisation;
use domain::field::Field;
use domain::ids::TokenRequestId;
use domain::initiation::{Flow, Initiation};
use domain::mail::MailAddress;
use domain::payment::Payment;
use domain::token_request::{Payee, RequestText, Retry, TokenRequest};
use domain::{Refusal, ids};
use store::{StoreError, idempotency, token_requests, transfer_references, unit};

use crate::idempotency::IdempotencyKey;
use crate::payments::{self, NewPayment, bank_with_id};
use crate::{App, GatewayError, Member, webhooks};

pub use destinations::{ask_destinations, tell_destinations};
pub use on_pages::{Choice, arrive, by_link, could_take, decline, pay, payment_at};

/// A token request as the member sends it.
#[derive(Debug, Clone)]
pub struct NewTokenRequest {
    /// As it was asked for, to be shown again.
    pub asked: RequestText,
    /// The payment, to the first payee.
    pub initiation: Initiation,
    /// Every payee, in the member's order; empty if the member sends them after the choice of the bank.
    pub payees: Vec<Payee>,
    /// Where the member is asked for them.
    pub destinations_url: Option<String>,
    /// Where a receipt goes once the payment is completed.
    pub receipt_to: Option<MailAddress>,
}

/// Records a token request, if the payment that it asks for could be made now.
///
/// # Errors
/// [`GatewayError::ReferenceTaken`] if the member has a token request or a transfer
/// with the same reference;
/// [`GatewayError::KeyTaken`]; [`GatewayError::Url`] where the member could not be asked for
/// destinations there; those of [`payments::create`]: nothing was recorded.
pub async fn create(
    app: &Arc<App>,
    member: &Member,
    new: NewTokenRequest,
    key: Option<IdempotencyKey>,
) -> Result<TokenRequest, GatewayError> {
    let NewTokenRequest { asked, initiation, payees, destinations_url, receipt_to } = new;
    if let Some(url) = &destinations_url {
        let field = Some(Field::DestinationsUrl);
        webhooks::check_url(url, app.settings().sandbox)
            .map_err(|fault| GatewayError::Url { field, fault })?;
    }
    let now = app.now();
    let id = TokenRequestId::new(now, app.ids());
    let request = TokenRequest {
        payees,
        destinations_url,
        receipt_to,
        ..TokenRequest::create(id, member.id().clone(), asked, initiation, now)
    };
    check_payments(app, member, &request).await?;
    let shared = Arc::new(request);
    let key = key.map(|key| Arc::new(key.row(app, 0)));
    let request = Arc::clone(&shared);
    app.db()
        .transact((request, key), move |(request, key), tx| {
            unit(async move {
                let ref_id = &request.initiation.order.ref_id;
                let known = token_requests::of_reference(tx, &request.member_id, ref_id).await?;
                let own = transfer_references::payment_of(tx, &request.member_id, ref_id).await?;
                if known.is_some() || own.is_some() {
                    return Ok(Err(GatewayError::ReferenceTaken));
                }
                if let Some(key) = key
                    && !idempotency::insert(tx, key, None).await?
                {
                    return Ok(Err(GatewayError::KeyTaken));
                }
                match token_requests::insert(tx, request).await? {
                    true => Ok(Ok(())),
                    // Another one with the reference came at the same moment: seen when run again.
                    false => Err(StoreError::Conflict),
                }
            })
        })
        .await??;
    Ok(Arc::unwrap_or_clone(shared))
}

/// Whether one of the payments that are possible could be made now; the first one's error where
/// none can.
async fn check_payments(
    app: &Arc<App>,
    member: &Member,
    request: &TokenRequest,
) -> Result<(), GatewayError> {
    let mut first = None;
    // As many as a request may have destinations.
    for initiation in request.payments() {
        match payments::check(app, member, initiation).await {
            Ok(()) => return Ok(()),
            Err(error) => first = first.or(Some(error)),
        }
    }
    if let Some(error) = first {
        return Err(error);
    }
    // Nobody knows yet whom to pay: the bank is all that can be looked at.
    let Some(bank_id) = &request.initiation.visit.bank_id else { return Ok(()) };
    let bank = bank_with_id(app, bank_id)?;
    payments::check_features(&bank, &request.initiation.order)
}

/// The member's token request; `id` may also be that of the payment that it became, in any of its
/// roles (reference, section 1.13).
///
/// # Errors
/// [`GatewayError::TokenRequestNotFound`], also for another member's; [`GatewayError::Store`].
pub async fn get(app: &Arc<App>, member: &Member, id: &str) -> Result<TokenRequest, GatewayError> {
    let id = match ids::PaymentId::of_any_role(id) {
        None => id.parse().map_err(|_| GatewayError::TokenRequestNotFound)?,
        Some(payment_id) => match payments::get(app, member, &payment_id).await {
            Ok(payment) => payment.token_request_id.ok_or(GatewayError::TokenRequestNotFound)?,
            Err(GatewayError::PaymentNotFound) => return Err(GatewayError::TokenRequestNotFound),
            Err(error) => return Err(error),
        },
    };
    let member_id = member.id().clone();
    app.db()
        .read(move |tx| unit(async move { token_requests::get(tx, &member_id, &id).await }))
        .await?
        .ok_or(GatewayError::TokenRequestNotFound)
}

/// The payment that the token request became.
///
/// # Errors
/// [`GatewayError::PaymentNotFound`]; [`GatewayError::Store`].
pub async fn payment_of(
    app: &Arc<App>,
    request: &TokenRequest,
) -> Result<Option<Payment>, GatewayError> {
    let Some(id) = &request.payment_id else { return Ok(None) };
    let member = Member::authenticated(request.member_id.clone());
    payments::get(app, &member, id).await.map(Some)
}

/// The member's token request with that reference.
///
/// # Errors
/// [`GatewayError::TokenRequestNotFound`]; [`GatewayError::Store`].
pub async fn of_reference(
    app: &Arc<App>,
    member: &Member,
    ref_id: &str,
) -> Result<TokenRequest, GatewayError> {
    let (member_id, ref_id) = (member.id().clone(), ref_id.to_owned());
    app.db()
        .read(move |tx| {
            unit(async move { token_requests::of_reference(tx, &member_id, &ref_id).await })
        })
        .await?
        .ok_or(GatewayError::TokenRequestNotFound)
}

/// A member's request to authorise a token request.
#[derive(Debug, Clone)]
pub struct Authorising {
    /// Whether the payer has agreed in the member's own pages.
    pub consent_accepted: bool,
    /// Whether the member's pages ask the bank's questions and show its messages.
    pub by_credentials: bool,
    /// Whether our hosted pages do.
    pub on_our_pages: bool,
    /// Answers to the bank's questions.
    pub credentials: Credentials,
    /// The payer's browser, if the member sends it.
    pub psu: PsuContext,
    /// How long the answer may wait for the bank, in milliseconds.
    pub request_timeout_ms: Option<u64>,
    /// Where the member may repeat the request.
    pub idempotency: Option<IdempotencyKey>,
}

/// Turns the token request into a payment and opens it at its bank. If it already is a payment, sends the
/// answers to the bank's questions. If its approval has failed and the member has
/// seen that, opens another payment. Returns the current payment.
///
/// # Errors
/// [`GatewayError::TokenRequestNotFound`]; [`GatewayError::Refused`] if the token request has
/// expired; those of [`payments::create`] and [`payments::answer_questions`].
pub async fn authorise(
    app: &Arc<App>,
    member: &Member,
    id: &str,
    with: Authorising,
) -> Result<Payment, GatewayError> {
    let request = get(app, member, id).await?;
    let known = payment_of(app, &request).await?;
    let retry = known.as_ref().map(|payment| request.retry_of(payment, app.now()));
    let reached = match (known, retry) {
        (Some(made), Some(Retry::No | Retry::OnceSeen)) => go_on(app, member, made, with).await?,
        (Some(_), Some(Retry::TooLate)) => return Err(Refusal::TokenRequestExpired.into()),
        _ => match open(app, member, &request, &with).await {
            // Another authorisation came first.
            Err(GatewayError::Refused(Refusal::TokenRequestUsed)) => {
                found(app, member, &request.id).await?
            }
            opened => opened?,
        },
    };
    if reached.may_be_tried_again() {
        let failed = reached.clone();
        let seen = move |request: TokenRequest, now| Ok(request.see_failure(&failed, now));
        on_pages::change(app, &request.id, Arc::new(seen)).await?;
    }
    Ok(reached)
}

/// Sends the payer's answers, if the bank of the payment waits for them.
async fn go_on(
    app: &Arc<App>,
    member: &Member,
    made: Payment,
    with: Authorising,
) -> Result<Payment, GatewayError> {
    let asks = matches!(made.authorisation(), Some(Authorisation::AwaitingCredentials { .. }));
    if !asks || with.credentials == Credentials::default() {
        return Ok(made);
    }
    let Authorising { credentials, psu, request_timeout_ms, idempotency, .. } = with;
    let (id, timeout_ms) = (&made.id, request_timeout_ms);
    payments::answer_questions(app, member, id, credentials, psu, timeout_ms, idempotency).await
}

async fn open(
    app: &Arc<App>,
    member: &Member,
    request: &TokenRequest,
    with: &Authorising,
) -> Result<Payment, GatewayError> {
    let Some(bank_id) = request.initiation.visit.bank_id.clone() else {
        return Err(GatewayError::Refused(Refusal::BankRequired));
    };
    let bank = bank_with_id(app, &bank_id)?;
    let Payment { mut initiation, .. } = payment_at(app, request, &bank)?;
    if with.on_our_pages {
        initiation.visit.flow = Flow::EmbeddedHostedPages;
    }
    let by_redirect = [ScaMethod::Redirect, ScaMethod::MultiRedirect];
    let methods = &bank.sca_methods;
    let pages = initiation.visit.flow == Flow::EmbeddedHostedPages;
    if !pages && !with.by_credentials && !methods.iter().any(|one| by_redirect.contains(one)) {
        return Err(GatewayError::CredentialFlowNeeded { bank_id });
    }
    initiation.visit.pisp_consent_accepted = with.consent_accepted;
    let new = NewPayment {
        initiation,
        psu: with.psu.clone(),
        credentials: with.credentials.clone(),
        request_timeout_ms: with.request_timeout_ms,
        idempotency: with.idempotency.clone(),
        token_request_id: Some(request.id.clone()),
        receipt_to: request.receipt_to.clone(),
    };
    payments::create(app, member, new).await
}

async fn found(
    app: &Arc<App>,
    member: &Member,
    id: &TokenRequestId,
) -> Result<Payment, GatewayError> {
    let request = get(app, member, id.as_str()).await?;
    match request.payment_id {
        Some(payment_id) => payments::get(app, member, &payment_id).await,
        None => Err(GatewayError::TokenRequestNotFound),
    }
}
