//! A page as data: the hosted pages of the gateway and the pages of the simulated banks answer
//! `Accept: application/json` with it.

use serde::Deserialize;

/// A page.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
pub struct View {
    /// Its name.
    pub page: String,
    /// Title and text of a result or a problem of the gateway.
    #[serde(default)]
    pub texts: Vec<String>,
    /// The details that a bank's page shows.
    #[serde(default)]
    pub shows: Shown,
    /// The forms that it accepts.
    #[serde(default)]
    pub forms: Vec<Form>,
    /// The address to which it leads by itself.
    pub onward: Option<Onward>,
    /// The addresses that it links to, the main one first.
    #[serde(default)]
    pub links: Vec<String>,
}

/// The details of a bank's page that are read.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
pub struct Shown {
    /// The text of a problem.
    pub text: Option<String>,
    /// The code in a bank's app.
    pub code: Option<String>,
}

/// A form.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
pub struct Form {
    /// `cancel` for the button that ends a payment on the hosted pages.
    #[serde(default)]
    pub name: String,
    /// The address to post to; that of the page if absent.
    pub action: Option<String>,
    /// Its fields, in order.
    #[serde(default)]
    pub fields: Vec<Field>,
    /// Its buttons, one of which is posted.
    #[serde(default)]
    pub buttons: Vec<Button>,
}

/// A field of a form.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// The value to post back unchanged; absent if the payer fills it in.
    pub value: Option<String>,
    /// The accepted values; empty for any text.
    #[serde(default)]
    pub options: Vec<String>,
}

/// A button of a form.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Button {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Where a page leads by itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Onward {
    /// The address.
    pub url: String,
    /// Whether at once; otherwise the page waits for something first.
    pub at_once: bool,
}

impl View {
    /// The page's problem or result, for messages.
    #[must_use]
    pub fn summary(&self) -> String {
        let texts = self.texts.iter().chain(&self.shows.text).map(String::as_str);
        let texts: Vec<&str> = texts.collect();
        if texts.is_empty() { format!("the page `{}`", self.page) } else { texts.join(": ") }
    }
}

impl Form {
    /// Whether a field has this name.
    #[must_use]
    pub fn asks_for(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }

    /// Whether a button has this name and value.
    #[must_use]
    pub fn has_button(&self, name: &str, value: &str) -> bool {
        self.buttons.iter().any(|button| button.name == name && button.value == value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_are_read() {
        let of_bank = r#"{"page":"app","shows":{"code":"123456","client":"x"},
            "forms":[{"shows":{},"fields":[{"name":"payment","value":"1"}],
            "buttons":[{"name":"decision","value":"approve"}]}],"links":[]}"#;
        let view: View = serde_json::from_str(of_bank).unwrap();
        assert_eq!(view.shows.code.as_deref(), Some("123456"));
        assert!(
            view.forms[0].has_button("decision", "approve") && view.forms[0].asks_for("payment")
        );
        let of_gateway = r#"{"page":"problem","texts":["Sorry","It failed."],"forms":[],
            "onward":{"url":"/session/a","at_once":false},"links":["/a"]}"#;
        let view: View = serde_json::from_str(of_gateway).unwrap();
        assert_eq!(view.summary(), "Sorry: It failed.");
        assert!(view.onward.is_some_and(|onward| !onward.at_once));
    }
}
