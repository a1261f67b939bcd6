//! The payer at a simulated bank: who it is, and what it answers.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::browser::Browser;

/// The customers of all simulated banks (`GET /sim/customers`).
#[derive(Debug, Deserialize)]
pub struct Customers {
    /// The one-time password of every customer.
    pub one_time_password: String,
    /// The customers of each bank, by its id.
    pub banks: BTreeMap<String, Vec<Customer>>,
}

/// A customer of a simulated bank.
#[derive(Debug, Deserialize)]
pub struct Customer {
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
    /// The customer's accounts.
    pub accounts: Vec<CustomerAccount>,
}

/// An account at a simulated bank.
#[derive(Debug, Deserialize)]
pub struct CustomerAccount {
    /// Sort code and account number, or an IBAN outside Britain.
    pub identification: String,
    /// Its name.
    pub name: String,
}

/// The payer's credentials and decisions.
#[derive(Debug, Clone)]
pub struct Payer {
    /// The id of the bank.
    pub bank: String,
    /// User name at the bank.
    pub user: String,
    /// Password there.
    pub password: String,
    /// The account that pays: an IBAN outside Britain.
    pub account: String,
    /// The name of that account.
    pub name: String,
    /// The one-time password of everybody at the simulated banks.
    one_time_password: String,
    /// The payer declines.
    pub declines: bool,
    /// The method of approval that the payer chooses, or the beginning of its name; the first one
    /// if absent.
    method: Option<String>,
}

impl Payer {
    /// The first customer of a simulated bank.
    ///
    /// # Errors
    /// If no simulated bank has this id, or the banks do not answer.
    pub async fn of_bank(
        browser: &mut Browser,
        bank: &str,
        declines: bool,
        method: Option<&str>,
    ) -> anyhow::Result<Payer> {
        let Customers { one_time_password, banks } = browser.customers().await?;
        let customers = banks.get(bank).with_context(|| {
            format!("`{bank}` is not a simulated bank: nobody can play its payer")
        })?;
        let customer = customers.first().with_context(|| format!("{bank} has no customer"))?;
        let account = customer
            .accounts
            .first()
            .with_context(|| format!("{} has no account at {bank}", customer.username))?;
        Ok(Payer {
            bank: bank.to_owned(),
            user: customer.username.clone(),
            password: customer.password.clone(),
            account: account.identification.clone(),
            name: account.name.clone(),
            one_time_password,
            declines,
            method: method.map(str::to_owned),
        })
    }

    /// The answer to a question of the bank; `options` are those of a choice.
    ///
    /// # Errors
    /// If the wanted method is not offered, or the payer declines: a question has no such answer.
    pub async fn answer(
        &self,
        browser: &mut Browser,
        question: &str,
        options: &[String],
    ) -> anyhow::Result<String> {
        if self.declines && !["psuId", "eatCode", "account"].contains(&question) {
            bail!(
                "{} approves by questions, and a payer who declines does not answer them: choose \
                 another bank with --bank",
                self.bank
            );
        }
        if let Some(first) = options.first() {
            let Some(wanted) = &self.method else { return Ok(first.clone()) };
            return options
                .iter()
                .find(|option| option.to_lowercase().starts_with(&wanted.to_lowercase()))
                .cloned()
                .with_context(|| {
                    format!("--method {wanted}: {} offers {}", self.bank, options.join(", "))
                });
        }
        Ok(match question {
            "psuId" => self.user.clone(),
            "password" => self.password.clone(),
            "account" => self.account.clone(),
            "eatCode" => browser.app_code(&self.bank, &self.user).await?,
            _ => self.one_time_password.clone(),
        })
    }
}
