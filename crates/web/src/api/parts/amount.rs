//! Amounts on the wire (reference, section 3.2).

use domain::money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount on the wire.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Amount {
    /// Decimal, up to four places.
    pub value: String,
    /// ISO 4217.
    pub currency: String,
}

impl Amount {
    /// The amount as it was written.
    #[must_use]
    pub fn of(amount: &money::Amount) -> Amount {
        Amount { value: amount.value(), currency: amount.currency().code().to_owned() }
    }
}
