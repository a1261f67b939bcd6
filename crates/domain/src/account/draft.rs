//! A payer or a payee as a member writes it.

use super::{AccountIdentifier, AccountParts, Address, Owner, Party, Route};
use crate::field::{AccountField, AddressField, Fault, Field, FieldError, PartyField};
use crate::text::{TEXT_CHARACTERS_MAX, within};

/// A party before its checks.
#[derive(Clone, Default)]
pub struct PartyDraft {
    /// The account.
    pub account: AccountParts,
    /// Name of the account's holder.
    pub name: Option<String>,
    /// The party on whose behalf the holder pays or is paid.
    pub ultimate_name: Option<String>,
    /// Postal address.
    pub address: Option<Address>,
    /// Name of the holder's bank.
    pub bank_name: Option<String>,
}

impl PartyDraft {
    /// The payee of a payment on that route; it has a name.
    ///
    /// # Errors
    /// The first field that is missing or wrong.
    pub fn payee(self, route: Route) -> Result<Party, FieldError> {
        let owner = Owner::Creditor;
        if self.name.is_none() {
            return Err(owner.error(PartyField::Name, Fault::Missing));
        }
        self.check_texts(owner)?;
        self.check_for_sepa(route, owner)?;
        let account = self.account.clone().on(route, owner).map_err(owner.of_number())?;
        Ok(self.with(account))
    }

    /// The payer of a payment on that route; `has_name` where it must have a name.
    ///
    /// # Errors
    /// The first field that is missing or wrong.
    pub fn payer(self, route: Route, has_name: bool) -> Result<Party, FieldError> {
        let owner = Owner::Debtor;
        let account = self.account.clone().on(route, owner).map_err(owner.of_number())?;
        self.check_for_sepa(route, owner)?;
        if has_name && self.name.is_none() {
            return Err(owner.error(PartyField::Name, Fault::Missing));
        }
        self.check_texts(owner)?;
        Ok(self.with(account))
    }

    /// A payer whose account is kept: no rail says which parts count, and the name may be absent.
    ///
    /// # Errors
    /// The first field that is missing or wrong.
    pub fn on_file(self) -> Result<Party, FieldError> {
        let owner = Owner::Debtor;
        let account = self.account.clone().on_any_rail().map_err(owner.of_number())?;
        self.check_texts(owner)?;
        Ok(self.with(account))
    }

    fn check_texts(&self, owner: Owner) -> Result<(), FieldError> {
        for (field, text, least) in [
            (PartyField::Name, &self.name, 1),
            (PartyField::UltimateName, &self.ultimate_name, 0),
            (PartyField::BankName, &self.bank_name, 0),
        ] {
            let Some(text) = text else { continue };
            within(text, least, TEXT_CHARACTERS_MAX).map_err(|fault| owner.error(field, fault))?;
        }
        self.address.as_ref().map_or(Ok(()), Address::check).map_err(owner.of_address())
    }

    fn check_for_sepa(&self, route: Route, owner: Owner) -> Result<(), FieldError> {
        let address = self.address.as_ref().filter(|_| route.is_sepa());
        address.map_or(Ok(()), Address::check_for_sepa).map_err(owner.of_address())
    }

    fn with(self, account: AccountIdentifier) -> Party {
        Party {
            account: Some(account),
            name: self.name,
            ultimate_name: self.ultimate_name,
            address: self.address,
            bank_name: self.bank_name,
        }
    }
}

impl Owner {
    /// That field of the owner.
    #[must_use]
    pub fn field(self, part: PartyField) -> Field {
        match self {
            Owner::Debtor => Field::Debtor(part),
            Owner::Creditor => Field::Creditor(part),
        }
    }

    fn error(self, part: PartyField, fault: Fault) -> FieldError {
        FieldError::new(self.field(part), fault)
    }

    fn of_number(self) -> impl Fn((AccountField, Fault)) -> FieldError {
        move |(part, fault)| self.error(PartyField::Number(part), fault)
    }

    fn of_address(self) -> impl Fn((AddressField, Fault)) -> FieldError {
        move |(part, fault)| self.error(PartyField::AddressPart(part), fault)
    }
}
