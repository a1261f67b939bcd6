//! Accounts as banks take them (NextGenPSD2 1.3.12, `accountReference`), in the forms of the profile.

use std::borrow::Cow;

use domain::account::{AccountIdentifier, is_domestic_number};
use domain::field::{AccountField, Field, PartyField};
use domain::rail::Rail;
use serde::{Deserialize, Serialize};

use crate::misfit::{Misfit, missing, not_taken};
use crate::profile::{AccountForm, NextGenPsd2 as Settings};

/// Bankgiro numbers in the external account identifications of ISO 20022.
const BANKGIRO: &str = "BGNR";
/// Plusgiro numbers, likewise.
const PLUSGIRO: &str = "PGNR";

/// How a bank takes the accounts of one payment.
pub(super) struct Forms<'a> {
    debtor: &'a [AccountForm],
    creditor: &'a [AccountForm],
    /// ISO 4217: whose domestic numbers these are.
    currency: &'static str,
}

impl<'own> Forms<'own> {
    /// SEPA knows IBANs alone; on other rails, the forms of the bank.
    pub(super) fn of(own: &'own Settings, rail: Rail, currency: &'static str) -> Forms<'own> {
        let (debtor, creditor): (&'own [AccountForm], &'own [AccountForm]) = match rail {
            Rail::Sepa | Rail::SepaInstant => (&[AccountForm::Iban], &[AccountForm::Iban]),
            Rail::FasterPayments
            | Rail::Elixir
            | Rail::EuDomesticNonEuro
            | Rail::EuDomesticNonEuroInstant
            | Rail::Bankgiro
            | Rail::Plusgiro => (&own.debtor_account_forms, &own.creditor_account_forms),
        };
        Forms { debtor, creditor, currency }
    }

    /// The payer's account.
    pub(super) fn debtor<'a>(
        &self,
        identifier: &'a AccountIdentifier,
    ) -> Result<AccountOut<'a>, Misfit> {
        let account = account(Field::Debtor(PartyField::Account), self.debtor, identifier)?;
        self.checked(account, Field::Debtor)
    }

    /// The payee's account.
    pub(super) fn creditor<'a>(
        &self,
        identifier: &'a AccountIdentifier,
    ) -> Result<AccountOut<'a>, Misfit> {
        let account = account(Field::Creditor(PartyField::Account), self.creditor, identifier)?;
        self.checked(account, Field::Creditor)
    }

    /// The account, if its domestic number has right check digits.
    fn checked<'a>(
        &self,
        account: AccountOut<'a>,
        party: fn(PartyField) -> Field,
    ) -> Result<AccountOut<'a>, Misfit> {
        let number = account.bban.as_deref();
        if number.is_none_or(|number| is_domestic_number(self.currency, number)) {
            return Ok(account);
        }
        let field = party(PartyField::Number(AccountField::Bban));
        let what = format!("the {field} should be an account number in {}", self.currency);
        Err(not_taken(field, format!("{what}, with correct check digits")))
    }
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    iban: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bban: Option<Cow<'a, str>>,
    /// Of the banks that take it apart from the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    clearing_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<OtherOut<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OtherOut<'a> {
    identification: &'a str,
    scheme_name_code: &'static str,
}

/// The account in the first form that fits it and that the bank takes.
fn account<'a>(
    party: Field,
    forms: &[AccountForm],
    identifier: &'a AccountIdentifier,
) -> Result<AccountOut<'a>, Misfit> {
    let takes = |form| forms.contains(&form);
    let nothing = AccountOut::default();
    match identifier {
        AccountIdentifier::Iban { iban, .. } | AccountIdentifier::IbanWithBban { iban, .. }
            if takes(AccountForm::Iban) =>
        {
            Ok(AccountOut { iban: Some(iban), ..nothing })
        }
        AccountIdentifier::Iban { iban, .. }
            if takes(AccountForm::Bban) && number_in_iban(iban).is_some() =>
        {
            Ok(AccountOut { bban: number_in_iban(iban).map(Cow::Borrowed), ..nothing })
        }
        AccountIdentifier::IbanWithBban { bban, clearing_number, .. }
        | AccountIdentifier::Bban { bban, clearing_number, .. } => {
            domestic(party, forms, bban, clearing_number.as_deref())
                .unwrap_or_else(|| Err(no_form(party, forms, identifier)))
        }
        AccountIdentifier::Bankgiro { bankgiro_number: number, .. }
        | AccountIdentifier::Plusgiro { plusgiro_number: number, .. }
            if takes(AccountForm::GiroAsBban) =>
        {
            Ok(AccountOut { bban: Some(number.into()), ..nothing })
        }
        AccountIdentifier::Bankgiro { bankgiro_number, .. } if takes(AccountForm::Bankgiro) => {
            Ok(other(bankgiro_number, BANKGIRO))
        }
        AccountIdentifier::Plusgiro { plusgiro_number, .. } if takes(AccountForm::Plusgiro) => {
            Ok(other(plusgiro_number, PLUSGIRO))
        }
        AccountIdentifier::Iban { .. }
        | AccountIdentifier::SortCode { .. }
        | AccountIdentifier::AccountNumber { .. }
        | AccountIdentifier::Bankgiro { .. }
        | AccountIdentifier::Plusgiro { .. } => Err(no_form(party, forms, identifier)),
    }
}

/// The domestic number in an IBAN, of the countries where it is there as people write it: the number
/// names the same account (ISO 13616, registry).
fn number_in_iban(iban: &str) -> Option<&str> {
    match iban.get(..2)? {
        "DK" | "HU" | "NO" => iban.get(4..),
        _ => None,
    }
}

/// A domestic number with its clearing number, if it has one; `None` if the bank takes none.
fn domestic<'a>(
    party: Field,
    forms: &[AccountForm],
    bban: &'a str,
    clearing: Option<&'a str>,
) -> Option<Result<AccountOut<'a>, Misfit>> {
    let apart = forms.contains(&AccountForm::BbanAndClearingNumber);
    let alone = forms.contains(&AccountForm::Bban);
    let nothing = AccountOut::default();
    Some(match clearing {
        Some(clearing) if apart => {
            let bban = Some(Cow::Borrowed(bban));
            Ok(AccountOut { bban, clearing_number: Some(clearing), ..nothing })
        }
        Some(clearing) if alone => {
            Ok(AccountOut { bban: Some(format!("{clearing}{bban}").into()), ..nothing })
        }
        None if alone => Ok(AccountOut { bban: Some(bban.into()), ..nothing }),
        None if apart => Err(missing(clearing_number_of(party))),
        Some(_) | None => return None,
    })
}

/// The clearing number of the party whose account it is.
fn clearing_number_of(party: Field) -> Field {
    let number = PartyField::Number(AccountField::ClearingNumber);
    match party {
        Field::Debtor(_) => Field::Debtor(number),
        _ => Field::Creditor(number),
    }
}

fn other<'a>(identification: &'a str, scheme_name_code: &'static str) -> AccountOut<'a> {
    let other = Some(OtherOut { identification, scheme_name_code });
    AccountOut { other, ..AccountOut::default() }
}

/// Names the forms that lead to the same kind of account: giros have a rail of their own.
fn no_form(party: Field, forms: &[AccountForm], identifier: &AccountIdentifier) -> Misfit {
    let of_giro = |form: &AccountForm| {
        matches!(form, AccountForm::Bankgiro | AccountForm::Plusgiro | AccountForm::GiroAsBban)
    };
    let giro = matches!(
        identifier,
        AccountIdentifier::Bankgiro { .. } | AccountIdentifier::Plusgiro { .. }
    );
    let of_kind = forms.iter().filter(|form| of_giro(form) == giro);
    let words: Vec<&str> = of_kind.map(|form| words(*form)).collect();
    if words.is_empty() {
        return not_taken(party, format!("the {party} is of a kind that this bank does not take"));
    }
    not_taken(party, format!("the {party} should be {} at this bank", words.join(" or ")))
}

fn words(form: AccountForm) -> &'static str {
    match form {
        AccountForm::Iban => "an IBAN",
        AccountForm::Bban => "a domestic number",
        AccountForm::BbanAndClearingNumber => "a domestic number with its clearing number",
        AccountForm::Bankgiro => "a Bankgiro number",
        AccountForm::Plusgiro => "a Plusgiro number",
        AccountForm::GiroAsBban => "a Bankgiro or Plusgiro number",
    }
}

/// An account in an answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountIn {
    iban: Option<String>,
    bban: Option<String>,
    clearing_number: Option<String>,
}

impl AccountIn {
    /// The account that a refund can be sent to, if the answer names one.
    pub(super) fn identifier(self) -> Option<AccountIdentifier> {
        let AccountIn { iban, bban, clearing_number } = self;
        let of_iban = |iban| AccountIdentifier::Iban { iban, bic: None };
        let of_bban = |bban| AccountIdentifier::Bban { bban, clearing_number, bic: None };
        iban.map(of_iban).or_else(|| bban.map(of_bban))?.checked().ok()
    }
}
