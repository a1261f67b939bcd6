//! The resources that an order can be: each has a consent, an order and a status of its own
//! (OBIE 3.1.11 and 4.0, "Domestic Payments", "International Payments", "Domestic Scheduled Payments"
//! and "Domestic Standing Orders").

use domain::initiation::Schedule;
use domain::rail::Rail;

use super::settings;
use crate::payments::PaymentOrder;
use crate::profile::{BankProfile, Capability};

/// One kind of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    /// Executed at once.
    Payment,
    /// Executed at once, to an account abroad or in another currency.
    InternationalPayment,
    /// Executed once, on a later day.
    ScheduledPayment,
    /// Executed again and again by the bank alone.
    StandingOrder,
}

impl Resource {
    /// The resource that this order is at this bank. Orders for later days are always domestic.
    pub(super) fn of(bank: &BankProfile, order: &PaymentOrder) -> Resource {
        match order.content.schedule {
            Schedule::Immediate if is_international(bank, order.rail) => {
                Resource::InternationalPayment
            }
            Schedule::Immediate => Resource::Payment,
            Schedule::FutureDated { .. } => Resource::ScheduledPayment,
            Schedule::StandingOrder { .. } => Resource::StandingOrder,
        }
    }

    /// The capability that a bank needs for the resource.
    pub(super) fn capability(self) -> Capability {
        match self {
            Resource::Payment | Resource::InternationalPayment => Capability::SinglePayment,
            Resource::ScheduledPayment => Capability::FutureDatedPayment,
            Resource::StandingOrder => Capability::StandingOrder,
        }
    }

    /// Path of the consents.
    pub(super) fn consents(self) -> &'static str {
        match self {
            Resource::Payment => "/domestic-payment-consents",
            Resource::InternationalPayment => "/international-payment-consents",
            Resource::ScheduledPayment => "/domestic-scheduled-payment-consents",
            Resource::StandingOrder => "/domestic-standing-order-consents",
        }
    }

    /// Path of the orders.
    pub(super) fn orders(self) -> &'static str {
        match self {
            Resource::Payment => "/domestic-payments",
            Resource::InternationalPayment => "/international-payments",
            Resource::ScheduledPayment => "/domestic-scheduled-payments",
            Resource::StandingOrder => "/domestic-standing-orders",
        }
    }

    /// Name of the operation that creates a consent.
    pub(super) fn create_consent(self) -> &'static str {
        match self {
            Resource::Payment => "create-domestic-payment-consent",
            Resource::InternationalPayment => "create-international-payment-consent",
            Resource::ScheduledPayment => "create-domestic-scheduled-payment-consent",
            Resource::StandingOrder => "create-domestic-standing-order-consent",
        }
    }

    /// Name of the operation that reads a consent.
    pub(super) fn get_consent(self) -> &'static str {
        match self {
            Resource::Payment => "get-domestic-payment-consent",
            Resource::InternationalPayment => "get-international-payment-consent",
            Resource::ScheduledPayment => "get-domestic-scheduled-payment-consent",
            Resource::StandingOrder => "get-domestic-standing-order-consent",
        }
    }

    /// Name of the operation that sends the order.
    pub(super) fn create_order(self) -> &'static str {
        match self {
            Resource::Payment => "create-domestic-payment",
            Resource::InternationalPayment => "create-international-payment",
            Resource::ScheduledPayment => "create-domestic-scheduled-payment",
            Resource::StandingOrder => "create-domestic-standing-order",
        }
    }

    /// Name of the operation that reads the order.
    pub(super) fn get_order(self) -> &'static str {
        match self {
            Resource::Payment => "get-domestic-payment",
            Resource::InternationalPayment => "get-international-payment",
            Resource::ScheduledPayment => "get-domestic-scheduled-payment",
            Resource::StandingOrder => "get-domestic-standing-order",
        }
    }

    /// Name of the operation that reads what became of the order's payments.
    pub(super) fn get_details(self) -> &'static str {
        match self {
            Resource::Payment => "get-domestic-payment-details",
            Resource::InternationalPayment => "get-international-payment-details",
            Resource::ScheduledPayment => "get-domestic-scheduled-payment-details",
            Resource::StandingOrder => "get-domestic-standing-order-details",
        }
    }

    /// The member of `Data` that holds the order's id.
    pub(super) fn id_field(self) -> &'static str {
        match self {
            Resource::Payment => "DomesticPaymentId",
            Resource::InternationalPayment => "InternationalPaymentId",
            Resource::ScheduledPayment => "DomesticScheduledPaymentId",
            Resource::StandingOrder => "DomesticStandingOrderId",
        }
    }
}

/// Whether the bank takes payments of that rail as international ones.
pub(super) fn is_international(bank: &BankProfile, rail: Rail) -> bool {
    settings(bank).is_ok_and(|own| own.international_rails.contains(&rail))
}
