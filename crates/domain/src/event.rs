//! Kinds of events that a member may subscribe to.

use crate::names::names;

/// The kind of an event. The names are those of the public API's webhook types (reference,
/// section 7.1), which are upper case only here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// A payment was created or moved.
    PaymentStatusChanged,
    /// A v1 transfer was created or moved.
    TransferStatusChanged,
    /// A standing order moved.
    StandingOrderStatusChanged,
    /// A refund moved.
    RefundStatusChanged,
    /// A payment under a VRP consent moved.
    VrpStatusChanged,
    /// A VRP consent moved.
    VrpConsentStatusChanged,
    /// Money arrived on a settlement account.
    VirtualAccountCreditReceived,
    /// A payout moved.
    PayoutStatusChanged,
    /// A settlement rule could not pay out.
    SettlementRulePayoutExecutionFailed,
    /// A bank's account information went away or returned.
    BankAisOutageStatusChanged,
    /// A bank's payments went away or returned.
    BankSipOutageStatusChanged,
}

names! { EventKind: name, from_name;
    PaymentStatusChanged = "PAYMENT_STATUS_CHANGED",
    TransferStatusChanged = "TRANSFER_STATUS_CHANGED",
    StandingOrderStatusChanged = "STANDING_ORDER_STATUS_CHANGED",
    RefundStatusChanged = "REFUND_STATUS_CHANGED",
    VrpStatusChanged = "VRP_STATUS_CHANGED",
    VrpConsentStatusChanged = "VRP_CONSENT_STATUS_CHANGED",
    VirtualAccountCreditReceived = "VIRTUAL_ACCOUNT_CREDIT_RECEIVED",
    PayoutStatusChanged = "PAYOUT_STATUS_CHANGED",
    SettlementRulePayoutExecutionFailed = "SETTLEMENT_RULE_PAYOUT_EXECUTION_FAILED",
    BankAisOutageStatusChanged = "BANK_AIS_OUTAGE_STATUS_CHANGED",
    BankSipOutageStatusChanged = "BANK_SIP_OUTAGE_STATUS_CHANGED",
}
