//! Every statement of this crate, for the test that prepares each on both databases.

use crate::db::{StoreError, Tx};
use crate::{
    bank_calls, cases, certificates, deliveries, events, idempotency, jobs, members, payments,
    readiness, sealed_records, secrets, token_requests, webhooks,
};

/// Statements that run on both databases.
pub const PORTABLE: &[&str] = &[
    bank_calls::DELETE_OLD,
    bank_calls::INSERT,
    bank_calls::OF_SUBJECT,
    cases::CLOSE,
    cases::GET,
    cases::INSERT,
    cases::NEWEST,
    cases::OF_SUBJECT,
    cases::OPEN,
    certificates::ALL,
    certificates::DELETE,
    certificates::INSERT,
    deliveries::ATTEMPTED,
    deliveries::ENDED,
    deliveries::FAN_OUT,
    deliveries::FAN_OUT_JOB,
    deliveries::NEXT,
    deliveries::OF_SUBJECT,
    events::GET,
    events::INSERT,
    events::OF_SUBJECT,
    idempotency::ANSWERED,
    idempotency::DELETE_OLD,
    idempotency::GET,
    idempotency::INSERT,
    idempotency::RELEASE_ALL,
    jobs::CANCEL,
    jobs::CLAIM_WAITING,
    jobs::DELIVER_AGAIN,
    jobs::FINISH,
    jobs::MOVE_BACK,
    jobs::NEXT_DUE,
    jobs::OF_SUBJECT,
    jobs::POSTPONE,
    jobs::RELEASE,
    jobs::RELEASE_ALL,
    jobs::WAKE_DELIVERIES,
    jobs::REPEAT,
    jobs::REPEAT_DELIVERY,
    jobs::SCHEDULE,
    jobs::WAKE,
    members::DELETE_KEY,
    members::FIRST,
    members::GET,
    members::GET_KEY,
    members::GET_SETTINGS,
    members::HAS_API_KEY,
    members::INSERT,
    members::INSERT_API_KEY,
    members::INSERT_KEY,
    members::LIST,
    members::LIST_KEYS,
    members::SET_SETTINGS,
    payments::FILL,
    payments::GET,
    payments::GET_ANY,
    payments::INSERT,
    payments::UNFILLED,
    payments::UPDATE,
    payments::list::OF_IDS,
    payments::list::OF_MEMBER.entries,
    payments::list::OF_MEMBER.payments,
    payments::list::OF_PAYER.entries,
    payments::list::OF_PAYER.payments,
    payments::list::OF_REFERENCE.entries,
    payments::list::OF_REFERENCE.payments,
    payments::list::OF_STATE.entries,
    payments::list::OF_STATE.payments,
    payments::list::OF_SUB_TPP.entries,
    payments::list::OF_SUB_TPP.payments,
    payments::roles::STANDING_ORDERS_OF_MEMBER,
    payments::roles::STANDING_ORDERS_OF_SUB_TPP,
    payments::roles::TOKENS_OF_MEMBER,
    payments::roles::TOKENS_OF_SUB_TPP,
    payments::roles::TRANSFERS_OF_MEMBER,
    payments::roles::TRANSFERS_OF_STATUS,
    payments::roles::TRANSFERS_OF_SUB_TPP,
    readiness::LAST,
    readiness::WRITE,
    sealed_records::DELETE_ACCOUNT,
    sealed_records::GET_ACCOUNT,
    sealed_records::GET_VERIFICATION,
    sealed_records::INSERT_ACCOUNT,
    sealed_records::INSERT_VERIFICATION,
    secrets::GET,
    secrets::INSERT,
    token_requests::GET,
    token_requests::GET_ANY,
    token_requests::INSERT,
    token_requests::OF_IDS,
    token_requests::OF_REFERENCE,
    token_requests::UPDATE,
    webhooks::DELETE,
    webhooks::DELETE_TYPES,
    webhooks::GET,
    webhooks::GET_TYPES,
    webhooks::PUT,
    webhooks::PUT_TYPE,
];

/// Claiming, in each database's own words.
pub const CLAIMS: (&str, &str) = (jobs::CLAIM_SQLITE, jobs::CLAIM_POSTGRES);

/// Prepares every statement that the database of `tx` runs.
///
/// # Errors
/// [`StoreError::Corrupt`] names the first one that does not fit the schema.
pub async fn prepare_all(tx: &mut Tx) -> Result<(), StoreError> {
    let claim = if tx.is_postgres() { CLAIMS.1 } else { CLAIMS.0 };
    for sql in PORTABLE.iter().copied().chain([claim]) {
        tx.prepare(sql).await.map_err(|error| StoreError::Corrupt(format!("{sql}: {error}")))?;
    }
    Ok(())
}
