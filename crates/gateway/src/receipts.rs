//! Receipts: who gets a mail about an accepted payment, and the seam to the texts of that mail.

use domain::payment::Payment;

use crate::App;
use crate::app::Mail;

/// The subject of a receipt.
#[derive(Debug, Clone, Copy)]
pub struct Receipt<'a> {
    /// The payment, which the bank has accepted.
    pub payment: &'a Payment,
    /// The name of its bank; absent if the bank is no longer in the directory.
    pub bank: Option<&'a str>,
}

/// The words of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The subject, one line.
    pub subject: String,
    /// The text, plain.
    pub text: String,
}

/// Writes receipts; the texts for payers live at the edge, in the languages of the pages.
pub trait ReceiptWriter: Send + Sync + 'static {
    /// The words of a receipt.
    fn write(&self, receipt: &Receipt<'_>) -> Written;
}

/// The receipt, if the member requested one.
pub(crate) fn mail_of(app: &App, payment: &Payment) -> Option<Mail> {
    let to = payment.receipt_to.clone()?;
    let known = app.bank_of(payment);
    let bank = known.as_ref().map(|bank| bank.name.as_str());
    let Written { subject, text } = app.parts.receipts.write(&Receipt { payment, bank });
    Some(Mail { id: format!("receipt-{}", payment.id.core()), to, subject, text })
}
