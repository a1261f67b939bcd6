//! Pages of tokens, transfers and standing orders (reference, section 1.11): `page.limit` and
//! `page.offset`. The answer's `offset` loads the next page and is empty on the last page.

use std::sync::Arc;

use domain::ids::PaymentId;
use domain::transfer::TransferStatus;
use gateway::transfers::{self, Requested};
use gateway::{App, GatewayError, Member, payments::Update};
use jiff::Timestamp;
use store::payments::{Role, RoleFilter, position_in_role};

use crate::api::ApiError;
use crate::api::error::FieldFault;
use crate::api::page::{PageWanted, position};
use crate::api::parts::places::Only;
use crate::api::query::{Query, name};

const LIMIT: &str = "page.limit";
const OFFSET: &str = "page.offset";

/// Which tokens, transfers or standing orders a request wants.
pub(super) struct Wanted {
    /// The entry with this id, or with the id of its token request or its payment.
    pub(super) id: Option<String>,
    /// The entry with this reference.
    pub(super) ref_id: Option<String>,
    /// Those of these statuses; all where it is empty.
    pub(super) statuses: Vec<TransferStatus>,
    /// Whether none can fit.
    pub(super) none: bool,
}

/// One page, and the offset of the next.
pub(super) async fn page(
    app: &Arc<App>,
    member: &Member,
    query: &Query,
    role: Role,
    wanted: Wanted,
) -> Result<(Vec<Requested>, String), ApiError> {
    let page = PageWanted::read(query, LIMIT, OFFSET).map_err(ApiError::bare)?;
    let filter = filter(query, role, &wanted).map_err(ApiError::bare)?;
    let failed = |error| ApiError::from_gateway(error, "", &Only(""));
    let mut found = match &wanted {
        Wanted { none: true, .. } => vec![],
        Wanted { id: None, ref_id: None, .. } => {
            let limit = page.with_one_more();
            transfers::list(app, member, filter, limit).await.map_err(failed)?
        }
        Wanted { id, ref_id, .. } => {
            let found = one(app, member, role, id.as_deref(), ref_id.as_deref()).await;
            let mut found: Vec<Requested> = found.map_err(failed)?.into_iter().collect();
            found.retain(|one| admits(&filter, one));
            found
        }
    };
    let page = page.cut(&mut found, |one| position_in_role(role, &one.payment));
    // Where nothing is found v2 gives the same page again; here that would never end.
    let next = if page.have_more { page.next_offset } else { String::new() };
    Ok((found, next))
}

fn filter(query: &Query, role: Role, wanted: &Wanted) -> Result<RoleFilter, ApiError> {
    Ok(RoleFilter {
        role,
        statuses: wanted.statuses.clone(),
        on_behalf_of_id: name(query, "filter.actingAsRefId")?,
        from: moment(query, "filter.startTimeMs")?,
        until: moment(query, "filter.endTimeMs")?,
        after: query.text(OFFSET).map(|offset| position(OFFSET, offset)).transpose()?,
    })
}

/// Milliseconds since 1970.
fn moment(query: &Query, parameter: &str) -> Result<Option<Timestamp>, ApiError> {
    let Some(ms) = query.whole_number(parameter)? else { return Ok(None) };
    let moment = Timestamp::from_millisecond(ms).map_err(|_| {
        let message = format!("`{parameter}` should be a moment in milliseconds since 1970.");
        ApiError::field(FieldFault::Invalid, parameter, message)
    });
    moment.map(Some)
}

/// The one that has both the id and the reference, where each is asked for.
async fn one(
    app: &Arc<App>,
    member: &Member,
    role: Role,
    id: Option<&str>,
    ref_id: Option<&str>,
) -> Result<Option<Requested>, GatewayError> {
    let payment_id: Option<PaymentId> = match ref_id {
        None => None,
        Some(ref_id) => match transfers::of_reference(app, member, ref_id).await? {
            Some(id) => Some(id),
            None => return Ok(None),
        },
    };
    let named = payment_id.as_ref().map(PaymentId::as_str);
    let Some(wanted) = id.or(named) else { return Ok(None) };
    match transfers::get(app, member, wanted, role, Update::Skipped).await {
        Ok(found) => {
            let is_both = payment_id.is_none_or(|id| id == found.payment.id);
            // A transfer that was given a reference of its own no longer has that of the request.
            let has_it = ref_id.is_none_or(|ref_id| found.payment.transfer_ref_id() == ref_id);
            Ok((is_both && has_it).then_some(found))
        }
        Err(
            GatewayError::TokenNotFound
            | GatewayError::TransferNotFound
            | GatewayError::StandingOrderNotFound,
        ) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The conditions of the list's SQL, applied to an entry that another query found.
fn admits(filter: &RoleFilter, found: &Requested) -> bool {
    let payment = &found.payment;
    let since = filter.role.since(payment);
    (filter.statuses.is_empty() || filter.statuses.contains(&TransferStatus::of(payment)))
        && (filter.on_behalf_of_id.is_none()
            || filter.on_behalf_of_id == payment.initiation.order.on_behalf_of_id)
        && filter.from.is_none_or(|from| since >= Some(from))
        && filter.until.is_none_or(|until| since.is_some_and(|since| since <= until))
        && filter.after.as_ref().is_none_or(|after| position_in_role(filter.role, payment) < *after)
}
