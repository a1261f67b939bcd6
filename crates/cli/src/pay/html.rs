//! Just enough of HTML to use the pages of the gateway and of the simulated banks as a browser does:
//! their forms, and the addresses that they lead on to.

/// Fields and buttons that are read of one form.
const CONTROLS_MAX: usize = 2_000;
/// Forms that are read of one page.
const FORMS_MAX: usize = 100;

/// A form.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Form {
    /// Where it is posted; where the page is, if absent.
    pub action: Option<String>,
    /// Whether it is posted; otherwise it only searches.
    pub is_post: bool,
    /// Its class.
    pub class: String,
    /// Its fields, in order.
    pub fields: Vec<Field>,
    /// Names and values of the buttons that can be pressed.
    pub buttons: Vec<(String, String)>,
}

/// A field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value, or that of one choice.
    pub value: String,
    /// `hidden`, `text`, `password`, `radio`.
    pub kind: String,
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
        self.buttons.iter().any(|(found, its)| found == name && its == value)
    }
}

/// The forms of a page.
#[must_use]
pub fn forms(html: &str) -> Vec<Form> {
    html.split("<form").skip(1).take(FORMS_MAX).map(form).collect()
}

fn form(html: &str) -> Form {
    let html = html.split("</form>").next().unwrap_or(html);
    let head = html.split('>').next().unwrap_or("");
    let mut form = Form {
        action: attribute(head, "action"),
        is_post: attribute(head, "method").is_some_and(|method| method == "post"),
        class: attribute(head, "class").unwrap_or_default(),
        ..Form::default()
    };
    for tag in html.split('<').skip(1).take(CONTROLS_MAX) {
        let (name, tag) = tag.split_once([' ', '>']).unwrap_or((tag, ""));
        let tag = tag.split('>').next().unwrap_or(tag);
        let Some(control) = attribute(tag, "name") else { continue };
        let value = attribute(tag, "value").unwrap_or_default();
        let kind = attribute(tag, "type").unwrap_or_else(|| "text".to_owned());
        let disabled = tag.ends_with(" disabled");
        match name {
            "button" if !disabled => form.buttons.push((control, value)),
            "input" => form.fields.push(Field { name: control, value, kind }),
            _ => {}
        }
    }
    form
}

/// The value of the attribute `name` of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = format!(" {name}=\"");
    // The first attribute follows the tag's name, which is gone.
    let tag = format!(" {tag}");
    let value = &tag[tag.find(&start)? + start.len()..];
    Some(unescaped(value.split('"').next()?))
}

/// The value of the first attribute `name` of a page.
#[must_use]
pub fn first_attribute(html: &str, name: &str) -> Option<String> {
    let start = format!(" {name}=\"");
    let value = &html[html.find(&start)? + start.len()..];
    Some(unescaped(value.split('"').next()?))
}

/// The address of the link that a page shows as its main one.
#[must_use]
pub fn main_link(html: &str) -> Option<String> {
    let rest = html.split("<a class=\"primary\" href=\"").nth(1)?;
    Some(unescaped(rest.split('"').next()?))
}

/// The heading of a page, for messages.
#[must_use]
pub fn heading(html: &str) -> String {
    let heading = html.split("<h1>").nth(1).and_then(|rest| rest.split("</h1>").next());
    let alert = html.split("role=\"alert\">").nth(1).and_then(|rest| rest.split('<').next());
    let mut text = unescaped(heading.unwrap_or("a page without a heading"));
    if let Some(alert) = alert {
        text.push_str(": ");
        text.push_str(&unescaped(alert));
    }
    text
}

/// The texts between `<tag>` and `</tag>`.
pub fn texts_of<'a>(html: &'a str, tag: &str) -> impl Iterator<Item = String> + use<'a> {
    let end = format!("</{tag}>");
    let start = format!("<{tag}>");
    let parts: Vec<&str> = html.split(start.as_str()).skip(1).collect();
    parts.into_iter().map(move |rest| unescaped(rest.split(end.as_str()).next().unwrap_or("")))
}

/// The characters that templates escape.
fn unescaped(text: &str) -> String {
    text.replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#38;", "&")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_with_fields_choices_and_buttons() {
        let page = r#"<h1>Approve</h1><form class="search" method="get"><input name="search"></form>
            <form method="post" action="/a?b=1&#38;c=2">
            <input type="hidden" name="visit" value="&#34;x&#34;">
            <label><input type="radio" name="account" value="1" required checked> One</label>
            <input id="p" name="password" type="password" required>
            <button type="submit" name="bank-id" value="ob" class="bank"> Ob</button>
            <button type="submit" name="bank-id" value="gone" class="bank" disabled> Gone</button>
            <button type="submit">Continue</button></form>"#;
        let found = forms(page);
        assert_eq!(found.len(), 2);
        assert!(!found[0].is_post && found[0].class == "search");
        let form = &found[1];
        assert!(form.is_post);
        assert_eq!(form.action.as_deref(), Some("/a?b=1&c=2"));
        let field = |name: &str, value: &str, kind: &str| Field {
            name: name.to_owned(),
            value: value.to_owned(),
            kind: kind.to_owned(),
        };
        let fields = [
            field("visit", "\"x\"", "hidden"),
            field("account", "1", "radio"),
            field("password", "", "password"),
        ];
        assert_eq!(form.fields, fields);
        assert_eq!(form.buttons, [("bank-id".to_owned(), "ob".to_owned())]);
        assert!(form.asks_for("password") && form.has_button("bank-id", "ob"));
        assert_eq!(heading(page), "Approve");
    }

    #[test]
    fn addresses_that_a_page_leads_on_to_are_found() {
        let page = r#"<div data-onward="/session/a?x=1&amp;y" data-when="now"></div>
            <p><a class="primary" href="https://shop.example/?a&#38;b">Back</a></p>"#;
        assert_eq!(first_attribute(page, "data-onward").as_deref(), Some("/session/a?x=1&y"));
        assert_eq!(main_link(page).as_deref(), Some("https://shop.example/?a&b"));
        assert_eq!(first_attribute("<p>", "data-onward"), None);
    }
}
