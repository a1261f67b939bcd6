//! Lists of payments in a role of payments v1: as a token since they were approved, as a transfer
//! or a standing order since their order was wanted or with the bank. As in [`super::list`] each
//! page is read from one place of an index on.

use domain::ids::MemberId;
use domain::payment::Payment;
use domain::transfer::{Role, TransferStatus};
use jiff::Timestamp;

use super::list::{Position, padded};
use super::payment;
use crate::Value;
use crate::db::{Statement, StoreError, Tx};

/// Statuses by which one statement may filter: all of them, and room for more.
const STATUSES_MAX: usize = 16;

/// Which of a member's tokens, transfers or standing orders a list holds. The newest come first. An
/// empty list of statuses lets all through.
#[derive(Debug, Clone)]
pub struct RoleFilter {
    /// What the list is of.
    pub role: Role,
    /// Statuses; of transfers only.
    pub statuses: Vec<TransferStatus>,
    /// The sub-TPP.
    pub on_behalf_of_id: Option<String>,
    /// Only those that began at this moment or later.
    pub from: Option<Timestamp>,
    /// Only those that began at this moment or earlier.
    pub until: Option<Timestamp>,
    /// Only those that come after this position of the list.
    pub after: Option<Position>,
}

macro_rules! of_member {
    ($ms:literal) => {
        concat!(
            "SELECT body FROM payments WHERE member_id = $1 AND ",
            $ms,
            " IS NOT NULL AND ",
            $ms,
            " > $2 AND (",
            $ms,
            ", id) < ($3, $4) ORDER BY ",
            $ms,
            " DESC, id DESC LIMIT $5"
        )
    };
}
macro_rules! of_sub_tpp {
    ($ms:literal) => {
        concat!(
            "SELECT body FROM payments WHERE member_id = $1 AND on_behalf_of_id IS NOT NULL AND ",
            $ms,
            " IS NOT NULL AND (on_behalf_of_id, ",
            $ms,
            ") > ($2, $3) AND (on_behalf_of_id, ",
            $ms,
            ", id) < ($2, $4, $5) AND (CAST($6 AS BIGINT) = 0 OR transfer_status IN ($7, $8, $9, \
             $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)) \
             ORDER BY on_behalf_of_id DESC, ",
            $ms,
            " DESC, id DESC LIMIT $23"
        )
    };
}

pub(crate) const TOKENS_OF_MEMBER: &str = of_member!("token_ms");
pub(crate) const TRANSFERS_OF_MEMBER: &str = of_member!("transfer_ms");
pub(crate) const STANDING_ORDERS_OF_MEMBER: &str = of_member!("submission_ms");
pub(crate) const TOKENS_OF_SUB_TPP: &str = of_sub_tpp!("token_ms");
pub(crate) const TRANSFERS_OF_SUB_TPP: &str = of_sub_tpp!("transfer_ms");
pub(crate) const STANDING_ORDERS_OF_SUB_TPP: &str = of_sub_tpp!("submission_ms");
pub(crate) const TRANSFERS_OF_STATUS: &str = "SELECT body FROM payments WHERE member_id = $1 AND \
     transfer_ms IS NOT NULL AND transfer_status IS NOT NULL AND \
     (transfer_status, transfer_ms) > ($2, $3) AND \
     (transfer_status, transfer_ms, id) < ($2, $4, $5) \
     ORDER BY transfer_status DESC, transfer_ms DESC, id DESC LIMIT $6";

/// The place of `payment` in the list of that role.
#[must_use]
pub fn position_in_role(role: Role, payment: &Payment) -> Position {
    let since = role.since(payment).unwrap_or(payment.created_at);
    Position { created_ms: since.as_millisecond(), id: payment.id.as_str().to_owned() }
}

/// The columns of `payment`: since when it is a token, since when it is a transfer, where that
/// stands, and since when it is a standing order.
pub(super) fn columns(payment: &Payment) -> [Value; 4] {
    let ms = |role: Role| role.since(payment).map(Timestamp::as_millisecond);
    let transfer_ms = ms(Role::Transfer);
    let status = transfer_ms.map(|_| TransferStatus::of(payment).name().to_owned());
    [ms(Role::Token).into(), transfer_ms.into(), status.into(), ms(Role::StandingOrder).into()]
}

/// The first `limit` of the member's tokens, transfers or standing orders that `filter` lets
/// through. To be run at one state of the database: [`crate::Db::snapshot`].
///
/// # Errors
/// [`StoreError`] of the database.
pub async fn list_in_role(
    tx: &mut Tx,
    member_id: &MemberId,
    filter: &RoleFilter,
    limit: usize,
) -> Result<Vec<Payment>, StoreError> {
    let answers = tx.query_all(&filter.statements(member_id, limit)?).await?;
    let bodies = tx.bodies();
    let read = |row| payment(bodies, row);
    let mut found = answers.iter().flatten().map(read).collect::<Result<Vec<Payment>, _>>()?;
    found.sort_by_cached_key(|payment| std::cmp::Reverse(position_in_role(filter.role, payment)));
    found.truncate(limit);
    Ok(found)
}

impl RoleFilter {
    /// The seeks of the list.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where the filter has more values than it may.
    pub fn statements(
        &self,
        member_id: &MemberId,
        limit: usize,
    ) -> Result<Vec<Statement>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        // The bounds of the seeks are exclusive.
        let after_ms = self.from.map_or(-1, |from| from.as_millisecond().saturating_sub(1));
        let seek = |sql, value: Option<&str>, conditions: Vec<Value>| -> Statement {
            let mut params: Vec<Value> = vec![member_id.as_str().into()];
            params.extend(value.map(Value::from));
            let until = self.before();
            params.extend([after_ms.into(), until.created_ms.into(), until.id.into()]);
            params.extend(conditions);
            params.push(limit.into());
            (sql, params)
        };
        let (of_member, of_sub_tpp) = match self.role {
            Role::Token => (TOKENS_OF_MEMBER, TOKENS_OF_SUB_TPP),
            Role::Transfer => (TRANSFERS_OF_MEMBER, TRANSFERS_OF_SUB_TPP),
            Role::StandingOrder => (STANDING_ORDERS_OF_MEMBER, STANDING_ORDERS_OF_SUB_TPP),
        };
        let names: Vec<&str> = self.statuses.iter().map(|status| status.name()).collect();
        if let Some(sub_tpp) = &self.on_behalf_of_id {
            let mut conditions: Vec<Value> = vec![i64::from(!names.is_empty()).into()];
            conditions.extend(padded(&names, STATUSES_MAX)?);
            return Ok(vec![seek(of_sub_tpp, Some(sub_tpp), conditions)]);
        }
        if names.is_empty() {
            return Ok(vec![seek(of_member, None, vec![])]);
        }
        Ok(names.iter().map(|name| seek(TRANSFERS_OF_STATUS, Some(name), vec![])).collect())
    }

    /// The list holds only what comes after this.
    fn before(&self) -> Position {
        let past = self.until.map(|until| Position {
            created_ms: until.as_millisecond().saturating_add(1),
            id: String::new(),
        });
        let unlimited = Position { created_ms: i64::MAX, id: String::new() };
        self.after.iter().cloned().chain(past).min().unwrap_or(unlimited)
    }
}
