//! `bascule members list` and `set`: who may call, and what is agreed with them.

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use domain::ids::MemberId;
use store::members::{self, ListedMember, MemberSettings};
use store::{Db, unit};

use crate::args::{DatabaseOptions, MembersCommand, MembersOptions, OnOff};
use crate::data_dir::open_existing;
use crate::terminal;

/// Longest address, in bytes.
const URL_BYTES_MAX: usize = 2_048;

/// Carries the command out. A running gateway is not disturbed.
///
/// # Errors
/// Where the database cannot be used, there is no such member, or an address is none.
pub async fn run(options: MembersOptions) -> anyhow::Result<ExitCode> {
    match options.command {
        MembersCommand::List { database } => {
            for member in all(&open_existing(&database).await?).await? {
                terminal::say(&line(&member));
            }
        }
        MembersCommand::Set { database, member, auto_redeem, tpp_callback_url } => {
            set(&database, &member, auto_redeem, tpp_callback_url).await?;
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

async fn set(
    database: &DatabaseOptions,
    member: &str,
    auto_redeem: Option<OnOff>,
    tpp_callback_url: Option<String>,
) -> anyhow::Result<()> {
    let id: MemberId = member
        .parse()
        .map_err(|_| anyhow!("`{member}` is no member id: they are like m:…:bscuLe"))?;
    let return_url = match tpp_callback_url.as_deref() {
        None => None,
        Some("none") => Some(None),
        Some(text) => Some(Some(address(text)?)),
    };
    let db = open_existing(database).await?;
    let wanted = id.clone();
    let changed = db
        .transact(move |tx| {
            let (wanted, return_url) = (wanted.clone(), return_url.clone());
            unit(async move {
                let Some(mut settings) = members::settings(tx, &wanted).await? else {
                    return Ok(None);
                };
                if let Some(switch) = auto_redeem {
                    settings.redeems_on_request = switch == OnOff::Off;
                }
                if let Some(return_url) = return_url {
                    settings.return_url = return_url;
                }
                members::set_settings(tx, &wanted, &settings).await?;
                Ok(Some(settings))
            })
        })
        .await
        .map_err(|error| anyhow!("{error}"))?;
    let Some(settings) = changed else {
        bail!("there is no member {id} in this database: see `bascule members list`");
    };
    terminal::say(&format!("{id}  {}", agreed(&settings)));
    Ok(())
}

fn address(text: &str) -> anyhow::Result<String> {
    let url = url::Url::parse(text).ok();
    let fits = text.len() <= URL_BYTES_MAX
        && url.is_some_and(|url| {
            ["http", "https"].contains(&url.scheme()) && url.has_host() && url.fragment().is_none()
        });
    if !fits {
        bail!("`{text}` is no address: https://shop.example/from-the-bank, or `none`");
    }
    Ok(text.to_owned())
}

fn line(member: &ListedMember) -> String {
    format!("{}  {}  {}", member.id, member.name, agreed(&member.settings))
}

fn agreed(settings: &MemberSettings) -> String {
    let auto_redeem = if settings.redeems_on_request { "off" } else { "on" };
    let return_url = settings.return_url.as_deref().unwrap_or("none");
    format!("auto-redeem {auto_redeem}, TPP callback {return_url}")
}
