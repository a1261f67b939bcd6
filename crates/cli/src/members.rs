//! `bascule members list` and `set`: who may call, and what is agreed with them.

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use domain::account::AccountIdentifier;
use domain::alias::Alias;
use domain::ids::MemberId;
use store::members::{self, ALIASES_MAX, BENEFICIARIES_MAX, ListedMember, MemberSettings};
use store::{Db, unit};

use crate::args::values::AddressOrNone;
use crate::args::{DatabaseOptions, MembersCommand, MembersOptions, OnOff};
use crate::data_dir::open_existing;
use crate::terminal;

/// Carries the command out. A running gateway is not disturbed.
///
/// # Errors
/// Where the database cannot be used, or there is no such member.
pub async fn run(options: MembersOptions) -> anyhow::Result<ExitCode> {
    match options.command {
        MembersCommand::List { database } => {
            for member in all(&open_existing(&database).await?).await? {
                terminal::say(&line(&member));
            }
        }
        MembersCommand::Set {
            database,
            member,
            auto_redeem,
            tpp_callback_url,
            act_on_behalf,
            restrict_beneficiaries,
            add_beneficiary,
            remove_beneficiary,
            alias,
            remove_alias,
        } => {
            let change = Change {
                auto_redeem,
                return_url: tpp_callback_url.map(|AddressOrNone(address)| address),
                act_on_behalf,
                restrict_beneficiaries,
                add: add_beneficiary,
                remove: remove_beneficiary,
                aliases: alias,
                remove_aliases: remove_alias,
            };
            set(&database, member, change).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Every member of the database.
///
/// # Errors
/// Where the database cannot be read.
pub async fn all(db: &Db) -> anyhow::Result<Vec<ListedMember>> {
    db.read(move |tx| unit(members::list(tx))).await.map_err(|error| anyhow!("{error}"))
}

/// What is to be agreed otherwise; what is absent stays.
#[derive(Clone)]
struct Change {
    auto_redeem: Option<OnOff>,
    return_url: Option<Option<String>>,
    act_on_behalf: Option<OnOff>,
    restrict_beneficiaries: Option<OnOff>,
    add: Vec<AccountIdentifier>,
    remove: Vec<AccountIdentifier>,
    aliases: Vec<Alias>,
    remove_aliases: Vec<Alias>,
}

impl Change {
    /// # Errors
    /// Where there would be too many accounts or aliases.
    fn applied_to(self, settings: &mut MemberSettings) -> Result<(), String> {
        if let Some(switch) = self.auto_redeem {
            settings.redeems_on_request = switch == OnOff::Off;
        }
        if let Some(return_url) = self.return_url {
            settings.return_url = return_url;
        }
        if let Some(switch) = self.act_on_behalf {
            settings.acts_on_behalf = switch == OnOff::On;
        }
        if let Some(switch) = self.restrict_beneficiaries {
            settings.restricts_beneficiaries = switch == OnOff::On;
        }
        let listed = &mut settings.beneficiaries;
        listed.retain(|one| !self.remove.iter().any(|gone| gone.is_same_account(one)));
        for account in self.add {
            if !listed.iter().any(|one| one.is_same_account(&account)) {
                listed.push(account);
            }
        }
        if listed.len() > BENEFICIARIES_MAX {
            return Err(format!(
                "{} accounts would be listed, at most {BENEFICIARIES_MAX} can be",
                listed.len()
            ));
        }
        let aliases = &mut settings.aliases;
        aliases.retain(|one| !self.remove_aliases.iter().any(|gone| gone.is_same(one)));
        for alias in self.aliases {
            if !aliases.iter().any(|one| one.is_same(&alias)) {
                aliases.push(alias);
            }
        }
        if aliases.len() > ALIASES_MAX {
            let count = aliases.len();
            return Err(format!(
                "the member would have {count} aliases, at most {ALIASES_MAX} can be"
            ));
        }
        Ok(())
    }
}

async fn set(database: &DatabaseOptions, id: MemberId, change: Change) -> anyhow::Result<()> {
    let db = open_existing(database).await?;
    let wanted = id.clone();
    let changed = db
        .transact((wanted, change), move |(wanted, change), tx| {
            unit(async move {
                let Some(mut settings) = members::settings(tx, wanted).await? else {
                    return Ok(Ok(None));
                };
                for other in members::list(tx).await? {
                    let taken = |alias: &&Alias| {
                        other.id != *wanted
                            && other.settings.aliases.iter().any(|one| one.is_same(alias))
                    };
                    if let Some(alias) = change.aliases.iter().find(taken) {
                        return Ok(Err(format!("{alias} is an alias of {}", other.id)));
                    }
                }
                if let Err(reason) = change.clone().applied_to(&mut settings) {
                    return Ok(Err(reason));
                }
                members::set_settings(tx, wanted, &settings).await?;
                Ok(Ok(Some(settings)))
            })
        })
        .await
        .map_err(|error| anyhow!("{error}"))?
        .map_err(|reason| anyhow!("{reason}"))?;
    let Some(settings) = changed else {
        bail!("there is no member {id} in this database: see `bascule members list`");
    };
    terminal::say(&format!("{id}  {}", agreed(&settings)));
    Ok(())
}

fn line(member: &ListedMember) -> String {
    format!("{}  {}  {}", member.id, member.name, agreed(&member.settings))
}

fn agreed(settings: &MemberSettings) -> String {
    let on_off = |on: bool| if on { "on" } else { "off" };
    let auto_redeem = on_off(!settings.redeems_on_request);
    let return_url = settings.return_url.as_deref().unwrap_or("none");
    let on_behalf = on_off(settings.acts_on_behalf);
    let beneficiaries = match settings.restricts_beneficiaries {
        true => "only those listed",
        false => "any",
    };
    let mut text = format!(
        "auto-redeem {auto_redeem}, TPP callback {return_url}, act on behalf {on_behalf}, \
         beneficiaries {beneficiaries}"
    );
    for account in &settings.beneficiaries {
        text.push_str("\n    ");
        text.push_str(&number_of(account));
    }
    for alias in &settings.aliases {
        text.push_str("\n    alias ");
        text.push_str(&alias.to_string());
    }
    text
}

/// An account as an operator writes it.
fn number_of(account: &AccountIdentifier) -> String {
    match account {
        AccountIdentifier::SortCode { sort_code, account_number } => {
            format!("{sort_code}-{account_number}")
        }
        AccountIdentifier::Iban { iban, .. } | AccountIdentifier::IbanWithBban { iban, .. } => {
            iban.clone()
        }
        AccountIdentifier::Bban { bban, .. } => format!("bban:{bban}"),
        AccountIdentifier::AccountNumber { account_number, .. } => account_number.clone(),
        AccountIdentifier::Bankgiro { bankgiro_number, .. } => {
            format!("bankgiro:{bankgiro_number}")
        }
        AccountIdentifier::Plusgiro { plusgiro_number, .. } => {
            format!("plusgiro:{plusgiro_number}")
        }
    }
}
