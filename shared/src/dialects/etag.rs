//! `ETag` and `If-Match` on single findings (RFC 9110, 8.8.3 and 13.1.1).
//!
//! A tag names the state of the finding, and so it is the same in every dialect: it changes with each change that an
//! answer can show and when an acceptance ends, and not when a producer has merely reported the finding again. As the
//! standard has it, a weak tag matches nothing.

use super::Reply;
use crate::domain::{Error, Finding};

/// The header that names a state.
pub const ETAG: &str = "etag";

/// The header that asks for one.
pub const IF_MATCH: &str = "If-Match";

/// The tag of a finding that was evaluated, as it stands in the header.
pub fn of(finding: &Finding) -> String {
    format!("\"{}\"", finding.tag())
}

/// The answer with the tag of the finding that it shows.
#[must_use]
pub fn put(reply: Reply, finding: &Finding) -> Reply {
    reply.with_header(ETAG, of(finding))
}

/// The tags that a request asks for: `None` without the header and for `*`. [`Error::Invalid`] names the header.
pub fn parse(header: Option<&str>) -> Result<Option<Vec<String>>, Error> {
    let Some(header) = header.map(str::trim).filter(|header| *header != "*") else { return Ok(None) };
    let mut tags = Vec::new();
    for part in header.split(',').map(str::trim) {
        let (is_weak, quoted) = part.strip_prefix("W/").map_or((false, part), |rest| (true, rest));
        let tag = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let tag = tag.filter(|tag| !tag.contains('"'));
        let tag = tag.ok_or_else(|| {
            Error::invalid(
                IF_MATCH,
                "must be the ETag of an earlier answer in its quotation marks, several with commas between them, or *",
            )
        })?;
        if !is_weak {
            tags.push(tag.to_owned());
        }
    }
    Ok(Some(tags))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn tags_are_read_as_the_standard_has_them() {
        let read = |header| parse(Some(header)).map_err(|error| error.to_string());
        let tags = |tags: &[&str]| Ok(Some(tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>()));
        assert_eq!((parse(None), read(" * ")), (Ok(None), Ok(None)));
        assert_eq!(read("\"a\""), tags(&["a"]));
        assert_eq!(read("\"a\", W/\"b\" ,\"c\""), tags(&["a", "c"]));
        assert_eq!(read("W/\"b\""), tags(&[]), "nothing matches");
        for header in ["", "a", "\"a", "\"a\" \"b\"", "\"a\",", "w/\"a\"", "*,\"a\""] {
            assert!(read(header).is_err_and(|error| error.starts_with("If-Match: ")), "{header}");
        }
    }
}
