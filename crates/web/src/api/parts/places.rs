//! Where the fields of an order are in a request, and what they are called there.

use domain::field::Field;

/// The table of one version's, or one operation's, fields.
pub(crate) trait Places {
    /// The dotted path from the body's root.
    fn path(&self, field: Field) -> String;

    /// The name of the field in messages.
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

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::Value;

    use super::*;

    /// The places of all fields that no schema of our document has; `schemas` are those of the requests.
    pub(crate) fn unpublished(places: &dyn Places, schemas: &[&str]) -> Vec<String> {
        let document = serde_json::to_value(crate::openapi()).unwrap();
        let all = Field::all().into_iter().map(|field| (field, places.path(field)));
        let missing = all.filter(|(_, path)| {
            let has_it =
                |name: &str| has(&document, &document["components"]["schemas"][name], &steps(path));
            !schemas.iter().any(|name| has_it(name))
        });
        missing.map(|(field, path)| format!("{field:?}: {path}")).collect()
    }

    /// `a[0].b` as `a`, `0`, `b`.
    fn steps(path: &str) -> Vec<&str> {
        path.split(['.', '[', ']']).filter(|step| !step.is_empty()).collect()
    }

    fn has(document: &Value, schema: &Value, path: &[&str]) -> bool {
        if let Some(reference) = schema["$ref"].as_str() {
            return document
                .pointer(reference.trim_start_matches('#'))
                .is_some_and(|schema| has(document, schema, path));
        }
        for choice in ["oneOf", "anyOf", "allOf"] {
            let choices = schema[choice].as_array().into_iter().flatten();
            if choices.into_iter().any(|schema| has(document, schema, path)) {
                return true;
            }
        }
        match path {
            [] => true,
            [step, rest @ ..] if step.bytes().all(|byte| byte.is_ascii_digit()) => {
                has(document, &schema["items"], rest)
            }
            [step, rest @ ..] => {
                schema["properties"].get(*step).is_some_and(|schema| has(document, schema, rest))
            }
        }
    }
}
