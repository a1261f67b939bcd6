//! The object `initiation` on the wire, and its way into the domain and back (reference, sections
//! 3.2 and 3.3).
//!
//! Accounts are flat inside `debtor` and `creditor`; which fields count follows from
//! `localInstrument`. What this release cannot do yet is refused, never ignored.

use domain::card_number::holds_card_number;
use domain::initiation as order;
use domain::money::Currency;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::account::Asked;
use super::amount::Amount;
use super::link::PayByLinkOptions;
use super::party::{Creditor, Debtor};
use super::risk::Risk;
use super::text::{
    CALLBACK_STATE_CHARACTERS_MAX, REF_ID_CHARACTERS_MAX, check_callback_url, invalid, length,
    opaque, optional, plain_day,
};
use super::words::{ChargeBearer, FlowType, LocalInstrument};
use crate::api::error::FieldFault;
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
    /// What the payee should get.
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

/// Where the versions of the API differ in what a payment may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// The longest further text, in characters.
    secondary_max: usize,
    /// Whether a payer's account has to have its holder's name.
    payer_has_name: bool,
    /// Whether the payee is told later.
    payee_follows: bool,
    /// Whether the references may not hold a card number. Payments v1 look at other fields, and
    /// their `remittanceReference` may be the number of a card that is paid off.
    refuses_card_numbers: bool,
}

impl Rules {
    /// Payments v2 (reference, section 3.2).
    const V2: Rules = Rules {
        secondary_max: 140,
        payer_has_name: true,
        payee_follows: false,
        refuses_card_numbers: true,
    };
    /// Payments v1 (reference, sections 2.2 and 2.6).
    pub(crate) const V1: Rules = Rules {
        secondary_max: 255,
        payer_has_name: false,
        payee_follows: false,
        refuses_card_numbers: false,
    };
    /// Payments v1 whose destinations the member tells once the bank is known (section 2.15).
    pub(crate) const V1_WITHOUT_PAYEE: Rules = Rules { payee_follows: true, ..Rules::V1 };
}

impl Initiation {
    /// The payment in the domain's words, if every field is acceptable.
    ///
    /// # Errors
    /// [`ApiError::Field`] for the first field that is not.
    pub fn into_domain(self, sandbox: bool, now: Timestamp) -> Result<order::Initiation, ApiError> {
        self.into_domain_by(Rules::V2, sandbox, now)
    }

    /// The same by the rules of another version of the API.
    pub(crate) fn into_domain_by(
        self,
        rules: Rules,
        sandbox: bool,
        now: Timestamp,
    ) -> Result<order::Initiation, ApiError> {
        self.refuse_what_is_not_there_yet()?;
        if rules.refuses_card_numbers {
            self.refuse_card_numbers()?;
        }
        length("initiation.refId", &self.ref_id, 1, REF_ID_CHARACTERS_MAX)?;
        let amount = self.amount.clone().into_domain(self.local_instrument)?;
        self.check_primary(amount.currency())?;
        let secondary = &self.remittance_information_secondary;
        optional("remittanceInformationSecondary", secondary, rules.secondary_max)?;
        optional("onBehalfOfId", &self.on_behalf_of_id, 64)?;
        opaque("callbackState", &self.callback_state, CALLBACK_STATE_CHARACTERS_MAX)?;
        optional("externalPsuReference", &self.external_psu_reference, 64)?;
        check_callback_url(&self.callback_url, sandbox)?;
        let day = now.to_zoned(TimeZone::UTC).date();
        let schedule = schedule(self.execution_date.as_deref(), day)?;
        let bank_id = self.bank_id.filter(|id| !id.is_empty());
        let flow = order::Flow::from(self.flow_type.unwrap_or(FlowType::ApiOnly));
        let link = self.pay_by_link_options.as_ref();
        let link_expires_at = link.map(|link| link.until(flow, now)).transpose()?.flatten();
        let asked = Asked {
            rail: self.local_instrument.into(),
            rail_name: self.local_instrument.name(),
            currency: amount.currency(),
            payer_chooses_bank: flow.begins_on_pages() && bank_id.is_none(),
        };
        let creditor_verification_id = self.creditor.verification(asked)?;
        let creditor = self.creditor.into_domain_or_later(asked, rules.payee_follows)?;
        let debtor_account_id = self.debtor.as_ref().map(named_in).transpose()?.flatten();
        let raw = self.debtor.filter(|_| debtor_account_id.is_none());
        let debtor =
            raw.map(|debtor| debtor.into_domain(asked, rules.payer_has_name)).transpose()?;
        Ok(order::Initiation {
            order: order::Order {
                ref_id: self.ref_id,
                remittance_primary: self.remittance_information_primary,
                remittance_secondary: self.remittance_information_secondary,
                on_behalf_of_id: self.on_behalf_of_id,
                amount,
                local_instrument: asked.rail,
                debtor,
                debtor_account_id,
                creditor,
                creditor_verification_id,
                schedule,
                confirm_funds: self.confirm_funds.unwrap_or(false),
                return_refund_account: self.return_refund_account.unwrap_or(false),
                return_tokenized_account: self.return_tokenized_account.unwrap_or(false),
                disable_future_dated_payment_conversion: self
                    .disable_future_dated_payment_conversion
                    .unwrap_or(false),
                charge_bearer: self.charge_bearer.and_then(ChargeBearer::into_domain),
                risk: self.risk.map(Risk::into_domain).transpose()?,
                own_references: Default::default(),
            },
            visit: order::Visit {
                bank_id,
                callback_url: self.callback_url,
                callback_state: self.callback_state,
                flow,
                link_expires_at,
                external_psu_reference: self.external_psu_reference,
                pisp_consent_accepted: false,
                bank_countries: vec![],
            },
        })
    }

    fn check_primary(&self, currency: Currency) -> Result<(), ApiError> {
        // Sterling travels by Faster Payments only.
        let most = if currency == Currency::GBP { 18 } else { 35 };
        let path = "initiation.remittanceInformationPrimary";
        length(path, &self.remittance_information_primary, 1, most)
    }

    fn refuse_what_is_not_there_yet(&self) -> Result<(), ApiError> {
        let asked = [
            ("vrpConsentId", self.vrp_consent_id.is_some()),
            ("creditor.virtualAccountId", self.creditor.virtual_account_id.is_some()),
        ];
        match asked.into_iter().find(|(_, asked)| *asked) {
            Some((field, _)) => Err(invalid(
                &format!("initiation.{field}"),
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

/// A day to come: for today there are payments at once. `today` is in UTC; where it is that day at
/// the bank already, the payment is made at once.
fn schedule(text: Option<&str>, today: Date) -> Result<order::Schedule, ApiError> {
    const PATH: &str = "initiation.executionDate";
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(order::Schedule::Immediate);
    };
    let date = plain_day(text).ok_or_else(|| {
        let message = "`executionDate` should be a day such as 2026-04-29, without time and zone.";
        ApiError::field(FieldFault::InvalidFormat, PATH, message)
    })?;
    let days = today.duration_until(date).as_hours() / 24;
    match days {
        1..=order::DAYS_AHEAD_MAX => Ok(order::Schedule::FutureDated { date }),
        _ => Err(invalid(
            PATH,
            format!(
                "`executionDate` should be after today, {today} (UTC), and at most {} \
                 days ahead; leave it out for a payment at once.",
                order::DAYS_AHEAD_MAX
            ),
        )),
    }
}
