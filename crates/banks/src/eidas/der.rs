//! The little of DER (X.690) that qualified statements need.

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTF8_STRING: u8 = 0x0C;
/// No statement is longer; what claims to be is not read.
const LENGTH_MAX: usize = 64 * 1024;

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if let (true, Ok(short)) = (length < 0x80, u8::try_from(length)) {
        out.push(short);
    } else {
        let bytes: Vec<u8> =
            length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        out.push(0x80 | u8::try_from(bytes.len()).unwrap_or(8));
        out.extend(bytes);
    }
    out.extend_from_slice(content);
    out
}

/// A SEQUENCE of encoded elements.
pub(super) fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    element(SEQUENCE, &elements.concat())
}

/// A UTF8String.
pub(super) fn utf8(text: &str) -> Vec<u8> {
    element(UTF8_STRING, text.as_bytes())
}

/// An OBJECT IDENTIFIER.
pub(super) fn object_identifier(arcs: &[u64]) -> Vec<u8> {
    element(OBJECT_IDENTIFIER, &arcs_of(arcs))
}

/// The content of an OBJECT IDENTIFIER.
pub(super) fn arcs_of(arcs: &[u64]) -> Vec<u8> {
    let mut content = vec![];
    let (first, rest) = match arcs {
        [first, second, rest @ ..] => (first * 40 + second, rest),
        _ => (0, arcs),
    };
    for arc in std::iter::once(&first).chain(rest) {
        let mut groups = vec![low_seven_bits(*arc)];
        let mut left = arc >> 7;
        while left > 0 {
            groups.push(low_seven_bits(left) | 0x80);
            left >>= 7;
        }
        content.extend(groups.into_iter().rev());
    }
    content
}

fn low_seven_bits(number: u64) -> u8 {
    u8::try_from(number & 0x7F).unwrap_or(0)
}

/// One element: its tag, its content, and what follows it.
pub(super) fn read(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let count = usize::from(*first & 0x7F);
        let digits = rest.get(..count).filter(|_| (1..=4).contains(&count))?;
        let length = digits.iter().fold(0_usize, |sum, digit| (sum << 8) | usize::from(*digit));
        (length, rest.get(count..)?)
    };
    if length > LENGTH_MAX {
        return None;
    }
    Some((*tag, rest.get(..length)?, rest.get(length..)?))
}

/// The elements inside a SEQUENCE's content, at most 64.
pub(super) fn elements(content: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut found = vec![];
    let mut rest = content;
    while !rest.is_empty() {
        let (tag, inner, after) = read(rest)?;
        found.push((tag, inner));
        if found.len() > 64 {
            return None;
        }
        rest = after;
    }
    Some(found)
}

/// Whether a tag is that of a SEQUENCE.
pub(super) fn is_sequence(tag: u8) -> bool {
    tag == SEQUENCE
}

/// Whether a tag is that of an OBJECT IDENTIFIER.
pub(super) fn is_object_identifier(tag: u8) -> bool {
    tag == OBJECT_IDENTIFIER
}
