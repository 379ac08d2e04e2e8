//! What a text message costs: its parts, by the alphabet that it needs (3GPP TS 23.038, 23.040).
//!
//! One character outside the GSM alphabet makes all of a message UCS-2, and a part then holds 70 characters instead of 160. What people and their
//! keyboards write without noticing, a long dash, a curly quote, a space that does not break, is written plainly first; letters are
//! never changed, since names are made of them.

/// The alphabet a message is sent in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// Seven bits a character, fourteen for those behind the escape.
    Gsm7,
    /// Sixteen bits; what lies beyond, such as most emoji, takes two of them.
    Ucs2,
}

/// The basic table without the escape; a character's place does not matter here.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Behind the escape: two places each.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// How a text travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    pub alphabet: Alphabet,
    /// Places taken: septets, or units of UTF-16.
    pub length: usize,
    /// What is paid for.
    pub segments: usize,
}

/// Counts the parts of a text as it stands.
pub fn parts(text: &str) -> Parts {
    let mut widths = Vec::with_capacity(text.len());
    let is_gsm = text.chars().all(|c| {
        let width = gsm_width(c);
        widths.push(width.unwrap_or(0));
        width.is_some()
    });
    if is_gsm {
        return count(Alphabet::Gsm7, &widths, 160, 153);
    }
    let widths: Vec<usize> = text.chars().map(char::len_utf16).collect();
    count(Alphabet::Ucs2, &widths, 70, 67)
}

fn gsm_width(c: char) -> Option<usize> {
    if BASIC.contains(c) { Some(1) } else { EXTENSION.contains(c).then_some(2) }
}

/// `whole`: what fits in one part; `piece`: in each of several, which carry a header. What takes two places is not cut in the middle.
fn count(alphabet: Alphabet, widths: &[usize], whole: usize, piece: usize) -> Parts {
    let length = widths.iter().sum();
    if length <= whole {
        return Parts { alphabet, length, segments: usize::from(length > 0) };
    }
    let (mut segments, mut filled) = (1, 0);
    for width in widths {
        if filled + width > piece {
            segments += 1;
            filled = 0;
        }
        filled += width;
    }
    Parts { alphabet, length, segments }
}

/// Writes typographic characters plainly. No letter changes, and nothing that has no plain twin.
pub fn plain(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' | '\u{2032}' | '\u{2039}' | '\u{203a}' | '\u{b4}'
            | '`' => {
                written.push('\'');
            }
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '\u{2033}' | '\u{ab}' | '\u{bb}' => written.push('"'),
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2043}' | '\u{b7}' | '\u{2022}' => written.push('-'),
            '\u{2026}' => written.push_str("..."),
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\t' => written.push(' '),
            // Invisible: soft hyphen, zero widths, marks of direction, the byte order mark.
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => {}
            '\u{2028}' | '\u{2029}' => written.push('\n'),
            '\r' => {}
            other => written.push(other),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn norwegian_and_german_are_gsm_and_an_extension_takes_two_places() {
        assert_eq!(parts("Blåbærsyltetøy på Sørlandet, grüße aus Köln: 100 %").alphabet, Alphabet::Gsm7);
        assert_eq!(parts("10 €"), Parts { alphabet: Alphabet::Gsm7, length: 5, segments: 1 });
        assert_eq!(parts("{}[]~|\\^€").length, 18);
        assert_eq!(parts("België").alphabet, Alphabet::Ucs2, "ë is in no table");
        assert_eq!(parts("ç").alphabet, Alphabet::Ucs2, "only Ç is");
        assert_eq!(parts(""), Parts { alphabet: Alphabet::Gsm7, length: 0, segments: 0 });
    }

    #[test]
    fn the_limits_are_those_of_the_network() {
        for (text, segments) in [
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("ë".repeat(70), 1),
            ("ë".repeat(71), 2),
            ("ë".repeat(134), 2),
            ("ë".repeat(135), 3),
            ("😀".repeat(35), 1),
            ("😀".repeat(36), 2),
            // 33 emoji take 66 of 67 places, and the next one is not cut in two: 34 would not fit into the first part.
            ("😀".repeat(67), 3),
            // An escape is not parted from its character: 152 and one of two places.
            (format!("{}€{}", "a".repeat(152), "a".repeat(152)), 3),
        ] {
            assert_eq!(parts(&text).segments, segments, "{} of {:?}", text.chars().count(), text.chars().next());
        }
    }

    #[test]
    fn what_keyboards_write_does_not_double_the_price() {
        let typed = "«Hei» – det’s… 1\u{a0}000\u{202f}kr \u{201e}so\u{201c}\u{200b} — ok\u{ad}";
        assert_eq!(parts(typed).alphabet, Alphabet::Ucs2);
        assert_eq!(plain(typed), "\"Hei\" - det's... 1 000 kr \"so\" - ok");
        assert_eq!(parts(&plain(typed)).alphabet, Alphabet::Gsm7);
        assert_eq!(plain("Zoë Çelik Łukasz 日本"), "Zoë Çelik Łukasz 日本", "names stay");
    }

    proptest! {
        #[test]
        fn a_letter_is_never_changed_and_twice_is_once(text in "\\PC{0,200}") {
            let once = plain(&text);
            prop_assert_eq!(plain(&once), once.clone());
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            prop_assert_eq!(letters(&once), letters(&text));
        }

        #[test]
        fn more_text_never_takes_fewer_parts(text in "[a-zæøå€ë😀]{0,300}", more in "[a-z]{1,20}") {
            let longer = [text.as_str(), more.as_str()].concat();
            prop_assert!(parts(&longer).segments >= parts(&text).segments);
        }
    }
}
