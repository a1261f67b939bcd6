//! Why a use case was not carried out.

use banks::misfit::Misfit;
use domain::Refusal;
use domain::field::Field;
use domain::initiation::LocalInstrument;
use domain::money::Currency;
use domain::rail::Rail;
use store::StoreError;

pub use crate::webhooks::UrlFault;

/// A service that a bank may offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// Payments on the rail that was asked for.
    Rail(LocalInstrument),
    /// Payments in that currency.
    Currency(Currency),
    /// Payments at once.
    SinglePayment,
    /// Payments for a later day.
    FutureDatedPayment,
    /// Standing orders.
    StandingOrder,
    /// Word on whether the payer has the money.
    FundsConfirmation,
    /// Payments of a member that names other countries.
    Countries,
    /// The cancellation of a payment that it holds.
    Cancellation,
}

/// Why an account on file cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountOnFileFault {
    /// The member has none of that id.
    Unknown,
    /// It is at another bank than the payment's.
    AtAnotherBank,
    /// The rail does not lead to it.
    OffRail,
}

/// Why a verification of payee does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerificationFault {
    /// The member has made none of that id.
    Unknown,
    /// It is of another account.
    OfAnotherAccount,
}

/// The error of a use case.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GatewayError {
    /// The payment does not exist, or is another member's.
    #[error("payment not found")]
    PaymentNotFound,
    /// The token request does not exist, or is another member's.
    #[error("token request not found")]
    TokenRequestNotFound,
    /// The token does not exist, or is another member's.
    #[error("token not found")]
    TokenNotFound,
    /// The transfer does not exist, or is another member's.
    #[error("transfer not found")]
    TransferNotFound,
    /// The member's payments may go to listed accounts only, and this one is not on the list.
    #[error("the payee's account is not in this member's list of allowed payees")]
    BeneficiaryNotListed,
    /// The member may not act on behalf of others.
    #[error("this member lacks the permission ACT_ON_BEHALF_OF")]
    NotOnBehalf,
    /// The standing order does not exist, or is another member's.
    #[error("standing order not found")]
    StandingOrderNotFound,
    /// The member has a token request or a transfer with this reference.
    #[error("the reference is that of another token request or transfer")]
    ReferenceTaken,
    /// No bank of the directory has this id.
    #[error("no bank has the id `{bank_id}`")]
    BankUnknown {
        /// The requested id, at most 64 characters.
        bank_id: String,
    },
    /// The bank wants to know something that is missing.
    #[error("bank `{bank_id}` needs the {field}")]
    FieldNeeded {
        /// The bank.
        bank_id: String,
        /// The field that is missing.
        field: Field,
    },
    /// The bank takes no calls now: an outage that was announced or observed.
    #[error("bank `{bank_id}` is unavailable; its status is at /reports/banks/{bank_id}/status")]
    BankUnavailable {
        /// The bank.
        bank_id: String,
    },
    /// The bank gives its clients an id, and we have none yet.
    #[error("bank `{bank_id}` has no registration of this provider yet")]
    NotRegistered {
        /// The bank.
        bank_id: String,
    },
    /// The bank does not offer what the payment needs.
    #[error("bank `{bank_id}` does not support {feature:?}")]
    FeatureNotSupported {
        /// The bank.
        bank_id: String,
        /// The feature that it lacks.
        feature: Feature,
    },
    /// The bank was asked not to execute the payment, and does not do that.
    #[error("bank `{bank_id}`: {text}")]
    NotCancelled {
        /// The bank.
        bank_id: String,
        /// Why.
        text: String,
    },
    /// The bank, or its standard, does not take a part of the payment.
    #[error("bank `{bank_id}`: {misfit}")]
    Misfit {
        /// The bank.
        bank_id: String,
        /// What, and why.
        misfit: Misfit,
    },
    /// The rail on which the bank would pay carries whole numbers of the currency's smallest unit alone.
    #[error("the amount has more decimal places than {currency} on {rail:?}")]
    AmountTooPrecise {
        /// The currency of the payment.
        currency: Currency,
        /// The rail.
        rail: Rail,
    },
    /// The domain refuses the command.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A request with the same idempotency key was first. Nothing was recorded.
    #[error("a request with this idempotency key is being carried out")]
    KeyTaken,
    /// The account on file that the payment names cannot be used.
    #[error("the account on file cannot be used: {0:?}")]
    AccountOnFile(AccountOnFileFault),
    /// The verification of payee that the payment names does not count.
    #[error("the verification of payee does not count: {0:?}")]
    Verification(VerificationFault),
    /// The member cannot be called there.
    #[error("the URL {fault}")]
    Url {
        /// Where the member named it; none for webhooks.
        field: Option<Field>,
        /// The error in it.
        fault: UrlFault,
    },
    /// The bank asks the payer, and nobody has said who shows the questions.
    #[error("bank `{bank_id}` asks the payer")]
    CredentialFlowNeeded {
        /// The bank.
        bank_id: String,
    },
    /// A question of the bank is left open, or answered with something that was not offered.
    #[error("the answer to `{question}` is missing or was not offered")]
    Unanswered {
        /// The id of the question.
        question: String,
        /// The options, if the answer is one of several.
        options: Vec<String>,
    },
    /// A key or another input of the member is not acceptable.
    #[error("{0}")]
    Invalid(String),
    /// The database cannot serve now.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret could not be sealed or opened: a wrong key, or a defect.
    #[error("sealing: {0}")]
    Sealing(String),
}
