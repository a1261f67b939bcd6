//! Parts of a payment that a bank wants in some cases only, or never.

use domain::account::AccountIdentifier;
use domain::initiation::Order;
use domain::rail::Rail;
use serde::Deserialize;

use super::{BankProfile, Check, MandatoryField, Standard, ensure};

/// A part of a payment that the bank refuses to be without in some cases. All conditions that are
/// given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionalField {
    /// The part.
    pub field: MandatoryField,
    /// On these rails; on every rail if empty.
    #[serde(default)]
    pub rails: Vec<Rail>,
    /// Whether the payee's account, or else the payee's address, is in a country that the bank is
    /// not in (`true`), or in one of the bank's (`false`); any country if absent.
    pub payee_abroad: Option<bool>,
}

/// A part of a payment that the bank refuses to get. It is left out of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForbiddenField {
    /// The BIC of the payee's bank.
    CreditorBic,
    /// The payee's address.
    CreditorAddress,
    /// For whom the payee is paid.
    UltimateCreditor,
    /// For whom the payer pays.
    UltimateDebtor,
    /// Who pays the charges.
    ChargeBearer,
}

impl ConditionalField {
    fn holds(&self, bank: &BankProfile, order: &Order, rail: Rail) -> bool {
        let on_rail = self.rails.is_empty() || self.rails.contains(&rail);
        on_rail && self.payee_abroad.is_none_or(|abroad| is_payee_abroad(bank, order) == abroad)
    }
}

/// Whether the payee is in a country that the bank is not in; `false` where no country is known.
fn is_payee_abroad(bank: &BankProfile, order: &Order) -> bool {
    let of_account = match &order.creditor.account {
        Some(
            AccountIdentifier::Iban { iban, .. } | AccountIdentifier::IbanWithBban { iban, .. },
        ) => iban.get(..2),
        Some(_) | None => None,
    };
    let of_address = || order.creditor.address.as_ref()?.country.as_deref();
    let country = of_account.or_else(of_address);
    country.is_some_and(|country| bank.countries.iter().all(|own| own != country))
}

impl BankProfile {
    /// The parts that the bank refuses an order without, on that rail.
    #[must_use]
    pub fn mandatory_fields_of(&self, order: &Order, rail: Rail) -> Vec<MandatoryField> {
        let conditional = self.conditional_fields.iter();
        let wanted = conditional.filter(|field| field.holds(self, order, rail));
        self.mandatory_fields.iter().copied().chain(wanted.map(|field| field.field)).collect()
    }

    /// Takes out of an order what the bank refuses to get.
    pub fn leave_out_forbidden(&self, order: &mut Order) {
        for field in &self.forbidden_fields {
            match field {
                ForbiddenField::CreditorBic => {
                    let account = order.creditor.account.take();
                    order.creditor.account = account.map(AccountIdentifier::without_bic);
                }
                ForbiddenField::CreditorAddress => order.creditor.address = None,
                ForbiddenField::UltimateCreditor => order.creditor.ultimate_name = None,
                ForbiddenField::UltimateDebtor => {
                    if let Some(debtor) = &mut order.debtor {
                        debtor.ultimate_name = None;
                    }
                }
                ForbiddenField::ChargeBearer => order.charge_bearer = None,
            }
        }
    }

    pub(super) fn check_fields(&self) -> Check {
        if let Standard::UkOpenBanking(own) = &self.standard {
            ensure("international_rails", "must be rails of the bank", {
                own.international_rails.iter().all(|rail| self.rails.contains(rail))
            })?;
        }
        ensure("conditional_fields.rails", "must be rails of the bank", {
            let mut rails = self.conditional_fields.iter().flat_map(|field| &field.rails);
            rails.all(|rail| self.rails.contains(rail))
        })?;
        let both = |field: &MandatoryField| {
            let forbidden = match field {
                MandatoryField::CreditorBic => ForbiddenField::CreditorBic,
                MandatoryField::CreditorAddress => ForbiddenField::CreditorAddress,
                MandatoryField::DebtorAccount
                | MandatoryField::DebtorBic
                | MandatoryField::DebtorName => return false,
            };
            self.forbidden_fields.contains(&forbidden)
        };
        let conditional = self.conditional_fields.iter().map(|field| &field.field);
        ensure("forbidden_fields", "must not have a mandatory field", {
            !self.mandatory_fields.iter().chain(conditional).any(both)
        })
    }
}
