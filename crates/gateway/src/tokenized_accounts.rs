//! Accounts on file: bank accounts of payers that a member names by an id instead of sending
//! them again (reference, section 5.2). They are kept sealed.

use std::sync::Arc;

use banks::profile::BankProfile;
use domain::account::Party;
use domain::ids::{PaymentId, SUFFIX, TokenizedAccountId};
use domain::initiation::Initiation;
use domain::payment::{Payment, Stage};
use serde::{Deserialize, Serialize};
use store::sealed_records::RecordKind;
use store::{Tx, unit};
use tracing::warn;

use crate::error::AccountOnFileFault;
use crate::idempotency::IdempotencyKey;
use crate::{App, GatewayError, Member, sealed_records};

const KIND: RecordKind = RecordKind::TokenizedAccount;

/// An account that a member may name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountOnFile {
    /// The bank, if the member named it.
    pub bank_id: Option<String>,
    /// The account and its holder.
    pub holder: Party,
}

/// Keeps an account for the member.
///
/// # Errors
/// [`GatewayError::BankUnknown`]; [`GatewayError::KeyTaken`]; [`GatewayError::Sealing`];
/// [`GatewayError::Store`].
pub async fn create(
    app: &Arc<App>,
    member: &Member,
    account: &AccountOnFile,
    key: Option<IdempotencyKey>,
) -> Result<TokenizedAccountId, GatewayError> {
    if let Some(bank_id) = &account.bank_id {
        crate::payments::bank_with_id(app, bank_id)?;
    }
    let id = TokenizedAccountId::new(app.now(), app.ids());
    sealed_records::keep(app, member, KIND, id.as_str(), account, key).await?;
    Ok(id)
}

/// The member's account; `None` if the member has no account of that id, or deleted it.
///
/// # Errors
/// [`GatewayError::Sealing`]; [`GatewayError::Store`].
pub async fn get(
    app: &App,
    member: &Member,
    id: &TokenizedAccountId,
) -> Result<Option<AccountOnFile>, GatewayError> {
    sealed_records::get(app, member.id(), KIND, id.as_str()).await
}

/// Deletes the member's account. Returns whether it existed. Payments that were made with it
/// keep what they need.
///
/// # Errors
/// [`GatewayError::Store`].
pub async fn delete(
    app: &App,
    member: &Member,
    id: &TokenizedAccountId,
) -> Result<bool, GatewayError> {
    let (member_id, record) = (member.id().clone(), id.clone());
    let deleted = app
        .db()
        .transact((member_id, record), move |(member_id, record), tx| {
            unit(async move {
                store::sealed_records::delete_account(tx, record.as_str(), member_id).await
            })
        })
        .await?;
    Ok(deleted)
}

/// Puts the account that the payment names in the place of the payer's.
///
/// # Errors
/// [`GatewayError::AccountOnFile`] where the member has no such account, or it is not for this payment;
/// [`GatewayError::Sealing`]; [`GatewayError::Store`].
pub(crate) async fn resolve(
    app: &App,
    member: &Member,
    initiation: &mut Initiation,
    bank: Option<&BankProfile>,
) -> Result<(), GatewayError> {
    let Some(id) = &initiation.order.debtor_account_id else {
        return Ok(());
    };
    let wrong = |fault| Err(GatewayError::AccountOnFile(fault));
    let Some(account) = get(app, member, id).await? else {
        return wrong(AccountOnFileFault::Unknown);
    };
    if let (Some(bank), Some(of_account)) = (bank, &account.bank_id)
        && bank.id != *of_account
    {
        return wrong(AccountOnFileFault::AtAnotherBank);
    }
    let reaches = |number| initiation.order.local_instrument.reaches(number);
    if !account.holder.account.as_ref().is_some_and(reaches) {
        return wrong(AccountOnFileFault::OffRail);
    }
    initiation.order.debtor = Some(account.holder);
    Ok(())
}

/// The id under which the payer's account of a payment is on file, once it is: the member asked
/// for it (`returnTokenizedAccount`), the payment is completed, and the account is known.
#[must_use]
pub fn id_of_payers_account(payment: &Payment) -> Option<TokenizedAccountId> {
    if payment.initiation.order.debtor_account_id.is_some() {
        return payment.initiation.order.debtor_account_id.clone();
    }
    payers_account(payment).and_then(|_| minted_id(&payment.id))
}

/// The payment's id in another kind, so that however often it is completed it is one account.
fn minted_id(payment_id: &PaymentId) -> Option<TokenizedAccountId> {
    format!("{}:{}:{SUFFIX}", TokenizedAccountId::PREFIX, payment_id.core()).parse().ok()
}

fn payers_account(payment: &Payment) -> Option<AccountOnFile> {
    let completed = payment.stage() == Stage::Completed;
    if !payment.initiation.order.return_tokenized_account || !completed {
        return None;
    }
    let of_bank = payment.bank.refund_account.as_ref();
    let told = payment.initiation.order.debtor.clone();
    let number = of_bank
        .map(|refund| refund.account.clone())
        .or_else(|| told.as_ref().and_then(|debtor| debtor.account.clone()))
        .or_else(|| payment.payer_account.clone())?;
    let name = of_bank.and_then(|refund| refund.name.clone());
    let holder = told.unwrap_or(Party {
        account: None,
        name: None,
        ultimate_name: None,
        address: None,
        bank_name: None,
    });
    let holder = Party { account: Some(number), name: holder.name.clone().or(name), ..holder };
    Some(AccountOnFile { bank_id: payment.bank_id.clone(), holder })
}

/// Keeps the payer's account of a payment that was just completed, in the same commit. If sealing
/// fails, the account is not kept; the payment continues.
pub(crate) async fn keep_payers_account(
    app: &App,
    tx: &mut Tx,
    payment: &Payment,
) -> Result<(), store::StoreError> {
    if payment.initiation.order.debtor_account_id.is_some() {
        return Ok(());
    }
    let (Some(account), Some(id)) = (payers_account(payment), minted_id(&payment.id)) else {
        return Ok(());
    };
    match sealed_records::seal(app, KIND, id.as_str(), &account) {
        Ok(sealed) => {
            let (id, owner) = (id.as_str(), &payment.member_id);
            store::sealed_records::insert(tx, KIND, id, owner, &sealed, app.now()).await
        }
        Err(error) => {
            warn!(payment = %payment.id, %error, "the payer's account was not kept");
            Ok(())
        }
    }
}
