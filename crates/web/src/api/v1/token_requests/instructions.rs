//! Where to and where from: `transferBody.instructions` on the wire (reference, section 2.6).

use domain::account::AccountParts;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::metadata::Metadata;
use super::optional_fields;
use crate::api::json;

/// The payee's destinations that one request may name.
pub(super) const DESTINATIONS_MAX: usize = 16;

/// Where to, where from, how.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Instructions {
    /// The payee's accounts, 1 to 16; the first one that the bank pays to counts. Empty where
    /// `setTransferDestinationsUrl` is there.
    #[serde(default)]
    pub(in crate::api::v1) transfer_destinations: Vec<Destination>,
    /// The payer's account.
    #[serde(
        default,
        deserialize_with = "json::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub(in crate::api::v1) source: Option<Source>,
    /// How.
    #[serde(
        default,
        deserialize_with = "json::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub(in crate::api::v1) metadata: Option<Metadata>,
}

optional_fields! {
    /// The fields of an account, on whichever rail.
    RailAccount {
        /// IBAN (ISO 13616).
        iban: String,
        /// ISO 9362.
        bic: String,
        /// UK sort code.
        #[serde(deserialize_with = "json::optional_text")]
        sort_code: String,
        /// UK or Polish account number.
        #[serde(deserialize_with = "json::optional_text")]
        account_number: String,
        /// A domestic number that is no IBAN.
        #[serde(deserialize_with = "json::optional_text")]
        bban: String,
        /// National clearing number.
        #[serde(deserialize_with = "json::optional_text")]
        clearing_number: String,
        /// Swedish Bankgiro number.
        #[serde(deserialize_with = "json::optional_text")]
        bankgiro_number: String,
        /// Swedish Plusgiro number.
        #[serde(deserialize_with = "json::optional_text")]
        plusgiro_number: String,
    }
}

impl RailAccount {
    /// The parts of the account.
    pub(super) fn parts(&self) -> AccountParts {
        AccountParts {
            iban: self.iban.clone(),
            bic: self.bic.clone(),
            sort_code: self.sort_code.clone(),
            account_number: self.account_number.clone(),
            bban: self.bban.clone(),
            clearing_number: self.clearing_number.clone(),
            bankgiro_number: self.bankgiro_number.clone(),
            plusgiro_number: self.plusgiro_number.clone(),
        }
    }
}

optional_fields! {
    /// A settlement account; none exist yet.
    VirtualAccount {
        /// `pa:…`.
        id: String,
        /// Its rail.
        local_instrument: String,
    }
}

optional_fields! {
    /// An account that is linked with us; no longer supported.
    LinkedAccount {
        /// The account.
        account_id: String,
        /// Whose it is.
        member_id: String,
    }
}

optional_fields! {
    /// The payee: the account on one rail, and its holder.
    Destination {
        /// SEPA Credit Transfer.
        #[serde(deserialize_with = "json::optional_object")]
        sepa: RailAccount,
        /// SEPA Instant Credit Transfer.
        #[serde(deserialize_with = "json::optional_object")]
        sepa_instant: RailAccount,
        /// UK Faster Payments.
        #[serde(deserialize_with = "json::optional_object")]
        faster_payments: RailAccount,
        /// Polish Elixir.
        #[serde(deserialize_with = "json::optional_object")]
        elixir: RailAccount,
        /// Domestic credit transfer in a currency other than euro.
        #[serde(deserialize_with = "json::optional_object")]
        eu_domestic_non_euro: RailAccount,
        /// The same, instant.
        #[serde(deserialize_with = "json::optional_object")]
        eu_domestic_non_euro_instant: RailAccount,
        /// Swedish Bankgiro.
        #[serde(deserialize_with = "json::optional_object")]
        bankgiro: RailAccount,
        /// Swedish Plusgiro.
        #[serde(deserialize_with = "json::optional_object")]
        plusgiro: RailAccount,
        /// Not supported.
        #[serde(deserialize_with = "json::optional_object")]
        token: LinkedAccount,
        /// Not supported yet.
        #[serde(deserialize_with = "json::optional_object")]
        virtual_account: VirtualAccount,
        /// The holder.
        #[serde(deserialize_with = "json::optional_object")]
        customer_data: CustomerData,
        /// `UNKNOWN`, `BUSINESS` or `PERSONAL`; `UNKNOWN` where it is absent. British banks get it
        /// as the payee's kind of account, `UNKNOWN` as a business's.
        #[serde(rename = "type", deserialize_with = "json::optional_word")]
        kind: DestinationType,
    }
}

impl Instructions {
    /// Shows the type of each destination that has none as `UNKNOWN`, the published default.
    pub(super) fn show_types(&mut self) {
        for destination in &mut self.transfer_destinations {
            *destination = destination.with_type();
        }
    }
}

impl Destination {
    /// The destination with its type, `UNKNOWN` where it has none.
    pub(in crate::api::v1) fn with_type(&self) -> Destination {
        let kind = self.kind.or(Some(DestinationType::Unknown));
        Destination { kind, ..self.clone() }
    }

    /// The kind of the payee's account as British banks have it, where they can pay to it. A payee of
    /// whom nothing is said is taken for a business.
    pub(super) fn british_account_type(&self) -> Option<&'static str> {
        self.faster_payments.as_ref()?;
        Some(match self.kind {
            Some(DestinationType::Personal) => "PERSONAL",
            Some(DestinationType::Business | DestinationType::Unknown) | None => "BUSINESS",
        })
    }
}

/// Whose account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum DestinationType {
    /// Not stated.
    Unknown,
    /// A company's.
    Business,
    /// A person's.
    Personal,
}

optional_fields! {
    /// The holder of an account.
    CustomerData {
        /// The names.
        #[serde(deserialize_with = "names")]
        legal_names: Vec<String>,
        /// Where the holder lives.
        #[serde(deserialize_with = "json::optional_object")]
        address: AddressInfo,
    }
}

/// The published examples have a bare text in the place of a list.
fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a list of texts")]
    enum Names {
        One(String),
        Several(Vec<String>),
    }
    Ok(Option::<Names>::deserialize(deserializer)?.map(|names| match names {
        Names::One(name) => vec![name],
        Names::Several(names) => names,
    }))
}

optional_fields! {
    /// A postal address.
    AddressInfo {
        /// Town.
        city: String,
        /// House number where streets have none.
        conscription_number: String,
        /// ISO 3166-1 alpha-2.
        country: String,
        /// District.
        district: String,
        /// Flats.
        flats: String,
        /// The whole address as one text.
        full: String,
        /// Hamlet.
        hamlet: String,
        /// Name of the house.
        house_name: String,
        /// Number of the house.
        house_number: String,
        /// Place.
        place: String,
        /// Postal code.
        post_code: String,
        /// Province.
        province: String,
        /// State.
        state: String,
        /// Street.
        street: String,
        /// Part of the district.
        subdistrict: String,
        /// Suburb.
        suburb: String,
    }
}

optional_fields! {
    /// A mobile number in the place of an account; not supported.
    Msisdn {
        /// The number.
        msisdn: String,
    }
}

optional_fields! {
    /// A card in the place of an account; never taken.
    Pan {
        /// The card's number.
        pan: String,
    }
}

optional_fields! {
    /// The payer's account, in exactly one of its forms.
    AccountIdentifier {
        /// IBAN.
        #[serde(deserialize_with = "json::optional_object")]
        iban: RailAccount,
        /// UK sort code and account number.
        #[serde(deserialize_with = "json::optional_object")]
        gb_domestic: RailAccount,
        /// Domestic number.
        #[serde(deserialize_with = "json::optional_object")]
        bban: RailAccount,
        /// Swedish Bankgiro.
        #[serde(deserialize_with = "json::optional_object")]
        bankgiro: RailAccount,
        /// Swedish Plusgiro.
        #[serde(deserialize_with = "json::optional_object")]
        plusgiro: RailAccount,
        /// Not supported.
        #[serde(deserialize_with = "json::optional_object")]
        msisdn: Msisdn,
        /// Never taken.
        #[serde(deserialize_with = "json::optional_object")]
        pan: Pan,
        /// Not supported.
        #[serde(deserialize_with = "json::optional_object")]
        token: LinkedAccount,
    }
}

optional_fields! {
    /// The payer's account and its holder.
    Source {
        /// The account.
        #[serde(deserialize_with = "json::optional_object")]
        account_identifier: AccountIdentifier,
        /// As in the options, or absent.
        bank_id: String,
        /// ISO 9362.
        bic: String,
        /// The holder.
        #[serde(deserialize_with = "json::optional_object")]
        customer_data: CustomerData,
    }
}
