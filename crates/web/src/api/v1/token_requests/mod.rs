//! `/token-requests`.

mod address;
pub mod authorize;
mod body;
mod destination;
mod envelope;
mod errors;
pub mod get;
pub(super) mod instructions;
mod mapping;
pub(super) mod metadata;
pub(super) mod model;
mod paths;
pub(crate) mod payees;
mod references;
pub mod result;
mod source;
pub(super) mod standing_order;
pub mod store;
pub mod transfer_destinations;

/// A published object all of whose fields may be missing or null.
macro_rules! optional_fields {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $(
                $(#[$field_doc])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub(in crate::api::v1) $field: Option<$kind>,
            )*
        }
    };
}
use optional_fields;
