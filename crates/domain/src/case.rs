//! The kinds of cases: every unexpected situation that a person must read.

use crate::names::names;

/// The kind of a [`Case`](crate::step::Case). `docs/cases.md` says what each one asks of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CaseKind {
    /// An order left, and no readable answer came: the bank may have executed it.
    OrderAnswerLost,
    /// The bank used the consent, so it has the order, but its id is not known.
    OrderWithoutId,
    /// A refusal came for an order whose answer had been given up as lost.
    OrderAnswerAfterItWasLost,
    /// The bank answered an order that was never sent, or that the bank had already answered.
    OrderAnswerWithoutOrder,
    /// The bank reports an executed order that this payment did not wait for any more.
    OrderTakenUnasked,
    /// The creation at the bank left, its answer was lost, and the bank may execute it.
    OpeningAnswerLost,
    /// The payer's approval left, its answer was lost, and the bank may execute it.
    ApprovalAnswerLost,
    /// An approval could not be verified at a bank that executes at the approval.
    ApprovalUnproven,
    /// A browser returned from the bank with something that proves nothing.
    AuthorisationUnproven,
    /// The bank answered about an approval before the payer had chosen a bank.
    AuthorisationBeforeReturn,
    /// A browser returned for a payment whose payer had not chosen a bank.
    ReturnBeforeRedirect,
    /// More browsers returned before the bank had answered than are kept.
    TooManyReturns,
    /// A status came for an order that does not exist.
    StatusWithoutOrder,
    /// The bank says something else than the last status that the member knows.
    StatusContradictsEnd,
    /// The bank's status is a word that its standard does not have.
    UnrecognisedBankStatus,
    /// An answer of the bank cannot be read.
    BankAnswerMalformed,
    /// The bank gives no other access token, so it cannot be asked about the order.
    AccessLost,
    /// The bank gave no last status within 30 days.
    NoFinalStatus,
    /// The mail to the payer was refused, or could not be sent for ten hours.
    ReceiptNotSent,
}

names! { CaseKind: name, from_name;
    OrderAnswerLost = "order_answer_lost",
    OrderWithoutId = "order_without_id",
    OrderAnswerAfterItWasLost = "order_answer_after_it_was_lost",
    OrderAnswerWithoutOrder = "order_answer_without_order",
    OrderTakenUnasked = "order_taken_unasked",
    OpeningAnswerLost = "opening_answer_lost",
    ApprovalAnswerLost = "approval_answer_lost",
    ApprovalUnproven = "approval_unproven",
    AuthorisationUnproven = "authorisation_unproven",
    AuthorisationBeforeReturn = "authorisation_before_return",
    ReturnBeforeRedirect = "return_before_redirect",
    TooManyReturns = "too_many_returns",
    StatusWithoutOrder = "status_without_order",
    StatusContradictsEnd = "status_contradicts_end",
    UnrecognisedBankStatus = "unrecognised_bank_status",
    BankAnswerMalformed = "bank_answer_malformed",
    AccessLost = "access_lost",
    NoFinalStatus = "no_final_status",
    ReceiptNotSent = "receipt_not_sent",
}
