//! Payments at banks of NextGenPSD2: the words for payment products in their URLs, and the members in
//! which they take account numbers. The standard names the products of SEPA alone; every other word is
//! the bank's own.

use domain::rail::Rail;
use serde::Deserialize;

use super::{AcceptedStatus, BankProfile, Check, NextGenPsd2, Standard, ensure};

/// The longest word for a payment product, in bytes.
const PRODUCT_BYTES_MAX: usize = 100;

/// How a bank takes the number of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountForm {
    /// Member `iban`.
    Iban,
    /// Member `bban`. A clearing number, where there is one, comes first in it.
    Bban,
    /// Members `bban` and `clearingNumber`.
    BbanAndClearingNumber,
    /// Member `other`: a Bankgiro number, of the scheme `BGNR` of ISO 20022.
    Bankgiro,
    /// Member `other`: a Plusgiro number, of the scheme `PGNR` of ISO 20022.
    Plusgiro,
    /// Member `bban`: a Bankgiro or Plusgiro number; the product says which.
    GiroAsBban,
}

/// The forms in which the standard names accounts of payments.
pub(super) fn usual_forms() -> Vec<AccountForm> {
    vec![AccountForm::Iban, AccountForm::Bban]
}

impl NextGenPsd2 {
    /// The bank's word for the payment product of a rail; `None` where nobody knows one.
    #[must_use]
    pub fn product_of(&self, rail: Rail) -> Option<&str> {
        let of_standard = match rail {
            Rail::Sepa => Some("sepa-credit-transfers"),
            Rail::SepaInstant => Some("instant-sepa-credit-transfers"),
            Rail::FasterPayments
            | Rail::Elixir
            | Rail::EuDomesticNonEuro
            | Rail::EuDomesticNonEuroInstant
            | Rail::Bankgiro
            | Rail::Plusgiro => None,
        };
        self.payment_products.get(&rail).map(String::as_str).or(of_standard)
    }

    /// The last status of a successful payment on that rail.
    #[must_use]
    pub fn final_status_on(&self, rail: Rail) -> AcceptedStatus {
        self.final_status_of_rails.get(&rail).copied().unwrap_or(self.final_status)
    }
}

impl BankProfile {
    pub(super) fn check_payment_products(&self) -> Check {
        let Standard::NextGenPsd2(own) = &self.standard else { return Ok(()) };
        ensure(
            "payment_products",
            "must have words of 1 to 100 of a-z, A-Z, 0-9, `.`, `-` and `_`",
            own.payment_products.values().all(|word| is_product(word)),
        )?;
        ensure(
            "rails",
            "must have only rails with a word in `standard.next-gen-psd2.payment_products`, \
             apart from sepa and sepa_instant",
            self.rails.iter().all(|rail| own.product_of(*rail).is_some()),
        )?;
        ensure("debtor_account_forms", "must not be empty", !own.debtor_account_forms.is_empty())?;
        let forms = &own.creditor_account_forms;
        ensure("creditor_account_forms", "must not be empty", !forms.is_empty())
    }
}

/// Whether a word can be a segment of a URL as it is.
fn is_product(word: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=PRODUCT_BYTES_MAX).contains(&word.len())
        && word.bytes().all(fits)
        && word.bytes().any(|byte| byte != b'.')
}
