//! The payer at a simulated bank: who it is, and what it answers.

use anyhow::{Context, bail};

use super::browser::Browser;
use super::html;

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
    /// where absent.
    method: Option<String>,
}

impl Payer {
    /// The first customer of a simulated bank, as the page of all simulated banks shows it.
    ///
    /// # Errors
    /// Where that page does not show the bank.
    pub async fn of_bank(
        browser: &mut Browser,
        bank: &str,
        declines: bool,
        method: Option<&str>,
    ) -> anyhow::Result<Payer> {
        let overview = browser.overview().await?;
        let section = overview
            .split(&format!("<h3 id=\"{bank}\">"))
            .nth(1)
            .and_then(|rest| rest.split("<h3").next())
            .with_context(|| format!("`{bank}` is no simulated bank: nobody can play its payer"))?;
        let row = html::texts_of(section, "tr").find(|row| row.contains("<td>"));
        let cells: Vec<String> = html::texts_of(&row.unwrap_or_default(), "td").collect();
        let [user, password, account, name, ..] = cells.as_slice() else {
            bail!("the page of the simulated banks names no customer of {bank}");
        };
        let plain = |cell: &str| html::texts_of(cell, "code").next().unwrap_or_default();
        Ok(Payer {
            bank: bank.to_owned(),
            user: user.split([' ', '<']).next().unwrap_or_default().to_owned(),
            password: plain(password),
            account: account.split_whitespace().collect(),
            name: name.clone(),
            one_time_password: plain(&overview),
            declines,
            method: method.map(str::to_owned),
        })
    }

    /// The answer to a question of the bank; `options` are those of a choice.
    ///
    /// # Errors
    /// Where the wanted method is not offered, or the payer declines: a question has no such answer.
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
