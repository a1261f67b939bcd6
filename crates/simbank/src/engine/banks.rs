//! The simulated banks, their customers and accounts. Each standard has the table of its own banks.

use super::texts::{self, Texts};
use super::tokens::TokenTerms;
use crate::standards::next_gen_psd2::banks as next_gen_psd2;
use crate::standards::next_gen_psd2::domestic_banks;
use crate::standards::next_gen_psd2::habits::{self as next_gen_psd2_habits, NextGenPsd2};
use crate::standards::polish_api::banks::{self as polish_api, PolishApi};
use crate::standards::stet::banks::{self as stet, Stet};
use crate::standards::uk_open_banking::banks::{self as uk_open_banking, UkOpenBanking};

/// One-time passwords are the same for everybody: nothing here is secret.
pub(crate) const ONE_TIME_PASSWORD: &str = "123456";

/// The standard that a bank speaks, with what the bank does in its own way.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Standard {
    UkOpenBanking(UkOpenBanking),
    NextGenPsd2(NextGenPsd2),
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
    /// ISO 4217.
    pub(crate) currency: &'static str,
    pub(crate) standard: Standard,
    pub(crate) customers: &'static [Customer],
}

/// One payment service user. The password is shown on the sign-in page: nothing here is secret.
#[derive(Debug)]
pub(crate) struct Customer {
    pub(crate) username: &'static str,
    pub(crate) password: &'static str,
    pub(crate) accounts: &'static [OpeningAccount],
    /// The scenario of this customer's payments, a word of `scenario.rs`; `None` for the ordinary one.
    pub(crate) scenario: Option<&'static str>,
}

/// An account as it is when the bank is started for the first time.
#[derive(Debug)]
pub(crate) struct OpeningAccount {
    /// Sort code and account number, 14 digits together; an IBAN outside Britain.
    pub(crate) identification: &'static str,
    pub(crate) name: &'static str,
    pub(crate) balance_minor: i64,
}

pub(crate) const fn account(
    identification: &'static str,
    name: &'static str,
    balance_minor: i64,
) -> OpeningAccount {
    OpeningAccount { identification, name, balance_minor }
}

pub(crate) const fn customer(
    username: &'static str,
    password: &'static str,
    accounts: &'static [OpeningAccount],
) -> Customer {
    Customer { username, password, accounts, scenario: None }
}

/// A customer whose payments meet a scenario.
pub(crate) const fn persona(
    username: &'static str,
    password: &'static str,
    accounts: &'static [OpeningAccount],
    scenario: &'static str,
) -> Customer {
    Customer { username, password, accounts, scenario: Some(scenario) }
}

static ALL: [&[Bank]; 5] = [
    &uk_open_banking::BANKS,
    &next_gen_psd2::BANKS,
    &domestic_banks::BANKS,
    &stet::BANKS,
    &polish_api::BANKS,
];

/// All banks of the process.
pub(crate) fn all() -> impl Iterator<Item = &'static Bank> {
    ALL.iter().copied().flatten()
}

/// The bank with this id.
pub(crate) fn find(id: &str) -> Option<&'static Bank> {
    all().find(|bank| bank.id == id)
}

impl Bank {
    /// How a bank of UK Open Banking does things; the usual way at other banks.
    pub(crate) fn uk_open_banking(&self) -> &UkOpenBanking {
        match &self.standard {
            Standard::UkOpenBanking(own) => own,
            _ => &uk_open_banking::USUAL,
        }
    }

    /// How a bank of NextGenPSD2 does things; the usual way at other banks.
    pub(crate) fn next_gen_psd2(&self) -> NextGenPsd2 {
        match self.standard {
            Standard::NextGenPsd2(own) => own,
            _ => next_gen_psd2_habits::USUAL,
        }
    }

    /// Whether the bank speaks UK Open Banking.
    pub(crate) fn is_uk_open_banking(&self) -> bool {
        matches!(self.standard, Standard::UkOpenBanking(_))
    }

    /// Whether the bank speaks STET.
    pub(crate) fn is_stet(&self) -> bool {
        matches!(self.standard, Standard::Stet(_))
    }

    /// The texts of the bank's pages.
    pub(crate) fn texts(&self) -> &'static Texts {
        texts::of_country(self.country)
    }

    /// Whether the provider has to send something after the payer's approval.
    pub(crate) fn wants_confirmation(&self) -> bool {
        match self.standard {
            Standard::NextGenPsd2(own) => own.confirms_by_code || own.releases,
            Standard::Stet(own) => !own.executes_at_approval,
            Standard::UkOpenBanking(_) | Standard::PolishApi(_) => true,
        }
    }

    /// Whether the provider has to send something after the payer's approval of a cancellation.
    pub(crate) fn wants_confirmation_of_cancellation(&self) -> bool {
        match self.standard {
            Standard::NextGenPsd2(own) => own.confirms_by_code,
            Standard::Stet(own) => !own.executes_at_approval,
            Standard::UkOpenBanking(_) | Standard::PolishApi(_) => false,
        }
    }

    /// The parameter in which a code returns with the browser.
    pub(crate) fn code_parameter(&self) -> &'static str {
        if self.is_stet() { "psuAuthenticationFactor" } else { "confirmationCode" }
    }

    /// How long the tokens of a payer's approval work: as long as the bank's profile says, or longer
    /// than any payment takes.
    pub(crate) fn token_terms(&self, short_lived: bool) -> TokenTerms {
        let forever = |access_seconds| TokenTerms { access_seconds, refresh: None };
        match self.standard {
            Standard::UkOpenBanking(own) if short_lived => forever(own.token_seconds),
            Standard::UkOpenBanking(_) => forever(3600),
            Standard::NextGenPsd2(own) if short_lived => own.tokens,
            Standard::NextGenPsd2(_) => forever(24 * 3600),
            Standard::PolishApi(own) if short_lived => own.tokens,
            // As long as a payment may take to reach its last status.
            Standard::PolishApi(_) => forever(35 * 24 * 3600),
            // No token of STET comes from the payer's approval of a payment.
            Standard::Stet(_) => forever(0),
        }
    }

    /// The customer with this user name.
    pub(crate) fn customer(&self, username: &str) -> Option<&'static Customer> {
        self.customers.iter().find(|customer| customer.username == username)
    }

    /// The customer who owns this account.
    pub(crate) fn owner(&self, identification: &str) -> Option<&'static Customer> {
        let owns = |customer: &&Customer| {
            customer.accounts.iter().any(|account| account.identification == identification)
        };
        self.customers.iter().find(owns)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::engine::scenario;

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
        for bank in all().filter(|bank| bank.country != "GB") {
            for account in bank.customers.iter().flat_map(|customer| customer.accounts) {
                let iban = account.identification;
                assert!(checks(iban), "{iban}");
                assert!(iban.starts_with(bank.country), "{}: {iban}", bank.id);
                let length = match bank.country {
                    "NO" => 15,
                    "DK" => 18,
                    "AT" => 20,
                    "DE" => 22,
                    "CZ" | "ES" | "RO" | "SE" => 24,
                    "HU" => 28,
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
        let (mut people, mut accounts) = (HashSet::new(), HashSet::new());
        for (bank, customers) in all().map(|bank| (bank.id, bank.customers)) {
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
