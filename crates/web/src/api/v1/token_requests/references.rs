//! References of an order that a member gives itself, in the metadata for one standard.

use domain::initiation::OwnReferences;
use domain::text::unreadable_character;

use super::mapping::invalid;
use super::paths::TokenRequest;
use crate::api::ApiError;

/// Faster Payments carry so many characters of an end-to-end reference.
const UK_END_TO_END_CHARACTERS_MAX: usize = 31;
/// Every other reference.
const CHARACTERS_MAX: usize = 35;

/// The references of a token request, each short enough for its standard.
pub(super) fn of(places: TokenRequest<'_>) -> Result<OwnReferences, ApiError> {
    let Some(body) = places.body() else { return Ok(OwnReferences::default()) };
    let metadata = body.instructions().metadata.clone().unwrap_or_default();
    let provider = metadata.provider_transfer_metadata.unwrap_or_default();
    let (uk, stet) = (provider.cma9.unwrap_or_default(), provider.stet.unwrap_or_default());
    let next_gen_psd2 = provider.next_gen_psd2.unwrap_or_default();
    let checked = |text: Option<String>, most: usize, path: &str| {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
        if text.chars().count() <= most && unreadable_character(&text).is_none() {
            return Ok(Some(text));
        }
        let name = path.rsplit('.').next().unwrap_or(path);
        let message = format!("`{name}` should have 1 to {most} visible characters.");
        Err(invalid(places.in_provider_metadata(path), message))
    };
    Ok(OwnReferences {
        uk_instruction: checked(
            uk.instruction_identification,
            CHARACTERS_MAX,
            "cma9TransferMetadata.instructionIdentification",
        )?,
        uk_end_to_end: checked(
            uk.end_to_end_identification,
            UK_END_TO_END_CHARACTERS_MAX,
            "cma9TransferMetadata.endToEndIdentification",
        )?,
        next_gen_psd2_end_to_end: checked(
            next_gen_psd2.end_to_end_identification,
            CHARACTERS_MAX,
            "nextGenPsd2TransferMetadata.endToEndIdentification",
        )?,
        stet_end_to_end: checked(
            stet.end_to_end_id,
            CHARACTERS_MAX,
            "stetTransferMetadata.endToEndId",
        )?,
    })
}
