//! What each kind of case means to an operator: the text of `bascule cases show` and of
//! `docs/cases.md`.

use domain::case::CaseKind;

/// One kind, explained.
#[derive(Debug, Clone, Copy)]
pub struct Explanation {
    /// Whether money may have moved without the member's knowing.
    pub money: bool,
    /// What happened.
    pub meaning: &'static str,
    /// What the gateway does without anybody.
    pub by_itself: &'static str,
    /// What a person does.
    pub to_do: &'static str,
}

const ASKS_ON: &str = "It asks the bank for up to 30 days, and never sends the order again.";
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
            "The answer to the order was lost. The bank says that the consent was used, so it has the \
             order, but UK Open Banking has no way to find an order by its consent.",
            "Nothing more: the payment stays INITIATION_PROCESSING until a person closes the matter \
             with the member.",
            "Give the bank the end-to-end id and the consent id (`bascule calls PAYMENT --full`) and \
             ask what became of the order. Report the answer to the member. Never pay again before \
             the bank has answered.",
        ),
        CaseKind::OrderAnswerAfterItWasLost => (
            "The order's answer had been given up as lost; then a refusal of the same order arrived. \
             The two do not prove that nothing was executed.",
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
            "The bank reports that it executed the order of a payment that had ended, or that was \
             still to be redeemed.",
            "Nothing: the payment keeps its status.",
            "Money may have moved. Ask the bank for the order's status. If it was executed, report that \
             to the member: the member's records say otherwise.",
        ),
        _ => (
            "An order left for the bank and no readable answer came: a timeout, a broken connection, \
             or an answer that cannot be read. The bank may have executed it.",
            ASKS_ON,
            "Look at the bank with `bascule calls PAYMENT`. Wait for the next status. Ask the bank \
             if the payment is still INITIATION_PENDING_REDEMPTION_VERIFICATION after an hour.",
        ),
    };
    Explanation { money: true, meaning, by_itself, to_do }
}

fn of_approval(kind: CaseKind) -> Explanation {
    let (money, meaning, by_itself, to_do) = match kind {
        CaseKind::OpeningAnswerLost => (
            true,
            "The creation left for a bank that executes at the approval, and its answer was lost. The \
             bank may hold, and execute, a payment whose id nobody here knows.",
            "The payment waits. After 30 days it ends as INITIATION_NO_FINAL_STATUS_AVAILABLE.",
            "Ask the bank, with time, amount and end-to-end id, whether it has the payment. Report the \
             answer to the member.",
        ),
        CaseKind::ApprovalAnswerLost => (
            true,
            "The payer's answer to the bank's question left, and the bank's reply was lost. The bank \
             may have executed the payment.",
            "It asks the bank where the approval stands. It never sends the answer again.",
            "Wait for the next status. Ask the bank if there is none after an hour.",
        ),
        CaseKind::ApprovalUnproven => (
            true,
            "The payer returned from a bank that executes at the approval, and the approval could not \
             be verified there.",
            "The payment waits, and the bank is asked again before the payer's time ends.",
            "Nothing at first. If the case names a certificate or a signature, look at the bank's \
             profile. If many payments at this bank have it, call the bank.",
        ),
        CaseKind::AuthorisationBeforeReturn => (
            false,
            "The bank answered about an approval although the payer had not chosen a bank.",
            NOTHING_CHANGED,
            "Report it to the developers of this gateway with `bascule calls PAYMENT --json`.",
        ),
        CaseKind::ReturnBeforeRedirect => (
            false,
            "A browser returned from a bank for a payment whose payer had not chosen a bank.",
            NOTHING_CHANGED,
            "One such case needs nothing. Many from one member or bank: somebody may be trying \
             addresses; look at the access log.",
        ),
        CaseKind::TooManyReturns => (
            false,
            "More browsers returned for one payment before the bank had answered than the gateway \
             keeps. The further ones were not kept.",
            "Those that were kept are verified.",
            "One such case needs nothing: a payer pressed reload. Many: the bank is slow; see \
             `GET /reports/banks/status`.",
        ),
        _ => (
            false,
            "A browser returned with something that the bank neither signed nor confirms: an old \
             address, a changed one, or a forgery.",
            "The payment waits for a return that proves something.",
            "One such case needs nothing. Many at one bank: the bank changed its keys or its redirect; \
             look at its profile. Many for one member: somebody may be forging returns.",
        ),
    };
    Explanation { money, meaning, by_itself, to_do }
}

fn of_status(kind: CaseKind) -> Explanation {
    let (money, meaning, by_itself, to_do) = match kind {
        CaseKind::StatusContradictsEnd => (
            true,
            "The payment has ended, and the bank now says something else: for example rejected, then \
             executed.",
            "Nothing: the member keeps the status that it was sent.",
            "Ask the bank which word counts. Report the answer to the member; money may have moved.",
        ),
        CaseKind::AccessLost => (
            true,
            "The access token of the order has ended, and the bank gives no other one. The order may be \
             executed all the same.",
            "The bank cannot be asked about the order any more; after 30 days the payment ends without \
             a final status.",
            "Ask the bank with the end-to-end id (`bascule calls PAYMENT --full`) and report the answer \
             to the member.",
        ),
        CaseKind::NoFinalStatus => (
            true,
            "The bank gave no last status within 30 days.",
            "The payment ended as INITIATION_NO_FINAL_STATUS_AVAILABLE. The bank is not asked again.",
            "The order may have been executed. Ask the bank and report the answer to the member.",
        ),
        CaseKind::UnrecognisedBankStatus => (
            false,
            "The bank's status is a word that its standard does not have. It concludes nothing.",
            ASKS_ON,
            "Ask the bank what the word means. Report it to the developers of this gateway, so that it \
             gets a line in docs/statuses.md.",
        ),
        CaseKind::BankAnswerMalformed => (
            false,
            "An answer of the bank cannot be read: broken JSON, a missing field, a wrong signature.",
            "What the answer was about is asked again, or ends with an error that the member sees.",
            "Look at the answer with `bascule calls PAYMENT --full`. If the bank changed its API, \
             change its profile or call the bank.",
        ),
        CaseKind::ReceiptNotSent => (
            false,
            "The mail to the payer was refused by the mail server, or could not be sent for ten hours.",
            "Nothing more: no other mail is tried.",
            "Look at the mail server (`--smtp-url`). The payment itself is not touched.",
        ),
        _ => (
            false,
            "A status came for an order that the payment does not have.",
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
