//! The parameters of `GET /v2/payments` (reference, section 3.8).

use domain::ids::PaymentId;
use domain::initiation::Flow;
use domain::payment::Stage;
use domain::text::unreadable_character;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::payments::{Filter, IDS_MAX, REFERENCES_MAX};
use utoipa::ToSchema;

use crate::api::ApiError;
use crate::api::error::FieldFault;
use crate::api::page::position;
use crate::api::parts::words::FlowType;
use crate::api::query::{Query, name, word};
use crate::api::status::{PaymentStatus, stages_of};

/// References that a request may name; each comma may be one of a reference, too.
pub(crate) const REFERENCES_ASKED_MAX: usize = 32;

/// The kind of payments in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentType {
    /// Payments that are made once. Standing orders are in no list of payments.
    #[default]
    SingleImmediatePayment,
    /// Payments under a consent for variable recurring payments; this release has no such payments.
    VariableRecurringPayment,
}

/// How much of a payment has been refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the published names")]
pub enum RefundStatus {
    None,
    Partial,
    Full,
}

/// The filter; `None` where no payment can fit.
pub(super) fn filter(query: &Query) -> Result<Option<Filter>, ApiError> {
    let kind: PaymentType =
        query.text("type").map(|name| word("type", name)).transpose()?.unwrap_or_default();
    let recurring = kind == PaymentType::VariableRecurringPayment;
    let refund_statuses: Vec<RefundStatus> = words(query, "refundStatuses")?;
    let refused = recurring && !refund_statuses.is_empty();
    if refused {
        let message = "`refundStatuses` is not supported where `type` is \
                       VARIABLE_RECURRING_PAYMENT: leave it out.";
        return Err(ApiError::field(FieldFault::Invalid, "refundStatuses", message));
    }
    let stages = stages(query, recurring)?;
    let flows = flows(query)?;
    let ids = ids(query)?;
    let references = references(query)?;
    let invert_ids = query.truth("invertIds")?.unwrap_or(false);
    let filter = Filter {
        created_after: query.moment("createdAfter")?,
        created_before: query.moment("createdBefore")?,
        references: references.clone().unwrap_or_default(),
        on_behalf_of_id: name(query, "onBehalfOfId")?,
        external_psu_reference: name(query, "externalPsuReference")?,
        after: query.text("offset").map(|offset| position("offset", offset)).transpose()?,
        stages: stages.clone().unwrap_or_default(),
        flows: flows.clone().unwrap_or_default(),
        ids: if invert_ids { vec![] } else { ids.clone().unwrap_or_default() },
        without_ids: if invert_ids { ids.clone().unwrap_or_default() } else { vec![] },
    };
    // Recurring payments, links and refunds do not exist yet, so nothing matches.
    let nothing_fits = recurring
        || query.text("paymentLinkId").is_some()
        || !(refund_statuses.is_empty() || refund_statuses.contains(&RefundStatus::None))
        || is_empty(&stages)
        || is_empty(&flows)
        || is_empty(&references)
        || (is_empty(&ids) && !invert_ids);
    Ok((!nothing_fits).then_some(filter))
}

/// Whether it was asked for, and nothing of it exists.
fn is_empty<T>(wanted: &Option<Vec<T>>) -> bool {
    wanted.as_ref().is_some_and(Vec::is_empty)
}

/// The stages that `statuses` lets through; `None` without it.
fn stages(query: &Query, recurring: bool) -> Result<Option<Vec<Stage>>, ApiError> {
    let statuses: Vec<PaymentStatus> = words(query, "statuses")?;
    let invert = query.truth("invertStatuses")?.unwrap_or(false);
    if recurring
        && let Some(status) = statuses.iter().find(|status| !status.is_of_recurring_payments())
    {
        let message = format!(
            "`statuses` should not have {} where `type` is VARIABLE_RECURRING_PAYMENT: such \
             payments have INITIATION_PENDING, _PROCESSING, _COMPLETED, _REJECTED, \
             _REJECTED_INSUFFICIENT_FUNDS, _FAILED and _NO_FINAL_STATUS_AVAILABLE only.",
            published(status)
        );
        return Err(ApiError::field(FieldFault::Invalid, "statuses", message));
    }
    if statuses.is_empty() {
        return Ok(None);
    }
    let named: Vec<Stage> = statuses.into_iter().flat_map(stages_of).collect();
    let stages = Stage::ALL.into_iter().filter(|stage| named.contains(stage) != invert);
    Ok(Some(stages.collect()))
}

fn flows(query: &Query) -> Result<Option<Vec<Flow>>, ApiError> {
    let types: Vec<FlowType> = words(query, "flowTypes")?;
    if types.is_empty() {
        return Ok(None);
    }
    let named: Vec<Flow> = types.into_iter().map(Flow::from).collect();
    Ok(Some(Flow::ALL.into_iter().filter(|flow| named.contains(flow)).collect()))
}

/// The ids that can be those of payments; `None` where none is asked for.
fn ids(query: &Query) -> Result<Option<Vec<PaymentId>>, ApiError> {
    let mut texts = query.texts("ids");
    texts.sort_unstable();
    texts.dedup();
    at_most("ids", texts.len(), IDS_MAX)?;
    let ids = texts.iter().filter_map(|text| text.parse().ok()).collect();
    Ok((!texts.is_empty()).then_some(ids))
}

/// A reference may hold a comma, which may as well separate two: both are looked for.
fn references(query: &Query) -> Result<Option<Vec<String>>, ApiError> {
    let mut references = query.texts("refIds");
    if references.is_empty() {
        return Ok(None);
    }
    references.sort_unstable();
    references.dedup();
    at_most("refIds", references.len(), REFERENCES_ASKED_MAX)?;
    references.extend(query.whole_texts("refIds"));
    references.sort_unstable();
    references.dedup();
    at_most("refIds", references.len(), REFERENCES_MAX)?;
    // No payment has one with an invisible character, and not every database takes those.
    references.retain(|reference| unreadable_character(reference).is_none());
    Ok(Some(references))
}

fn at_most(parameter: &str, count: usize, most: usize) -> Result<(), ApiError> {
    if count > most {
        let message = format!("`{parameter}` should not have more than {most} values.");
        return Err(ApiError::field(FieldFault::Invalid, parameter, message));
    }
    Ok(())
}

fn words<T: DeserializeOwned>(query: &Query, parameter: &str) -> Result<Vec<T>, ApiError> {
    query.texts(parameter).iter().map(|name| word(parameter, name)).collect()
}

fn published(status: &PaymentStatus) -> String {
    let value = serde_json::to_value(status).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}
