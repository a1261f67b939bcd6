//! Where the fields of an order are in a request, and what they are called there.

use domain::field::Field;

/// The table of one version's, or one operation's, fields.
pub(crate) trait Places {
    /// The dotted path from the body's root.
    fn path(&self, field: Field) -> String;

    /// What the field is called in messages.
    fn name(&self, field: Field) -> String {
        let path = self.path(field);
        path.rsplit('.').next().unwrap_or_default().to_owned()
    }

    /// How a request says that the payer chooses the bank.
    fn payer_chooses_bank(&self) -> &'static str;
}

/// An operation that has one such field at most.
pub(crate) struct Only(pub(crate) &'static str);

impl Places for Only {
    fn path(&self, _: Field) -> String {
        self.0.to_owned()
    }

    fn payer_chooses_bank(&self) -> &'static str {
        ""
    }
}
