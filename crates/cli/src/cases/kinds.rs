//! The meaning of each kind of case for an operator: the text of `bascule cases show` and of
//! `docs/cases.md`.

use domain::case::CaseKind;

/// One kind, explained.
#[derive(Debug, Clone, Copy)]
pub struct Explanation {
    /// Whether money may have moved without the member's knowledge.
    pub money: bool,
    /// The situation.
    pub meaning: &'static str,
    /// The gateway's own next steps.
    pub by_itself: &'static str,
    /// The steps for a person.
    pub to_do: &'static str,
}

const ASKS_ON: &str =
    "The gateway asks the bank for up to 30 days, and never sends the order again.";
const NOTHING_CHANGED: &str = "Nothing: the payment did not change.";

/// Explains a kind.
#[must_use]
pub fn explain(kind: CaseKind) -> Explanation {
    match kind {
        CaseKind::OrderAnswerLost
        | CaseKind::OrderWithoutId
        | CaseKind::OrderAnswerAfterItWasLost
        | CaseKind::OrderAnswerWithoutOrder
        | CaseKind::OrderTakenUnasked => of_order(kind),
        CaseKind::OpeningAnswerLost
        | CaseKind::ApprovalAnswerLost
        | CaseKind::ApprovalUnproven
        | CaseKind::AuthorisationUnproven
        | CaseKind::AuthorisationBeforeReturn
        | CaseKind::ReturnBeforeRedirect
        | CaseKind::TooManyReturns => of_approval(kind),
        CaseKind::StatusWithoutOrder
        | CaseKind::StatusContradictsEnd
        | CaseKind::UnrecognisedBankStatus
        | CaseKind::BankAnswerMalformed
        | CaseKind::AccessLost
        | CaseKind::NoFinalStatus
        | CaseKind::ReceiptNotSent => of_status(kind),
    }
}

fn of_order(kind: CaseKind) -> Explanation {
    let (meaning, by_itself, to_do) = match kind {
        CaseKind::OrderWithoutId => (
            "The answer to the order was lost. The bank reports that the consent was used, so \
             it has the order. UK Open Banking cannot find an order by its consent.",
            "Nothing more: the payment stays INITIATION_PROCESSING until a person settles the \
             matter with the member.",
            "Send the bank the end-to-end id and the consent id (`bascule calls PAYMENT \
             --full`), and ask for the state of the order. Report the answer to the member. \
             Never pay again before the bank has answered.",
        ),
        CaseKind::OrderAnswerAfterItWasLost => (
            "The order's answer counted as lost; then a refusal of the same order arrived. The \
             refusal does not prove that the bank executed nothing.",
            ASKS_ON,
            "Wait for the next status. If the payment is still uncertain after an hour, ask the bank.",
        ),
        CaseKind::OrderAnswerWithoutOrder => (
            "The bank answered an order, but the payment has no order that waits for an answer.",
            NOTHING_CHANGED,
            "Compare `bascule calls PAYMENT --full` with the payment's status. If the bank executed an \
             order that the payment does not have, report it to the member and to the developers of \
             this gateway.",
        ),
        CaseKind::OrderTakenUnasked => (
            "The bank reports that it executed an order. The payment had already ended, or the \
             order had not been sent yet.",
            "Nothing: the payment keeps its status.",
            "Ask the bank for the order's status. If the bank executed it, report that to the \
             member: the member's records differ.",
        ),
        _ => (
            "The gateway sent an order and received no readable answer: a timeout, a broken \
             connection, or a malformed answer. The bank may have executed the order.",
            ASKS_ON,
            "Look at the calls with `bascule calls PAYMENT`. Wait for the next status. If the \
             payment is still INITIATION_PENDING_REDEMPTION_VERIFICATION after an hour, ask the \
             bank.",
        ),
    };
    Explanation { money: true, meaning, by_itself, to_do }
}

fn of_approval(kind: CaseKind) -> Explanation {
    let (money, meaning, by_itself, to_do) = match kind {
        CaseKind::OpeningAnswerLost => (
            true,
            "The gateway sent the creation of a payment to a bank that executes at the \
             approval, and the answer was lost. The bank may hold, and execute, a payment whose \
             id the gateway does not know.",
            "The payment waits. After 30 days it ends as INITIATION_NO_FINAL_STATUS_AVAILABLE.",
            "Ask the bank, with time, amount and end-to-end id, whether it has the payment. Report the \
             answer to the member.",
        ),
        CaseKind::ApprovalAnswerLost => (
            true,
            "The gateway sent the payer's answer to the bank's question, and the bank's reply \
             was lost. The bank may have executed the payment.",
            "The gateway asks the bank for the state of the approval. It never sends the answer \
             again.",
            "Wait for the next status. If it does not arrive within an hour, ask the bank.",
        ),
        CaseKind::ApprovalUnproven => (
            true,
            "The payer returned from a bank that executes at the approval, and the gateway \
             could not verify the approval with the bank.",
            "The payment waits, and the gateway asks the bank again before the payer's time \
             ends.",
            "Nothing at first. If the case names a certificate or a signature, check the bank's \
             profile. If many payments at this bank have this case, call the bank.",
        ),
        CaseKind::AuthorisationBeforeReturn => (
            false,
            "The bank sent an answer about an approval, but the payer had not chosen a bank.",
            NOTHING_CHANGED,
            "Report it to the developers of this gateway with `bascule calls PAYMENT --json`.",
        ),
        CaseKind::ReturnBeforeRedirect => (
            false,
            "A browser returned from a bank for a payment whose payer had not chosen a bank.",
            NOTHING_CHANGED,
            "A single case needs no action. If there are many from one member or bank, somebody \
             may be guessing addresses: check the access log.",
        ),
        CaseKind::TooManyReturns => (
            false,
            "Before the bank answered, more browsers returned for one payment than the gateway \
             keeps. It dropped the later returns.",
            "The gateway verifies the returns that it kept.",
            "A single case needs no action: a payer reloaded the page. If there are many, the \
             bank is slow: see `GET /reports/banks/status`.",
        ),
        _ => (
            false,
            "A browser returned with parameters that the bank neither signed nor confirmed: an \
             old address, a changed address, or a forgery.",
            "The payment waits for a return that the gateway can verify.",
            "A single case needs no action. If there are many at one bank, the bank may have \
             changed its keys or its redirect: check its profile. If there are many for one \
             member, somebody may be forging returns.",
        ),
    };
    Explanation { money, meaning, by_itself, to_do }
}

fn of_status(kind: CaseKind) -> Explanation {
    let (money, meaning, by_itself, to_do) = match kind {
        CaseKind::StatusContradictsEnd => (
            true,
            "The payment has ended, and the bank now reports another end: for example rejected, \
             then executed.",
            "Nothing: the member keeps the status that it was sent.",
            "Ask the bank which status is right. Report the answer to the member.",
        ),
        CaseKind::AccessLost => (
            true,
            "The access token of the order has expired, and the bank issues no new token. The \
             bank may still execute the order.",
            "The gateway can no longer ask the bank about the order. After 30 days the payment \
             ends without a final status.",
            "Ask the bank, with the end-to-end id (`bascule calls PAYMENT --full`). Report the \
             answer to the member.",
        ),
        CaseKind::NoFinalStatus => (
            true,
            "The bank reported no final status within 30 days.",
            "The payment ended as INITIATION_NO_FINAL_STATUS_AVAILABLE. The gateway does not \
             ask the bank again.",
            "The bank may have executed the order. Ask the bank, and report the answer to the \
             member.",
        ),
        CaseKind::UnrecognisedBankStatus => (
            false,
            "The bank's status is not a word of its standard. The gateway concludes nothing \
             from it.",
            ASKS_ON,
            "Ask the bank for the meaning of the word. Report it to the developers of this \
             gateway, so that docs/statuses.md gets a line for it.",
        ),
        CaseKind::BankAnswerMalformed => (
            false,
            "The gateway cannot read an answer of the bank: broken JSON, a missing field, a \
             wrong signature.",
            "The gateway repeats the request, or ends it with an error that the member sees.",
            "Look at the answer with `bascule calls PAYMENT --full`. If the bank changed its API, \
             change its profile or call the bank.",
        ),
        CaseKind::ReceiptNotSent => (
            false,
            "The mail server refused the mail to the payer, or the mail could not be sent for \
             ten hours.",
            "Nothing more: the gateway sends no other mail.",
            "Check the mail server (`--smtp-url`). The payment itself is not affected.",
        ),
        _ => (
            false,
            "A status arrived for an order that the payment does not have.",
            NOTHING_CHANGED,
            "Compare `bascule calls PAYMENT --full` with the payment's status, and report it to the \
             developers of this gateway.",
        ),
    };
    Explanation { money, meaning, by_itself, to_do }
}

/// The sections of `docs/cases.md`, one for each kind.
#[must_use]
pub fn sections() -> String {
    let section = |kind: &CaseKind| {
        let Explanation { money, meaning, by_itself, to_do } = explain(*kind);
        let urgent = if money { " Money may have moved." } else { "" };
        format!(
            "\n### `{}`\n\n{meaning}{urgent}\n\n- By itself: {by_itself}\n- Do: {to_do}\n",
            kind.name()
        )
    };
    CaseKind::ALL.iter().map(section).collect()
}
