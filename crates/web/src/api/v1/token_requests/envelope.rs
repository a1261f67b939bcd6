//! The parts of a token request beside its payment: the member, on whose behalf it acts, and the options.

use domain::field::{Field, FieldError};
use domain::ids::MemberId;
use domain::mail::MailAddress;
use domain::text::unreadable_character;
use gateway::{App, Member, members};

use super::body::Body;
use super::mapping::{fault, invalid};
use super::model::{Alias, AliasType, StoreTokenRequest};
use super::paths::TokenRequest;
use crate::api::ApiError;
use crate::api::error::FieldFault;
use crate::api::parts::callback_url;
use crate::api::parts::fault::no_unreadable;
use crate::api::parts::places::Only;
use crate::pages::initiate_payment;

/// The most countries that there are.
const COUNTRIES_MAX: usize = 300;
/// Longest text that is kept without being passed on, in characters.
const TEXT_CHARACTERS_MAX: usize = 256;

/// Checks who is to be paid for whom, and what is only kept; fills in the caller's id.
pub(super) fn check_envelope(
    asked: &mut StoreTokenRequest,
    caller: &MemberId,
    sandbox: bool,
) -> Result<(), ApiError> {
    let payload = &mut asked.request_payload;
    match payload.to.id.as_deref().filter(|id| !id.is_empty()) {
        Some(id) if id == caller.as_str() => {}
        Some(_) => {
            let message = "`id` should be the id of the calling member.";
            return Err(invalid("requestPayload.to.id", message));
        }
        // Whether it is one of the caller's is looked up: [`check_alias`].
        None if payload.to.alias.is_some() => payload.to.id = Some(caller.to_string()),
        None => {
            let path = "requestPayload.to.id".to_owned();
            return Err(fault(FieldFault::Expected, path, "`id` is required."));
        }
    }
    if let Some(acting_as) = &payload.acting_as
        && acting_as.display_name.as_deref().unwrap_or("").trim().is_empty()
    {
        let path = "requestPayload.actingAs.displayName".to_owned();
        return Err(fault(FieldFault::Expected, path, "`displayName` is required."));
    }
    let countries = payload.countries.as_deref().unwrap_or_default();
    if countries.len() > COUNTRIES_MAX
        || !countries.iter().all(|one| domain::country::is_country(one))
    {
        let message = "`countries` should be codes of ISO 3166-1 such as GB, in capitals.";
        return Err(invalid("requestPayload.countries", message));
    }
    if let Some(from) = asked.request_options.as_ref().and_then(|options| options.from.as_ref())
        && from.id.is_none()
    {
        let path = "requestOptions.from.id".to_owned();
        return Err(fault(FieldFault::Expected, path, "`id` is required."));
    }
    refuse_another_bank(asked)?;
    check_redirect_url(asked, sandbox)?;
    check_lengths(asked)
}

/// An address of ours that leads on to the member's has to lead where a browser may be sent.
fn check_redirect_url(asked: &StoreTokenRequest, sandbox: bool) -> Result<(), ApiError> {
    let redirect_url = &asked.request_payload.redirect_url;
    let Some(target) = initiate_payment::redirect_url_in(redirect_url) else { return Ok(()) };
    callback_url::check(&target, sandbox).map_err(|fault| {
        let error = FieldError::new(Field::CallbackUrl, fault);
        ApiError::of_field_named("redirect-url", &error, &TokenRequest::of(asked))
    })
}

/// The payee as a member, where a request names it by an alias alone.
pub(super) fn alias_alone(asked: &StoreTokenRequest) -> Option<&Alias> {
    let to = &asked.request_payload.to;
    to.alias.as_ref().filter(|_| to.id.as_deref().unwrap_or_default().is_empty())
}

/// Whether an alias without an id is one of the calling member's.
pub(super) async fn check_alias(
    app: &App,
    member: &Member,
    asked: &StoreTokenRequest,
) -> Result<(), ApiError> {
    let Some(alias) = alias_alone(asked) else { return Ok(()) };
    let unknown = || {
        let message = "`alias` should be one of the calling member's, or `id` its id. The operator \
                       gives a member its aliases.";
        invalid("requestPayload.to.alias", message)
    };
    let value = alias.value.clone().unwrap_or_default();
    let kind = alias.kind.and_then(AliasType::in_domain).ok_or_else(unknown)?;
    let named = domain::alias::Alias { kind, value };
    match members::has_alias(app, member, &named).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(unknown()),
        Err(error) => Err(ApiError::from_gateway(error, "", &Only(""))),
    }
}

/// The payer under a name of ours, where the member names the payer and sends no other.
pub(super) fn name_payer(app: &App, asked: &mut StoreTokenRequest, caller: &MemberId) {
    let psu_id = asked.request_options.as_ref().and_then(|options| options.psu_id.as_deref());
    let user_ref_id = &mut asked.request_payload.user_ref_id;
    if let Some(psu_id) = psu_id.filter(|psu_id| !psu_id.is_empty())
        && user_ref_id.as_deref().unwrap_or_default().is_empty()
    {
        *user_ref_id = Some(app.user_ref_id(caller, psu_id));
    }
}

/// A bank that is named twice should be named alike: which of the two counts is not ours to choose.
fn refuse_another_bank(asked: &StoreTokenRequest) -> Result<(), ApiError> {
    let payload = &asked.request_payload;
    let options = asked.request_options.as_ref();
    let some = |text: Option<&String>| text.filter(|text| !text.is_empty()).cloned();
    let bank_id = some(options.and_then(|options| options.bank_id.as_ref()));
    let body = Body::of(payload);
    let source = body.and_then(|body| body.instructions().source.as_ref());
    let source_bank = some(source.and_then(|source| source.bank_id.as_ref()));
    if let (Some(body), Some(source_bank)) = (body, source_bank)
        && bank_id.is_some_and(|bank_id| bank_id != source_bank)
    {
        let path = format!("{}.instructions.source.bankId", body.path());
        let message = "`bankId` should be that of `requestOptions`, or be left out.";
        return Err(invalid(path, message));
    }
    Ok(())
}

/// The mail address for the receipt, if the member asks for one: that of the payer as a member. A
/// request for a receipt without an address is refused, because no mail would ever arrive.
pub(super) fn receipt_to(asked: &StoreTokenRequest) -> Result<Option<MailAddress>, ApiError> {
    let options = asked.request_options.as_ref();
    let Some(options) = options.filter(|one| one.receipt_requested == Some(true)) else {
        return Ok(None);
    };
    let alias = options.from.as_ref().and_then(|from| from.alias.as_ref());
    let Some(alias) = alias.filter(|alias| alias.kind == Some(AliasType::Email)) else {
        let path = "requestOptions.from.alias".to_owned();
        let message = "`alias` of type EMAIL is required where `receiptRequested` is true.";
        return Err(fault(FieldFault::Expected, path, message));
    };
    let text = alias.value.as_deref().unwrap_or_default();
    text.parse()
        .map(Some)
        .map_err(|error| invalid("requestOptions.from.alias.value", format!("`value` {error}.")))
}

fn check_lengths(asked: &StoreTokenRequest) -> Result<(), ApiError> {
    let payload = &asked.request_payload;
    let acting_as = payload.acting_as.as_ref();
    let texts: [(&str, Option<&String>); 6] = [
        ("userRefId", payload.user_ref_id.as_ref()),
        ("tokenExpiration", payload.token_expiration.as_ref()),
        ("traceID", payload.trace_id.as_ref()),
        ("actingAs.logoUrl", acting_as.and_then(|one| one.logo_url.as_ref())),
        ("actingAs.displayName", acting_as.and_then(|one| one.display_name.as_ref())),
        ("actingAs.secondaryName", acting_as.and_then(|one| one.secondary_name.as_ref())),
    ];
    for (name, text) in texts {
        if text.is_some_and(|text| text.chars().count() > TEXT_CHARACTERS_MAX) {
            let field = name.rsplit('.').next().unwrap_or(name);
            let message =
                format!("`{field}` should not be longer than {TEXT_CHARACTERS_MAX} symbols.");
            let path = format!("requestPayload.{name}");
            return Err(fault(FieldFault::InvalidFormat, path, message));
        }
        if let Some(one) = text.and_then(|text| unreadable_character(text)) {
            let field = name.rsplit('.').next().unwrap_or(name);
            return Err(invalid(format!("requestPayload.{name}"), no_unreadable(field, one)));
        }
    }
    Ok(())
}
