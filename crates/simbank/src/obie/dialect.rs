//! What the two versions of the standard call the same things (OBIE 3.1.11 and 4.0).

use jiff::{Span, Timestamp, ToSpan, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::state::{ConsentStatus, Order, OrderStatus};

/// A version of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V3_1,
    V4_0,
}

/// A kind of domestic order; each has consents and orders of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Product {
    #[default]
    Payment,
    ScheduledPayment,
    StandingOrder,
}

impl Version {
    /// The version in paths: major and minor only.
    pub(crate) fn segment(self) -> &'static str {
        match self {
            Self::V3_1 => "v3.1",
            Self::V4_0 => "v4.0",
        }
    }

    /// The word for a consent's status.
    pub(super) fn consent_status(self, status: ConsentStatus) -> &'static str {
        match (self, status) {
            (Self::V3_1, ConsentStatus::AwaitingAuthorisation) => "AwaitingAuthorisation",
            (Self::V3_1, ConsentStatus::Authorised) => "Authorised",
            (Self::V3_1, ConsentStatus::Rejected) => "Rejected",
            (Self::V3_1, ConsentStatus::Consumed) => "Consumed",
            (Self::V4_0, ConsentStatus::AwaitingAuthorisation) => "AWAU",
            (Self::V4_0, ConsentStatus::Authorised) => "AUTH",
            (Self::V4_0, ConsentStatus::Rejected) => "RJCT",
            (Self::V4_0, ConsentStatus::Consumed) => "COND",
        }
    }

    /// The word for the status of an order.
    pub(super) fn order_status(self, order: &Order) -> &'static str {
        match (self, order.product) {
            (_, Product::Payment) => self.payment_status(order.status),
            (Self::V3_1, Product::ScheduledPayment | Product::StandingOrder) => {
                match order.status {
                    OrderStatus::Pending | OrderStatus::AcceptedSettlementInProcess => {
                        "InitiationPending"
                    }
                    OrderStatus::Rejected => "InitiationFailed",
                    OrderStatus::AcceptedSettlementCompleted
                    | OrderStatus::AcceptedCreditSettlementCompleted => "InitiationCompleted",
                }
            }
            (Self::V4_0, Product::ScheduledPayment) => match order.status {
                OrderStatus::Pending => "RCVD",
                OrderStatus::AcceptedSettlementInProcess => "ACTC",
                OrderStatus::Rejected => "RJCT",
                OrderStatus::AcceptedSettlementCompleted
                | OrderStatus::AcceptedCreditSettlementCompleted => {
                    if order.executed {
                        "ACSC"
                    } else {
                        "ACCP"
                    }
                }
            },
            (Self::V4_0, Product::StandingOrder) => match order.status {
                OrderStatus::Pending => "RCVD",
                OrderStatus::AcceptedSettlementInProcess => "PDNG",
                OrderStatus::Rejected => "INFA",
                OrderStatus::AcceptedSettlementCompleted
                | OrderStatus::AcceptedCreditSettlementCompleted => "INCO",
            },
        }
    }

    /// The word for how far a payment is, as payment details have it for all products.
    pub(super) fn payment_status(self, status: OrderStatus) -> &'static str {
        match (self, status) {
            (Self::V3_1, OrderStatus::Pending) => "Pending",
            (Self::V3_1, OrderStatus::Rejected) => "Rejected",
            (Self::V3_1, OrderStatus::AcceptedSettlementInProcess) => "AcceptedSettlementInProcess",
            (Self::V3_1, OrderStatus::AcceptedSettlementCompleted) => "AcceptedSettlementCompleted",
            (Self::V3_1, OrderStatus::AcceptedCreditSettlementCompleted) => {
                "AcceptedCreditSettlementCompleted"
            }
            (Self::V4_0, OrderStatus::Pending) => "PDNG",
            (Self::V4_0, OrderStatus::Rejected) => "RJCT",
            (Self::V4_0, OrderStatus::AcceptedSettlementInProcess) => "ACSP",
            (Self::V4_0, OrderStatus::AcceptedSettlementCompleted) => "ACSC",
            (Self::V4_0, OrderStatus::AcceptedCreditSettlementCompleted) => "ACCC",
        }
    }

    /// The code for a reason, which is kept in the words of 3.1; none where the version has none.
    pub(super) fn reason(self, reason: &str) -> Option<&str> {
        match (self, reason) {
            (Self::V3_1, reason) => Some(reason),
            (Self::V4_0, "PendingFailingSettlement") => Some("AM04"),
            (Self::V4_0, "Cancelled") => Some("DS02"),
            (Self::V4_0, "ProprietaryRejection") => Some("MS03"),
            (Self::V4_0, _) => None,
        }
    }

    /// The code of an error, which is written in the words of 3.1 without their prefix.
    pub(super) fn error_code(self, name: &str) -> String {
        if self == Self::V3_1 {
            return format!("UK.OBIE.{name}");
        }
        let known = ERRORS_4_0.iter().find(|(_, known)| *known == name);
        known.map_or("U000", |(code, _)| code).to_owned()
    }
}

/// Codes of 4.0 and their names, which are those of 3.1 (OBIE code set
/// `OBExternalStatusReason1Code`).
const ERRORS_4_0: [(&str, &str); 22] = [
    ("U002", "Field.Invalid"),
    ("U003", "Field.InvalidDate"),
    ("U004", "Field.Missing"),
    ("U005", "Field.Unexpected"),
    ("U006", "Header.Invalid"),
    ("U007", "Header.Missing"),
    ("U008", "Resource.ConsentMismatch"),
    ("U009", "Resource.InvalidConsentStatus"),
    ("U010", "Resource.InvalidFormat"),
    ("U011", "Resource.NotFound"),
    ("U015", "Signature.Invalid"),
    ("U016", "Signature.InvalidClaim"),
    ("U017", "Signature.MissingClaim"),
    ("U018", "Signature.Malformed"),
    ("U019", "Signature.Missing"),
    ("U020", "Signature.Unexpected"),
    ("U021", "Unsupported.AccountIdentifier"),
    ("U023", "Unsupported.Currency"),
    ("U025", "Unsupported.Frequency"),
    ("U026", "Unsupported.LocalInstrument"),
    ("U027", "Unsupported.Scheme"),
    ("U000", "UnexpectedError"),
];

impl Product {
    /// First segment of the consents' paths.
    pub(super) fn consents(self) -> &'static str {
        match self {
            Self::Payment => "domestic-payment-consents",
            Self::ScheduledPayment => "domestic-scheduled-payment-consents",
            Self::StandingOrder => "domestic-standing-order-consents",
        }
    }

    /// First segment of the orders' paths.
    pub(super) fn orders(self) -> &'static str {
        match self {
            Self::Payment => "domestic-payments",
            Self::ScheduledPayment => "domestic-scheduled-payments",
            Self::StandingOrder => "domestic-standing-orders",
        }
    }

    /// Paths as the standard writes them: consents, one consent, orders, one order, its details.
    pub(super) fn templates(self) -> [&'static str; 5] {
        match self {
            Self::Payment => [
                "/domestic-payment-consents",
                "/domestic-payment-consents/{ConsentId}",
                "/domestic-payments",
                "/domestic-payments/{DomesticPaymentId}",
                "/domestic-payments/{DomesticPaymentId}/payment-details",
            ],
            Self::ScheduledPayment => [
                "/domestic-scheduled-payment-consents",
                "/domestic-scheduled-payment-consents/{ConsentId}",
                "/domestic-scheduled-payments",
                "/domestic-scheduled-payments/{DomesticScheduledPaymentId}",
                "/domestic-scheduled-payments/{DomesticScheduledPaymentId}/payment-details",
            ],
            Self::StandingOrder => [
                "/domestic-standing-order-consents",
                "/domestic-standing-order-consents/{ConsentId}",
                "/domestic-standing-orders",
                "/domestic-standing-orders/{DomesticStandingOrderId}",
                "/domestic-standing-orders/{DomesticStandingOrderId}/payment-details",
            ],
        }
    }

    /// Name of an order's id.
    pub(super) fn id_field(self) -> &'static str {
        match self {
            Self::Payment => "DomesticPaymentId",
            Self::ScheduledPayment => "DomesticScheduledPaymentId",
            Self::StandingOrder => "DomesticStandingOrderId",
        }
    }

    /// Name of the amount in `Initiation`.
    pub(super) fn amount_field(self) -> &'static str {
        match self {
            Self::Payment | Self::ScheduledPayment => "InstructedAmount",
            Self::StandingOrder => "FirstPaymentAmount",
        }
    }
}

/// What the payer reads as the reference of a payment, of either version.
pub(crate) fn reference(initiation: &Value) -> String {
    let remittance = &initiation["RemittanceInformation"];
    let structured = &remittance["Structured"][0]["CreditorReferenceInformation"]["Reference"];
    let texts = [
        &initiation["Reference"],
        &remittance["Reference"],
        structured,
        &remittance["Unstructured"],
        &remittance["Unstructured"][0],
    ];
    let texts: Vec<&str> = texts.into_iter().filter_map(Value::as_str).collect();
    texts.join(" ")
}

/// The day on which a payment or the first of a standing order is due; `None` where it is due now
/// or where the text is no date.
pub(super) fn first_at(initiation: &Value) -> Option<Timestamp> {
    let mandate = &initiation["MandateRelatedInformation"];
    [
        &initiation["RequestedExecutionDateTime"],
        &initiation["FirstPaymentDateTime"],
        &mandate["FirstPaymentDateTime"],
    ]
    .into_iter()
    .find_map(Value::as_str)
    .and_then(|text| text.parse().ok())
}

/// The time between two payments of a standing order; `None` where these banks do not offer it.
pub(super) fn interval(initiation: &Value) -> Option<Span> {
    if let Some(kind) = initiation["MandateRelatedInformation"]["Frequency"]["Type"].as_str() {
        return Some(match kind {
            "DAIL" => 1.day(),
            "WEEK" => 1.week(),
            "FRTN" => 2.weeks(),
            "MNTH" => 1.month(),
            "TWMH" => 2.months(),
            "QURT" => 3.months(),
            "MIAN" => 6.months(),
            "YEAR" => 1.year(),
            _ => return None,
        });
    }
    let parts: Vec<&str> = initiation["Frequency"].as_str()?.split(':').collect();
    match parts[..] {
        ["EvryDay"] => Some(1.day()),
        ["IntrvlWkDay", weeks, _] => Some(weeks.parse::<i64>().ok()?.weeks()),
        ["IntrvlMnthDay", months, _] => Some(months.parse::<i64>().ok()?.months()),
        _ => None,
    }
}

/// When the payment after `done` payments of a standing order is due; `None` after the last.
pub(super) fn next_at(initiation: &Value, done: u32) -> Option<Timestamp> {
    let first = first_at(initiation)?.to_zoned(TimeZone::UTC);
    let span = interval(initiation)?.checked_mul(i64::from(done)).ok()?;
    let next = first.checked_add(span).ok()?.timestamp();
    let mandate = &initiation["MandateRelatedInformation"];
    let last = [&initiation["FinalPaymentDateTime"], &mandate["FinalPaymentDateTime"]]
        .into_iter()
        .find_map(Value::as_str)
        .and_then(|text| text.parse::<Timestamp>().ok());
    let counted = initiation["NumberOfPayments"].as_str().and_then(|text| text.parse().ok());
    let over =
        last.is_some_and(|last| next > last) || counted.is_some_and(|most: u32| done >= most);
    (!over).then_some(next)
}
