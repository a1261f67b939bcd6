//! Members: their keys, and what is agreed with them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use domain::account::{AccountIdentifier, Party};
use domain::alias::Alias;
use domain::ids::MemberId;
use domain::initiation::Flow;
use domain::payment::Terms;
use jiff::{SignedDuration, Timestamp};
use store::members::{self, MemberKey, MemberSettings};
use store::{idempotency, unit};

use crate::idempotency::IdempotencyKey;
use crate::public_key::PublicKey;
use crate::{App, GatewayError, Member};

/// What was changed on another node, or with another program, still counts here for this long, at
/// the most: a removed key, a member's settings.
const CACHE_LIFETIME: SignedDuration = SignedDuration::from_secs(5);
/// Cached rows of a kind; beyond that the cache starts anew.
const CACHE_ENTRIES_MAX: usize = 10_000;

/// Keys that were looked up a moment ago: each request names one.
pub type KeyCache = Cache<(MemberId, String), Option<Arc<PublicKey>>>;
/// Settings that were looked up a moment ago: each new payment follows its member's.
pub type SettingsCache = Cache<MemberId, Arc<MemberSettings>>;

/// What was looked up a moment ago.
pub struct Cache<K, V> {
    entries: Mutex<HashMap<K, (Timestamp, V)>>,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Cache<K, V> {
        Cache { entries: Mutex::default() }
    }
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, found) = entries.get(key)?;
        (now < *until).then(|| found.clone())
    }

    fn put(&self, key: K, found: V, now: Timestamp) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= CACHE_ENTRIES_MAX {
            entries.clear();
        }
        entries.insert(key, (now.checked_add(CACHE_LIFETIME).unwrap_or(now), found));
    }

    fn forget(&self, key: &K) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// The key with which a request claims to be signed. For authentication only.
///
/// A key of an earlier release that is no longer taken counts as none.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn key_for_authentication(
    app: &App,
    member_id: &MemberId,
    key_id: &str,
) -> Result<Option<Arc<PublicKey>>, GatewayError> {
    let now = app.now();
    let cache_key = (member_id.clone(), key_id.to_owned());
    if let Some(found) = app.keys.get(&cache_key, now) {
        return Ok(found);
    }
    let wanted = cache_key.clone();
    let found = app
        .db()
        .read(move |tx| unit(async move { members::key(tx, &wanted.0, &wanted.1).await }))
        .await?
        .and_then(|key| match PublicKey::parse(&key.algorithm, &key.public_key) {
            Ok(parsed) => Some(Arc::new(parsed)),
            Err(error) => {
                tracing::warn!(%member_id, key_id = key.key_id, %error, "a stored key is not used");
                None
            }
        });
    app.keys.put(cache_key, found.clone(), now);
    Ok(found)
}

/// Whether a Basic secret (its SHA-256 in hexadecimal) is the member's. For authentication only.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn api_key_is_valid(
    app: &App,
    member_id: &MemberId,
    secret_sha256: &str,
) -> Result<bool, GatewayError> {
    let (member_id, digest) = (member_id.clone(), secret_sha256.to_owned());
    let has = app
        .db()
        .read(move |tx| unit(async move { members::has_api_key(tx, &member_id, &digest).await }))
        .await?;
    Ok(has)
}

/// Registers a public key of the member. The same key again keeps its id.
///
/// # Errors
/// [`GatewayError::Invalid`] beyond [`members::KEYS_MAX`] keys; [`GatewayError::KeyTaken`] where
/// another request has the `idempotency` key; [`GatewayError::Store`].
pub async fn add_key(
    app: &App,
    member: &Member,
    key: MemberKey,
    idempotency: Option<IdempotencyKey>,
) -> Result<(), GatewayError> {
    let now = app.now();
    let cache_key = (member.id().clone(), key.key_id.clone());
    let member_id = member.id().clone();
    let request = idempotency.map(|key| key.row(app, 0));
    let added = app
        .db()
        .transact((member_id, key, request), move |(member_id, key, request), tx| {
            unit(async move {
                let known = members::keys(tx, member_id).await?;
                let room = known.len() < members::KEYS_MAX
                    || known.iter().any(|other| other.key_id == key.key_id);
                if !room {
                    return Ok(Err(too_many_keys()));
                }
                if let Some(request) = request
                    && !idempotency::insert(tx, request, None).await?
                {
                    return Ok(Err(GatewayError::KeyTaken));
                }
                members::insert_key(tx, member_id, key, now).await.map(Ok)
            })
        })
        .await?;
    app.keys.forget(&cache_key);
    added
}

/// The terms of a new payment of the member.
///
/// # Errors
/// [`GatewayError::Store`].
pub(crate) async fn terms(app: &App, member: &Member, flow: Flow) -> Result<Terms, GatewayError> {
    let settings = settings(app, member.id()).await?;
    // On our own pages the payer comes back to us.
    let return_url = (flow == Flow::ApiOnly).then(|| settings.return_url.clone()).flatten();
    Ok(Terms { redeems_on_request: settings.redeems_on_request, return_url })
}

/// Whether the member may have payments sent to the payee; one that the member has yet to tell is
/// checked when it is told.
///
/// # Errors
/// [`GatewayError::BeneficiaryNotListed`]; [`GatewayError::Store`].
pub(crate) async fn check_beneficiary(
    app: &App,
    member: &Member,
    payee: &Party,
) -> Result<(), GatewayError> {
    let settings = settings(app, member.id()).await?;
    let not_listed = |account: &AccountIdentifier| {
        !settings.beneficiaries.iter().any(|listed| listed.is_same_account(account))
    };
    if settings.restricts_beneficiaries && payee.account.as_ref().is_some_and(not_listed) {
        return Err(GatewayError::BeneficiaryNotListed);
    }
    Ok(())
}

/// Whether the member may ask for payments on behalf of others (`actingAs` of payments v1).
///
/// # Errors
/// [`GatewayError::NotOnBehalf`]; [`GatewayError::Store`].
pub async fn check_acting_as(app: &App, member: &Member) -> Result<(), GatewayError> {
    match settings(app, member.id()).await?.acts_on_behalf {
        true => Ok(()),
        false => Err(GatewayError::NotOnBehalf),
    }
}

/// Whether the alias is one of the member's.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn has_alias(app: &App, member: &Member, alias: &Alias) -> Result<bool, GatewayError> {
    let settings = settings(app, member.id()).await?;
    Ok(settings.aliases.iter().any(|known| known.is_same(alias)))
}

/// Whether there is such a member.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn exists(app: &App, id: &MemberId) -> Result<bool, GatewayError> {
    let id = id.clone();
    let name = app.db().read(move |tx| unit(async move { members::name(tx, &id).await })).await?;
    Ok(name.is_some())
}

async fn settings(app: &App, id: &MemberId) -> Result<Arc<MemberSettings>, GatewayError> {
    let now = app.now();
    if let Some(found) = app.member_settings.get(id, now) {
        return Ok(found);
    }
    let wanted = id.clone();
    let found = app
        .db()
        .read(move |tx| unit(async move { members::settings(tx, &wanted).await }))
        .await?
        .unwrap_or_default();
    let found = Arc::new(found);
    app.member_settings.put(id.clone(), Arc::clone(&found), now);
    Ok(found)
}

/// Replaces what is agreed with the member; tells whether there is such a member. Payments that
/// are under way keep the terms with which they began.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn set_settings(
    app: &App,
    id: &MemberId,
    settings: MemberSettings,
) -> Result<bool, GatewayError> {
    let wanted = id.clone();
    let known = app
        .db()
        .transact((wanted, settings), move |(wanted, settings), tx| {
            unit(async move { members::set_settings(tx, wanted, settings).await })
        })
        .await?;
    app.member_settings.forget(id);
    Ok(known)
}

fn too_many_keys() -> GatewayError {
    let most = members::KEYS_MAX;
    GatewayError::Invalid(format!("a member may have {most} keys: delete one first"))
}

/// The member's keys; those of the gateway's own member are public.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn keys(app: &App, member: &Member) -> Result<Vec<MemberKey>, GatewayError> {
    let member_id = member.id().clone();
    let keys =
        app.db().read(move |tx| unit(async move { members::keys(tx, &member_id).await })).await?;
    Ok(keys)
}

/// Removes a key; tells whether there was one.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn delete_key(app: &App, member: &Member, key_id: &str) -> Result<bool, GatewayError> {
    let (member_id, wanted) = (member.id().clone(), key_id.to_owned());
    let deleted = app
        .db()
        .transact((member_id, wanted), move |(member_id, wanted), tx| {
            unit(async move { members::delete_key(tx, member_id, wanted).await })
        })
        .await?;
    app.keys.forget(&(member.id().clone(), key_id.to_owned()));
    Ok(deleted)
}
