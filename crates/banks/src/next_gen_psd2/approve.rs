//! From an answer of the bank to the payer's next step: the links of the answer drive the flow
//! (NextGenPSD2 1.3.12, sections 5.2 and 7).

use domain::authorisation::{AppStart, Approach, Attempt};
use url::Url;

use super::account::AccountIn;
use super::app_start::app_start;
use super::context::{self, Context, PayerStep};
use super::exchange::{Ask, send};
use super::oauth::ServerAt;
use super::status::{Sca, Transaction, order_status};
use super::told::{Reached, Told, Update};
use super::wire::{PaymentIn, Resource, ScaStatusAnswer, StatusAnswer, status_reason};
use super::{oauth, settings, visit};
use crate::approvals::Approval;
use crate::cache::Cache;
use crate::call::Call;
use crate::error::{BankError, cut, words};
use crate::exchange::{body_of, read, segment};
use crate::payments::{OrderAnswer, PaymentOrder};
use crate::profile::{AcceptedStatus, OAuthLink};
use domain::bank::{OrderProgress, OrderStatus, RefundAccount};

/// Authorisations that one answer may make us start before the payer has a step.
const STARTS_MAX: usize = 2;

/// The state of an approval.
pub(super) enum Stands {
    /// The payer has come so far, and opens the bank's app like this.
    At(Reached, Option<AppStart>),
    /// It has ended like this.
    Ended(Box<Approval>),
}

/// One payment at its bank.
pub(super) struct PaymentAtBank<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) order: &'a PaymentOrder,
    pub(super) attempt: &'a Attempt,
    /// Tokens of our own, at banks that want them.
    pub(super) client_tokens: &'a Cache<String>,
    pub(super) id: &'a str,
    pub(super) resource: Resource,
    /// Whether the payer approves its cancellation.
    pub(super) cancels: bool,
}

impl PaymentAtBank<'_> {
    pub(super) fn path(&self) -> Result<String, BankError> {
        Ok(format!("{}/{}", self.resource.path(), segment(self.id)?))
    }

    pub(super) fn authorisation_path(&self, authorisation_id: &str) -> Result<String, BankError> {
        Ok(format!("{}/{}", self.authorisations_path()?, segment(authorisation_id)?))
    }

    fn authorisations_path(&self) -> Result<String, BankError> {
        let kind = if self.cancels { "cancellation-authorisations" } else { "authorisations" };
        Ok(format!("{}/{kind}", self.path()?))
    }

    /// Starts an authorisation, or updates one.
    pub(super) async fn update(
        &self,
        context: &Context,
        update: &Update<'_>,
    ) -> Result<Told, BankError> {
        let (operation, method, path) = match &context.authorisation_id {
            None => {
                let operation = match self.cancels {
                    true => "start-cancellation-authorisation",
                    false => "start-authorisation",
                };
                (operation, http::Method::POST, self.authorisations_path()?)
            }
            Some(id) => ("update-authorisation", http::Method::PUT, self.authorisation_path(id)?),
        };
        // Starting with nothing to say has no body; an update has one, whose headers may say it all.
        let silent = update.is_empty() && method == http::Method::POST;
        let body = if silent { None } else { Some(body_of(update)?) };
        let headers = self.visit_headers(context)?;
        let ask = Ask { method, body, headers, ..Ask::get(operation, path, context.bearer()) };
        Told::read(self.call, &send(self.call, self.client_tokens, ask).await?)
    }

    pub(super) fn visit_headers(
        &self,
        context: &Context,
    ) -> Result<Vec<(String, String)>, BankError> {
        visit::visit_headers(self.call, context, self.attempt)
    }

    /// The payer's next step.
    pub(super) async fn next(
        &self,
        mut context: Context,
        mut told: Told,
    ) -> Result<Approval, BankError> {
        for _ in 0..=STARTS_MAX {
            if let Some(id) = told.answer.authorisation_id.take().or_else(|| self.linked(&told)) {
                context.authorisation_id = Some(id);
            }
            match told.sca() {
                Some(Sca::Failed) => {
                    return Ok(Approval::Declined { reason: told.words().as_deref().map(cut) });
                }
                Some(Sca::Done) if self.cancels => return self.after_cancellation(context).await,
                Some(Sca::Done) => {
                    let word = told.answer.transaction_status.as_deref();
                    return self.taken(&context, word).await;
                }
                Some(Sca::Open | Sca::Unconfirmed) | None => {}
            }
            if let Some(approval) = self.step_of(&context, &told).await? {
                return Ok(approval);
            }
            let has = |name: &str| told.answer.links.contains_key(name);
            let updates = has("updatePsuIdentification");
            let identifies = updates || has("startAuthorisationWithPsuIdentification");
            if !identifies && !has("startAuthorisation") {
                break;
            }
            if !updates {
                context.authorisation_id = None;
            }
            if identifies && context.psu_id.is_none() {
                let challenge = context::who(self.call.bank, told.words().as_deref());
                let approach = Approach::Embedded { challenge };
                return context.continues(Some(self.id), PayerStep::Identification, approach);
            }
            told = self.update(&context, &Update::NOTHING).await?;
        }
        self.without_step(context, &told).await
    }

    /// The step that a link of the answer asks for.
    async fn step_of(&self, context: &Context, told: &Told) -> Result<Option<Approval>, BankError> {
        let links = &told.answer.links;
        let link = |name: &str| links.get(name).map(|link| link.href.as_str());
        let context = context.clone();
        let id = Some(self.id);
        if let Some(href) = link("scaRedirect") {
            let url = self.followed(href)?;
            return context
                .continues(id, PayerStep::Redirect, Approach::Redirect { url })
                .map(Some);
        }
        if let Some(href) = link("scaOAuth") {
            let url = self.followed(href)?;
            return match settings(self.call.bank)?.oauth.link {
                OAuthLink::Metadata => self.signs_in(context, url).await.map(Some),
                OAuthLink::AuthorizationUrl => {
                    let at = ServerAt::ForBrowser(&url);
                    let url = oauth::authorisation_url(self.call, at, id, self.attempt).await?;
                    let step = PayerStep::OAuth { metadata_url: None };
                    context.continues(id, step, Approach::Redirect { url }).map(Some)
                }
            };
        }
        let embedded = |mut context: Context, step, challenge| {
            if step == PayerStep::Method {
                context.methods = context::methods(&told.answer);
            }
            context.continues(id, step, Approach::Embedded { challenge }).map(Some)
        };
        let asks = |names: [&str; 2]| names.into_iter().any(|name| links.contains_key(name));
        if asks(["authoriseTransaction", "startAuthorisationWithTransactionAuthorisation"]) {
            return embedded(context, PayerStep::Otp, context::otp(&told.answer));
        }
        if asks([
            "selectAuthenticationMethod",
            "startAuthorisationWithAuthenticationMethodSelection",
        ]) && !told.answer.sca_methods.is_empty()
        {
            let methods = context::methods(&told.answer);
            return embedded(context, PayerStep::Method, context::method(&methods, &told.answer));
        }
        if asks(["updatePsuAuthentication", "startAuthorisationWithPsuAuthentication"]) {
            let mut context = context;
            context.password_starts = context.authorisation_id.is_none();
            return embedded(context, PayerStep::Password, context::password(&told.answer));
        }
        if told.decoupled {
            return context.continues(id, PayerStep::Decoupled, told.in_app()).map(Some);
        }
        Ok(None)
    }

    /// The payer approves at the bank's authorisation server. Where it does not describe itself now,
    /// it is asked later: the payment exists and is not created again.
    pub(super) async fn signs_in(
        &self,
        context: Context,
        metadata_url: String,
    ) -> Result<Approval, BankError> {
        let id = Some(self.id);
        let at = ServerAt::Described(Some(&metadata_url));
        let asked = oauth::authorisation_url(self.call, at, id, self.attempt).await;
        match asked {
            Ok(url) => {
                let step = PayerStep::OAuth { metadata_url: Some(metadata_url) };
                context.continues(id, step, Approach::Redirect { url })
            }
            Err(refused @ BankError::Refused(_)) => Err(refused),
            Err(
                BankError::Unavailable { .. }
                | BankError::Unknown { .. }
                | BankError::Malformed { .. },
            ) => {
                let step = PayerStep::Start { metadata_url: Some(metadata_url) };
                context.continues(id, step, Approach::IN_APP)
            }
        }
    }

    /// The bank needs no step of the payer: it has accepted the payment, or reports its state when asked.
    async fn without_step(&self, context: Context, told: &Told) -> Result<Approval, BankError> {
        if self.cancels {
            return self.after_cancellation(context).await;
        }
        let status = told.answer.transaction_status.as_deref();
        match status.map(|word| Transaction::of(self.call.bank, word)) {
            Some(Some(Transaction::Received)) | None if context.authorisation_id.is_some() => {
                context.continues(Some(self.id), PayerStep::Decoupled, told.in_app())
            }
            Some(Some(Transaction::Received | Transaction::PartiallyAuthorised)) | None => {
                Err(BankError::malformed(
                    "the answer has no link that this gateway can follow",
                    format!("{:?}", told.answer.links.keys().collect::<Vec<_>>()).as_bytes(),
                ))
            }
            Some(_) => self.taken(&context, status).await,
        }
    }

    /// A link, absolute or relative to the bank, on a host of the profile.
    fn followed(&self, href: &str) -> Result<String, BankError> {
        let base = Url::parse(&self.call.bank.api_base_url);
        let url = base.and_then(|base| base.join(href)).map(String::from);
        url.ok()
            .filter(|url| self.call.bank.allows_url(url))
            .ok_or_else(|| BankError::malformed("a link is not on a host of the profile", b""))
    }

    /// The authorisation's id, if only its link contains it.
    fn linked(&self, told: &Told) -> Option<String> {
        let href = &told.answer.links.get("scaStatus")?.href;
        let (_, id) = href.trim_end_matches('/').rsplit_once("authorisations/")?;
        segment(id).ok().map(|_| id.to_owned())
    }

    /// The state of the approval, from the bank's own answer.
    pub(super) async fn ask(&self, context: &Context) -> Result<Approval, BankError> {
        Ok(match self.stands(context).await? {
            Stands::Ended(approval) => *approval,
            Stands::At(..) => Approval::Waiting,
        })
    }

    /// The same with how far the payer has come. A bank may end a payment, or execute it, whose
    /// approval it still shows as open: the payment's own status counts.
    pub(super) async fn stands(&self, context: &Context) -> Result<Stands, BankError> {
        if self.cancels {
            return self.cancellation_stands(context).await;
        }
        let (mut reached, mut app) = (Reached::Nothing, None);
        if let Some(authorisation_id) = &context.authorisation_id {
            let path = self.authorisation_path(authorisation_id)?;
            let ask = Ask::get("get-sca-status", path, context.bearer());
            let response = send(self.call, self.client_tokens, ask).await?;
            let answer: ScaStatusAnswer = read(&response.body)?;
            app = app_start(self.call, &response.body);
            match Sca::of(&answer.sca_status) {
                Some(Sca::Done) => {
                    return self
                        .taken(context, None)
                        .await
                        .map(|taken| Stands::Ended(Box::new(taken)));
                }
                Some(Sca::Failed) => {
                    let reason = answer.psu_message.as_deref().map(words);
                    return Ok(Stands::Ended(Box::new(Approval::Declined { reason })));
                }
                Some(Sca::Open | Sca::Unconfirmed) => reached = Reached::of(&answer.sca_status),
                None => {
                    let what = format!("`scaStatus` is `{}`", words(&answer.sca_status));
                    return Err(BankError::malformed(what, &response.body));
                }
            }
        }
        let (word, status) = self.status(context).await?;
        let executed = status.progress == OrderProgress::Completed;
        match Transaction::of(self.call.bank, &word) {
            Some(Transaction::Rejected | Transaction::Cancelled | Transaction::Final) => {}
            Some(Transaction::Accepted(accepted))
                if executed || accepted >= AcceptedStatus::Acsp => {}
            // Without an authorisation every acceptance says that none is needed.
            Some(Transaction::Accepted(_) | Transaction::PartiallyAccepted)
                if context.authorisation_id.is_none() => {}
            Some(_) => return Ok(Stands::At(reached, app)),
            None if context.authorisation_id.is_some() => return Ok(Stands::At(reached, app)),
            None => {}
        }
        self.taken_with(context, status).await.map(|taken| Stands::Ended(Box::new(taken)))
    }

    /// Whether a confirmation code is wanted now.
    pub(super) async fn is_unconfirmed(&self, context: &Context) -> Result<bool, BankError> {
        let Some(authorisation_id) = &context.authorisation_id else { return Ok(false) };
        let path = self.authorisation_path(authorisation_id)?;
        let ask = Ask::get("get-sca-status", path, context.bearer());
        let answer: ScaStatusAnswer = read(&send(self.call, self.client_tokens, ask).await?.body)?;
        Ok(Sca::of(&answer.sca_status) == Some(Sca::Unconfirmed))
    }

    /// The payer has finished, so the bank has the order, whatever the outcome of the question for its
    /// status: a refused question is not a refused payment. `word` is the status that the bank sent
    /// without being asked.
    async fn taken(&self, context: &Context, word: Option<&str>) -> Result<Approval, BankError> {
        let status = match (self.status(context).await, word) {
            (Ok((_, status)), _) => status,
            (Err(_), Some(word)) => {
                order_status(self.call.bank, self.last_status()?, word, None, false)
            }
            (Err(_), None) => OrderStatus {
                progress: OrderProgress::InProcess,
                raw: "finalised".to_owned(),
                reason: None,
                decline: None,
            },
        };
        self.taken_with(context, status).await
    }

    async fn taken_with(
        &self,
        context: &Context,
        status: OrderStatus,
    ) -> Result<Approval, BankError> {
        if let Some(approval) = self.awaiting_release(context, &status)? {
            return Ok(approval);
        }
        let refund_account = self.wanted_refund_account(context).await;
        Ok(Approval::OrderTaken {
            answer: OrderAnswer { bank_payment_id: self.id.to_owned(), status, refund_account },
            token: context.token.clone(),
        })
    }

    pub(super) async fn status(
        &self,
        context: &Context,
    ) -> Result<(String, OrderStatus), BankError> {
        let path = format!("{}/status", self.path()?);
        let ask = Ask::get("get-payment-status", path, context.bearer());
        let response = send(self.call, self.client_tokens, ask).await?;
        let answer: StatusAnswer = read(&response.body)?;
        let places = &settings(self.call.bank)?.rejection_reasons;
        let said = answer.psu_message.as_deref();
        let reason = status_reason(places, said, &answer.tpp_messages);
        let no_funds = answer.funds_available == Some(false);
        let (bank, word) = (self.call.bank, &answer.transaction_status);
        let last = self.last_status()?;
        let status = order_status(bank, last, word, reason.as_ref(), no_funds);
        Ok((answer.transaction_status, status))
    }

    pub(super) fn last_status(&self) -> Result<AcceptedStatus, BankError> {
        let settings = settings(self.call.bank)?;
        Ok(match self.resource.service.as_str() {
            "periodic-payments" => settings.final_status_of_standing_orders,
            _ => settings.final_status_on(self.order.rail),
        })
    }

    /// An extra: a bank that does not return it does not delay the payment.
    pub(super) async fn wanted_refund_account(&self, context: &Context) -> Option<RefundAccount> {
        match self.order.content.return_refund_account {
            true => self.refund_account(context).await.ok().flatten(),
            false => None,
        }
    }

    async fn refund_account(&self, context: &Context) -> Result<Option<RefundAccount>, BankError> {
        let ask = Ask::get("get-payment", self.path()?, context.bearer());
        let payment: PaymentIn = read(&send(self.call, self.client_tokens, ask).await?.body)?;
        let account = payment.debtor_account.and_then(AccountIn::identifier);
        Ok(account.map(|account| RefundAccount { account, name: payment.debtor_name }))
    }

    /// The status of a payment that is under way.
    pub(super) async fn order_status(&self, context: &Context) -> Result<OrderStatus, BankError> {
        Ok(self.status(context).await?.1)
    }
}
