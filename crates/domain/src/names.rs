//! Names of values: one table per enum, from which its list and both directions follow.

/// Gives an enum `ALL`, a method that says a value's name and, where it is named too, a function that finds
/// the value of a name. The table lists every variant once; one that it lacks does not compile. Names are
/// stored and sent, so they are written out and do not follow from the variants' own names.
///
/// ```text
/// names! { Flow: name, from_name;
///     ApiOnly = "api_only",
/// }
/// ```
macro_rules! names {
    ($kind:ident: $name:ident $(, $from_name:ident)?; $($variant:ident = $text:literal),+ $(,)?) => {
        impl $kind {
            /// Every value, in the order of the table.
            pub const ALL: [$kind; [$($text),+].len()] = [$($kind::$variant),+];

            /// The name of the value.
            #[must_use]
            pub fn $name(self) -> &'static str {
                match self {
                    $($kind::$variant => $text,)+
                }
            }

            $(
                /// The value of that name.
                #[must_use]
                pub fn $from_name(name: &str) -> Option<$kind> {
                    $kind::ALL.into_iter().find(|value| value.$name() == name)
                }
            )?
        }
    };
}

pub(crate) use names;
