//! `bascule banks register` and `registrations`: how the gateway becomes a client of a bank.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use banks::Directory;
use banks::protocol::Protocols;
use banks::reachable::TrialFailure;
use banks::registration::RegisteredClient;
use domain::reach::Reach;
use gateway::registrations::{RegistrationError, Registrations};
use gateway::seal::Sealer;

use crate::args::DatabaseOptions;
use crate::args::banks::RegisterOptions;
use crate::data_dir::open_existing;
use crate::directory::no_such_bank;
use crate::exit::Exit;
use crate::held_certificates::sealer;
use crate::seams::SystemIds;
use crate::terminal;
use crate::try_banks::{self, Trusting};
use crate::wire::HttpWire;

/// Registers at one bank.
///
/// # Errors
/// If the folder, the certificates or the database cannot be used, the bank has no registration, there
/// is one already, the bank refused, or its answer was lost.
pub async fn register(options: RegisterOptions) -> anyhow::Result<ExitCode> {
    let RegisterOptions { folder, id, database, certificates, key_id, again } = options;
    let directory = Directory::load_dir(&folder)?;
    let bank = directory.get(&id).with_context(|| no_such_bank(&folder, &id))?;
    if bank.registration.is_none() {
        bail!("{id}: its file has no [registration]: see docs/banks.md, \"Registration\"");
    }
    let db = open_existing(&database).await?;
    let sealer: Sealer = sealer(&database)?;
    let registrations = Registrations { db: &db, sealer: &sealer, ids: &SystemIds };
    if again {
        registrations.forget(&id).await?;
    }
    let given = certificates.as_deref();
    let pair = given.map(|own| try_banks::given(own, &key_id)).transpose()?;
    let extra = given.map(try_banks::authority).transpose()?.flatten();
    let identity = try_banks::identity(bank, pair.as_ref(), false)?;
    let wire = Arc::new(HttpWire::new(Reach::PublicAndLoopback, extra)?);
    let wire = Trusting { wire, authorities: bank.tls_authorities() };
    let call = try_banks::call(bank, &identity, &wire);
    let protocols = Protocols::new();
    let made = registrations.register(protocols.protocol_for(bank), &call).await;
    let client = made.map_err(|error| in_words(&id, error))?;
    let then =
        if client.client_id.is_some() { ". A running gateway uses it after SIGHUP" } else { "" };
    terminal::say(&format!("{id}: {}{then}", described(&client)));
    Ok(Exit::Done.into())
}

/// The banks of a folder with the clients that they made of us; the database is opened only if a file has
/// a registration.
///
/// # Errors
/// If the database or its sealing key cannot be used.
pub async fn with_registered(
    directory: Directory,
    database: &DatabaseOptions,
) -> anyhow::Result<Directory> {
    let Some(bank) = directory.iter().find(|bank| bank.lacks_registration()) else {
        return Ok(directory);
    };
    let wanted = || format!("{}: its file has [registration], and the client is there", bank.id);
    let db = open_existing(database).await.with_context(wanted)?;
    let sealer = sealer(database)?;
    let registrations = Registrations { db: &db, sealer: &sealer, ids: &SystemIds };
    let clients = registrations.clients().await?;
    Ok(directory.with_registered(&clients))
}

fn described(client: &RegisteredClient) -> String {
    let Some(client_id) = &client.client_id else {
        return "the bank has seen our certificates".to_owned();
    };
    let secret = match (&client.client_secret, client.client_secret_expires_at) {
        (None, _) => "",
        (Some(_), None) => ", with a secret that does not expire",
        (Some(_), Some(at)) => &format!(", with a secret until {at}"),
    };
    format!("registered as `{client_id}`{secret}")
}

fn in_words(id: &str, error: RegistrationError) -> anyhow::Error {
    match error {
        RegistrationError::Registered(at) => anyhow!(
            "{id}: registered since {at}; --again registers once more, and the bank may then have two \
             clients of ours"
        ),
        RegistrationError::Open(at) => anyhow!(
            "{id}: an attempt of {at} is still running, or its answer was lost. Ask the bank whether \
             it made a client; --again forgets the attempt and registers once more"
        ),
        RegistrationError::NotMade(error) => {
            let why = TrialFailure::of(error).why;
            anyhow!("{id}: not registered: {why}. Nothing was recorded; correct it and try again")
        }
        RegistrationError::Uncertain(error) => anyhow!(
            "{id}: not known whether it is registered: {}. Ask the bank whether it made a \
             client; --again forgets the attempt and registers once more",
            TrialFailure::of(error).why
        ),
        RegistrationError::Gateway(error) => anyhow!("{id}: {error}"),
    }
}

/// One line for each registration, and for each attempt without an answer.
///
/// # Errors
/// If the database or its sealing key cannot be used.
pub async fn list(database: &DatabaseOptions) -> anyhow::Result<String> {
    let db = open_existing(database).await?;
    let sealer = sealer(database)?;
    let registrations = Registrations { db: &db, sealer: &sealer, ids: &SystemIds };
    let clients = registrations.clients().await?;
    let line = |row: &store::bank_registrations::BankRegistration| match &row.registered {
        None => format!("{}  attempt of {} without an answer", row.bank_id, row.begun_at),
        Some((at, _)) => {
            let client = clients.get(&row.bank_id);
            let client = client.map_or_else(String::new, |client| described(client));
            format!("{}  {client}, since {at}", row.bank_id)
        }
    };
    let lines: Vec<String> = registrations.all().await?.iter().map(line).collect();
    Ok(match lines.is_empty() {
        true => "no registrations: `bascule banks register` makes them".to_owned(),
        false => lines.join("\n"),
    })
}
