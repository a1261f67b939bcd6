//! The parts of an order that a bank does not accept, found before anything is sent.
//!
//! The functions that build the standards' requests find them, so each limit is written
//! once, where the text is put into the request. Nothing is ever shortened to fit.

use crate::error::BankError;

/// A part of an order that standards and banks restrict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Name of the payee.
    CreditorName,
    /// Address of the payee.
    CreditorAddress,
    /// Account of the payee.
    CreditorAccount,
    /// Name of the payer.
    DebtorName,
    /// Account of the payer.
    DebtorAccount,
    /// Whom the payee is paid for.
    UltimateCreditor,
    /// Whom the payer pays for.
    UltimateDebtor,
    /// The reference that the payee gets.
    Reference,
    /// The further text.
    SecondaryText,
    /// Both texts, where a standard has one: they travel as one, with a space between them.
    BothTexts,
    /// The amount.
    Amount,
    /// The member's own end-to-end reference.
    EndToEndId,
    /// Our own ids, which fit every bank; a complaint is a defect of ours.
    OwnId,
    /// The member's id of the payer.
    RiskPayerId,
    /// The kind of sale.
    RiskContextCode,
    /// The purpose of the payment.
    RiskPurposeCode,
    /// The trade of the payee.
    RiskCategoryCode,
    /// The kind of account that is paid.
    RiskAccountType,
    /// Free lines of where goods are delivered.
    DeliveryLines,
    /// The street.
    DeliveryStreet,
    /// The house.
    DeliveryBuilding,
    /// The postal code.
    DeliveryPostCode,
    /// The town.
    DeliveryTown,
    /// The region.
    DeliveryRegion,
    /// The country.
    DeliveryCountry,
}

impl Part {
    /// The words for messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Part::CreditorName => "creditor name",
            Part::CreditorAddress => "creditor address",
            Part::CreditorAccount => "creditor account",
            Part::DebtorName => "debtor name",
            Part::DebtorAccount => "debtor account",
            Part::UltimateCreditor => "ultimate creditor",
            Part::UltimateDebtor => "ultimate debtor",
            Part::Reference => "reference",
            Part::SecondaryText => "secondary remittance text",
            Part::BothTexts => "remittance text, first and second together,",
            Part::Amount => "amount",
            Part::EndToEndId => "end-to-end reference",
            Part::OwnId => "id",
            Part::RiskPayerId => "risk payer id",
            Part::RiskContextCode => "risk payment context code",
            Part::RiskPurposeCode => "risk payment purpose code",
            Part::RiskCategoryCode => "risk merchant category code",
            Part::RiskAccountType => "risk beneficiary account type",
            Part::DeliveryLines => "delivery address line",
            Part::DeliveryStreet => "delivery address street",
            Part::DeliveryBuilding => "delivery address building",
            Part::DeliveryPostCode => "delivery address post code",
            Part::DeliveryTown => "delivery address town",
            Part::DeliveryRegion => "delivery address region",
            Part::DeliveryCountry => "delivery address country",
        }
    }
}

/// How something does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MisfitKind {
    /// Longer than the bank takes.
    TooLong,
    /// The standard needs it.
    Missing,
    /// Not of the form or not one of the words that the bank takes.
    NotTaken,
    /// The standard or the bank does not have this.
    Unsupported,
}

impl MisfitKind {
    /// The code under which it is kept with a payment.
    fn code(self) -> &'static str {
        match self {
            MisfitKind::TooLong => "field-limit",
            MisfitKind::Missing => "field-missing",
            MisfitKind::NotTaken => "field-invalid",
            MisfitKind::Unsupported => "unsupported",
        }
    }
}

/// Why an order does not fit a bank.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Misfit {
    /// How.
    pub kind: MisfitKind,
    /// What; none where it is the order as a whole.
    pub part: Option<Part>,
    /// In words, without the text that does not fit.
    pub text: String,
}

impl From<Misfit> for BankError {
    fn from(misfit: Misfit) -> BankError {
        BankError::before_sending(misfit.kind.code(), misfit.text)
    }
}

/// The text itself, if it has 1 to `most` characters.
pub(crate) fn within(part: Part, text: &str, most: usize) -> Result<&str, Misfit> {
    let length = text.chars().count();
    if length == 0 {
        return Err(missing(part));
    }
    if length > most {
        let text =
            format!("the {} has {length} characters; this bank takes at most {most}", part.name());
        return Err(Misfit { kind: MisfitKind::TooLong, part: Some(part), text });
    }
    Ok(text)
}

/// The order lacks something that the standard needs.
pub(crate) fn missing(part: Part) -> Misfit {
    let text = format!("the {} is missing", part.name());
    Misfit { kind: MisfitKind::Missing, part: Some(part), text }
}

/// A part is not one that the bank takes.
pub(crate) fn not_taken(part: Part, what: impl Into<String>) -> Misfit {
    Misfit { kind: MisfitKind::NotTaken, part: Some(part), text: what.into() }
}

/// The order wants something that the standard or the bank does not have.
pub(crate) fn unsupported(text: impl Into<String>) -> Misfit {
    Misfit { kind: MisfitKind::Unsupported, part: None, text: text.into() }
}
