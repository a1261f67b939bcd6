//! The fields of an order, and what can be wrong with one.
//!
//! Every crate below the API names a field by [`Field`]. How each version of the API calls a field, and
//! where it is in a request, is in that version's table alone.

use std::fmt;

use jiff::civil::Date;

use crate::initiation::LocalInstrument;
use crate::money::{Currency, MoneyError};
use crate::names::names;
use crate::rail::Rail;

/// A field of an order, or of the payer's visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The order as a whole.
    Order,
    /// The bank.
    BankId,
    /// The member's reference.
    RefId,
    /// The reference that the payee gets.
    Reference,
    /// The further text.
    SecondaryText,
    /// Both texts, where a standard has one: they travel as one, with a space between them.
    BothTexts,
    /// The member's own end-to-end reference.
    EndToEndId,
    /// Our own ids, which fit every bank; a complaint is a defect of ours.
    OwnId,
    /// The sub-TPP on whose behalf the member acts.
    OnBehalfOf,
    /// The amount's value.
    Amount,
    /// The amount's currency.
    Currency,
    /// The rail.
    Rail,
    /// The day of a payment for a later day.
    ExecutionDate,
    /// Where the payer's browser returns to.
    CallbackUrl,
    /// The text that comes back with the browser.
    CallbackState,
    /// The member's reference of the payer.
    PayerReference,
    /// Where the member is asked for the payee.
    DestinationsUrl,
    /// Whether the member's pages ask the bank's questions.
    CredentialFlow,
    /// Answers to the bank's questions.
    Credentials,
    /// A field of the payer.
    Debtor(PartyField),
    /// A field of the payee.
    Creditor(PartyField),
    /// What the bank is told for its fraud checks.
    Risk(RiskField),
    /// A part of the address where goods are delivered.
    Delivery(AddressField),
}

/// A field of the payer or the payee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartyField {
    /// The account as a whole.
    Account,
    /// A part of the account.
    Number(AccountField),
    /// The holder's name.
    Name,
    /// Whom the holder pays for, or is paid for.
    UltimateName,
    /// The holder's address as a whole.
    Address,
    /// A part of it.
    AddressPart(AddressField),
    /// The name of the holder's bank.
    BankName,
    /// The account on file in the place of everything else.
    AccountOnFile,
    /// The verification of payee.
    Verification,
}

/// A part of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountField {
    /// ISO 13616.
    Iban,
    /// ISO 9362.
    Bic,
    /// UK sort code.
    SortCode,
    /// UK or Polish account number.
    AccountNumber,
    /// A domestic number.
    Bban,
    /// National clearing number.
    ClearingNumber,
    /// Swedish Bankgiro number.
    BankgiroNumber,
    /// Swedish Plusgiro number.
    PlusgiroNumber,
}

/// A part of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressField {
    /// Free lines.
    Lines,
    /// The kind of address.
    Kind,
    /// The street.
    Street,
    /// The house.
    Building,
    /// A part of the building.
    Department,
    /// A part of that.
    SubDepartment,
    /// The postal code.
    PostCode,
    /// The town.
    Town,
    /// The regions.
    Region,
    /// The state or province.
    State,
    /// The district.
    District,
    /// The country.
    Country,
}

/// What the bank is told for its fraud checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RiskField {
    /// The member's id of the payer.
    PayerId,
    /// The kind of sale.
    ContextCode,
    /// The purpose of the payment.
    PurposeCode,
    /// The trade of the payee.
    CategoryCode,
    /// The kind of account that is paid.
    AccountType,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is required and absent.
    Missing,
    /// It is there and empty.
    Empty,
    /// It has more characters than it may have.
    TooLong {
        /// How many it may have.
        most: usize,
    },
    /// It has a character that nobody sees.
    Invisible(char),
    /// It has a control character.
    Control(char),
    /// It is none of the words that are defined.
    NotOneOf(&'static [&'static str]),
    /// It is no amount or no currency.
    Money(MoneyError),
    /// The currency does not travel on the rail.
    NotCarried {
        /// The rail.
        rail: LocalInstrument,
    },
    /// It is no whole number of the currency's smallest unit, which the rail demands.
    TooPrecise {
        /// What is paid.
        currency: Currency,
        /// The rail.
        rail: Rail,
    },
    /// It is no day.
    NotADay,
    /// The day is not after today, or too far ahead.
    DayOutOfRange {
        /// Today.
        today: Date,
    },
    /// It is no part of such an account.
    Account(AccountFault),
    /// It has more lines than it may have.
    TooManyLines {
        /// How many it may have.
        most: usize,
    },
    /// It is no code of a country.
    NotACountry,
    /// SEPA carries no address without it.
    MissingForSepa,
    /// SEPA carries fewer lines beside town and country.
    TooManyLinesForSepa {
        /// How many it carries.
        most: usize,
    },
    /// It is no code of ISO 18245.
    NotACategory,
    /// It is no URL.
    NotAUrl {
        /// Why, in the parser's words.
        why: String,
    },
    /// A browser may not be sent to a URL of that scheme.
    Scheme(String),
    /// The URL has the name or the password of a user.
    UserInUrl,
}

/// What is wrong with a part of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountFault {
    /// An account on that rail needs it.
    MissingOnRail {
        /// The rail.
        rail: LocalInstrument,
        /// What is paid.
        currency: Currency,
    },
    /// It belongs to an account on another rail.
    OfAnotherRail {
        /// The rail.
        rail: LocalInstrument,
    },
    /// It belongs to another account than the rest.
    OfAnotherAccount,
    /// It breaks the rule of its kind of number.
    Number(&'static str),
    /// The rail reaches Polish accounts only.
    NotPolish {
        /// The rail.
        rail: LocalInstrument,
    },
    /// A domestic number is beside an IBAN where only one of them counts.
    BesideIban,
}

/// A field, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field.
    pub field: Field,
    /// What is wrong with it.
    pub fault: Fault,
}

impl FieldError {
    /// That fault of that field.
    #[must_use]
    pub fn new(field: Field, fault: Fault) -> FieldError {
        FieldError { field, fault }
    }
}

impl Field {
    /// Every field, each once.
    #[must_use]
    pub fn all() -> Vec<Field> {
        let mut all = vec![
            Field::Order,
            Field::BankId,
            Field::RefId,
            Field::Reference,
            Field::SecondaryText,
            Field::BothTexts,
            Field::EndToEndId,
            Field::OwnId,
            Field::OnBehalfOf,
            Field::Amount,
            Field::Currency,
            Field::Rail,
            Field::ExecutionDate,
            Field::CallbackUrl,
            Field::CallbackState,
            Field::PayerReference,
            Field::DestinationsUrl,
            Field::CredentialFlow,
            Field::Credentials,
        ];
        for part in PartyField::all() {
            all.extend([Field::Debtor(part), Field::Creditor(part)]);
        }
        all.extend(RiskField::ALL.map(Field::Risk));
        all.extend(AddressField::ALL.map(Field::Delivery));
        all
    }
}

impl PartyField {
    fn all() -> Vec<PartyField> {
        let mut all = vec![
            PartyField::Account,
            PartyField::Name,
            PartyField::UltimateName,
            PartyField::Address,
            PartyField::BankName,
            PartyField::AccountOnFile,
            PartyField::Verification,
        ];
        all.extend(AccountField::ALL.map(PartyField::Number));
        all.extend(AddressField::ALL.map(PartyField::AddressPart));
        all
    }
}

/// In plain words, as they are in messages of banks: "creditor name".
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Field::Order => "order",
            Field::BankId => "bank",
            Field::RefId => "member's reference",
            Field::Reference => "reference",
            Field::SecondaryText => "secondary remittance text",
            Field::BothTexts => "remittance text, first and second together,",
            Field::EndToEndId => "end-to-end reference",
            Field::OwnId => "id",
            Field::OnBehalfOf => "sub-TPP",
            Field::Amount => "amount",
            Field::Currency => "currency",
            Field::Rail => "rail",
            Field::ExecutionDate => "execution date",
            Field::CallbackUrl => "callback URL",
            Field::CallbackState => "callback state",
            Field::PayerReference => "reference of the payer",
            Field::DestinationsUrl => "URL for destinations",
            Field::CredentialFlow => "credential flow",
            Field::Credentials => "credentials",
            Field::Debtor(PartyField::UltimateName) => "ultimate debtor",
            Field::Creditor(PartyField::UltimateName) => "ultimate creditor",
            Field::Debtor(part) => return write!(f, "debtor {part}"),
            Field::Creditor(part) => return write!(f, "creditor {part}"),
            Field::Risk(part) => return write!(f, "risk {part}"),
            Field::Delivery(part) => return write!(f, "delivery address {part}"),
        })
    }
}

impl fmt::Display for PartyField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PartyField::Account => "account",
            PartyField::Number(number) => return number.fmt(f),
            PartyField::Name => "name",
            PartyField::UltimateName => "ultimate name",
            PartyField::Address => "address",
            PartyField::AddressPart(part) => return write!(f, "address {part}"),
            PartyField::BankName => "bank name",
            PartyField::AccountOnFile => "account on file",
            PartyField::Verification => "verification",
        })
    }
}

names! { AccountField: words;
    Iban = "IBAN",
    Bic = "BIC",
    SortCode = "sort code",
    AccountNumber = "account number",
    Bban = "BBAN",
    ClearingNumber = "clearing number",
    BankgiroNumber = "Bankgiro number",
    PlusgiroNumber = "Plusgiro number",
}

impl fmt::Display for AccountField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

names! { AddressField: words;
    Lines = "line",
    Kind = "type",
    Street = "street",
    Building = "building",
    Department = "department",
    SubDepartment = "sub-department",
    PostCode = "post code",
    Town = "town",
    Region = "region",
    State = "state",
    District = "district",
    Country = "country",
}

impl fmt::Display for AddressField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

names! { RiskField: words;
    PayerId = "payer id",
    ContextCode = "payment context code",
    PurposeCode = "payment purpose code",
    CategoryCode = "merchant category code",
    AccountType = "beneficiary account type",
}

impl fmt::Display for RiskField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_fields_have_the_same_words() {
        let mut words: Vec<String> = Field::all().iter().map(Field::to_string).collect();
        words.sort_unstable();
        for pair in words.windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
    }
}
