//! `GET /docs`: the description of all operations as one page that needs nothing else.
//!
//! Document, style and reader stand in the page, and its policy allows these and nothing beside: no other host, no
//! request, no other script. The document is JSON in an element that browsers do not run; `<` is written as `\u003c` in
//! it, so that no text can end that element.

use super::super::Reply;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("docs/page.html");
const STYLE: &str = include_str!("docs/style.css");
const READER: &str = include_str!("docs/reader.js");

/// The page of a document, which is a text of JSON in pieces.
pub fn page(document: &[&str]) -> Reply {
    let length: usize = document.iter().map(|piece| piece.len()).sum();
    // Some room for what is escaped: a page that grows is copied.
    let mut page = String::with_capacity(PAGE.len() + STYLE.len() + READER.len() + length + length / 16);
    let mut rest = PAGE;
    for (place, pieces, is_json) in
        [("{{style}}", &[STYLE][..], false), ("{{document}}", document, true), ("{{reader}}", &[READER], false)]
    {
        let (before, after) = rest.split_once(place).unwrap_or((rest, ""));
        page.push_str(before);
        for piece in pieces {
            if is_json { push_escaped(&mut page, piece) } else { page.push_str(piece) }
        }
        rest = after;
    }
    page.push_str(rest);
    let headers = vec![
        ("content-type", "text/html; charset=utf-8".to_owned()),
        ("content-security-policy", policy()),
        ("x-content-type-options", "nosniff".to_owned()),
        ("referrer-policy", "no-referrer".to_owned()),
    ];
    Reply { status: 200, headers, body: page.into_bytes() }
}

fn push_escaped(page: &mut String, json: &str) {
    for (place, part) in json.split('<').enumerate() {
        if place > 0 {
            page.push_str("\\u003c");
        }
        page.push_str(part);
    }
}

fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
        hash(READER),
        hash(STYLE)
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::page;
    use serde_json::{Value, json};

    /// Whatever a document says stays data.
    #[test]
    fn no_text_ends_its_element() {
        let document = json!({"info": {"title": "</script><script>alert(1)</script>{{reader}}<!--"}});
        let reply = page(&[&document.to_string()]);
        let text = String::from_utf8(reply.body).unwrap();
        assert_eq!(text.matches("<script").count(), 2);
        let (_, rest) = text.split_once(r#"id="document">"#).unwrap();
        let (inside, _) = rest.split_once("</script>").unwrap();
        assert_eq!(serde_json::from_str::<Value>(inside).unwrap(), document);
    }

    #[test]
    fn the_policy_allows_what_is_in_the_page_alone() {
        let reply = page(&["{}"]);
        let policy = reply.headers.iter().find(|(name, _)| *name == "content-security-policy").map(|(_, text)| text);
        let policy = policy.unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains("http") && !policy.contains('*'), "{policy}");
        assert!(!String::from_utf8(reply.body).unwrap().contains("{{"));
    }
}
