//! What JSON may hold and we cannot keep: U+0000, which PostgreSQL refuses, and half of a surrogate pair, which is no character. Both come
//! from programs that cut texts; a lead is not lost for it.

/// Puts U+FFFD in their place, where they are written as escapes. The length stays.
pub(super) fn mend(json: &mut [u8]) {
    let mut at = 0;
    while at < json.len() {
        if json[at] != b'\\' {
            at += 1;
            continue;
        }
        let Some(unit) = escape(json, at) else {
            at += 2; // another escape: what follows the backslash is no beginning
            continue;
        };
        match unit {
            0xd800..=0xdbff if matches!(escape(json, at + 6), Some(0xdc00..=0xdfff)) => at += 12,
            0 | 0xd800..=0xdfff => {
                json[at + 2..at + 6].copy_from_slice(b"fffd");
                at += 6;
            }
            _ => at += 6,
        }
    }
}

/// The unit of `\uXXXX`, if that is what stands there.
fn escape(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u16::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> String {
        let mut bytes = json.as_bytes().to_vec();
        mend(&mut bytes);
        serde_json::from_slice(&bytes).expect("JSON")
    }

    #[test]
    fn what_cannot_be_kept_is_replaced_and_nothing_else() {
        assert_eq!(read(r#""a\u0000b""#), "a\u{fffd}b");
        assert_eq!(read(r#""\ud83d\ude00""#), "😀", "a pair is a character");
        assert_eq!(read(r#""\ud83d""#), "\u{fffd}");
        assert_eq!(read(r#""\ude00\ud83dx""#), "\u{fffd}\u{fffd}x");
        assert_eq!(read(r#""\\u0000 \\\u0000""#), "\\u0000 \\\u{fffd}", "an escaped backslash begins nothing");
        assert_eq!(read(r#""\u00e5\n""#), "å\n");
    }

    proptest! {
        #[test]
        fn whatever_was_json_stays_what_it_was(text in ".{0,60}") {
            let json = serde_json::to_string(&text).expect("serializes");
            prop_assert_eq!(read(&json), text.replace('\0', "\u{fffd}"));
        }

        #[test]
        fn any_bytes_are_taken(mut bytes in proptest::collection::vec(prop_oneof![Just(b'\\'), Just(b'u'), any::<u8>()], 0..60)) {
            let length = bytes.len();
            mend(&mut bytes);
            prop_assert_eq!(bytes.len(), length);
        }
    }
}
