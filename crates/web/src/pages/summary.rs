//! The summary of a payment that its pages show.

use domain::execution::Execution;
use domain::initiation::{Initiation, Order};
use domain::summary::{self, Fact, Label, Value};

use super::account_text::readable;
use crate::language::Language;

/// A line of the summary.
pub(super) struct Row {
    pub(super) label: String,
    pub(super) value: String,
    /// Whether it is the amount, which is emphasised and never broken.
    pub(super) is_amount: bool,
    of: Option<Label>,
}

/// The summary, and what the page's forms need.
pub(super) struct Summary {
    language: Language,
    /// The page's own address, without a query.
    pub(super) path: String,
    /// The value that the page's forms return ([`super::VISIT`]).
    pub(super) visit: String,
    /// Whether the payer can still cancel; otherwise the payer can only leave, and the payment continues.
    pub(super) can_cancel: bool,
    standing_order: bool,
    /// Whether the payer approves the cancellation, not the payment.
    pub(super) cancels: bool,
    /// The lines, in order.
    pub(super) rows: Vec<Row>,
}

impl Summary {
    /// The summary of a payment whose pages are at `path` and whose forms return `visit`. `execution` is how
    /// its bank executes it, if that is decided.
    pub(super) fn of(
        language: Language,
        initiation: &Initiation,
        execution: Option<Execution>,
        path: String,
        visit: String,
    ) -> Summary {
        let rows = rows(language, summary::facts(&initiation.order, execution));
        let standing_order = initiation.order.schedule.is_standing_order();
        Summary { language, path, visit, can_cancel: true, standing_order, cancels: false, rows }
    }

    /// The thing that stays open if the payer leaves, as messages distinguish it.
    pub(super) fn stays_open(&self) -> &'static str {
        if self.cancels { "cancellation" } else { self.order() }
    }

    /// Where the payer approves the cancellation.
    pub(super) fn cancelling(mut self, cancels: bool) -> Summary {
        self.cancels = cancels;
        self
    }

    /// The kind of order, as messages distinguish it: `standing-order` or `payment`.
    pub(super) fn order(&self) -> &'static str {
        if self.standing_order { "standing-order" } else { "payment" }
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
        let language = self.language;
        let row = |label, value: String| {
            let label = language.text(label);
            Row { label, value, is_amount: false, of: None }
        };
        let behind = |rows: &[Row], label| rows.iter().position(|row| row.of == Some(label));
        if let Some(account) = &initiation.order.creditor.account {
            let place = behind(&self.rows, Label::Payee).map_or(self.rows.len(), |at| at + 1);
            self.rows.insert(place, row("summary-account", readable(account)));
        }
        if let Some(text) = &initiation.order.remittance_secondary {
            self.rows.push(row("summary-further-text", text.clone()));
        }
        self.rows.push(row("summary-bank", bank.to_owned()));
        self
    }
}

/// The summary of an order as labels and values, for mails.
pub(crate) fn lines(
    language: Language,
    order: &Order,
    execution: Option<Execution>,
) -> Vec<(String, String)> {
    let rows = rows(language, summary::facts(order, execution)).into_iter();
    rows.map(|row| (row.label, row.value)).collect()
}

fn rows(language: Language, facts: Vec<Fact>) -> Vec<Row> {
    let row = |fact: Fact| Row {
        label: language.text(label(fact.label)),
        is_amount: fact.label.is_amount(),
        of: Some(fact.label),
        value: written(language, fact.value),
    };
    facts.into_iter().map(row).collect()
}

/// The message of a label.
fn label(label: Label) -> &'static str {
    match label {
        Label::Amount => "summary-amount",
        Label::AmountOfEach => "summary-amount-of-each",
        Label::HowOften => "summary-how-often",
        Label::FirstPayment => "summary-first-payment",
        Label::LastPayment => "summary-last-payment",
        Label::Day => "summary-day",
        Label::Payee => "summary-payee",
        Label::Reference => "summary-reference",
    }
}

/// A value as the language writes it.
fn written(language: Language, value: Value) -> String {
    match value {
        Value::Amount(amount) => language.amount(&amount),
        Value::HowOften(frequency) => language.frequency(frequency),
        Value::Day(day) => language.date(day),
        Value::LastDay { day, payments } => language.last_day(day, payments),
        Value::NeverEnds => language.text("summary-never-ends"),
        Value::Text(text) => text,
    }
}

#[cfg(test)]
impl Summary {
    /// Of a payment for a later day.
    pub(super) fn sample(language: Language) -> Summary {
        let day = Value::Day(jiff::civil::date(2026, 2, 2));
        Summary::of_facts(language, false, vec![(Label::Amount, amount()), (Label::Day, day)])
    }

    /// Of a standing order with an end; of one payment, or of several; or without an end.
    pub(super) fn sample_of_standing_order(
        language: Language,
        payments: Option<i64>,
        frequency: domain::initiation::Frequency,
    ) -> Summary {
        let day = |month| jiff::civil::date(2026, month, 1);
        let end = payments.map(|payments| Value::LastDay { day: day(12), payments });
        let facts = vec![
            (Label::AmountOfEach, amount()),
            (Label::HowOften, Value::HowOften(frequency)),
            (Label::FirstPayment, Value::Day(day(2))),
            (Label::LastPayment, end.unwrap_or(Value::NeverEnds)),
        ];
        Summary::of_facts(language, true, facts)
    }

    fn of_facts(
        language: Language,
        standing_order: bool,
        mut facts: Vec<(Label, Value)>,
    ) -> Summary {
        facts.push((Label::Payee, Value::Text("Customer <Inc.>".to_owned())));
        facts.push((Label::Reference, Value::Text("Sweepco".to_owned())));
        let facts = facts.into_iter().map(|(label, value)| Fact { label, value }).collect();
        let (path, visit) = ("/session/sample".to_owned(), "visit".to_owned());
        let rows = rows(language, facts);
        Summary { language, path, visit, can_cancel: true, standing_order, cancels: false, rows }
    }
}

#[cfg(test)]
fn amount() -> Value {
    Value::Amount(domain::money::Amount::parse("1234.5", domain::money::Currency::GBP).unwrap())
}
