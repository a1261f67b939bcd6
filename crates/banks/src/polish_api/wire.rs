//! JSON of PolishAPI 2.1 (`PaymentDomesticRequest`, `RecurringPaymentRequest`, `ScopeDetailsInput`).

use domain::account::AccountIdentifier;
use domain::field::{Field, PartyField};
use domain::initiation::{Frequency, Schedule};
use domain::money::Currency;
use domain::rail::Rail;
use serde::Serialize;

use super::name_address::{LINE_CHARACTERS_MAX, LINES_MAX, NameAddress, lines, lines_with_address};
use crate::misfit::{Misfit, missing, not_taken, unsupported, within};
use crate::payments::PaymentOrder;
use crate::profile::{BankProfile, Capability};

/// `executionMode` of an order for a later day.
const LATER: Option<&str> = Some("FutureDated");
/// `description`.
const DESCRIPTION_CHARACTERS_MAX: usize = 140;
/// `tppTransactionId` and `tppRecurringPaymentId`.
const ID_CHARACTERS_MAX: usize = 64;

/// The head of every request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestHeader<'a> {
    pub(super) request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ip_address: Option<String>,
    pub(super) send_date: String,
    pub(super) tpp_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<&'a str>,
    #[serde(rename = "callbackURL", skip_serializing_if = "Option::is_none")]
    pub(super) callback_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) api_key: Option<&'a str>,
}

/// A request: the head, and what the operation has.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WithHeader<'a, T> {
    pub(super) request_header: RequestHeader<'a>,
    #[serde(flatten)]
    pub(super) content: T,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Recipient<'a> {
    account_number: &'a str,
    name_address: NameAddress,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Sender<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    account_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_address: Option<NameAddress>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct TransferData {
    description: String,
    amount: String,
    currency: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_date: Option<String>,
}

/// The transfer: the same in the consent and in the order.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transfer<'a> {
    recipient: Recipient<'a>,
    sender: Sender<'a>,
    transfer_data: TransferData,
    delivery_mode: &'static str,
    system: &'static str,
    /// Not of standing orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_mode: Option<&'static str>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Every {
    period_type: &'static str,
    period_value: u8,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Recurrence {
    start_date: String,
    frequency: Every,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<String>,
    day_off_offset_type: &'static str,
}

/// A standing order.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recurring<'a> {
    recurrence: Recurrence,
    type_of_payment: &'static str,
    domestic_payment: Transfer<'a>,
}

/// A member's request in the form of this standard.
#[derive(Debug, Clone)]
pub(super) enum OrderBody<'a> {
    /// `payments/domestic`.
    Domestic(Transfer<'a>),
    /// `payments/recurring`.
    Recurring(Recurring<'a>),
}

impl<'a> OrderBody<'a> {
    /// Reads an order.
    pub(super) fn of(bank: &BankProfile, order: &'a PaymentOrder) -> Result<OrderBody<'a>, Misfit> {
        let transfer = transfer(bank, order)?;
        let Schedule::StandingOrder { first, frequency, last } = order.content.schedule else {
            return Ok(OrderBody::Domestic(transfer));
        };
        Ok(OrderBody::Recurring(Recurring {
            recurrence: Recurrence {
                start_date: first.to_string(),
                frequency: every(frequency),
                end_date: last.map(|last| last.to_string()),
                day_off_offset_type: "after",
            },
            type_of_payment: "domestic",
            domestic_payment: transfer,
        }))
    }
}

fn transfer<'a>(bank: &BankProfile, order: &'a PaymentOrder) -> Result<Transfer<'a>, Misfit> {
    let asked = &order.content;
    if asked.amount.currency() != Currency::PLN {
        return Err(unsupported("domestic payments of this standard are in PLN"));
    }
    let (delivery_mode, system) = match order.rail {
        Rail::Elixir | Rail::EuDomesticNonEuro => ("StandardD1", "Elixir"),
        Rail::EuDomesticNonEuroInstant => ("ExpressD0", "ExpressElixir"),
        Rail::Sepa | Rail::SepaInstant | Rail::FasterPayments | Rail::Bankgiro | Rail::Plusgiro => {
            let text = format!("this bank has no rail {:?}", order.rail);
            return Err(unsupported(text));
        }
    };
    let creditor = asked
        .creditor
        .account
        .as_ref()
        .ok_or_else(|| missing(Field::Creditor(PartyField::Account)))?;
    let name =
        asked.creditor.name.as_deref().ok_or_else(|| missing(Field::Creditor(PartyField::Name)))?;
    let most = bank.limits.creditor_name.min(LINES_MAX * LINE_CHARACTERS_MAX);
    let debtor = asked.debtor.as_ref();
    let account = debtor.and_then(|debtor| debtor.account.as_ref());
    let debtor_name = debtor.and_then(|debtor| debtor.name.as_deref());
    let (execution_mode, execution_date) = match asked.schedule {
        Schedule::Immediate => (Some("Immediate"), None),
        Schedule::FutureDated { date } => (LATER, Some(date.to_string())),
        Schedule::StandingOrder { .. } => (None, None),
    };
    let mut description = asked.remittance_primary.clone();
    if let Some(more) = &asked.remittance_secondary {
        description = format!("{description} {more}");
    }
    within(Field::BothTexts, &description, DESCRIPTION_CHARACTERS_MAX)?;
    Ok(Transfer {
        recipient: Recipient {
            account_number: number(Field::Creditor(PartyField::Account), creditor)?,
            name_address: lines_with_address(
                lines(
                    Field::Creditor(PartyField::Name),
                    within(Field::Creditor(PartyField::Name), name, most)?,
                )?,
                asked.creditor.address.as_ref(),
            )?,
        },
        sender: Sender {
            account_number: account
                .map(|debtor| number(Field::Debtor(PartyField::Account), debtor))
                .transpose()?,
            name_address: debtor_name
                .map(|name| lines(Field::Debtor(PartyField::Name), name))
                .transpose()?,
        },
        transfer_data: TransferData {
            description,
            amount: amount(order)?,
            currency: "PLN",
            execution_date,
        },
        delivery_mode,
        system,
        execution_mode,
    })
}

/// Exactly two digits after the point.
pub(super) fn amount(order: &PaymentOrder) -> Result<String, Misfit> {
    let text = order.content.amount.value_in_minor_digits();
    match text.split_once('.') {
        Some((_, fraction)) if fraction.len() == 2 => Ok(text),
        Some(_) | None => {
            Err(not_taken(Field::Amount, "this standard has amounts with two decimals"))
        }
    }
}

/// The id that finds an order without the bank's own.
pub(super) fn transaction_id(order: &PaymentOrder) -> Result<&str, Misfit> {
    within(Field::OwnId, &order.instruction_id, ID_CHARACTERS_MAX)
}

/// A Polish account number, or an IBAN.
pub(super) fn number(part: Field, identifier: &AccountIdentifier) -> Result<&str, Misfit> {
    match identifier {
        AccountIdentifier::Iban { iban, .. } | AccountIdentifier::IbanWithBban { iban, .. } => {
            Ok(iban)
        }
        AccountIdentifier::AccountNumber { account_number, .. } => Ok(account_number),
        AccountIdentifier::Bban { bban, .. } => Ok(bban),
        AccountIdentifier::SortCode { .. }
        | AccountIdentifier::Bankgiro { .. }
        | AccountIdentifier::Plusgiro { .. } => {
            Err(unsupported(format!("the {} must be a Polish account number or an IBAN", part)))
        }
    }
}

fn every(frequency: Frequency) -> Every {
    let (period_type, period_value) = match frequency {
        Frequency::Dail => ("day", 1),
        Frequency::Week => ("week", 1),
        Frequency::Towk => ("week", 2),
        Frequency::Mnth => ("month", 1),
        Frequency::Tomn => ("month", 2),
        Frequency::Qutr => ("month", 3),
        Frequency::Semi => ("month", 6),
        Frequency::Year => ("month", 12),
    };
    Every { period_type, period_value }
}

/// `scope_details`.
#[derive(Debug, Serialize)]
pub(super) struct ScopeDetails<'a> {
    #[serde(rename = "privilegeList")]
    privilege_list: [Privilege<'a>; 1],
    #[serde(rename = "scopeGroupType")]
    scope_group_type: &'static str,
    #[serde(rename = "consentId")]
    consent_id: &'a str,
    #[serde(rename = "scopeTimeLimit")]
    scope_time_limit: String,
    #[serde(rename = "throttlingPolicy")]
    throttling_policy: &'static str,
}

/// One payment, asking for it as often as needed, and, where the bank cancels, its cancellation: the
/// payer consents to that with the payment, because only a token with this privilege cancels.
#[derive(Debug, Serialize, Default)]
struct Privilege<'a> {
    #[serde(rename = "accountNumber", skip_serializing_if = "Option::is_none")]
    account_number: Option<&'a str>,
    #[serde(rename = "pis:domestic", skip_serializing_if = "Option::is_none")]
    domestic: Option<Limited<&'a Transfer<'a>>>,
    #[serde(rename = "pis:getPayment", skip_serializing_if = "Option::is_none")]
    get_payment: Option<Limited<ById<'a>>>,
    #[serde(rename = "pis:recurring", skip_serializing_if = "Option::is_none")]
    recurring: Option<Limited<&'a Recurring<'a>>>,
    #[serde(rename = "pis:getRecurringPayment", skip_serializing_if = "Option::is_none")]
    get_recurring: Option<Limited<ById<'a>>>,
    // The bank gives the order its id later.
    #[serde(rename = "pis:cancelPayment", skip_serializing_if = "Option::is_none")]
    cancel_payment: Option<Limited<ById<'a>>>,
    #[serde(rename = "pis:cancelRecurringPayment", skip_serializing_if = "Option::is_none")]
    cancel_recurring: Option<Limited<ById<'a>>>,
}

#[derive(Debug, Serialize)]
struct Limited<T> {
    #[serde(rename = "scopeUsageLimit")]
    scope_usage_limit: &'static str,
    #[serde(flatten)]
    content: T,
}

fn single<T>(content: T) -> Option<Limited<T>> {
    Some(Limited { scope_usage_limit: "single", content })
}

fn multiple<T>(content: T) -> Option<Limited<T>> {
    Some(Limited { scope_usage_limit: "multiple", content })
}

/// An order by its ids.
#[derive(Debug, Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct ById<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) payment_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tpp_transaction_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) recurring_payment_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tpp_recurring_payment_id: Option<&'a str>,
}

impl<'a> ScopeDetails<'a> {
    /// The consent to one order.
    pub(super) fn of(
        bank: &BankProfile,
        asked: &'a OrderBody<'a>,
        order: &'a PaymentOrder,
        consent_id: &'a str,
        until: jiff::Timestamp,
    ) -> Result<ScopeDetails<'a>, Misfit> {
        let id = Some(transaction_id(order)?);
        let cancels = bank.can(Capability::Cancellation);
        let cancellation = || single(ById::default()).filter(|_| cancels);
        let privilege = match asked {
            OrderBody::Domestic(transfer) => Privilege {
                account_number: transfer.sender.account_number,
                domestic: single(transfer),
                get_payment: multiple(ById { tpp_transaction_id: id, ..ById::default() }),
                // The standard cancels orders for a later day only.
                cancel_payment: cancellation().filter(|_| transfer.execution_mode == LATER),
                ..Privilege::default()
            },
            OrderBody::Recurring(recurring) => Privilege {
                account_number: recurring.domestic_payment.sender.account_number,
                recurring: single(recurring),
                get_recurring: multiple(ById { tpp_recurring_payment_id: id, ..ById::default() }),
                cancel_recurring: cancellation(),
                ..Privilege::default()
            },
        };
        Ok(ScopeDetails {
            privilege_list: [privilege],
            scope_group_type: "pis",
            consent_id,
            scope_time_limit: moment(until),
            throttling_policy: "psd2Regulatory",
        })
    }
}

/// `2026-01-05T10:00:00.000Z`.
pub(super) fn moment(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// `auth/authorize`.
#[derive(Debug, Serialize)]
pub(super) struct Authorize<'a> {
    pub(super) response_type: &'static str,
    pub(super) client_id: &'a str,
    pub(super) redirect_uri: &'a str,
    pub(super) scope: &'static str,
    pub(super) scope_details: ScopeDetails<'a>,
    pub(super) state: &'a str,
}

/// `auth/authorizeExt`. The document demands id and callback beside the head as well as in it.
#[derive(Debug, Serialize)]
pub(super) struct AuthorizeByCode<'a> {
    #[serde(rename = "requestId")]
    pub(super) request_id: &'a str,
    pub(super) response_type: &'static str,
    #[serde(rename = "eatCode")]
    pub(super) eat_code: &'a str,
    pub(super) client_id: &'a str,
    #[serde(rename = "callbackURL")]
    pub(super) callback_url: &'a str,
    #[serde(rename = "apiKey")]
    pub(super) api_key: &'a str,
    pub(super) scope: &'static str,
    pub(super) scope_details: ScopeDetails<'a>,
    pub(super) state: &'a str,
}

/// `auth/token`.
#[derive(Debug, Serialize)]
pub(super) struct TokenRequest<'a> {
    pub(super) grant_type: &'static str,
    #[serde(rename = "Code", skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) redirect_uri: Option<&'a str>,
    pub(super) client_id: &'a str,
    pub(super) is_user_session: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_agent: Option<&'a str>,
}

/// `payments/domestic`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Domestic<'a> {
    #[serde(flatten)]
    pub(super) transfer: &'a Transfer<'a>,
    pub(super) tpp_transaction_id: &'a str,
}

/// `payments/recurring`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewRecurring<'a> {
    #[serde(flatten)]
    pub(super) recurring: &'a Recurring<'a>,
    pub(super) tpp_recurring_payment_id: &'a str,
}

/// `confirmation/getConfirmationOfFunds`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Funds<'a> {
    pub(super) account_number: &'a str,
    pub(super) amount: String,
    pub(super) currency: &'static str,
}
