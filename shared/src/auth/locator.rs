//! The part of a credential that names its key: tenant and key name in base32, so that the record is read without a search.
//!
//! The alphabet is `A-Z2-7` (RFC 4648) without padding. A name has exactly one spelling, in one case; any other is refused.

use crate::domain::{KeyRecord, TenantId};

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The longest locator: 64 + 1 + 64 bytes of 8 bits in characters of 5 bits.
const LONGEST: usize = 207;

/// The upper-case locator of a key.
pub(super) fn encode(tenant: &TenantId, name: &str) -> String {
    base32(format!("{tenant}/{name}").as_bytes())
}

/// The key that an upper-case locator names.
pub(super) fn decode(text: &str) -> Option<(TenantId, String)> {
    if text.len() > LONGEST {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut bits, mut count) = (0_u16, 0_u8);
    for character in text.bytes() {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'2'..=b'7' => character - b'2' + 26,
            _ => return None,
        };
        // At most 7 bits wait for the next character, so 12 are the most that `bits` holds.
        bits = (bits << 5) | u16::from(value);
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count).ok()?);
            bits &= (1 << count) - 1;
        }
    }
    let (tenant, name) = std::str::from_utf8(&bytes).ok()?.split_once('/')?;
    KeyRecord::check_name(name).ok()?;
    // Spellings with stray bits at the end decode too, and are not the one spelling.
    (base32(&bytes) == text).then_some(())?;
    Some((TenantId::parse(tenant).ok()?, name.to_owned()))
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity((bytes.len() * 8).div_ceil(5));
    for chunk in bytes.chunks(5) {
        let value = (0..5).fold(0_u64, |value, at| (value << 8) | u64::from(chunk.get(at).copied().unwrap_or(0)));
        for place in 0..(chunk.len() * 8).div_ceil(5) {
            let index = (value >> (35 - 5 * place)) & 31;
            text.extend(usize::try_from(index).ok().and_then(|i| ALPHABET.get(i)).map(|c| char::from(*c)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{base32, decode};
    use proptest::prelude::*;

    #[test]
    fn the_published_values_of_rfc_4648() {
        let cases = [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ];
        for (plain, coded) in cases {
            assert_eq!(base32(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn a_name_has_one_spelling() {
        let good = base32(b"acme/ci");
        assert!(decode(&good).is_some(), "{good}");
        let stray = format!("{}R", good.strip_suffix('Q').unwrap_or_default());
        for text in [stray, good.to_lowercase(), format!("{good}A"), format!("{good}="), String::new(), "1".to_owned()]
        {
            assert_eq!(decode(&text), None, "{text}");
        }
        for plain in ["acme", "acme/", "/ci", "acme/c i", "ac me/ci", "acme/ci/x", "acme/\u{e4}"] {
            assert_eq!(decode(&base32(plain.as_bytes())), None, "{plain}");
        }
        assert_eq!(decode(&"A".repeat(100_000)), None);
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(tenant in "[A-Za-z0-9_-]{1,64}", name in "[A-Za-z0-9_.-]{1,64}") {
            let decoded = decode(&base32(format!("{tenant}/{name}").as_bytes()));
            prop_assert_eq!(decoded.map(|(t, n)| (t.as_str().to_owned(), n)), Some((tenant, name)));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[A-Z2-7]{0,210}|.*") {
            if let Some((tenant, name)) = decode(&text) {
                prop_assert_eq!(super::encode(&tenant, &name), text);
            }
        }
    }
}
