//! Our registrations at banks: recorded before they are sent, kept sealed, and never sent twice by
//! themselves: a bank makes a new client each time.

use std::collections::BTreeMap;
use std::sync::Arc;

use banks::BankError;
use banks::call::Call;
use banks::protocol::Protocol;
use banks::registration::RegisteredClient;
use domain::sealed::Sealed;
use domain::seams::Ids;
use jiff::Timestamp;
use store::bank_registrations::{self, BankRegistration};
use store::{Db, unit};

use crate::seal::Sealer;
use crate::{App, GatewayError};

/// The purpose under which clients are sealed.
const SEALED_FOR: &str = "bank registration";

/// Why a registration was not made.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// There is one.
    #[error("registered at {0}")]
    Registered(Timestamp),
    /// An earlier attempt had no answer: whether the bank has a client of ours is not known.
    #[error("an attempt of {0} had no answer that could be read")]
    Open(Timestamp),
    /// The bank refused, or nothing was sent. Nothing is recorded.
    #[error("{0}")]
    NotMade(BankError),
    /// The attempt was sent and had no answer that can be read. It stays recorded.
    #[error("{0}")]
    Uncertain(BankError),
    /// The database, or the sealing key.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
}

/// The database and the key of its secrets.
#[derive(Clone, Copy)]
pub struct Registrations<'a> {
    /// The database.
    pub db: &'a Db,
    /// Seals clients.
    pub sealer: &'a Sealer,
    /// Draws nonces.
    pub ids: &'a dyn Ids,
}

impl Registrations<'_> {
    /// Registers us at the bank of the call and keeps the client.
    ///
    /// # Errors
    /// [`RegistrationError`].
    pub async fn register(
        &self,
        protocol: &dyn Protocol,
        call: &Call<'_>,
    ) -> Result<RegisteredClient, RegistrationError> {
        let (bank_id, now) = (call.bank.id.clone(), call.clock.now());
        let before = self
            .db
            .transact(bank_id.clone(), move |bank_id, tx| {
                unit(async move { bank_registrations::begin(tx, bank_id, now).await })
            })
            .await
            .map_err(GatewayError::from)?;
        match before {
            None => {}
            Some(BankRegistration { registered: Some((at, _)), .. }) => {
                return Err(RegistrationError::Registered(at));
            }
            Some(open) => return Err(RegistrationError::Open(open.begun_at)),
        }
        match protocol.register(call).await {
            Ok(client) => {
                self.keep(&bank_id, &client, call.clock.now()).await?;
                Ok(client)
            }
            Err(error @ (BankError::Refused(_) | BankError::Unavailable { .. })) => {
                self.forget(&bank_id).await?;
                Err(RegistrationError::NotMade(error))
            }
            Err(error @ (BankError::Unknown { .. } | BankError::Malformed { .. })) => {
                Err(RegistrationError::Uncertain(error))
            }
        }
    }

    async fn keep(
        &self,
        bank_id: &str,
        client: &RegisteredClient,
        now: Timestamp,
    ) -> Result<(), GatewayError> {
        let plain =
            serde_json::to_vec(client).map_err(|error| GatewayError::Sealing(error.to_string()))?;
        let sealed = self.sealer.seal(SEALED_FOR, bank_id, &plain, self.ids)?.0;
        self.db
            .transact((bank_id.to_owned(), sealed), move |(bank_id, sealed), tx| {
                unit(async move { bank_registrations::end(tx, bank_id, now, sealed).await })
            })
            .await?;
        Ok(())
    }

    /// Forgets a registration, or an attempt; whether there was one. The bank keeps its client.
    ///
    /// # Errors
    /// [`GatewayError::Store`].
    pub async fn forget(&self, bank_id: &str) -> Result<bool, GatewayError> {
        let forgotten = self.db.transact(bank_id.to_owned(), move |bank_id, tx| {
            unit(async move { bank_registrations::forget(tx, bank_id).await })
        });
        Ok(forgotten.await?)
    }

    /// All registrations and attempts, by bank.
    ///
    /// # Errors
    /// [`GatewayError::Store`].
    pub async fn all(&self) -> Result<Vec<BankRegistration>, GatewayError> {
        Ok(self.db.read(|tx| unit(async move { bank_registrations::all(tx).await })).await?)
    }

    /// The clients that banks made of us, by bank.
    ///
    /// # Errors
    /// [`GatewayError::Store`]; [`GatewayError::Sealing`] if the key is not the right one.
    pub async fn clients(&self) -> Result<BTreeMap<String, Arc<RegisteredClient>>, GatewayError> {
        let mut clients = BTreeMap::new();
        for row in self.all().await? {
            let Some((_, sealed)) = row.registered else { continue };
            let plain = self.sealer.unseal(SEALED_FOR, &row.bank_id, &Sealed(sealed))?;
            let client: RegisteredClient = serde_json::from_slice(&plain).map_err(|error| {
                GatewayError::Sealing(format!("the registration at {}: {error}", row.bank_id))
            })?;
            clients.insert(row.bank_id, Arc::new(client));
        }
        Ok(clients)
    }
}

impl App {
    /// Our registrations at banks.
    #[must_use]
    pub fn registrations(&self) -> Registrations<'_> {
        Registrations { db: self.db(), sealer: &self.parts.sealer, ids: self.ids() }
    }
}
