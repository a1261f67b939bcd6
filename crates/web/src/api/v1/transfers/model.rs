//! A transfer on the wire (reference, section 2.12).

use domain::account::AccountIdentifier as Account;
use domain::payment::Payment;
use domain::transfer as core;
use gateway::App;
use gateway::transfers::Requested;
use serde::Serialize;
use serde_json::{Value, json};
use store::payments::Role;
use utoipa::ToSchema;

use crate::api::ApiError;
use crate::api::parts::account::Account as FlatAccount;
use crate::api::parts::amount::Amount;
use crate::api::status::TransferStatus;
use crate::api::v1::signature::Signature;
use crate::api::v1::token_requests::instructions::{
    AccountIdentifier, Destination, RailAccount, Source,
};
use crate::api::v1::token_requests::metadata::Metadata;
use crate::api::v1::token_requests::model::{ActingAs, asked_in};

/// The order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TransferPayload {
    /// The token: `tt:…`.
    token_id: String,
    /// The member's reference.
    ref_id: String,
    /// How much.
    amount: Amount,
    /// For the payer to read; `refId` where the token request has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Whether the bank was asked for funds first.
    confirm_funds: bool,
    /// How.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    /// Where to.
    transfer_destinations: Vec<Destination>,
}

/// The bank's own words.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderDetails {
    /// Its id of the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Its last status, untouched.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
}

/// The account to refund to.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundInfo {
    /// The payer's account.
    account: AccountIdentifier,
    /// Its holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// The refunds of the transfer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TransferRefund {
    /// Not refunded yet.
    remaining_refund_amount: Amount,
    /// Refunded so far.
    settled_refund_amount: Amount,
    /// `NONE`, `PARTIAL` or `FULL`.
    transfer_refund_status: String,
}

/// A transfer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Transfer {
    /// `t:…`.
    id: String,
    /// The same without its kind.
    transaction_id: String,
    /// Milliseconds since 1970.
    created_at_ms: String,
    /// The day of a future-dated payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_date: Option<String>,
    /// Whether it became a future-dated payment, for the day in `executionDate`.
    converted_to_future_dated_payment: bool,
    /// Its status.
    status: TransferStatus,
    /// Why, at most 256 characters; empty where there is nothing to say, because published
    /// clients need the field.
    status_reason_information: String,
    /// The order.
    payload: TransferPayload,
    /// The gateway's signature over the payload as canonical JSON.
    payload_signatures: Vec<Signature>,
    /// The bank's own words, once it has said something.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_details: Option<ProviderDetails>,
    /// Only where a refund account was asked for and given.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<RefundInfo>,
    /// Only where a refund account was asked for and given.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_details: Option<TransferRefund>,
    /// The payer's account, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
    /// On whose behalf the member acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    acting_as: Option<ActingAs>,
}

/// A transfer in its envelope.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransferResponse {
    /// The transfer.
    pub(super) transfer: Transfer,
}

impl Transfer {
    /// The current transfer.
    ///
    /// # Errors
    /// [`ApiError::Internal`] where the request that was kept cannot be read.
    pub fn of(app: &App, requested: &Requested) -> Result<Transfer, ApiError> {
        let payment = &requested.payment;
        let asked = asked_in(&requested.request)?;
        let body = asked.request_payload.transfer_body;
        let instructions = body.map(|body| body.instructions);
        let (destinations, source, metadata) = instructions
            .map(|one| (one.transfer_destinations, one.source, one.metadata))
            .unwrap_or_default();
        let payload = TransferPayload {
            token_id: payment.id.token_id().to_string(),
            ref_id: payment.transfer_ref_id().to_owned(),
            amount: Amount::of(&payment.initiation.order.amount),
            description: asked
                .request_payload
                .description
                .filter(|text| !text.is_empty())
                .or_else(|| Some(payment.initiation.order.ref_id.clone())),
            confirm_funds: payment.initiation.order.confirm_funds,
            metadata,
            transfer_destinations: destinations,
        };
        let bank = &payment.bank;
        let told = bank.payment_id.is_some() || bank.payment_status.is_some();
        let since = Role::Transfer.since(payment).unwrap_or(payment.created_at);
        let (refund, refund_details) = refund(payment).unzip();
        Ok(Transfer {
            id: payment.id.transfer_id().to_string(),
            transaction_id: payment.id.core().to_owned(),
            created_at_ms: since.as_millisecond().to_string(),
            execution_date: execution_date(payment),
            converted_to_future_dated_payment: payment.execution.is_some_and(|e| e.converted),
            status: core::TransferStatus::of(payment).into(),
            status_reason_information: payment.reason.clone().unwrap_or_default(),
            payload_signatures: vec![Signature::over(app, &written(&payload)?)],
            payload,
            provider_details: told.then(|| ProviderDetails {
                id: bank.payment_id.clone(),
                status: bank.payment_status.clone(),
            }),
            refund,
            refund_details,
            source: source.or_else(|| source_of(payment)),
            acting_as: asked.request_payload.acting_as,
        })
    }
}

/// As JSON, to be signed.
pub(in crate::api::v1) fn written<T: Serialize>(value: &T) -> Result<Value, ApiError> {
    serde_json::to_value(value)
        .map_err(|error| ApiError::Internal { detail: format!("a payload: {error}") })
}

/// The day that the bank received with the order.
pub(in crate::api::v1) fn execution_date(payment: &Payment) -> Option<String> {
    use domain::initiation::Schedule;
    let asked = match payment.initiation.order.schedule {
        Schedule::FutureDated { date } => Some(date),
        Schedule::Immediate | Schedule::StandingOrder { .. } => None,
    };
    let day = match payment.execution {
        Some(execution) => execution.day,
        None => asked,
    };
    day.map(|day| day.to_string())
}

/// Where to refund to, and what has been.
pub(in crate::api::v1) fn refund(payment: &Payment) -> Option<(RefundInfo, TransferRefund)> {
    let asked = payment.initiation.order.return_refund_account;
    let refund = payment.bank.refund_account.as_ref().filter(|_| asked)?;
    let amount = Amount::of(&payment.initiation.order.amount);
    let info = RefundInfo { account: identifier(&refund.account), name: refund.name.clone() };
    let details = TransferRefund {
        settled_refund_amount: Amount { value: "0".to_owned(), ..amount.clone() },
        remaining_refund_amount: amount,
        transfer_refund_status: "NONE".to_owned(),
    };
    Some((info, details))
}

/// The account that the payer gave on the hosted pages.
fn source_of(payment: &Payment) -> Option<Source> {
    let account = payment.payer_account.as_ref()?;
    Some(Source {
        account_identifier: Some(identifier(account)),
        bank_id: payment.bank_id.clone(),
        bic: account.bic().map(str::to_owned),
        customer_data: None,
    })
}

/// An account in the form of v1 that is its own.
fn identifier(account: &Account) -> AccountIdentifier {
    let flat = FlatAccount::of(account);
    let (is_domestic, is_polish) = (
        matches!(account, Account::SortCode { .. }),
        matches!(account, Account::AccountNumber { .. }),
    );
    let fields = RailAccount {
        iban: flat.iban,
        bic: None,
        sort_code: flat.sort_code,
        // A Polish number is a domestic one; the form with sort codes is the UK's.
        bban: if is_polish { flat.account_number.clone() } else { flat.bban },
        account_number: flat.account_number.filter(|_| is_domestic),
        clearing_number: flat.clearing_number,
        bankgiro_number: flat.bankgiro_number,
        plusgiro_number: flat.plusgiro_number,
    };
    let mut identifier = AccountIdentifier::default();
    let form = match account {
        Account::SortCode { .. } => &mut identifier.gb_domestic,
        Account::Iban { .. } => &mut identifier.iban,
        Account::IbanWithBban { .. } | Account::Bban { .. } | Account::AccountNumber { .. } => {
            &mut identifier.bban
        }
        Account::Bankgiro { .. } => &mut identifier.bankgiro,
        Account::Plusgiro { .. } => &mut identifier.plusgiro,
    };
    *form = Some(fields);
    identifier
}

/// `transferStatusChanged` of a webhook (reference, section 7.3).
#[must_use]
pub fn status_changed(payment: &Payment, changed: &domain::payment::PaymentChanged) -> Value {
    let mut told = json!({
        "refId": payment.transfer_ref_id(),
        "transferId": payment.id.transfer_id().to_string(),
        "tokenRequestId": payment.token_request_id,
        "transactionId": payment.id.core(),
        "status": TransferStatus::from(core::TransferStatus::after(changed)),
        "statusReasonInformation": changed.reason.as_deref().unwrap_or_default(),
    });
    if let (Some(status), Some(fields)) = (&changed.bank.payment_status, told.as_object_mut()) {
        fields.insert("bankPaymentStatus".to_owned(), status.as_str().into());
    }
    told
}
