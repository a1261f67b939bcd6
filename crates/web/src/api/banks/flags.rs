//! The features of a bank, in the three spellings of the published API: one table.

use banks::profile::{BankProfile, Capability};

/// A feature that is shown as a flag and that lists can be filtered by.
pub(super) struct Flag {
    /// As `bank_features.<name>.value` of v1.
    pub(super) snake: &'static str,
    /// In objects, as a filter of v2, and in an older spelling of v1's filters.
    pub(super) camel: &'static str,
    /// Whether `BankV1` shows it.
    pub(super) in_v1: bool,
    /// Whether `BankV2` shows it.
    pub(super) in_v2: bool,
    /// Whether the bank has it.
    pub(super) of: fn(&BankProfile) -> bool,
}

const fn both(snake: &'static str, camel: &'static str, of: fn(&BankProfile) -> bool) -> Flag {
    Flag { snake, camel, in_v1: true, in_v2: true, of }
}

const fn v2_only(snake: &'static str, camel: &'static str) -> Flag {
    Flag { snake, camel, in_v1: false, in_v2: true, of: never }
}

const fn v1_only(snake: &'static str, camel: &'static str, of: fn(&BankProfile) -> bool) -> Flag {
    Flag { snake, camel, in_v1: true, in_v2: false, of }
}

/// Account information and what builds on it come with a later release.
fn never(_: &BankProfile) -> bool {
    false
}

fn pays(bank: &BankProfile) -> bool {
    bank.can(Capability::SinglePayment)
}

/// Every flag.
pub(super) const FLAGS: [Flag; 19] = [
    both("supports_send_payment", "supportsSendPayment", pays),
    both("supports_receive_payment", "supportsReceivePayment", pays),
    both("supports_single_payment", "supportsSinglePayment", pays),
    both("supports_scheduled_payment", "supportsScheduledPayment", |bank| {
        bank.can(Capability::FutureDatedPayment)
    }),
    both("supports_standing_order", "supportsStandingOrder", |bank| {
        bank.can(Capability::StandingOrder)
    }),
    both("requires_one_step_payment", "requiresOneStepPayment", |bank| bank.executes_at_approval),
    both("supports_funds_confirmation", "supportsFundsConfirmation", |bank| {
        bank.can(Capability::FundsConfirmation)
    }),
    both("supports_return_refund_account", "supportsReturnRefundAccount", |bank| {
        bank.can(Capability::RefundAccount)
    }),
    both("supports_transactions_date_filter", "supportsTransactionsDateFilter", never),
    both("supports_variable_recurring_payment", "supportsVariableRecurringPayment", never),
    v1_only("supports_balance", "supportsBalance", never),
    v1_only("supports_account_information", "supportsAccountInformation", never),
    v1_only("requires_external_auth", "requiresExternalAuth", |_| true),
    v2_only("supports_account_list", "supportsAccountList"),
    v2_only("supports_account_details", "supportsAccountDetails"),
    v2_only("supports_account_balance", "supportsAccountBalance"),
    v2_only("supports_transaction_list", "supportsTransactionList"),
    v2_only("supports_transaction_details", "supportsTransactionDetails"),
    v2_only("supports_standing_order_list", "supportsStandingOrderList"),
];
