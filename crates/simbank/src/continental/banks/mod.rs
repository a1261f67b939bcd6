//! The simulated banks outside Britain, their customers and accounts: one table for each standard.

mod berlin_group;
mod polish_api;
mod stet;

use crate::banks::{Customer, owner};
use crate::texts::{self, Texts};

/// How a Berlin Group bank lets a payer approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Approach {
    /// `scaRedirect` in the answer to the payment.
    RedirectAtOnce,
    /// `startAuthorisation` first, `scaRedirect` then.
    RedirectWhenAsked,
    /// `scaOAuth` in the answer to the payment.
    OAuth,
    /// A token of the payer for every call, then `scaRedirect`.
    SignInBefore,
    /// Password, one of several methods, one-time password.
    EmbeddedManyMethods,
    /// Password, one-time password of the one method.
    EmbeddedOneMethod,
    /// In the bank's app.
    Decoupled,
}

/// A signature algorithm that a bank insists on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signing {
    Sha256,
    Sha512,
}

/// What a Berlin Group bank does in its own way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BerlinGroup {
    pub(crate) approach: Approach,
    /// After the redirect the provider has to bring a code that came with the browser.
    pub(crate) confirms_by_code: bool,
    pub(crate) signing: Option<Signing>,
    pub(crate) wants_debtor_account: bool,
    /// Instant credit transfers.
    pub(crate) instant: bool,
    /// The last status that a successful payment reaches.
    pub(crate) last_status: &'static str,
    /// A payer has to approve a cancellation, too.
    pub(crate) cancels_with_approval: bool,
    /// A creation that comes again with the same `X-Request-ID` is answered as the first time;
    /// elsewhere it creates another payment.
    pub(crate) replays_request_id: bool,
}

/// What a STET bank does in its own way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stet {
    /// 1.5: the payee stands in each transaction.
    pub(crate) beneficiary_in_transaction: bool,
    /// Amounts come and go as texts.
    pub(crate) amounts_are_texts: bool,
    pub(crate) decoupled: bool,
    /// The bank executes at the approval, and answers 200 to a new request.
    pub(crate) executes_at_approval: bool,
    /// A factor comes back with the browser and must be in the confirmation.
    pub(crate) wants_factor: bool,
}

/// What a PolishAPI bank does in its own way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PolishApi {
    /// As paths have it.
    pub(crate) version: &'static str,
    /// The payer gives the provider a code from the app, and the bank calls the provider back.
    pub(crate) by_code: bool,
    /// The bank signs its answers.
    pub(crate) signs: bool,
    /// Bodies are signed as they are.
    pub(crate) unencoded: bool,
}

/// The standard that a bank speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Standard {
    BerlinGroup(BerlinGroup),
    Stet(Stet),
    PolishApi(PolishApi),
}

/// One simulated bank.
#[derive(Debug)]
pub(crate) struct Bank {
    /// First segment of the bank's paths.
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    /// ISO 3166-1: its language and its working hours.
    pub(crate) country: &'static str,
    pub(crate) currency: &'static str,
    pub(crate) standard: Standard,
    pub(crate) customers: &'static [Customer],
}

const USUAL: BerlinGroup = BerlinGroup {
    approach: Approach::RedirectAtOnce,
    confirms_by_code: false,
    signing: None,
    wants_debtor_account: true,
    instant: true,
    last_status: "ACSC",
    cancels_with_approval: false,
    replays_request_id: false,
};

static ALL: [&[Bank]; 3] = [&berlin_group::BANKS, &stet::BANKS, &polish_api::BANKS];

/// All these banks.
pub(crate) fn all() -> impl Iterator<Item = &'static Bank> {
    ALL.iter().copied().flatten()
}

/// The bank with this id.
pub(crate) fn find(id: &str) -> Option<&'static Bank> {
    all().find(|bank| bank.id == id)
}

impl Bank {
    /// How a Berlin Group bank does things; the usual way where this is none.
    pub(crate) fn berlin_group(&self) -> BerlinGroup {
        match self.standard {
            Standard::BerlinGroup(own) => own,
            Standard::Stet(_) | Standard::PolishApi(_) => USUAL,
        }
    }

    /// What the bank's pages say.
    pub(crate) fn texts(&self) -> &'static Texts {
        texts::of_country(self.country)
    }

    /// Whether the provider has to send something after the payer's approval.
    pub(crate) fn wants_confirmation(&self) -> bool {
        match self.standard {
            Standard::BerlinGroup(own) => own.confirms_by_code,
            Standard::Stet(own) => !own.executes_at_approval,
            Standard::PolishApi(_) => true,
        }
    }

    /// The parameter in which a code comes back with the browser.
    pub(crate) fn code_parameter(&self) -> &'static str {
        match self.standard {
            Standard::BerlinGroup(_) | Standard::PolishApi(_) => "confirmationCode",
            Standard::Stet(_) => "psuAuthenticationFactor",
        }
    }

    /// The customer with this user name.
    pub(crate) fn customer(&self, username: &str) -> Option<&'static Customer> {
        self.customers.iter().find(|customer| customer.username == username)
    }

    /// The customer who owns this account.
    pub(crate) fn owner(&self, iban: &str) -> Option<&'static Customer> {
        owner(self.customers, iban)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::scenario;

    /// ISO 7064, mod 97-10: the country and check digits come last, letters count from 10.
    fn checks(iban: &str) -> bool {
        let (head, tail) = iban.split_at(4);
        let digits: String = format!("{tail}{head}")
            .chars()
            .map(|character| character.to_digit(36).expect("letters and digits").to_string())
            .collect();
        let rest =
            digits.bytes().fold(0_u32, |rest, byte| (rest * 10 + u32::from(byte - b'0')) % 97);
        rest == 1
    }

    #[test]
    fn every_iban_is_valid_and_of_the_banks_country() {
        assert!(!checks("DE66700202700000001008"), "the check can fail");
        for bank in all() {
            for account in bank.customers.iter().flat_map(|customer| customer.accounts) {
                let iban = account.identification;
                assert!(checks(iban), "{iban}");
                assert!(iban.starts_with(bank.country), "{}: {iban}", bank.id);
                let length = match bank.country {
                    "AT" => 20,
                    "DE" => 22,
                    "ES" => 24,
                    "FR" | "IT" => 27,
                    "NL" => 18,
                    "PL" => 28,
                    other => panic!("{other} is new"),
                };
                assert_eq!(iban.len(), length, "{iban}");
            }
        }
    }

    #[test]
    fn there_are_customers_enough_and_each_is_somebody() {
        let british = crate::banks::BANKS.iter().map(|bank| (bank.id, bank.customers));
        let banks: Vec<_> = british.chain(all().map(|bank| (bank.id, bank.customers))).collect();
        let (mut people, mut accounts) = (HashSet::new(), HashSet::new());
        for (bank, customers) in banks {
            assert_eq!(customers[0].scenario, None, "{bank}: the first is an ordinary customer");
            for customer in customers {
                let (name, password) = (customer.username, customer.password);
                assert!(people.insert((bank, name)), "{bank}: {name} is there twice");
                assert_eq!(password, format!("{name}-pass"));
                assert!(!customer.accounts.is_empty(), "{name}");
                for account in customer.accounts {
                    assert!(accounts.insert(account.identification), "{}", account.identification);
                }
                if let Some(word) = customer.scenario {
                    assert!(scenario::find(word).is_some(), "{name}: {word}");
                }
            }
        }
        assert!(people.len() >= 60, "{}", people.len());
    }
}
