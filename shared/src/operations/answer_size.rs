//! How large an answer is where its size counts: as a text within the JSON that a function hands to its gateway.

/// The most that a page of an answer may hold, in bytes as [`in_answer`] counts them: Lambda's answers end at 6 MB.
pub(super) const PAGE_BYTES: usize = 4_500_000;

/// The bytes that a JSON text takes in an answer: each quote and backslash in it is escaped.
pub(super) fn in_answer(json: &str) -> usize {
    // Whatever else would need an escape is escaped in the JSON text already.
    json.len() + json.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count()
}

/// The bytes that a text takes in an answer as a member of its JSON, quotes included.
pub(super) fn text_in_answer(text: &str) -> usize {
    serde_json::to_string(text).map_or(usize::MAX, |json| in_answer(&json))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{in_answer, text_in_answer};

    #[test]
    fn sizes_are_those_of_a_text_within_a_text() {
        for text in ["", "plain", "\"quoted\" \\ and \n \u{1} \u{7f}", "ключ 🔑", r#"{"a":"\"b\""}"#] {
            let json = serde_json::to_string(text).unwrap();
            let sent = serde_json::to_string(&json).unwrap();
            assert_eq!((in_answer(&json), text_in_answer(text)), (sent.len() - 2, sent.len() - 2), "{text}");
        }
    }
}
