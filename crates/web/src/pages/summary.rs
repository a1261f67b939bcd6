//! What every page that is about a payment says of it.

use domain::execution::Execution;
use domain::initiation::Initiation;
use domain::summary::{self, Label};

use super::account_text::readable;

/// A line of the summary.
pub(super) struct Row {
    pub(super) label: &'static str,
    pub(super) value: String,
    /// Whether it is the amount, which stands out and is never broken.
    pub(super) is_amount: bool,
    of: Option<Label>,
}

/// The summary, and what the page's forms need.
pub(super) struct Summary {
    /// The page's own address, without a query.
    pub(super) path: String,
    /// What the page's forms bring back ([`super::VISIT`]).
    pub(super) visit: String,
    /// Whether the payer can still cancel; otherwise the payer can only leave, and the payment goes on.
    pub(super) can_cancel: bool,
    /// Whether it is a standing order.
    pub(super) standing_order: bool,
    /// The lines, in order.
    pub(super) rows: Vec<Row>,
}

impl Summary {
    /// Of a payment whose pages are at `path` and whose forms bring `visit` back. `execution` is how
    /// its bank executes it, where that is decided.
    pub(super) fn of(
        initiation: &Initiation,
        execution: Option<Execution>,
        path: String,
        visit: String,
    ) -> Summary {
        let rows = summary::of(initiation, execution).into_iter().map(|line| Row {
            label: line.label.text(),
            value: line.value,
            is_amount: line.label.is_amount(),
            of: Some(line.label),
        });
        let standing_order = initiation.schedule.is_standing_order();
        Summary { path, visit, can_cancel: true, standing_order, rows: rows.collect() }
    }

    /// Where the payer can only leave.
    pub(super) fn cancellable(mut self, can_cancel: bool) -> Summary {
        self.can_cancel = can_cancel;
        self
    }

    /// Without the payee, where nobody knows it yet.
    pub(super) fn without_payee(mut self) -> Summary {
        self.rows.retain(|row| row.of != Some(Label::Payee));
        self
    }

    /// With everything that a payer agrees to: the payee's account, the further text, the bank.
    pub(super) fn in_full(mut self, initiation: &Initiation, bank: &str) -> Summary {
        let row = |label, value: String| Row { label, value, is_amount: false, of: None };
        let behind = |rows: &[Row], label| rows.iter().position(|row| row.of == Some(label));
        if let Some(account) = &initiation.creditor.account {
            let place = behind(&self.rows, Label::Payee).map_or(self.rows.len(), |at| at + 1);
            self.rows.insert(place, row("Account", readable(account)));
        }
        if let Some(text) = &initiation.remittance_secondary {
            self.rows.push(row("For", text.clone()));
        }
        self.rows.push(row("Your bank", bank.to_owned()));
        self
    }
}
