//! Berlin Group NextGenPSD2 XS2A 1.3.12: single, future-dated and periodic payments.
//!
//! A payment is a resource that the bank executes once the payer has approved it; the links of its
//! answers say how: `approve` reads them. `context` is what is remembered between two steps and the
//! questions of embedded banks, `oauth` the bank's authorisation server, `wire` the JSON, `exchange`
//! headers, signature and errors, `status` the tables.
//!
//! Requests go to URLs made from the profile and ids. Links of answers only say what is possible;
//! the ones that a browser or we follow must be on a host of the profile.

mod account;
mod app_start;
mod approve;
mod cancel;
mod context;
mod exchange;
mod oauth;
mod orders;
mod reach;
mod register;
mod release;
mod remittance;
pub(crate) mod status;
mod told;
mod visit;
mod wire;

use domain::authorisation::{ANSWERS_NOT_RECEIVED, Approach, Attempt, BankRefusal, RefusalKind};
use domain::bank::OrderProgress;
use domain::seams::BoxFuture;

use self::approve::{PaymentAtBank, Stands};
use self::cancel::cancelled;
use self::context::{
    Context, METHOD, OTP, PASSWORD, PSU_CORPORATE_ID, PSU_ID, PayerStep, identification,
};
use self::exchange::{Ask, request_id_of, send};
use self::oauth::ServerAt;
use self::status::Sca;
use self::told::{PsuData, Reached, Told, Update};
use self::visit::visit_headers;
use self::wire::{Resource, payment};
use crate::approvals::{Approvable, Approval, Approvals, Credentials, Pending};
use crate::cache::Cache;
use crate::call::Call;
use crate::error::{AuthorisationError, BankError, words};
use crate::exchange::{body_of, header, segment};
use crate::misfit::{Misfit, unsupported};
use crate::payments::PaymentOrder;
use crate::profile::{BankProfile, NextGenPsd2 as Settings, PsuIdRule, ReasonPlace, Standard};
use crate::psu_return::Returned;
use crate::token::{AccessToken, RefreshToken};

/// The standard, with tokens of our own at banks that want them.
#[derive(Default)]
pub(crate) struct NextGenPsd2 {
    client_tokens: Cache<String>,
}

impl NextGenPsd2 {
    /// Creates the payment at the bank and sees what the payer has to do.
    async fn create(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        attempt: &Attempt,
        mut context: Context,
    ) -> Result<Approval, BankError> {
        let resource = Resource::of(call.bank, order)?;
        let body = body_of(&payment(call.bank, order)?)?;
        let method = http::Method::POST;
        let mut ask =
            Ask::with_body("create-payment", method, resource.path(), body, context.bearer());
        ask.request_id = Some(request_id_of(&attempt.idempotency_key));
        let own = settings(call.bank)?;
        let mut shown = context.clone();
        shown.psu_id = shown.psu_id.filter(|_| own.psu_id != PsuIdRule::Forbidden);
        ask.headers = visit_headers(call, &shown, attempt)?;
        if !call.psu.is_present() {
            // Section 4.8: without the payer's address the creation carries the TPP's own.
            ask.headers.push(header("psu-ip-address", call.own_address.to_string()));
        }
        let preferences = [
            ("tpp-explicit-authorisation-preferred", own.explicit_authorisation),
            ("tpp-redirect-preferred", own.redirect_preferred),
        ];
        let preferred = preferences.into_iter().filter(|(_, preferred)| *preferred);
        ask.headers.extend(preferred.map(|(name, _)| header(name, "true")));
        let response = send(call, &self.client_tokens, ask).await?;
        let told = Told::read(call, &response)?;
        let fail = |what: &str| Err(BankError::malformed(what, &response.body));
        let Some(id) = told.payment_id().map(str::to_owned) else {
            return fail("`paymentId` is missing");
        };
        if segment(&id).is_err() {
            return fail("`paymentId` is not 1 to 128 bytes long");
        }
        context.resource = Some(resource.clone());
        let client_tokens = &self.client_tokens;
        let id = id.as_str();
        let created =
            PaymentAtBank { call, order, attempt, client_tokens, id, resource, cancels: false };
        match created.next(context.clone(), told).await {
            // The payment exists and its id is known, so it is not created again: the bank is asked
            // until it says what the payer has to do.
            Err(BankError::Unavailable { .. } | BankError::Unknown { .. }) => {
                let approach = Approach::IN_APP;
                let step = PayerStep::Start { metadata_url: None };
                context.continues(Some(id), step, approach)
            }
            answered => answered,
        }
    }

    /// Everything before the payment exists: who the payer is, and a token where the bank wants
    /// one for every call.
    async fn begin(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        attempt: &Attempt,
        known: &Credentials,
    ) -> Result<Approval, BankError> {
        let mut context = Context::default();
        let asked = identification(call.bank, settings(call.bank)?.psu_id);
        if asked.open_question(|field| known.get(field)).is_some() {
            let approach = Approach::Embedded { challenge: asked };
            return context.continues(None, PayerStep::Identify, approach);
        }
        context.psu_id = known.get(PSU_ID).map(str::to_owned);
        context.psu_corporate_id = known.get(PSU_CORPORATE_ID).map(str::to_owned);
        if settings(call.bank)?.oauth.before_payment {
            // Nothing exists at the bank yet.
            let at = ServerAt::Described(None);
            let url = oauth::authorisation_url(call, at, None, attempt).await;
            let url = url.map_err(BankError::without_effect)?;
            return context.continues(None, PayerStep::SignIn, Approach::Redirect { url });
        }
        self.create(call, order, attempt, context).await
    }

    async fn returned(
        &self,
        call: &Call<'_>,
        what: Approvable<'_>,
        pending: Pending<'_>,
        returned: &Returned,
    ) -> Result<Approval, AuthorisationError> {
        let mut context = Context::read(&pending)?;
        let attempt = pending.attempt;
        if context.step == PayerStep::SignIn {
            if returned.get("error").is_some() {
                // Nothing exists at the bank that could be asked about.
                return Ok(Approval::Waiting);
            }
            let token = oauth::exchange_code(call, None, attempt, returned).await?;
            context.token = Some(token);
            return match self.create(call, what.order(), attempt, context).await {
                // The payment was not created, and the token is known to nobody else.
                Err(BankError::Unavailable { text }) => Err(AuthorisationError::GrantLost(text)),
                created => Ok(created?),
            };
        }
        if let (PayerStep::OAuth { metadata_url }, Some(_), None) =
            (&context.step, returned.get("code"), returned.get("error"))
        {
            let metadata_url = metadata_url.clone();
            let token =
                oauth::exchange_code(call, metadata_url.as_deref(), attempt, returned).await?;
            context.token = Some(token);
            // The code is spent, so the token is kept whatever the bank says of the payment.
            return match self.known(call, what, &pending, &context)?.ask(&context).await {
                Ok(Approval::Waiting) | Err(_) => {
                    let approach = Approach::IN_APP;
                    Ok(context.continues(pending.consent_id, PayerStep::Decoupled, approach)?)
                }
                Ok(told) => Ok(told),
            };
        }
        let known = self.known(call, what, &pending, &context)?;
        // The gateway believes only the bank's own answer, never the browser. The code
        // confirms one authorisation once, so it may be sent again after a lost answer.
        let code = returned.get("confirmationCode");
        if let (Some(code), true) = (code, known.is_unconfirmed(&context).await?) {
            let update = Update { confirmation_code: Some(code), ..Update::NOTHING };
            return match known.update(&context, &update).await {
                Ok(told) if told.sca() == Some(Sca::Failed) => {
                    Ok(Approval::Declined { reason: told.words() })
                }
                Ok(_) => Ok(known.ask(&context).await?),
                Err(error) => Err(error.into()),
            };
        }
        let asked = known.ask(&context).await?;
        Ok(with_words_of_return(call.bank, asked, returned)?)
    }

    /// The state of the approval. If an answer of the bank was lost, the bank's status of the
    /// authorisation shows which of the payer's answers it still waits for.
    async fn asked(
        &self,
        call: &Call<'_>,
        what: Approvable<'_>,
        pending: Pending<'_>,
    ) -> Result<Approval, BankError> {
        let mut context = Context::read(&pending)?;
        if pending.consent_id.is_none() {
            return Ok(Approval::Waiting);
        }
        let known = self.known(call, what, &pending, &context)?;
        let stands = known.stands(&context).await?;
        let (reached, app_start) = match stands {
            Stands::At(reached, app_start) => (reached, app_start),
            Stands::Ended(approval) => return Ok(*approval),
        };
        match (&context.step, reached) {
            // The payer's page needs the way into the app as it is now.
            (PayerStep::Decoupled, _) if app_start.is_some() => {
                let (id, message) = (pending.consent_id, context.message.clone());
                let approach = Approach::Decoupled { message, app_start };
                context.continues(id, PayerStep::Decoupled, approach)
            }
            (PayerStep::Start { metadata_url: Some(url) }, _) => {
                let url = url.clone();
                known.signs_in(context, url).await
            }
            (PayerStep::Start { metadata_url: None }, _) => {
                let told = known.update(&context, &Update::NOTHING).await?;
                known.next(context, told).await
            }
            (PayerStep::Identification, _) if reached != Reached::Finalised => {
                context.asks_again(pending.consent_id, ANSWERS_NOT_RECEIVED)
            }
            (PayerStep::Password, Reached::Nothing | Reached::Identified)
            | (PayerStep::Method, Reached::Authenticated)
            | (PayerStep::Otp, Reached::MethodSelected) => {
                context.asks_again(pending.consent_id, ANSWERS_NOT_RECEIVED)
            }
            // The bank went on, and the questions that it asks now were lost: the payer begins
            // with a new authorisation of the same payment.
            (PayerStep::Password, Reached::Authenticated | Reached::MethodSelected)
            | (PayerStep::Method, Reached::MethodSelected) => {
                context.authorisation_id = None;
                context.step = PayerStep::Password;
                context.challenge = None;
                if context.password_starts {
                    return context.asks_again(pending.consent_id, ANSWERS_NOT_RECEIVED);
                }
                let told = known.update(&context, &Update::NOTHING).await?;
                known.next(context, told).await
            }
            (
                PayerStep::Method
                | PayerStep::Otp
                | PayerStep::Identify
                | PayerStep::Identification
                | PayerStep::SignIn
                | PayerStep::Redirect
                | PayerStep::OAuth { .. }
                | PayerStep::Decoupled,
                _,
            )
            | (_, Reached::Finalised) => Ok(Approval::Waiting),
        }
    }

    async fn answered(
        &self,
        call: &Call<'_>,
        what: Approvable<'_>,
        pending: Pending<'_>,
        credentials: &Credentials,
    ) -> Result<Approval, BankError> {
        let mut context = Context::read(&pending)?;
        let given = |field: &str| credentials.get(field).ok_or_else(|| unanswered("answer"));
        let update = match &context.step {
            PayerStep::Identify => {
                return self.begin(call, what.order(), pending.attempt, credentials).await;
            }
            PayerStep::Identification => {
                context.psu_id = Some(given(PSU_ID)?.to_owned());
                Update::NOTHING
            }
            PayerStep::Password => {
                let psu_data = Some(PsuData { password: given(PASSWORD)? });
                Update { psu_data, ..Update::NOTHING }
            }
            PayerStep::Method => {
                let chosen = given(METHOD)?;
                let method = context.methods.iter().find(|(_, name)| name == chosen);
                let (id, _) = method.ok_or_else(|| unanswered("method"))?;
                Update { authentication_method_id: Some(id), ..Update::NOTHING }
            }
            PayerStep::Otp => {
                Update { sca_authentication_data: Some(given(OTP)?), ..Update::NOTHING }
            }
            PayerStep::SignIn
            | PayerStep::Redirect
            | PayerStep::OAuth { .. }
            | PayerStep::Decoupled
            | PayerStep::Start { .. } => {
                return Err(unsupported("the bank asks no question").into());
            }
        };
        let known = self.known(call, what, &pending, &context)?;
        match known.update(&context, &update).await {
            Ok(told) => known.next(context.clone(), told).await,
            Err(BankError::Refused(refusal)) => {
                if !is_wrong_answer(&refusal) {
                    // An authorisation that has ended takes no answer, however it ended.
                    return match known.ask(&context).await {
                        Ok(ended @ (Approval::Declined { .. } | Approval::OrderTaken { .. })) => {
                            Ok(ended)
                        }
                        Ok(_) | Err(_) => Err(BankError::Refused(refusal)),
                    };
                }
                // After the last try the bank ends the authorisation, or the payment.
                match known.ask(&context).await {
                    Ok(Approval::OrderTaken { answer, .. })
                        if answer.status.progress == OrderProgress::Rejected =>
                    {
                        Ok(Approval::Declined { reason: answer.status.reason })
                    }
                    Ok(ended @ (Approval::Declined { .. } | Approval::OrderTaken { .. })) => {
                        Ok(ended)
                    }
                    Ok(_) | Err(_) => context.clone().asks_again(pending.consent_id, &refusal.text),
                }
            }
            Err(error) => Err(error),
        }
    }
}

/// The words of the payer's return are the reason of a rejection that the bank itself reports without
/// one, at banks that give reasons there.
fn with_words_of_return(
    bank: &BankProfile,
    asked: Approval,
    returned: &Returned,
) -> Result<Approval, BankError> {
    if !settings(bank)?.rejection_reasons.contains(&ReasonPlace::Redirect) {
        return Ok(asked);
    }
    let said = || returned.get("error_description").map(words);
    Ok(match asked {
        Approval::Declined { reason: None } => Approval::Declined { reason: said() },
        Approval::OrderTaken { mut answer, token } => {
            let status = &mut answer.status;
            if status.progress == OrderProgress::Rejected && status.reason.is_none() {
                status.reason = said();
            }
            Approval::OrderTaken { answer, token }
        }
        other => other,
    })
}

/// The codes with which a bank refuses a password, a method or a one-time password.
fn is_wrong_answer(refusal: &BankRefusal) -> bool {
    match refusal.code.as_deref() {
        Some("PSU_CREDENTIALS_INVALID" | "SCA_INVALID" | "SCA_METHOD_UNKNOWN") => true,
        Some(_) => false,
        None => refusal.kind == RefusalKind::NotAuthenticated,
    }
}

impl NextGenPsd2 {
    /// The payment that exists at the bank.
    fn known<'a>(
        &'a self,
        call: &'a Call<'a>,
        what: Approvable<'a>,
        pending: &Pending<'a>,
        context: &Context,
    ) -> Result<PaymentAtBank<'a>, BankError> {
        let lost = || BankError::malformed("our own context names no payment", b"");
        let id = pending.consent_id.ok_or_else(lost)?;
        let resource = context.resource.clone().ok_or_else(lost)?;
        let (order, cancels) = (what.order(), what.is_cancellation());
        let (attempt, client_tokens) = (pending.attempt, &self.client_tokens);
        Ok(PaymentAtBank { call, order, attempt, client_tokens, id, resource, cancels })
    }
}

/// The payer was asked for something that did not come.
fn unanswered(what: &str) -> BankError {
    BankError::before_sending("field-missing", format!("the payer's {what} is missing"))
}

/// The bank's settings within this standard.
fn settings(bank: &BankProfile) -> Result<&Settings, Misfit> {
    match &bank.standard {
        Standard::NextGenPsd2(settings) => Ok(settings),
        Standard::UkOpenBanking(_) | Standard::Stet(_) | Standard::PolishApi(_) => {
            Err(unsupported("NextGenPSD2 does not have this bank"))
        }
    }
}

impl Approvals for NextGenPsd2 {
    fn open<'a>(
        &'a self,
        call: &'a Call<'a>,
        what: Approvable<'a>,
        attempt: &'a Attempt,
        known: &'a Credentials,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        Box::pin(async move {
            match what {
                Approvable::Payment(order) => self.begin(call, order, attempt, known).await,
                Approvable::Cancellation { order, held } => {
                    cancelled(call, &self.client_tokens, order, held, attempt).await
                }
            }
        })
    }

    fn uses_up_return(&self, _: &Call<'_>, pending: Pending<'_>, returned: &Returned) -> bool {
        let has_code = returned.get("code").is_some() && returned.get("error").is_none();
        has_code
            && Context::read(&pending).is_ok_and(|context| {
                matches!(context.step, PayerStep::SignIn | PayerStep::OAuth { .. })
            })
    }

    fn complete<'a>(
        &'a self,
        call: &'a Call<'a>,
        what: Approvable<'a>,
        pending: Pending<'a>,
        returned: &'a Returned,
    ) -> BoxFuture<'a, Result<Approval, AuthorisationError>> {
        Box::pin(self.returned(call, what, pending, returned))
    }

    fn send_credentials<'a>(
        &'a self,
        call: &'a Call<'a>,
        what: Approvable<'a>,
        pending: Pending<'a>,
        credentials: &'a Credentials,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        Box::pin(self.answered(call, what, pending, credentials))
    }

    fn ask<'a>(
        &'a self,
        call: &'a Call<'a>,
        what: Approvable<'a>,
        pending: Pending<'a>,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        Box::pin(self.asked(call, what, pending))
    }

    fn refresh<'a>(
        &'a self,
        call: &'a Call<'a>,
        refresh: &'a RefreshToken,
    ) -> BoxFuture<'a, Result<AccessToken, BankError>> {
        Box::pin(oauth::refresh(call, refresh))
    }
}
