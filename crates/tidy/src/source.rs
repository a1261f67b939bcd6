//! Rust source as the compiler sees it: its functions, constants, modules, macros, attributes and texts.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Expr, Ident, Lit, LitStr, Macro, Meta, Signature};

/// A text in quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// The text without quotes and escapes.
    pub text: String,
    /// The constant in whose value it is.
    pub constant: Option<String>,
    /// Whether it is in a module named `tests`.
    pub in_tests: bool,
}

/// A function with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// How many lines it has, from `fn` to its closing brace.
    pub lines: usize,
}

/// A constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constant {
    /// Its name.
    pub name: String,
    /// Its value as it is written.
    pub value: String,
    /// Its documentation.
    pub comment: String,
}

/// A macro that is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionCall {
    /// The line of its name, from 1.
    pub line: usize,
    /// The last part of its path: `todo` of `std::todo!()`.
    pub name: String,
}

/// An attribute that silences a lint: `allow` or `expect`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silenced {
    /// Its line, from 1.
    pub line: usize,
    /// Whether it says why.
    pub has_reason: bool,
}

/// The contents of a file, in their order in the source.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// Texts, without documentation.
    pub literals: Vec<Literal>,
    /// Functions with a body.
    pub functions: Vec<Function>,
    /// Constants outside modules named `tests`.
    pub constants: Vec<Constant>,
    /// Modules that are files of their own.
    pub modules: Vec<String>,
    /// Calls of macros.
    pub calls: Vec<FunctionCall>,
    /// Lints that are silenced.
    pub silenced: Vec<Silenced>,
    /// Inside how many modules named `tests` the reader is.
    tests: usize,
    /// The constant whose value is being read.
    constant: Option<String>,
}

/// Reads a file.
///
/// # Errors
/// The compiler's complaint about a text that is not Rust, with its line.
pub fn read(text: &str) -> Result<Source, String> {
    let file =
        syn::parse_file(text).map_err(|error| format!("{}: {error}", error.span().start().line))?;
    let mut source = Source::default();
    source.visit_file(&file);
    Ok(source)
}

impl Source {
    fn function(&mut self, signature: &Signature, body: &Block) {
        let start = signature.span().start().line;
        let lines = body.brace_token.span.close().end().line - start + 1;
        self.functions.push(Function { name: signature.ident.to_string(), lines });
    }

    /// Reads a constant; `inner` visits what is in it.
    fn in_constant(
        &mut self,
        (name, attributes): (&Ident, &[Attribute]),
        value: Option<&Expr>,
        inner: impl FnOnce(&mut Source),
    ) {
        if let Some(value) = value.filter(|_| self.tests == 0) {
            self.constants.push(Constant {
                name: name.to_string(),
                value: value.span().source_text().unwrap_or_default(),
                comment: documentation(attributes),
            });
        }
        let outer = self.constant.replace(name.to_string());
        inner(self);
        self.constant = outer;
    }

    fn literal(&mut self, span: Span, text: String) {
        let (line, constant) = (span.start().line, self.constant.clone());
        self.literals.push(Literal { line, text, constant, in_tests: self.tests > 0 });
    }

    /// Reads what a macro is given, which is no syntax before the macro has made it so.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            let next = tokens.get(at + 1);
            match token {
                TokenTree::Group(group) => {
                    let sharp = at.checked_sub(1).and_then(|before| tokens.get(before));
                    let is_attribute = group.delimiter() == Delimiter::Bracket
                        && sharp.is_some_and(|token| is_punct(token, '#') || is_punct(token, '!'));
                    match syn::parse2::<Meta>(group.stream()) {
                        Ok(meta) if is_attribute => self.attribute(&meta),
                        Ok(_) | Err(_) => self.tokens(group.stream()),
                    }
                }
                TokenTree::Ident(name) if next.is_some_and(|token| is_punct(token, '!')) => {
                    self.calls.push(FunctionCall {
                        line: name.span().start().line,
                        name: name.to_string(),
                    });
                }
                TokenTree::Literal(literal) => self.visit_lit(&Lit::new(literal.clone())),
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }

    fn attribute(&mut self, meta: &Meta) {
        if let Meta::List(list) = meta
            && (list.path.is_ident("allow") || list.path.is_ident("expect"))
        {
            let named =
                |token: &TokenTree| matches!(token, TokenTree::Ident(name) if name == "reason");
            let has_reason = list.tokens.clone().into_iter().any(|token| named(&token));
            self.silenced.push(Silenced { line: meta.span().start().line, has_reason });
        }
    }
}

impl<'a> Visit<'a> for Source {
    fn visit_attribute(&mut self, attribute: &'a Attribute) {
        self.attribute(&attribute.meta);
    }

    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'a syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.function(&item.sig, body);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_const(&mut self, item: &'a syn::ItemConst) {
        self.in_constant((&item.ident, &item.attrs), Some(&item.expr), |source| {
            visit::visit_item_const(source, item);
        });
    }

    fn visit_impl_item_const(&mut self, item: &'a syn::ImplItemConst) {
        self.in_constant((&item.ident, &item.attrs), Some(&item.expr), |source| {
            visit::visit_impl_item_const(source, item);
        });
    }

    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        if item.content.is_none() {
            self.modules.push(item.ident.to_string());
        }
        let of_tests = usize::from(item.ident == "tests");
        self.tests += of_tests;
        visit::visit_item_mod(self, item);
        self.tests -= of_tests;
    }

    fn visit_macro(&mut self, call: &'a Macro) {
        if let Some(name) = call.path.segments.last() {
            let line = name.ident.span().start().line;
            self.calls.push(FunctionCall { line, name: name.ident.to_string() });
        }
        self.tokens(call.tokens.clone());
    }

    fn visit_lit(&mut self, literal: &'a Lit) {
        match literal {
            Lit::Str(text) => self.literal(text.span(), text.value()),
            Lit::ByteStr(text) => {
                self.literal(text.span(), String::from_utf8_lossy(&text.value()).into_owned());
            }
            _ => {}
        }
    }

    fn visit_lit_str(&mut self, text: &'a LitStr) {
        self.literal(text.span(), text.value());
    }
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// The text of `///` comments, in one line.
fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        Meta::NameValue(_) | Meta::List(_) | Meta::Path(_) => None,
    });
    lines.collect::<Vec<_>>().join("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_from_comments_and_documentation() {
        let text = "/// \"doc\"\nconst A: &str = \"one // two\"; // \"three\"\n/* \"z\" */ const B: &[&str] = &[r#\"four \"five\"\"#];\n\
                    fn f() { g('\"', \"six \\\n      seven\\\"\", b\"8\"); h!(\"9\", [\"10\"]); }";
        let found = read(text).unwrap().literals;
        let texts: Vec<&str> = found.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(texts, ["one // two", "four \"five\"", "six seven\"", "8", "9", "10"]);
        let lines: Vec<usize> = found.iter().map(|one| one.line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 5, 5]);
        let constants: Vec<Option<&str>> =
            found.iter().map(|one| one.constant.as_deref()).collect();
        assert_eq!(constants[..3], [Some("A"), Some("B"), None]);
    }

    #[test]
    fn functions_modules_and_macros_are_found_wherever_they_are() {
        let text = "mod a;\nmod b {\n    mod c;\n    impl X {\n        fn one(&self) -> u8 {\n            todo!()\n        }\n    }\n}\n\
                    trait T {\n    fn none();\n    fn two() {}\n}\nfn three() { f!({ std::dbg!(1) }) }\n";
        let source = read(text).unwrap();
        assert_eq!(source.modules, ["a", "c"]);
        let functions: Vec<(&str, usize)> =
            source.functions.iter().map(|one| (one.name.as_str(), one.lines)).collect();
        assert_eq!(functions, [("one", 3), ("two", 1), ("three", 1)]);
        let calls: Vec<(&str, usize)> =
            source.calls.iter().map(|one| (one.name.as_str(), one.line)).collect();
        assert_eq!(calls, [("todo", 6), ("f", 14), ("dbg", 14)]);
    }

    #[test]
    fn what_is_no_rust_is_said_with_its_line() {
        assert!(read("fn a() {}\nfn b( {}\n").unwrap_err().starts_with("2: "));
    }
}
