//! What the OpenAPI document says of parameters and headers beyond their type: words, bounds and
//! patterns, from the constants that the handlers check. One place, because many operations have the
//! same parameters.

use domain::ids::ID_LENGTH_MAX;
use serde_json::{Value, json};
use store::payments::IDS_MAX;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::{OpenApi, RefOr, Schema};

use super::banks::filter::NAMES_MAX;
use super::banks::listing::{PAGE_MAX, PER_PAGE_MAX};
use super::idempotency::{self, KEY_BYTES_MAX};
use super::qr_code::BYTES_MAX;
use super::query::NAME_CHARACTERS_MAX;
use super::v2::payments::list_filter::REFERENCES_ASKED_MAX;

/// A visible text on one line, in the part of regular expressions that every tool reads.
const PLAIN: &str = r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff0-\uffff]*$";
/// The same without commas, which separate values.
const WITHOUT_COMMA: &str = r"^[^,\u0000-\u001f\u007f-\u009f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff0-\uffff]*$";
/// ASCII that headers carry.
const HEADER_TEXT: &str = "^[!-~]*$";
/// A moment with its offset; an empty one counts as absent.
const MOMENT: &str = r"^([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?Z)?$";
/// Milliseconds since 1970, to the year 2286; an empty one counts as absent.
const MILLISECONDS: &str = "^[0-9]{0,13}$";
/// Any text: what fits nothing finds nothing. No URL holds U+0000.
const ANY_TEXT: &str = r"^[^\u0000]*$";

/// Adds to the parameters of every operation what its handler checks.
pub fn describe(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            let id = operation.operation_id.clone().unwrap_or_default();
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(parameter) = parameter {
                    describe_one(parameter, &id);
                }
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete].into_iter().flatten()
}

fn describe_one(parameter: &mut Parameter, operation: &str) {
    let Some(schema) = schema_of(parameter, operation) else { return };
    // What is written here is a schema; a test reads each of them in the document.
    if let Ok(schema) = serde_json::from_value::<RefOr<Schema>>(schema) {
        parameter.schema = Some(schema);
    }
}

/// The schema of a parameter of which more is known than its type.
fn schema_of(parameter: &Parameter, operation: &str) -> Option<Value> {
    let words = |words: &[&str]| json!({ "type": "string", "enum": words });
    let list = |most: usize| {
        let item = json!({ "type": "string", "pattern": WITHOUT_COMMA });
        json!({ "type": "array", "items": item, "maxItems": most })
    };
    let name = || json!({ "type": "string", "maxLength": NAME_CHARACTERS_MAX, "pattern": PLAIN });
    let between = |most: usize| json!({ "type": "integer", "minimum": 0, "maximum": most });
    let of_banks = operation.contains("Banks");
    let schema = match parameter.name.as_str() {
        idempotency::HEADER => json!({
            "type": "string", "minLength": 1, "maxLength": KEY_BYTES_MAX, "pattern": HEADER_TEXT }),
        // Others are ignored.
        "request-timeout" => json!({ "type": "string", "pattern": HEADER_TEXT }),
        // Any whole number: those that make no sense stand for the most.
        "limit" | "page.limit" => json!({ "type": "integer", "format": "int64" }),
        "page" => between(PAGE_MAX),
        "perPage" => between(PER_PAGE_MAX),
        "sort" if operation.ends_with("v2") => words(&["NAME", "COUNTRY", "STANDARD", "RANK"]),
        "sort" => words(&["name", "provider", "country", "rank"]),
        "ids" if of_banks => list(NAMES_MAX),
        "bics" => list(NAMES_MAX),
        "ids" => list(IDS_MAX),
        "refIds" => list(REFERENCES_ASKED_MAX),
        "openBankingStandards" | "countries" | "providers" | "supportedPaymentNetworks" => {
            json!({ "type": "array", "items": { "type": "string", "pattern": ANY_TEXT } })
        }
        "data" => {
            json!({ "type": "string", "format": "uri", "minLength": 1, "maxLength": BYTES_MAX })
        }
        "createdAfter" | "createdBefore" => json!({ "type": "string", "pattern": MOMENT }),
        "filter.startTimeMs" | "filter.endTimeMs" => {
            json!({ "type": "string", "pattern": MILLISECONDS })
        }
        "filter.role" if operation.contains("Token") => words(&["ANY", "FROM", "TO", "ISSUER"]),
        "filter.role" => words(&["ANY", "PAYER", "PAYEE"]),
        "filter.transferRefundStatus" => words(&["UNSET", "NONE", "PARTIAL", "FULL"]),
        "type" if operation.contains("Token") => words(&["INVALID", "ACCESS", "TRANSFER"]),
        "onBehalfOfId" | "externalPsuReference" | "filter.actingAsRefId" | "filter.refId" => name(),
        "memberId" if parameter.parameter_in == ParameterIn::Path => {
            json!({ "type": "string", "maxLength": ID_LENGTH_MAX,
                "pattern": "^m:[0-9A-Za-z]{1,30}:[0-9A-Za-z]{1,30}$" })
        }
        "alias.type"
        | "alias.value"
        | "memberId"
        | "tppId"
        | "search"
        | "bankCode"
        | "bankGroup"
        | "bankSubGroup"
        | "tokenId"
        | "filter.tokenId"
        | "vrpConsentId"
        | "paymentLinkId"
        | "filter.sourceAccountId"
        | "filter.destinationAccountId" => {
            json!({ "type": "string", "pattern": ANY_TEXT })
        }
        _ => return None,
    };
    Some(schema)
}
