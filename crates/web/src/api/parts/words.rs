//! The words of `initiation` on the wire: rails, flows, who bears the charges.

use domain::initiation as order;
use domain::rail::Rail;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The rails on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "each is documented at the domain's rail of the same name")]
pub enum LocalInstrument {
    Sepa,
    SepaInstant,
    FasterPayments,
    Elixir,
    EuDomesticNonEuro,
    EuDomesticNonEuroInstant,
    Bankgiro,
    Plusgiro,
    AutoSelect,
}

/// Who guides the payer, on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "each is documented at the domain's flow of the same name")]
pub enum FlowType {
    ApiOnly,
    FullHostedPages,
    EmbeddedHostedPages,
    PayByLinkHostedPages,
}

/// Who pays the charges, on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "each is documented at the domain's bearer of the same name")]
pub enum ChargeBearer {
    InvalidChargeBearer,
    Cred,
    Debt,
    Shar,
    Slev,
}

impl LocalInstrument {
    /// The word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            LocalInstrument::Sepa => "SEPA",
            LocalInstrument::SepaInstant => "SEPA_INSTANT",
            LocalInstrument::FasterPayments => "FASTER_PAYMENTS",
            LocalInstrument::Elixir => "ELIXIR",
            LocalInstrument::EuDomesticNonEuro => "EU_DOMESTIC_NON_EURO",
            LocalInstrument::EuDomesticNonEuroInstant => "EU_DOMESTIC_NON_EURO_INSTANT",
            LocalInstrument::Bankgiro => "BANKGIRO",
            LocalInstrument::Plusgiro => "PLUSGIRO",
            LocalInstrument::AutoSelect => "AUTO_SELECT",
        }
    }
}

impl ChargeBearer {
    pub(crate) fn into_domain(self) -> Option<order::ChargeBearer> {
        match self {
            ChargeBearer::InvalidChargeBearer => None,
            ChargeBearer::Cred => Some(order::ChargeBearer::Cred),
            ChargeBearer::Debt => Some(order::ChargeBearer::Debt),
            ChargeBearer::Shar => Some(order::ChargeBearer::Shar),
            ChargeBearer::Slev => Some(order::ChargeBearer::Slev),
        }
    }

    pub(crate) fn of(bearer: order::ChargeBearer) -> ChargeBearer {
        match bearer {
            order::ChargeBearer::Cred => ChargeBearer::Cred,
            order::ChargeBearer::Debt => ChargeBearer::Debt,
            order::ChargeBearer::Shar => ChargeBearer::Shar,
            order::ChargeBearer::Slev => ChargeBearer::Slev,
        }
    }
}

/// Two enums with the same variants.
macro_rules! same_variants {
    ($wire:ident, $domain:path, $($variant:ident),+) => {
        impl From<$wire> for $domain {
            fn from(value: $wire) -> Self {
                match value { $($wire::$variant => Self::$variant),+ }
            }
        }

        impl From<$domain> for $wire {
            fn from(value: $domain) -> Self {
                use $domain as Domain;
                match value { $(Domain::$variant => Self::$variant),+ }
            }
        }
    };
}

same_variants!(
    FlowType,
    order::Flow,
    ApiOnly,
    FullHostedPages,
    EmbeddedHostedPages,
    PayByLinkHostedPages
);

impl From<Rail> for LocalInstrument {
    fn from(rail: Rail) -> LocalInstrument {
        match rail {
            Rail::Sepa => LocalInstrument::Sepa,
            Rail::SepaInstant => LocalInstrument::SepaInstant,
            Rail::FasterPayments => LocalInstrument::FasterPayments,
            Rail::Elixir => LocalInstrument::Elixir,
            Rail::EuDomesticNonEuro => LocalInstrument::EuDomesticNonEuro,
            Rail::EuDomesticNonEuroInstant => LocalInstrument::EuDomesticNonEuroInstant,
            Rail::Bankgiro => LocalInstrument::Bankgiro,
            Rail::Plusgiro => LocalInstrument::Plusgiro,
        }
    }
}

impl From<order::LocalInstrument> for LocalInstrument {
    fn from(wish: order::LocalInstrument) -> LocalInstrument {
        match wish {
            order::LocalInstrument::Named(rail) => rail.into(),
            order::LocalInstrument::AutoSelect => LocalInstrument::AutoSelect,
        }
    }
}

impl From<LocalInstrument> for order::LocalInstrument {
    fn from(word: LocalInstrument) -> order::LocalInstrument {
        match word {
            LocalInstrument::Sepa => Rail::Sepa.into(),
            LocalInstrument::SepaInstant => Rail::SepaInstant.into(),
            LocalInstrument::FasterPayments => Rail::FasterPayments.into(),
            LocalInstrument::Elixir => Rail::Elixir.into(),
            LocalInstrument::EuDomesticNonEuro => Rail::EuDomesticNonEuro.into(),
            LocalInstrument::EuDomesticNonEuroInstant => Rail::EuDomesticNonEuroInstant.into(),
            LocalInstrument::Bankgiro => Rail::Bankgiro.into(),
            LocalInstrument::Plusgiro => Rail::Plusgiro.into(),
            LocalInstrument::AutoSelect => order::LocalInstrument::AutoSelect,
        }
    }
}
