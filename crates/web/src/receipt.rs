//! The mail to a payer whose payment was accepted (payments v1, `receiptRequested`).
//!
//! The gateway does not know the payer's language, so the mail is in English.

use domain::payment::Payment;
use domain::text::is_unreadable;
use gateway::receipts::{Receipt, ReceiptWriter, Written};

use crate::language::Language;
use crate::pages::summary_lines;

/// Writes receipts with the texts of the pages.
pub struct PayersReceipts;

impl ReceiptWriter for PayersReceipts {
    fn write(&self, receipt: &Receipt<'_>) -> Written {
        let language = Language::english();
        let order = &receipt.payment.initiation.order;
        let content = Content {
            amount: language.amount(&order.amount),
            payee: order.creditor.name.as_deref(),
            is_standing_order: receipt.payment.is_standing_order(),
            lines: lines(language, receipt.payment, receipt.bank),
        };
        content.written(language)
    }
}

/// The content of a receipt, in a language.
struct Content<'a> {
    amount: String,
    payee: Option<&'a str>,
    is_standing_order: bool,
    /// The details: a label and a value each.
    lines: Vec<(String, String)>,
}

impl Content<'_> {
    fn written(self, language: Language) -> Written {
        let unnamed = || language.text("receipt-payee-unnamed");
        let payee = one_line(&self.payee.map_or_else(unnamed, str::to_owned));
        let values = [("amount", self.amount.as_str()), ("payee", payee.as_str())];
        let (done, accepted) = match self.is_standing_order {
            false => (language.with("receipt-paid", &values), language.text("receipt-paid-next")),
            true => {
                (language.with("receipt-set-up", &values), language.text("receipt-set-up-next"))
            }
        };
        let widths = self.lines.iter().map(|(label, _)| label.chars().count() + 1);
        let widest = widths.max().unwrap_or(0);
        let mut text = format!("{done}\n\n");
        for (label, value) in &self.lines {
            text.push_str(&format!("{:<widest$} {}\n", format!("{label}:"), one_line(value)));
        }
        text.push_str(&format!("\n{accepted}\n{}\n", language.text("receipt-questions")));
        Written { subject: language.with("receipt-subject", &values), text }
    }
}

/// The details: a label and a value each.
fn lines(language: Language, payment: &Payment, bank: Option<&str>) -> Vec<(String, String)> {
    let order = &payment.initiation.order;
    let mut lines = summary_lines(language, order, payment.execution);
    if let Some(account) = &order.creditor.account {
        lines.push((language.text("receipt-account"), account.masked()));
    }
    let bank = bank.map_or_else(|| language.text("bank-unnamed"), str::to_owned);
    let accepted = payment.updated_at.to_zoned(jiff::tz::TimeZone::UTC);
    let day = language.date(accepted.date());
    let time = accepted.strftime("%H:%M").to_string();
    let moment = [("day", day.as_str()), ("time", time.as_str())];
    lines.extend([
        (language.text("receipt-bank"), bank),
        (language.text("receipt-payment"), payment.id.to_string()),
        (language.text("receipt-accepted"), language.with("receipt-moment", &moment)),
    ]);
    lines
}

/// A name or reference of a member's, which must not begin a line of its own.
fn one_line(text: &str) -> String {
    text.chars().map(|one| if is_unreadable(one) { ' ' } else { one }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_receipt_in_every_language() {
        for language in Language::all() {
            let sample = |payee, is_standing_order| {
                let lines = vec![
                    (language.text("receipt-bank"), "Ahornbank".to_owned()),
                    (language.text("summary-reference"), "two\nlines\u{202e}".to_owned()),
                ];
                let amount = "£10.23".to_owned();
                Content { amount, payee, is_standing_order, lines }.written(language)
            };
            let receipts = [sample(Some("Customer <Inc.>"), false), sample(None, true)];
            let texts = receipts.map(|one| format!("{}\n\n{}", one.subject, one.text));
            insta::assert_snapshot!(format!("receipts_{}", language.tag()), texts.join("\n"));
        }
    }
}
