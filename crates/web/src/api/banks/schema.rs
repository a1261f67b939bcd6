//! The directory's objects as the OpenAPI document describes them. They are rendered by
//! [`super::entry`]; a test holds every answer against these descriptions.

use utoipa::ToSchema;

use crate::api::v2::payments::authentication::RequiredField;

/// A bank, v1.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `entry` renders")]
pub(super) struct BankV1 {
    /// What `bankId` takes.
    id: String,
    /// National code of the bank.
    identifier: Option<String>,
    /// The name that payers know.
    name: String,
    /// ISO 9362.
    bic: String,
    /// ISO 3166-1 alpha-2.
    countries: Vec<String>,
    /// The group that the bank belongs to.
    bank_group: Option<String>,
    /// URL of a square logo.
    logo_uri: Option<String>,
    /// URL of a full logo.
    full_logo_uri: Option<String>,
    /// The adapter.
    provider: String,
    /// In the published words.
    open_banking_standard: String,
    /// How payers can approve.
    sca_methods: Vec<String>,
    /// Rails.
    supported_transfer_destination_types: Vec<String>,
    /// The bank's first questions to the payer.
    credential_fields: Option<CredentialFields>,
    /// How texts must look.
    fields_format_information: Vec<FormatV1>,
    /// The fields that the bank requires.
    mandatory_fields: Option<serde_json::Value>,
    /// When the bank may not answer.
    maintenance_window: Vec<MaintenanceWindow>,
    /// When the bank executes.
    operational_time: String,
    /// -1: no limit.
    transaction_history_limit: i32,
    requires_one_step_payment: bool,
    requires_external_auth: bool,
    supports_account_information: bool,
    supports_balance: bool,
    supports_funds_confirmation: bool,
    supports_receive_payment: bool,
    supports_return_refund_account: bool,
    supports_scheduled_payment: bool,
    supports_send_payment: bool,
    supports_single_payment: bool,
    supports_standing_order: bool,
    supports_transactions_date_filter: bool,
    supports_variable_recurring_payment: bool,
}

/// A bank's first questions to the payer, v1.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `entry` renders")]
pub(super) struct CredentialFields {
    /// The fields.
    fields: Vec<CredentialField>,
}

/// One such field, v1.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `entry` renders")]
pub(super) struct CredentialField {
    /// The key under which the value returns.
    id: String,
    /// The label that the payer reads.
    display_name: String,
    /// A further explanation.
    description: String,
    /// `FIELD` or `PASSWORD`.
    #[schema(rename = "type")]
    kind: String,
}

/// How a text must look, v1.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `entry` renders")]
pub(super) struct FormatV1 {
    /// The text.
    name: String,
    /// Its path.
    path: String,
    /// A regular expression.
    constraint: String,
}

/// How a text must look, v2.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `entry` renders")]
pub(super) struct FormatV2 {
    /// The text.
    v2_name: String,
    /// Its path.
    v2_path: String,
    /// A regular expression.
    constraint: String,
}

/// A time during which a bank may not answer.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `entry` renders")]
pub(super) struct MaintenanceWindow {
    /// ISO 8601.
    start_time: String,
    /// ISO 8601.
    end_time: String,
    /// `NO_DOWNTIME_EXPECTED`, `DOWNTIME_EXPECTED` or `OUTAGE`.
    #[schema(rename = "type")]
    kind: String,
    /// `SIP`.
    product_type: String,
}

/// The fields that a bank requires, v2: an entry applies if product, type and rail match.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `entry` renders")]
pub(super) struct MandatoryFieldsV2 {
    /// `SIP`.
    products: Vec<String>,
    /// Paths in the request's body.
    field_paths: Vec<String>,
    /// `Domestic`, `International`.
    payment_types: Vec<String>,
    /// Rails.
    local_instruments: Vec<String>,
}

/// A bank, v2.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `entry` renders")]
pub(super) struct BankV2 {
    /// What `bankId` takes.
    id: String,
    /// ISO 9362.
    bic: String,
    /// The name that payers know.
    name: String,
    /// URL of a square logo.
    logo_uri: Option<String>,
    /// The group that the bank belongs to.
    bank_group: Option<String>,
    /// The part of the group.
    bank_sub_group: Option<String>,
    /// ISO 3166-1 alpha-2.
    countries: Vec<String>,
    /// In the published words.
    open_banking_standard: String,
    /// How payers can approve.
    sca_methods: Vec<String>,
    /// The bank's first questions to the payer; a list if there are several.
    initial_embedded_auth_fields: Option<RequiredField>,
    /// The fields that the bank requires.
    mandatory_fields: Vec<MandatoryFieldsV2>,
    /// How texts must look.
    fields_format_information: Vec<FormatV2>,
    /// Rails.
    supported_local_instruments: Vec<String>,
    /// When the bank may not answer.
    maintenance_window: Vec<MaintenanceWindow>,
    /// When the bank executes.
    operational_time: String,
    /// -1: no limit.
    transaction_history_limit: i32,
    requires_one_step_payment: bool,
    supports_account_balance: bool,
    supports_account_details: bool,
    supports_account_list: bool,
    supports_funds_confirmation: bool,
    supports_receive_payment: bool,
    supports_return_refund_account: bool,
    supports_scheduled_payment: bool,
    supports_send_payment: bool,
    supports_single_payment: bool,
    supports_standing_order: bool,
    supports_standing_order_list: bool,
    supports_transaction_details: bool,
    supports_transaction_list: bool,
    supports_transactions_date_filter: bool,
    supports_variable_recurring_payment: bool,
}

/// The position of a page.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `listing` renders")]
pub(super) struct Paging {
    /// This page, from 1.
    page: usize,
    /// Number of pages.
    page_count: usize,
    /// Banks on a page, at most.
    per_page: usize,
    /// Number of banks.
    total_count: usize,
}

/// One page of the directory, v1.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `listing` renders")]
pub(super) struct BanksV1 {
    /// The banks.
    banks: Vec<BankV1>,
    /// The position of the page.
    paging: Paging,
}

/// One page of the directory, v2.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `listing` renders")]
pub(super) struct BanksV2 {
    /// The banks.
    banks: Vec<BankV2>,
    /// The position of the page.
    paging: Paging,
}

/// Countries with at least one bank.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `v1` renders")]
pub(super) struct Countries {
    /// ISO 3166-1 alpha-2, sorted.
    countries: Vec<String>,
}
