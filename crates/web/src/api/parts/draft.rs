//! An order as a version of the API has read it from its JSON, and the checks that all versions make.

use domain::account::{Party, PartyDraft, Route};
use domain::field::{Fault, Field, FieldError};
use domain::initiation::{
    ChargeBearer, Flow, Initiation, LocalInstrument, Order, Risk, Schedule, Visit,
};
use domain::money::Currency;
use domain::text::{within, within_opaque};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::day::plain_day;
use super::{callback_url, risk};

/// Longest reference of a payment or a transfer, in characters.
pub(crate) const REF_ID_CHARACTERS_MAX: usize = 35;
/// Longest state that comes back with the browser, in characters.
pub(crate) const CALLBACK_STATE_CHARACTERS_MAX: usize = 2_048;
/// Longest reference that the payee gets, in characters.
const REFERENCE_CHARACTERS_MAX: usize = 35;
/// The same in sterling, which travels by Faster Payments only.
const STERLING_REFERENCE_CHARACTERS_MAX: usize = 18;
/// Longest name of a sub-TPP or a payer, in characters.
const ID_CHARACTERS_MAX: usize = 64;

/// Where the versions of the API differ in what a payment may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// The longest further text, in characters.
    pub(crate) secondary_max: usize,
    /// Whether a payer's account has to have its holder's name.
    pub(crate) payer_has_name: bool,
}

/// An order before its checks.
pub(crate) struct Draft {
    pub(crate) bank_id: Option<String>,
    pub(crate) ref_id: String,
    pub(crate) reference: String,
    pub(crate) secondary_text: Option<String>,
    pub(crate) on_behalf_of_id: Option<String>,
    /// The amount's value, as it was written.
    pub(crate) value: String,
    pub(crate) currency: String,
    pub(crate) local_instrument: LocalInstrument,
    pub(crate) debtor: Option<PartyDraft>,
    /// The payee; absent if the member sends it later.
    pub(crate) creditor: Option<PartyDraft>,
    /// The day, as it was written; empty or none for a payment at once.
    pub(crate) execution_date: Option<String>,
    pub(crate) confirm_funds: bool,
    pub(crate) return_refund_account: bool,
    pub(crate) disable_future_dated_payment_conversion: bool,
    pub(crate) callback_url: String,
    pub(crate) callback_state: Option<String>,
    pub(crate) charge_bearer: Option<ChargeBearer>,
    pub(crate) risk: Option<Risk>,
    pub(crate) flow: Flow,
    pub(crate) external_psu_reference: Option<String>,
}

impl Draft {
    /// The order, if every field is acceptable.
    ///
    /// # Errors
    /// The first field that is not.
    pub(crate) fn checked(
        self,
        rules: Rules,
        sandbox: bool,
        now: Timestamp,
    ) -> Result<Initiation, FieldError> {
        text(Field::RefId, &self.ref_id, 1, REF_ID_CHARACTERS_MAX)?;
        let amount = self.local_instrument.amount(&self.value, &self.currency)?;
        let most = match amount.currency() == Currency::GBP {
            true => STERLING_REFERENCE_CHARACTERS_MAX,
            false => REFERENCE_CHARACTERS_MAX,
        };
        text(Field::Reference, &self.reference, 1, most)?;
        optional(Field::SecondaryText, &self.secondary_text, rules.secondary_max)?;
        optional(Field::OnBehalfOf, &self.on_behalf_of_id, ID_CHARACTERS_MAX)?;
        let state = self.callback_state.as_deref().unwrap_or_default();
        within_opaque(state, CALLBACK_STATE_CHARACTERS_MAX).map_err(of(Field::CallbackState))?;
        optional(Field::PayerReference, &self.external_psu_reference, ID_CHARACTERS_MAX)?;
        callback_url::check(&self.callback_url, sandbox).map_err(of(Field::CallbackUrl))?;
        let today = now.to_zoned(TimeZone::UTC).date();
        let schedule =
            schedule(self.execution_date.as_deref(), today).map_err(of(Field::ExecutionDate))?;
        let bank_id = self.bank_id.filter(|id| !id.is_empty());
        let route = Route {
            rail: self.local_instrument,
            currency: amount.currency(),
            payer_chooses_bank: self.flow.begins_on_pages() && bank_id.is_none(),
        };
        let creditor = match self.creditor {
            Some(creditor) => creditor.payee(route)?,
            None => Party::default(),
        };
        let debtor = self.debtor.map(|debtor| debtor.payer(route, rules.payer_has_name));
        let debtor = debtor.transpose()?;
        self.risk.as_ref().map_or(Ok(()), risk::check)?;
        Ok(Initiation {
            order: Order {
                ref_id: self.ref_id,
                remittance_primary: self.reference,
                remittance_secondary: self.secondary_text,
                on_behalf_of_id: self.on_behalf_of_id,
                amount,
                local_instrument: self.local_instrument,
                debtor,
                debtor_account_id: None,
                creditor,
                creditor_verification_id: None,
                schedule,
                confirm_funds: self.confirm_funds,
                return_refund_account: self.return_refund_account,
                return_tokenized_account: false,
                disable_future_dated_payment_conversion: self
                    .disable_future_dated_payment_conversion,
                charge_bearer: self.charge_bearer,
                risk: self.risk,
                own_references: Default::default(),
            },
            visit: Visit {
                bank_id,
                bank_countries: vec![],
                callback_url: self.callback_url,
                callback_state: self.callback_state,
                flow: self.flow,
                link_expires_at: None,
                external_psu_reference: self.external_psu_reference,
                pisp_consent_accepted: false,
            },
        })
    }
}

fn of(field: Field) -> impl Fn(Fault) -> FieldError {
    move |fault| FieldError::new(field, fault)
}

fn text(field: Field, text: &str, least: usize, most: usize) -> Result<(), FieldError> {
    within(text, least, most).map_err(of(field))
}

fn optional(field: Field, value: &Option<String>, most: usize) -> Result<(), FieldError> {
    text(field, value.as_deref().unwrap_or_default(), 0, most)
}

fn schedule(text: Option<&str>, today: Date) -> Result<Schedule, Fault> {
    match text.filter(|text| !text.is_empty()) {
        None => Ok(Schedule::Immediate),
        Some(text) => Schedule::on_day(plain_day(text).ok_or(Fault::NotADay)?, today),
    }
}
