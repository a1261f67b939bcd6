//! Access tokens and refresh tokens, alike at every standard (RFC 6749; RFC 9700, section 4.14).
//!
//! A refresh token is one that the bank rotates, or one that stays. A rotated one that comes a second
//! time may have been stolen: it ends everything that came from the same approval.

use jiff::Timestamp;

use super::grant::{Grant, key};
use super::state::{State, after_seconds};

/// How long an authorisation code can be exchanged.
pub(crate) const CODE_SECONDS: i64 = 10 * 60;

/// How long the tokens of a payer's approval work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TokenTerms {
    pub(crate) access_seconds: i64,
    /// None where the bank gives no refresh tokens.
    pub(crate) refresh: Option<RefreshTerms>,
}

/// The properties of a bank's refresh tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RefreshTerms {
    /// From the approval on.
    pub(crate) seconds: i64,
    /// Each use gives another one, and the old one ends.
    pub(crate) rotates: bool,
    /// After so many uses the bank refuses; none where only time ends it.
    pub(crate) uses_max: Option<u32>,
}

/// The tokens for a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issued {
    pub(crate) access_token: String,
    pub(crate) expires_in: i64,
    pub(crate) refresh_token: Option<String>,
}

/// Fresh secrets for tokens, drawn before the state is locked.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

/// Tokens for a code that was exchanged; `code_key` is what they have in common.
pub(crate) fn issue(
    state: &mut State,
    code_key: &str,
    grant: &Grant,
    secrets: &Secrets,
    terms: &TokenTerms,
    now: Timestamp,
) -> Issued {
    let token = Grant {
        family: code_key.to_owned(),
        uses: 0,
        answer: None,
        used_for: None,
        expires_at: after_seconds(now, terms.access_seconds),
        ..grant.clone()
    };
    let refresh_token = terms.refresh.map(|refresh| {
        let row = Grant { expires_at: after_seconds(now, refresh.seconds), ..token.clone() };
        state.grants.put(&key("refresh", &secrets.refresh), row, now, &mut state.changes);
        secrets.refresh.clone()
    });
    state.grants.put(&key("token", &secrets.access), token, now, &mut state.changes);
    Issued { access_token: secrets.access.clone(), expires_in: terms.access_seconds, refresh_token }
}

/// A new access token for a refresh token of that client, with the grant behind it. The error gives
/// the reason for a refusal; a token that counts as stolen is deleted.
pub(crate) fn refresh(
    state: &mut State,
    (bank, client): (&str, &str),
    refresh_token: &str,
    secrets: &Secrets,
    terms: &TokenTerms,
    now: Timestamp,
) -> Result<(Issued, Grant), &'static str> {
    let refresh_key = key("refresh", refresh_token);
    let found = state.grants.get(&refresh_key).cloned();
    let grant = found.ok_or("the refresh token is unknown or has expired")?;
    if grant.bank != bank || grant.client != client {
        return Err("the refresh token was given to another client");
    }
    let rule = terms.refresh.filter(|_| grant.expires_at > now);
    let rule = rule.ok_or("the refresh token is unknown or has expired")?;
    if grant.used_for.is_some() {
        end_family(state, &grant.family);
        return Err("the refresh token was used before; its tokens are revoked");
    }
    if rule.uses_max.is_some_and(|most| grant.uses >= most) {
        end_family(state, &grant.family);
        return Err("the payer must approve again");
    }
    let uses = grant.uses.saturating_add(1);
    let token_key = key("token", &secrets.access);
    let token = Grant { expires_at: after_seconds(now, terms.access_seconds), ..grant.clone() };
    let changes = &mut state.changes;
    state.grants.put(&token_key, token, now, changes);
    let answered = if rule.rotates {
        let next = Grant { uses, ..grant.clone() };
        state.grants.put(&key("refresh", &secrets.refresh), next, now, changes);
        state.grants.update(&refresh_key, changes, |old| old.used_for = Some(token_key));
        Some(secrets.refresh.clone())
    } else {
        state.grants.update(&refresh_key, changes, |old| old.uses = uses);
        None
    };
    let issued = Issued {
        access_token: secrets.access.clone(),
        expires_in: terms.access_seconds,
        refresh_token: answered,
    };
    Ok((issued, grant))
}

/// Ends all tokens that came from one approval.
pub(crate) fn end_family(state: &mut State, family: &str) {
    end_all(state, |grant| grant.family == family);
}

/// Ends all tokens that the client has for the payer of `new` at that bank.
pub(crate) fn end_of_payer(state: &mut State, new: &Grant) {
    end_all(state, |grant| {
        (&grant.bank, &grant.client, &grant.username) == (&new.bank, &new.client, &new.username)
    });
}

fn end_all(state: &mut State, ends: impl Fn(&Grant) -> bool) {
    let is_token = |key: &str| key.starts_with("token:") || key.starts_with("refresh:");
    let found = state.grants.all().into_iter();
    let ended = found.filter(|(key, grant)| is_token(key) && ends(grant));
    let keys: Vec<String> = ended.map(|(key, _)| key.to_owned()).collect();
    for key in keys {
        state.grants.remove(&key, &mut state.changes);
    }
}

/// A good access token of that client at that bank.
pub(crate) fn find<'state>(
    state: &'state State,
    (bank, client): (&str, &str),
    access_token: &str,
    now: Timestamp,
) -> Option<&'state Grant> {
    state
        .grants
        .get(&key("token", access_token))
        .filter(|grant| grant.bank == bank && grant.client == client && grant.expires_at > now)
}
