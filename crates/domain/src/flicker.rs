//! The code behind a flickering picture (chipTAN optical, HHD_UC): read and checked before it is shown.
//!
//! Source: "HHD-Erweiterung für unidirektionale Kopplung" (Die Deutsche Kreditwirtschaft), the form in
//! which a code reaches the card reader:
//!
//! ```text
//! LC | LS [control bytes] start code | (LDE data element)… | Luhn digit, XOR digit
//! ```
//!
//! LC counts the bytes after it. The high bit of LS says that control bytes follow (HHD 1.4); without
//! them the code is of HHD 1.3. The Luhn digit covers control bytes, start code and data, the XOR digit
//! everything before the two digits, half byte by half byte.

/// The most bytes that a code has: LC counts them in one byte.
const BYTES_MAX: usize = 256;
/// The most data elements.
const ELEMENTS_MAX: usize = 3;
/// The signal with which a reader synchronises, before each repetition of the code.
const SYNCHRONISATION: [u8; 2] = [0x0f, 0xff];

/// A code that holds together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlickerCode {
    bytes: Vec<u8>,
    start_code: String,
    elements: Vec<String>,
}

/// The defect of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FlickerFault {
    /// It is no whole number of hexadecimal bytes, or longer than 256 bytes.
    #[error("it is not hexadecimal")]
    NotHexadecimal,
    /// A length goes beyond the code, or does not reach its end.
    #[error("its lengths do not fit")]
    Length,
    /// The Luhn digit is another one.
    #[error("its Luhn digit is wrong")]
    Luhn,
    /// The XOR digit is another one.
    #[error("its XOR digit is wrong")]
    Xor,
}

impl FlickerCode {
    /// Reads a code in hexadecimal digits; spaces are left out.
    ///
    /// # Errors
    /// [`FlickerFault`] says what is wrong.
    pub fn read(text: &str) -> Result<FlickerCode, FlickerFault> {
        let bytes = hexadecimal(text)?;
        let (checks, payload) = bytes.split_last().ok_or(FlickerFault::Length)?;
        let (lc, rest) = payload.split_first().ok_or(FlickerFault::Length)?;
        if usize::from(*lc) != bytes.len() - 1 {
            return Err(FlickerFault::Length);
        }
        let mut reader = Reader { rest };
        let start_length = reader.byte()?;
        let has_control = start_length & 0x80 != 0;
        let form = if has_control { Form::WithControl } else { Form::Without };
        let mut covered = vec![];
        let mut more = has_control;
        while more {
            let control = reader.byte()?;
            covered.push(control);
            more = control & 0x80 != 0;
        }
        let start = reader.take(form.length(start_length))?;
        covered.extend(start);
        let start_code = form.text(start_length, start);
        let mut elements = vec![];
        while !reader.rest.is_empty() && elements.len() < ELEMENTS_MAX {
            let length = reader.byte()?;
            let data = reader.take(form.length(length))?;
            covered.extend(data);
            elements.push(form.text(length, data));
        }
        if !reader.rest.is_empty() {
            return Err(FlickerFault::Length);
        }
        if luhn(&covered) != checks >> 4 {
            return Err(FlickerFault::Luhn);
        }
        if half_bytes(payload).fold(0, |sum, half| sum ^ half) != checks & 0x0f {
            return Err(FlickerFault::Xor);
        }
        Ok(FlickerCode { bytes, start_code, elements })
    }

    /// The start code, which the payer can type into a reader by hand.
    #[must_use]
    pub fn start_code(&self) -> &str {
        &self.start_code
    }

    /// … and then the data elements that are not empty, in order.
    pub fn elements(&self) -> impl Iterator<Item = &str> {
        self.elements.iter().map(String::as_str).filter(|text| !text.is_empty())
    }

    /// The half bytes in the order in which a reader takes them, as hexadecimal digits: first those
    /// to synchronise by; of each byte the low half first.
    #[must_use]
    pub fn half_bytes(&self) -> String {
        let all = SYNCHRONISATION.iter().chain(&self.bytes);
        all.map(|byte| format!("{:X}{:X}", byte & 0x0f, byte >> 4)).collect()
    }
}

/// How lengths are written: HHD 1.4, whose codes have control bytes, or 1.3.
#[derive(Clone, Copy)]
enum Form {
    WithControl,
    Without,
}

impl Form {
    fn length(self, byte: u8) -> usize {
        usize::from(match self {
            Form::WithControl => byte & 0x3f,
            Form::Without => byte & 0x0f,
        })
    }

    /// The data as a person types it: characters, or decimal digits with a filling `F` at the end.
    fn text(self, length: u8, data: &[u8]) -> String {
        let characters = match self {
            Form::WithControl => length & 0x40 != 0,
            Form::Without => length & 0x10 != 0,
        };
        match characters {
            true => data.iter().map(|byte| char::from(*byte)).collect(),
            false => hex::encode_upper(data).trim_end_matches('F').to_owned(),
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, FlickerFault> {
        let (byte, rest) = self.rest.split_first().ok_or(FlickerFault::Length)?;
        self.rest = rest;
        Ok(*byte)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], FlickerFault> {
        let (data, rest) = self.rest.split_at_checked(count).ok_or(FlickerFault::Length)?;
        self.rest = rest;
        Ok(data)
    }
}

fn hexadecimal(text: &str) -> Result<Vec<u8>, FlickerFault> {
    let digits: String =
        text.chars().filter(|one| !one.is_ascii_whitespace()).take(BYTES_MAX * 2 + 1).collect();
    // One digit more than the most is an odd number of them, which is refused.
    hex::decode(digits).map_err(|_| FlickerFault::NotHexadecimal)
}

/// The half bytes, the high one first.
fn half_bytes(bytes: &[u8]) -> impl Iterator<Item = u8> {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f])
}

/// The Luhn digit: every second half byte counts twice, as the sum of its decimal digits.
fn luhn(bytes: &[u8]) -> u8 {
    let sum: u32 = half_bytes(bytes)
        .enumerate()
        .map(|(place, half)| match place % 2 {
            0 => u32::from(half),
            _ => u32::from(half * 2 / 10 + half * 2 % 10),
        })
        .sum();
    u8::try_from((10 - sum % 10) % 10).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Codes that published documents and clients have as examples.
    const PUBLISHED: [(&str, &str, &[&str]); 3] = [
        // The specification's chapter C.4.1: a start code alone.
        ("070520829019981A", "2082901998", &[]),
        // HHD 1.3: an account number and an amount.
        ("1204881344730512345678901531352C30303B", "88134473", &["1234567890", "15,00"]),
        ("11048813833205002812775114302C30315D", "88138332", &["0028127751", "0,01"]),
    ];

    #[test]
    fn published_codes_are_read() {
        for (code, start_code, elements) in PUBLISHED {
            let read = FlickerCode::read(code).unwrap();
            assert_eq!(read.start_code(), start_code);
            assert_eq!(read.elements().collect::<Vec<_>>(), elements);
            assert_eq!(FlickerCode::read(&code.to_lowercase()), Ok(read));
        }
    }

    #[test]
    fn a_reader_gets_the_low_half_of_each_byte_first() {
        let read = FlickerCode::read("070520829019981A").unwrap();
        assert_eq!(read.half_bytes(), "F0FF70500228099189A1");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let table = [
            ("", FlickerFault::Length),
            ("0", FlickerFault::NotHexadecimal),
            ("0G", FlickerFault::NotHexadecimal),
            ("2908881344731012345678900515,00", FlickerFault::NotHexadecimal),
            // A start code alone, as somebody may take for the whole.
            ("11048813833205", FlickerFault::Length),
            ("080520829019981A", FlickerFault::Length),
            ("070620829019981A", FlickerFault::Length),
            ("070520829019981B", FlickerFault::Xor),
            ("070520829019982A", FlickerFault::Luhn),
            ("070520829019971A", FlickerFault::Luhn),
        ];
        for (code, fault) in table {
            assert_eq!(FlickerCode::read(code), Err(fault), "{code}");
        }
        assert_eq!(FlickerCode::read(&"0".repeat(100_000)), Err(FlickerFault::NotHexadecimal));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9a-fA-F ,]{0,60}") {
            let _ = FlickerCode::read(&text);
        }

        #[test]
        fn one_wrong_half_byte_is_found(place in 2_usize..34, other in 0_u8..16) {
            let mut code: Vec<char> = PUBLISHED[2].0.chars().collect();
            let wrong = char::from_digit(u32::from(other), 16).unwrap().to_ascii_uppercase();
            prop_assume!(code[place] != wrong);
            code[place] = wrong;
            prop_assert!(FlickerCode::read(&code.iter().collect::<String>()).is_err());
        }
    }
}
