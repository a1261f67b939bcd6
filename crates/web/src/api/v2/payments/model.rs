//! The object `payment` on the wire (reference, section 3.5).

use axum::http::StatusCode;
use domain::payment::{self as core, PaymentChanged};
use gateway::tokenized_accounts::id_of_payers_account;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::authentication::Authentication;
use super::initiation::Initiation;
use super::link::PaymentLinkStatus;
use crate::api::parts::account::Account;
use crate::api::parts::amount::Amount;
use crate::api::parts::words::LocalInstrument;
use crate::api::status::{PaymentStatus, of_stage};

/// The account to refund to.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundAccount {
    /// The account.
    #[serde(flatten)]
    account: Account,
    /// Its holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// What can be refunded, and where to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefundDetails {
    /// The payer's account.
    refund_account: RefundAccount,
    /// `NONE`, `PARTIAL` or `FULL`.
    payment_refund_status: String,
    /// Refunded so far.
    settled_refund_amount: Amount,
    /// Not refunded yet.
    remaining_refund_amount: Amount,
}

/// The status of an error where no answer of the bank has one.
const UNAVAILABLE: u16 = StatusCode::SERVICE_UNAVAILABLE.as_u16();

/// The error behind an unsuccessful end.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorInfo {
    /// The HTTP status that describes it best.
    http_error_code: u16,
    /// What went wrong.
    message: String,
    /// Whether the bank failed.
    token_external_error: bool,
}

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// `pm2:…`.
    id: String,
    /// Whose it is.
    member_id: String,
    /// As it was asked for.
    initiation: Initiation,
    /// Where it stands.
    status: PaymentStatus,
    /// Why, at most 256 characters; empty where there is nothing to say, because published
    /// clients need the field.
    status_reason_information: String,
    /// ISO 8601, UTC.
    created_date_time: String,
    /// ISO 8601, UTC.
    updated_date_time: String,
    /// Whether it became a future-dated payment, for the day in `initiation.executionDate`.
    converted_to_future_dated_payment: bool,
    /// The rail that was chosen for AUTO_SELECT, once the bank is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    selected_local_instrument: Option<LocalInstrument>,
    /// Only while the payer has something to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication: Option<Authentication>,
    /// The bank's last status code, untouched.
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_payment_status: Option<String>,
    /// The bank's id of the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_payment_id: Option<String>,
    /// What has become of the link, where the payer comes by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_link_status: Option<PaymentLinkStatus>,
    /// The payer's account on file: the one that was named, or, once the payment is completed, the
    /// one that was asked for (`returnTokenizedAccount`).
    #[serde(skip_serializing_if = "Option::is_none")]
    tokenized_account_id: Option<String>,
    /// Only where a refund account was asked for and given.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_details: Option<RefundDetails>,
    /// The error behind an unsuccessful end.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_info: Option<ErrorInfo>,
}

/// A payment in its envelope.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentResponse {
    /// The payment.
    payment: Payment,
}

impl PaymentResponse {
    /// The payment as it stands; `public_url` is where the hosted pages are.
    #[must_use]
    pub fn of(payment: &core::Payment, public_url: &str) -> PaymentResponse {
        PaymentResponse { payment: Payment::of(payment, public_url) }
    }
}

impl Payment {
    /// The payment as it stands; `public_url` is where the hosted pages are.
    #[must_use]
    pub fn of(payment: &core::Payment, public_url: &str) -> Payment {
        Payment {
            authentication: Authentication::of(payment, public_url),
            ..Payment::at_event(payment, &payment.changed())
        }
    }

    /// The payment as it stood after an event.
    #[must_use]
    pub fn at_event(payment: &core::Payment, changed: &PaymentChanged) -> Payment {
        let mut initiation = Initiation::of(&payment.initiation);
        initiation.bank_id.clone_from(&changed.bank_id);
        let execution = changed.execution;
        if let Some(day) = execution.and_then(|execution| execution.day) {
            initiation.execution_date = Some(day.to_string());
        }
        let auto_select = initiation.local_instrument == LocalInstrument::AutoSelect;
        let chosen = execution.filter(|_| auto_select).map(|execution| execution.rail.into());
        Payment {
            id: payment.id.to_string(),
            member_id: payment.member_id.to_string(),
            initiation,
            status: of_stage(changed.stage),
            status_reason_information: changed.reason.clone().unwrap_or_default(),
            created_date_time: moment(payment.created_at),
            updated_date_time: moment(changed.at),
            converted_to_future_dated_payment: execution.is_some_and(|e| e.converted),
            selected_local_instrument: chosen,
            authentication: None,
            bank_payment_status: changed.bank.payment_status.clone(),
            bank_payment_id: changed.bank.payment_id.clone(),
            payment_link_status: payment.is_link().then(|| PaymentLinkStatus::of(changed.stage)),
            tokenized_account_id: id_of_payers_account(payment).map(|id| id.to_string()),
            refund_details: refund_details(payment, changed),
            error_info: changed.error.as_ref().map(|error| ErrorInfo {
                http_error_code: error.bank_http_status.unwrap_or(UNAVAILABLE),
                message: error.message.clone(),
                token_external_error: error.from_bank,
            }),
        }
    }
}

fn refund_details(payment: &core::Payment, changed: &PaymentChanged) -> Option<RefundDetails> {
    let asked = payment.initiation.order.return_refund_account;
    let refund = changed.bank.refund_account.as_ref().filter(|_| asked)?;
    let amount = Amount::of(&payment.initiation.order.amount);
    Some(RefundDetails {
        refund_account: RefundAccount {
            account: Account::of(&refund.account),
            name: refund.name.clone(),
        },
        payment_refund_status: "NONE".to_owned(),
        settled_refund_amount: Amount { value: "0".to_owned(), ..amount.clone() },
        remaining_refund_amount: amount,
    })
}

/// `2023-04-05T17:02:11.954Z`.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
