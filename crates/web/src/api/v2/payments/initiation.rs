//! The object `initiation` on the wire, and its way into the domain and back (reference, sections
//! 3.2 and 3.3).
//!
//! Accounts are flat inside `debtor` and `creditor`; which fields count follows from
//! `localInstrument`. This release refuses fields that it does not support yet; it never ignores them.

use domain::card_number::holds_card_number;
use domain::field::{Field, PartyField};
use domain::initiation as order;
use domain::money::Currency;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::link::PayByLinkOptions;
use super::paths;
use super::risk::Risk;
use crate::api::error::FieldFault;
use crate::api::parts::amount::Amount;
use crate::api::parts::draft::{Draft, Rules};
use crate::api::parts::party::{Creditor, Debtor};
use crate::api::parts::places::Places;
use crate::api::parts::words::{ChargeBearer, FlowType, LocalInstrument};
use crate::api::tokenized_accounts::named_in;
use crate::api::{ApiError, json};

/// One single payment on the wire.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Initiation {
    /// The bank; the payer chooses it where it is absent on the full hosted pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank_id: Option<String>,
    /// The member's reference, 1 to 35 characters.
    #[serde(deserialize_with = "json::text")]
    pub ref_id: String,
    /// Reference on the payee's statement, 1 to 35 characters, 18 on FASTER_PAYMENTS.
    #[serde(deserialize_with = "json::text")]
    pub remittance_information_primary: String,
    /// Further text, at most 140 characters.
    #[serde(
        default,
        deserialize_with = "json::optional_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub remittance_information_secondary: Option<String>,
    /// Sub-TPP on whose behalf the member acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of_id: Option<String>,
    /// Not supported yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vrp_consent_id: Option<String>,
    /// The amount.
    #[serde(deserialize_with = "json::object")]
    pub amount: Amount,
    /// The rail.
    #[serde(deserialize_with = "json::word")]
    pub local_instrument: LocalInstrument,
    /// The payer's account.
    #[serde(
        default,
        deserialize_with = "json::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub debtor: Option<Debtor>,
    /// The payee.
    #[serde(deserialize_with = "json::object")]
    pub creditor: Creditor,
    /// The day on which the bank is to execute, e.g. `2026-04-29`; at once where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_date: Option<String>,
    /// Whether the bank is asked for funds first.
    #[serde(
        default,
        deserialize_with = "json::optional_truth",
        skip_serializing_if = "Option::is_none"
    )]
    pub confirm_funds: Option<bool>,
    /// Whether the bank is asked for the payer's account, for refunds.
    #[serde(
        default,
        deserialize_with = "json::optional_truth",
        skip_serializing_if = "Option::is_none"
    )]
    pub return_refund_account: Option<bool>,
    /// Whether an immediate payment may not become a future-dated one.
    #[serde(
        default,
        deserialize_with = "json::optional_truth",
        skip_serializing_if = "Option::is_none"
    )]
    pub disable_future_dated_payment_conversion: Option<bool>,
    /// Not supported yet.
    #[serde(
        default,
        deserialize_with = "json::optional_truth",
        skip_serializing_if = "Option::is_none"
    )]
    pub return_tokenized_account: Option<bool>,
    /// Where the payer's browser returns to.
    pub callback_url: String,
    /// Comes back with the browser as `state`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_state: Option<String>,
    /// Who pays the charges.
    #[serde(
        default,
        deserialize_with = "json::optional_word",
        skip_serializing_if = "Option::is_none"
    )]
    pub charge_bearer: Option<ChargeBearer>,
    /// For the bank's fraud checks.
    #[serde(
        default,
        deserialize_with = "json::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub risk: Option<Risk>,
    /// Who guides the payer; API_ONLY where it is absent.
    #[serde(
        default,
        deserialize_with = "json::optional_word",
        skip_serializing_if = "Option::is_none"
    )]
    pub flow_type: Option<FlowType>,
    /// How long the link works, where the payer comes by one.
    #[serde(
        default,
        deserialize_with = "json::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub pay_by_link_options: Option<PayByLinkOptions>,
    /// The member's own reference of the payer, at most 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_psu_reference: Option<String>,
}

/// The kinds of payments that this version accepts (reference, section 3.2).
const RULES: Rules = Rules { secondary_max: 140, payer_has_name: true };

impl Initiation {
    /// The payment in the domain's words, if every field is acceptable.
    ///
    /// # Errors
    /// [`ApiError::Field`] for the first field that is not.
    pub fn into_domain(self, sandbox: bool, now: Timestamp) -> Result<order::Initiation, ApiError> {
        self.refuse_what_is_not_there_yet()?;
        self.refuse_card_numbers()?;
        let on_file = self.debtor.as_ref().map(named_in).transpose()?.flatten();
        let verification = self.creditor.account_verification_id.clone();
        let verification = verification.filter(|id| !id.is_empty());
        let link = self.pay_by_link_options.clone();
        let return_tokenized_account = self.return_tokenized_account.unwrap_or(false);
        let mut initiation = self
            .draft(on_file.is_some())
            .checked(RULES, sandbox, now)
            .map_err(|error| ApiError::of_field(&error, &paths::Payment))?;
        let flow = initiation.visit.flow;
        let until = link.map(|link| link.until(flow, now)).transpose()?;
        initiation.visit.link_expires_at = until.flatten();
        if verification.is_some() && initiation.order.amount.currency() != Currency::EUR {
            let path = paths::Payment.path(Field::Creditor(PartyField::Verification));
            let message = "`accountVerificationId` is for payments in EUR.";
            return Err(ApiError::field(FieldFault::Invalid, path, message));
        }
        initiation.order.creditor_verification_id = verification;
        initiation.order.debtor_account_id = on_file;
        initiation.order.return_tokenized_account = return_tokenized_account;
        Ok(initiation)
    }

    /// The payment before its checks; `on_file` where the payer's account is named by an id.
    fn draft(self, on_file: bool) -> Draft {
        Draft {
            bank_id: self.bank_id,
            ref_id: self.ref_id,
            reference: self.remittance_information_primary,
            secondary_text: self.remittance_information_secondary,
            on_behalf_of_id: self.on_behalf_of_id,
            value: self.amount.value,
            currency: self.amount.currency,
            local_instrument: self.local_instrument.into(),
            debtor: self.debtor.filter(|_| !on_file).map(Debtor::draft),
            creditor: Some(self.creditor.draft()),
            execution_date: self.execution_date,
            confirm_funds: self.confirm_funds.unwrap_or(false),
            return_refund_account: self.return_refund_account.unwrap_or(false),
            disable_future_dated_payment_conversion: self
                .disable_future_dated_payment_conversion
                .unwrap_or(false),
            callback_url: self.callback_url,
            callback_state: self.callback_state,
            charge_bearer: self.charge_bearer.and_then(ChargeBearer::into_domain),
            risk: self.risk.map(Risk::into_domain),
            flow: self.flow_type.unwrap_or(FlowType::ApiOnly).into(),
            external_psu_reference: self.external_psu_reference,
        }
    }

    fn refuse_what_is_not_there_yet(&self) -> Result<(), ApiError> {
        let asked = [
            ("vrpConsentId", self.vrp_consent_id.is_some()),
            ("creditor.virtualAccountId", self.creditor.virtual_account_id.is_some()),
        ];
        match asked.into_iter().find(|(_, asked)| *asked) {
            Some((field, _)) => Err(ApiError::field(
                FieldFault::Invalid,
                format!("initiation.{field}"),
                format!("`{field}` is not supported by this release."),
            )),
            None => Ok(()),
        }
    }

    /// The fields in which the published API looks for card numbers. Others may hold digits that are
    /// no card's, such as an id of the member's in `callbackState`.
    fn refuse_card_numbers(&self) -> Result<(), ApiError> {
        let secondary = self.remittance_information_secondary.as_deref().unwrap_or_default();
        let texts = [self.ref_id.as_str(), self.remittance_information_primary.as_str(), secondary];
        match texts.into_iter().any(holds_card_number) {
            true => Err(ApiError::PanDetected),
            false => Ok(()),
        }
    }

    /// The payment as it was asked for.
    #[must_use]
    pub fn of(initiation: &order::Initiation) -> Initiation {
        let (order, visit) = (&initiation.order, &initiation.visit);
        Initiation {
            bank_id: visit.bank_id.clone(),
            ref_id: order.ref_id.clone(),
            remittance_information_primary: order.remittance_primary.clone(),
            remittance_information_secondary: order.remittance_secondary.clone(),
            on_behalf_of_id: order.on_behalf_of_id.clone(),
            vrp_consent_id: None,
            amount: Amount::of(&order.amount),
            local_instrument: order.local_instrument.into(),
            debtor: match &order.debtor_account_id {
                Some(id) => Some(Debtor::named(id)),
                None => order.debtor.as_ref().map(Debtor::of),
            },
            creditor: Creditor {
                account_verification_id: order.creditor_verification_id.clone(),
                ..Creditor::of(&order.creditor)
            },
            execution_date: match order.schedule {
                order::Schedule::Immediate => None,
                order::Schedule::FutureDated { date } => Some(date.to_string()),
                order::Schedule::StandingOrder { first, .. } => Some(first.to_string()),
            },
            confirm_funds: Some(order.confirm_funds),
            return_refund_account: Some(order.return_refund_account),
            disable_future_dated_payment_conversion: Some(
                order.disable_future_dated_payment_conversion,
            ),
            return_tokenized_account: order.return_tokenized_account.then_some(true),
            callback_url: visit.callback_url.clone(),
            callback_state: visit.callback_state.clone(),
            charge_bearer: order.charge_bearer.map(ChargeBearer::of),
            risk: order.risk.as_ref().map(Risk::of),
            flow_type: Some(visit.flow.into()),
            pay_by_link_options: visit.link_expires_at.map(PayByLinkOptions::of),
            external_psu_reference: visit.external_psu_reference.clone(),
        }
    }
}
