//! JSON as Meta's servers write it: everything beyond ASCII as `\u00e4` with lowercase hex digits, and `/` as `\/`. The
//! signature covers these bytes, so a receiver that writes the body again and hashes that fails on names such as Åse.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Serializer, Value, ser::Formatter};

struct Escaped;

impl Formatter for Escaped {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut units = [0_u16; 2];
        for c in fragment.chars() {
            match c {
                '/' => writer.write_all(b"\\/")?,
                c if c.is_ascii() => writer.write_all(&[c as u8])?,
                c => c.encode_utf16(&mut units).iter().try_for_each(|unit| write!(writer, "\\u{unit:04x}"))?,
            }
        }
        Ok(())
    }
}

/// The bytes Meta would send.
pub(super) fn bytes(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Escaped)).expect("a JSON value writes into memory");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_meta_writes_it() {
        let value = serde_json::json!({"name": "Åse \"ÆØÅ\" 😀", "url": "https://example.com/\n"});
        let written = String::from_utf8(bytes(&value)).unwrap();
        assert_eq!(
            written,
            r#"{"name":"\u00c5se \"\u00c6\u00d8\u00c5\" \ud83d\ude00","url":"https:\/\/example.com\/\n"}"#
        );
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
    }
}
