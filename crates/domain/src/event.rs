//! Kinds of events that a member may subscribe to.

/// What an event is about. The names are those of the public API's webhook types (reference,
/// section 7.1), which is why they are shouted here and nowhere else in this crate.
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
    /// A bank's account information went away or came back.
    BankAisOutageStatusChanged,
    /// A bank's payments went away or came back.
    BankSipOutageStatusChanged,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [EventKind; 11] = [
        EventKind::PaymentStatusChanged,
        EventKind::TransferStatusChanged,
        EventKind::StandingOrderStatusChanged,
        EventKind::RefundStatusChanged,
        EventKind::VrpStatusChanged,
        EventKind::VrpConsentStatusChanged,
        EventKind::VirtualAccountCreditReceived,
        EventKind::PayoutStatusChanged,
        EventKind::SettlementRulePayoutExecutionFailed,
        EventKind::BankAisOutageStatusChanged,
        EventKind::BankSipOutageStatusChanged,
    ];

    /// The public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            EventKind::PaymentStatusChanged => "PAYMENT_STATUS_CHANGED",
            EventKind::TransferStatusChanged => "TRANSFER_STATUS_CHANGED",
            EventKind::StandingOrderStatusChanged => "STANDING_ORDER_STATUS_CHANGED",
            EventKind::RefundStatusChanged => "REFUND_STATUS_CHANGED",
            EventKind::VrpStatusChanged => "VRP_STATUS_CHANGED",
            EventKind::VrpConsentStatusChanged => "VRP_CONSENT_STATUS_CHANGED",
            EventKind::VirtualAccountCreditReceived => "VIRTUAL_ACCOUNT_CREDIT_RECEIVED",
            EventKind::PayoutStatusChanged => "PAYOUT_STATUS_CHANGED",
            EventKind::SettlementRulePayoutExecutionFailed => {
                "SETTLEMENT_RULE_PAYOUT_EXECUTION_FAILED"
            }
            EventKind::BankAisOutageStatusChanged => "BANK_AIS_OUTAGE_STATUS_CHANGED",
            EventKind::BankSipOutageStatusChanged => "BANK_SIP_OUTAGE_STATUS_CHANGED",
        }
    }

    /// The kind with that [`EventKind::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<EventKind> {
        EventKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
