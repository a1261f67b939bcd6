//! Names that differ between the two versions of the standard (OBIE 3.1.11 and 4.0).

use jiff::Timestamp;
use serde_json::Value;

use crate::engine::banks;
use crate::engine::order::{Order, Product, Stage, Status};
use crate::engine::schedule::{Interval, Schedule};

/// A version of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V3_1,
    V4_0,
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
    pub(super) fn consent_status(self, stage: Stage) -> &'static str {
        match (self, stage) {
            (Self::V3_1, Stage::Open) => "AwaitingAuthorisation",
            (Self::V3_1, Stage::Unconfirmed) => "Authorised",
            (Self::V3_1, Stage::Failed) => "Rejected",
            (Self::V3_1, Stage::Done) => "Consumed",
            (Self::V4_0, Stage::Open) => "AWAU",
            (Self::V4_0, Stage::Unconfirmed) => "AUTH",
            (Self::V4_0, Stage::Failed) => "RJCT",
            (Self::V4_0, Stage::Done) => "COND",
        }
    }

    /// The word for the status of an order.
    pub(super) fn order_status(self, order: &Order) -> &'static str {
        match (self, order.product) {
            (_, Product::Payment | Product::InternationalPayment) => self.payment_status(order),
            (Self::V3_1, Product::ScheduledPayment | Product::StandingOrder) => {
                match order.status {
                    Status::Received | Status::Accepted | Status::InProcess => "InitiationPending",
                    Status::Rejected => "InitiationFailed",
                    Status::Cancelled => "Cancelled",
                    Status::SetUp | Status::Completed => "InitiationCompleted",
                }
            }
            (Self::V4_0, Product::ScheduledPayment) => match order.status {
                Status::Received | Status::Accepted => "RCVD",
                Status::InProcess => "ACTC",
                Status::Rejected => "RJCT",
                Status::Cancelled => "CANC",
                Status::SetUp => "ACCP",
                Status::Completed => "ACSC",
            },
            (Self::V4_0, Product::StandingOrder) => match order.status {
                Status::Received | Status::Accepted => "RCVD",
                Status::InProcess => "PDNG",
                Status::Rejected => "INFA",
                Status::Cancelled => "CANC",
                Status::SetUp | Status::Completed => "INCO",
            },
        }
    }

    /// The word for how far a payment is, as payment details have it for all products.
    pub(super) fn payment_status(self, order: &Order) -> &'static str {
        let word = payment_status(order);
        if self == Self::V3_1 {
            return word;
        }
        match word {
            "Pending" => "PDNG",
            "AcceptedSettlementInProcess" => "ACSP",
            "AcceptedSettlementCompleted" => "ACSC",
            "AcceptedCreditSettlementCompleted" => "ACCC",
            _ => "RJCT",
        }
    }

    /// The code for a reason, which is stored as 3.1 spells it; `None` if the version has no such code.
    pub(super) fn reason(self, reason: &str) -> Option<&str> {
        match (self, reason) {
            (Self::V3_1, reason) => Some(reason),
            (Self::V4_0, "PendingFailingSettlement") => Some("AM04"),
            (Self::V4_0, "Cancelled") => Some("DS02"),
            (Self::V4_0, "ProprietaryRejection") => Some("MS03"),
            (Self::V4_0, _) => None,
        }
    }

    /// The code of an error; `name` is the name in 3.1 without its prefix.
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

/// How far a payment is, as 3.1 spells it.
pub(crate) fn payment_status(order: &Order) -> &'static str {
    match order.status {
        Status::Received | Status::Accepted => "Pending",
        Status::InProcess => "AcceptedSettlementInProcess",
        Status::Rejected | Status::Cancelled => "Rejected",
        Status::Completed if !order.is_for_later() => {
            banks::find(&order.bank).map_or("Rejected", |bank| bank.uk_open_banking().last_status)
        }
        Status::SetUp | Status::Completed => "AcceptedSettlementCompleted",
    }
}

impl Product {
    /// First segment of the consents' paths.
    pub(super) fn consents(self) -> &'static str {
        match self {
            Self::Payment => "domestic-payment-consents",
            Self::InternationalPayment => "international-payment-consents",
            Self::ScheduledPayment => "domestic-scheduled-payment-consents",
            Self::StandingOrder => "domestic-standing-order-consents",
        }
    }

    /// First segment of the orders' paths.
    pub(super) fn orders(self) -> &'static str {
        match self {
            Self::Payment => "domestic-payments",
            Self::InternationalPayment => "international-payments",
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
            Self::InternationalPayment => [
                "/international-payment-consents",
                "/international-payment-consents/{ConsentId}",
                "/international-payments",
                "/international-payments/{InternationalPaymentId}",
                "/international-payments/{InternationalPaymentId}/payment-details",
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
            Self::InternationalPayment => "InternationalPaymentId",
            Self::ScheduledPayment => "DomesticScheduledPaymentId",
            Self::StandingOrder => "DomesticStandingOrderId",
        }
    }

    /// Name of the amount in `Initiation`.
    pub(super) fn amount_field(self) -> &'static str {
        match self {
            Self::Payment | Self::InternationalPayment | Self::ScheduledPayment => {
                "InstructedAmount"
            }
            Self::StandingOrder => "FirstPaymentAmount",
        }
    }
}

/// The reference of a payment that the payer reads, in either version.
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

/// The day on which a payment or the first of a standing order is due; `None` if it is due now
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

/// The time between two payments of a standing order; `None` if these banks do not offer it.
pub(super) fn interval(initiation: &Value) -> Option<Interval> {
    if let Some(kind) = initiation["MandateRelatedInformation"]["Frequency"]["Type"].as_str() {
        return Some(match kind {
            "DAIL" => Interval::Days(1),
            "WEEK" => Interval::Days(7),
            "FRTN" => Interval::Days(14),
            "MNTH" => Interval::Months(1),
            "TWMH" => Interval::Months(2),
            "QURT" => Interval::Months(3),
            "MIAN" => Interval::Months(6),
            "YEAR" => Interval::Months(12),
            _ => return None,
        });
    }
    let parts: Vec<&str> = initiation["Frequency"].as_str()?.split(':').collect();
    match parts[..] {
        ["EvryDay"] => Some(Interval::Days(1)),
        ["IntrvlWkDay", weeks, _] => {
            Some(Interval::Days(weeks.parse::<i64>().ok()?.checked_mul(7)?))
        }
        ["IntrvlMnthDay", months, _] => Some(Interval::Months(months.parse().ok()?)),
        _ => None,
    }
}

/// The days of an order for later; `None` if it is due at once.
pub(super) fn schedule(product: Product, initiation: &Value) -> Option<Schedule> {
    let first = first_at(initiation)?;
    if product != Product::StandingOrder {
        return Some(Schedule::once(first));
    }
    let mandate = &initiation["MandateRelatedInformation"];
    let last_at = [&initiation["FinalPaymentDateTime"], &mandate["FinalPaymentDateTime"]]
        .into_iter()
        .find_map(Value::as_str)
        .and_then(|text| text.parse::<Timestamp>().ok());
    let payments_max = initiation["NumberOfPayments"].as_str().and_then(|text| text.parse().ok());
    let interval = interval(initiation);
    Some(Schedule { interval, last_at, payments_max, ..Schedule::once(first) })
}

/// Sort code and account number of a debtor or creditor together; what else names an account, as it
/// is.
pub(super) fn account_number(account: &Value) -> Option<String> {
    let identification = account["Identification"].as_str()?;
    let digits = match account["SchemeName"].as_str()? {
        // A British IBAN ends with sort code and account number.
        "UK.OBIE.IBAN" if identification.starts_with("GB") => identification.get(8..22)?,
        _ => identification,
    };
    Some(digits.to_owned())
}
