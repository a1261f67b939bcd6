//! STET PSD2 1.4 and 1.5: single, future-dated and standing-order payment requests, redirect and
//! decoupled.
//!
//! A payment request waits for the payer's approval on the bank's pages or in its app; then the
//! confirmation sets it going, except at banks that execute at the approval. `wire` is the JSON of
//! both versions, `exchange` token, signature and errors, `status` the table.

mod cancel;
mod exchange;
mod register;
pub(crate) mod status;
mod wire;

use domain::account::AccountIdentifier;
use domain::authorisation::{Approach, Attempt};
use domain::bank::{ConsentProgress, OrderStatus, RefundAccount};
use domain::initiation::Schedule;
use domain::seams::BoxFuture;
use serde::Deserialize;
use url::Url;

use self::exchange::Ask;
use self::status::{PaymentInformationStatus, order_status};
use self::wire::{ConfirmationOut, Created, RequestIn, Shown, Surroundings, payment_request};
use crate::approvals::{Approvable, Approval, Approvals, Credentials, Pending};
use crate::cache::{Cache, after};
use crate::call::Call;
use crate::error::{AuthorisationError, BankError};
use crate::exchange::{body_of, eidas, read, segment};
use crate::misfit::{Misfit, unsupported};
use crate::payments::{LostOrder, OrderAnswer, PaymentOrder, Payments};
use crate::profile::{BankProfile, Standard, Stet as Settings};
use crate::psu_return::Returned;
use crate::reachable::{Reachable, Trial};
use crate::token::{AccessToken, Confirmation, Proof, RefreshToken};

/// How long an approval can be confirmed, in seconds; after that the bank refuses the payment.
const APPROVAL_LIFETIME_S: i64 = 24 * 3600;

/// The standard, with our tokens per bank.
#[derive(Default)]
pub(crate) struct Stet {
    tokens: Cache<String>,
}

impl Stet {
    async fn create(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        attempt: &Attempt,
    ) -> Result<Approval, BankError> {
        let identity = eidas(call)?;
        let reports = report_urls(call, attempt)?;
        let around = Surroundings {
            organisation_name: &identity.organisation_name,
            organisation_identifier: &identity.organisation_identifier,
            successful_report_url: &reports.successful,
            unsuccessful_report_url: &reports.unsuccessful,
            request_id: request_id(order, attempt.opening),
            now: call.clock.now(),
        };
        let body = payment_request(call.bank, settings(call.bank)?, order, &around)?;
        let ask = Ask {
            operation: "create-payment-request",
            method: http::Method::POST,
            path: "/payment-requests".to_owned(),
            body: Some(body_of(&body)?),
        };
        let response = self.send(call, &ask).await?;
        let fail = |what: &str| Err(BankError::malformed(what, &response.body));
        let location = response.header("location").unwrap_or_default();
        let id = location.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let id = id.split(['?', '#']).next().unwrap_or_default();
        if segment(id).is_err() {
            return fail("`Location` names no payment request");
        }
        let created: Created = read(&response.body)?;
        created.approval(call, id, created.nonce.clone(), &response.body)
    }

    async fn shown(&self, call: &Call<'_>, id: &str) -> Result<Shown, BankError> {
        let path = format!("/payment-requests/{}", segment(id)?);
        let operation = "get-payment-request";
        let ask = Ask { operation, method: http::Method::GET, path, body: None };
        read(&self.send(call, &ask).await?.body)
    }

    /// The state of the approval, from the bank's own answer.
    async fn approval(
        &self,
        call: &Call<'_>,
        what: Approvable<'_>,
        pending: &Pending<'_>,
        factor: Option<&str>,
    ) -> Result<Approval, BankError> {
        let Some(id) = pending.consent_id else { return Ok(Approval::Waiting) };
        let order = match what {
            Approvable::Payment(order) => order,
            Approvable::Cancellation { order, .. } => {
                return self.cancellation(call, order, id, factor).await;
            }
        };
        let request = self.shown(call, id).await?.payment_request;
        let answer = answer(call, order, id, &request)?;
        let word = answer.status.raw.as_str();
        match (PaymentInformationStatus::of(word), call.bank.executes_at_approval) {
            (
                Some(
                    PaymentInformationStatus::Received
                    | PaymentInformationStatus::Pending
                    | PaymentInformationStatus::PartiallyAuthorised,
                ),
                _,
            ) => Ok(Approval::Waiting),
            (
                Some(PaymentInformationStatus::Rejected | PaymentInformationStatus::Cancelled),
                false,
            ) => Ok(Approval::Declined { reason: answer.status.reason }),
            (Some(_), false)
                if factor.is_none() && settings(call.bank)?.confirmation_needs_factor =>
            {
                Ok(Approval::Waiting)
            }
            (Some(_), false) => Ok(granted(call, id, factor, pending.context)),
            (Some(_) | None, true) => Ok(Approval::OrderTaken { answer, token: None }),
            (None, false) => {
                let what = format!("`paymentInformationStatus` is `{word}`");
                Err(BankError::malformed(what, b""))
            }
        }
    }

    async fn confirm(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        id: &str,
        proof: &Proof,
    ) -> Result<OrderAnswer, BankError> {
        let kept = match proof {
            Proof::Confirmation(kept) => kept.clone(),
            Proof::Token(token) => of_earlier_release(token)?,
        };
        let body = ConfirmationOut {
            psu_authentication_factor: kept.psu_authentication_factor.as_deref(),
            nonce: kept.nonce.as_deref(),
        };
        let response =
            self.send(call, &confirmation("confirm-payment-request", id, &body)?).await?;
        let confirmed = || {
            let request = read::<Shown>(&response.body)?.payment_request;
            answer(call, order, id, &request)
        };
        confirmed().map_err(BankError::after_order_was_sent)
    }
}

/// Where the bank sends the payer's browser back to.
struct ReportUrls {
    successful: String,
    unsuccessful: String,
}

fn report_urls(call: &Call<'_>, attempt: &Attempt) -> Result<ReportUrls, BankError> {
    let mut back = Url::parse(call.return_url)
        .map_err(|error| BankError::Unavailable { text: format!("our redirect URI: {error}") })?;
    back.query_pairs_mut().append_pair("state", &attempt.oauth_state);
    let successful = back.to_string();
    back.query_pairs_mut().append_pair("error", "access_denied");
    Ok(ReportUrls { successful, unsuccessful: back.into() })
}

impl Created {
    /// How the payer approves what was created or is to be changed.
    fn approval(
        &self,
        call: &Call<'_>,
        id: &str,
        context: Option<String>,
        body: &[u8],
    ) -> Result<Approval, BankError> {
        let consent_id = Some(id.to_owned());
        let fail = |what: &str| Err(BankError::malformed(what, body));
        let approach = match self.applied_authentication_approach.as_deref() {
            Some("REDIRECT") | None => {
                let Some(link) = self.links.get("consentApproval") else {
                    return fail("`_links.consentApproval` is missing");
                };
                if !call.bank.allows_url(&link.href) {
                    return fail("`consentApproval` is not on a host of the profile");
                }
                Approach::Redirect { url: link.href.clone() }
            }
            Some("DECOUPLED") => Approach::IN_APP,
            Some(_) => return fail("`appliedAuthenticationApproach` is one that was not offered"),
        };
        Ok(Approval::Continue { consent_id, context, approach })
    }
}

/// The payer has approved; what the confirmation needs is kept until the order is wanted.
fn granted(call: &Call<'_>, id: &str, factor: Option<&str>, nonce: Option<&str>) -> Approval {
    let proof = Proof::Confirmation(Confirmation {
        psu_authentication_factor: factor.map(str::to_owned),
        nonce: nonce.map(str::to_owned),
        expires_at: after(call.clock.now(), APPROVAL_LIFETIME_S),
    });
    Approval::Granted { consent_id: id.to_owned(), proof }
}

/// Releases up to 0.4 kept the confirmation as JSON in the place of an access token, for a day at most.
fn of_earlier_release(token: &AccessToken) -> Result<Confirmation, BankError> {
    #[derive(Deserialize)]
    struct Kept {
        factor: Option<String>,
        nonce: Option<String>,
    }
    let unreadable = |_| BankError::Unavailable { text: "our own confirmation".to_owned() };
    let kept: Kept = serde_json::from_str(&token.access_token).map_err(unreadable)?;
    Ok(Confirmation {
        psu_authentication_factor: kept.factor,
        nonce: kept.nonce,
        expires_at: token.expires_at,
    })
}

/// The confirmation of a payment request, or of its cancellation.
fn confirmation(
    operation: &'static str,
    id: &str,
    body: &ConfirmationOut<'_>,
) -> Result<Ask, BankError> {
    Ok(Ask {
        operation,
        method: http::Method::POST,
        path: format!("/payment-requests/{}/confirmation", segment(id)?),
        body: Some(body_of(body)?),
    })
}

/// `paymentInformationId`: the bank refuses one that it knows, so each opening has its own.
fn request_id(order: &PaymentOrder, opening: u32) -> String {
    match opening {
        0 | 1 => order.end_to_end_id.clone(),
        later => format!("{}-{later}", order.end_to_end_id),
    }
}

/// Whether [`request_id`] wrote it for that order.
fn is_request_of(order: &PaymentOrder, id: &str) -> bool {
    let rest = id.strip_prefix(order.end_to_end_id.as_str());
    rest.is_some_and(|rest| {
        rest.is_empty()
            || rest.strip_prefix('-').is_some_and(|opening| opening.parse::<u32>().is_ok())
    })
}

/// Reads a payment request that must be ours.
fn answer(
    call: &Call<'_>,
    order: &PaymentOrder,
    id: &str,
    request: &RequestIn,
) -> Result<OrderAnswer, BankError> {
    let fail = |what: &str| Err(BankError::malformed(what, b""));
    if !is_request_of(order, &request.payment_information_id) {
        return fail("`paymentInformationId` is another's");
    }
    let transaction = request.credit_transfer_transaction.first();
    let amount = transaction.and_then(|transaction| transaction.instructed_amount.as_ref());
    if amount.is_some_and(|amount| !amount.is(order.content.amount)) {
        return fail("`instructedAmount` is not what was sent");
    }
    let of_transaction =
        transaction.and_then(|transaction| transaction.transaction_status.as_deref());
    let Some(word) = request.payment_information_status.as_deref().or(of_transaction) else {
        return fail("`paymentInformationStatus` is missing");
    };
    let reason = request.status_reason_information.as_deref().or_else(|| {
        transaction.and_then(|transaction| transaction.status_reason_information.as_deref())
    });
    let no_funds = request.funds_availability == Some(false);
    let own = settings(call.bank)?;
    let last = match order.content.schedule {
        Schedule::StandingOrder { .. } => own.final_status_of_standing_orders,
        Schedule::Immediate | Schedule::FutureDated { .. } => own.final_status,
    };
    let iban = request.debtor_account.as_ref().and_then(|account| account.iban.clone());
    let wanted = iban.filter(|_| order.content.return_refund_account);
    let refund_account = wanted.and_then(|iban| {
        let account = AccountIdentifier::Iban { iban, bic: None }.checked().ok()?;
        Some(RefundAccount { account, name: None })
    });
    Ok(OrderAnswer {
        bank_payment_id: id.to_owned(),
        status: order_status(call.bank, last, word, reason, no_funds),
        refund_account,
    })
}

/// The bank's settings within this standard.
fn settings(bank: &BankProfile) -> Result<&Settings, Misfit> {
    match &bank.standard {
        Standard::Stet(settings) => Ok(settings),
        Standard::UkOpenBanking(_) | Standard::NextGenPsd2(_) | Standard::PolishApi(_) => {
            Err(unsupported("STET does not have this bank"))
        }
    }
}

impl Approvals for Stet {
    fn open<'a>(
        &'a self,
        call: &'a Call<'a>,
        what: Approvable<'a>,
        attempt: &'a Attempt,
        _known: &'a Credentials,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        Box::pin(async move {
            match what {
                Approvable::Payment(order) => self.create(call, order, attempt).await,
                Approvable::Cancellation { held, .. } => {
                    self.cancel(call, held.bank_payment_id, attempt).await
                }
            }
        })
    }

    /// No parameter of the return is sent before the bank reports that the payer has approved.
    fn uses_up_return(&self, _: &Call<'_>, _: Pending<'_>, _: &Returned) -> bool {
        false
    }

    /// The bank's own word on the request counts, not that a browser came back.
    fn complete<'a>(
        &'a self,
        call: &'a Call<'a>,
        what: Approvable<'a>,
        pending: Pending<'a>,
        returned: &'a Returned,
    ) -> BoxFuture<'a, Result<Approval, AuthorisationError>> {
        Box::pin(async move {
            let factor = returned.get("psuAuthenticationFactor");
            Ok(self.approval(call, what, &pending, factor).await?)
        })
    }

    /// The one-factor embedded approach is not offered to banks.
    fn send_credentials<'a>(
        &'a self,
        _call: &'a Call<'a>,
        _what: Approvable<'a>,
        _pending: Pending<'a>,
        _credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        Box::pin(async { Err(unsupported("STET has no embedded approval here").into()) })
    }

    fn ask<'a>(
        &'a self,
        call: &'a Call<'a>,
        what: Approvable<'a>,
        pending: Pending<'a>,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        Box::pin(async move { self.approval(call, what, &pending, None).await })
    }

    /// Our own token does for a payment.
    fn refresh<'a>(
        &'a self,
        _call: &'a Call<'a>,
        _refresh: &'a RefreshToken,
    ) -> BoxFuture<'a, Result<AccessToken, BankError>> {
        Box::pin(async { Err(unsupported("STET has no token of the payer for payments").into()) })
    }
}

impl Reachable for Stet {
    fn try_out<'a>(&'a self, call: &'a Call<'a>) -> BoxFuture<'a, Vec<Trial>> {
        Box::pin(async move {
            let url = settings(call.bank).map_or("", |own| own.token_url.as_str());
            let asked = format!("access token (client_credentials) at {url}");
            let token = self.client_token(call).await;
            vec![Trial::of(asked, token, |_| "the bank knows us".to_owned())]
        })
    }
}

impl Payments for Stet {
    fn fits(&self, bank: &BankProfile, order: &PaymentOrder) -> Result<(), Misfit> {
        // Who asks, and when, changes nothing in what is asked for.
        let around = Surroundings {
            organisation_name: "",
            organisation_identifier: "",
            successful_report_url: "",
            unsuccessful_report_url: "",
            request_id: order.end_to_end_id.clone(),
            now: jiff::Timestamp::UNIX_EPOCH,
        };
        payment_request(bank, settings(bank)?, order, &around).map(|_| ())
    }

    /// The standard reports on funds only after the confirmation.
    fn confirm_funds<'a>(
        &'a self,
        _call: &'a Call<'a>,
        _order: &'a PaymentOrder,
        _consent_id: &'a str,
        _proof: &'a Proof,
    ) -> BoxFuture<'a, Result<bool, BankError>> {
        Box::pin(async { Err(unsupported("STET confirms no funds before a payment").into()) })
    }

    fn submit<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        consent_id: &'a str,
        proof: &'a Proof,
        _idempotency_key: &'a str,
    ) -> BoxFuture<'a, Result<OrderAnswer, BankError>> {
        Box::pin(self.confirm(call, order, consent_id, proof))
    }

    fn ask_status<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        bank_payment_id: &'a str,
        _token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Result<OrderStatus, BankError>> {
        Box::pin(async move {
            let request = self.shown(call, bank_payment_id).await?.payment_request;
            Ok(answer(call, order, bank_payment_id, &request)?.status)
        })
    }

    /// The payment request shows whether it was confirmed.
    fn ask_lost_order<'a>(
        &'a self,
        call: &'a Call<'a>,
        order: &'a PaymentOrder,
        consent_id: &'a str,
        _token: Option<&'a AccessToken>,
    ) -> BoxFuture<'a, Result<LostOrder, BankError>> {
        Box::pin(async move {
            let request = self.shown(call, consent_id).await?.payment_request;
            let answer = answer(call, order, consent_id, &request)?;
            match PaymentInformationStatus::of(&answer.status.raw) {
                Some(payment) if payment.is_under_way() => Ok(LostOrder::Found(answer)),
                Some(_) => Ok(LostOrder::Consent(ConsentProgress::Authorised)),
                None => {
                    let what = format!("`paymentInformationStatus` is `{}`", answer.status.raw);
                    Err(BankError::malformed(what, b""))
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_of_an_earlier_release_is_read() {
        let token = |access_token: &str| AccessToken {
            access_token: access_token.to_owned(),
            expires_at: jiff::Timestamp::MAX,
            refresh: None,
        };
        let kept = of_earlier_release(&token(r#"{"factor":"f","nonce":null}"#)).unwrap();
        assert_eq!(kept.psu_authentication_factor.as_deref(), Some("f"));
        assert_eq!(kept.nonce, None);
        assert!(matches!(of_earlier_release(&token("t")), Err(BankError::Unavailable { .. })));
    }
}
