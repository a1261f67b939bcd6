//! Pictures of banks, shown only where their bytes say that they are pictures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The first bytes of the accepted formats, and their media types. SVG is not accepted: it is a
/// document, and can hold more than a picture.
const FORMATS: [(&[u8], &str); 4] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
];

/// The `data:` address of a picture in base64; `None` if it is not PNG, JPEG or GIF.
pub(super) fn address(picture_base64: &str) -> Option<String> {
    let bytes = STANDARD.decode(picture_base64).ok()?;
    let (_, kind) = FORMATS.iter().find(|(start, _)| bytes.starts_with(start))?;
    // Encoded again: nothing but base64 reaches the page.
    Some(format!("data:{kind};base64,{}", STANDARD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_begins_as_a_picture_is_one() {
        let table: [(&[u8], Option<&str>); 9] = [
            (b"\x89PNG\r\n\x1a\nrest", Some("data:image/png;base64,")),
            (b"\xff\xd8\xff\xe0", Some("data:image/jpeg;base64,")),
            (b"GIF87a", Some("data:image/gif;base64,")),
            (b"GIF89a..", Some("data:image/gif;base64,")),
            (b"", None),
            (b"\x89PNG", None),
            (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", None),
            (b"<html>", None),
            (b"BM....", None),
        ];
        for (bytes, start) in table {
            let found = address(&STANDARD.encode(bytes));
            let expected = start.map(|start| format!("{start}{}", STANDARD.encode(bytes)));
            assert_eq!(found, expected);
        }
        for text in
            ["no base64!", "iVBORw0KGgo", "\"><script>", "data:image/png;base64,iVBORw0KGgo="]
        {
            assert_eq!(address(text), None, "{text}");
        }
    }
}
