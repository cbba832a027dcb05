//! Which path did the client sign? Gateways change it on the way to the function, each in its own manner.
//!
//! The rule: a client signs the path of the URL that it calls, stage or base path included, as it stands on the wire.
//!
//! | source | field | what it holds |
//! |---|---|---|
//! | REST API | `requestContext.path` | the wire's path, with the stage, or with the base path of a custom domain |
//! | function URL | `rawPath` | the wire's path |
//! | our own server | the URI's path | the wire's path |
//! | HTTP API | `rawPath` | the path **decoded**, after the stage's name unless the stage is `$default`; behind a custom domain the stage stands there too, though the client did not sign it |
//!
//! For the last one both readings are tried. An HTTP API whose custom domain has a mapping key gives that key to nobody, so
//! its clients' signatures cannot be verified: map such a domain at its root. Nor can a `%2F` within a segment come back
//! from a decoded path; no served Security Hub path has one.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All that RFC 3986 reserves, but not the slash that separates segments.
pub(super) const IN_PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// Where a path comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathSource<'a> {
    /// The path as on the wire: a REST API's `requestContext.path`, a function URL's `rawPath`, a server's URI.
    Wire(&'a str),
    /// An HTTP API's `rawPath` and `requestContext.stage`.
    HttpApi {
        /// The decoded path.
        raw_path: &'a str,
        /// The stage's name.
        stage: &'a str,
    },
}

/// The paths that the client may have signed, percent-encoded as on the wire, the likeliest first; one or two.
pub fn signed_paths(source: PathSource<'_>) -> Vec<String> {
    match source {
        PathSource::Wire(path) => vec![path.to_owned()],
        PathSource::HttpApi { raw_path, stage } => {
            let without_stage = raw_path
                .strip_prefix('/')
                .and_then(|path| path.strip_prefix(stage))
                .filter(|rest| !stage.is_empty() && (rest.is_empty() || rest.starts_with('/')));
            [Some(raw_path), without_stage]
                .into_iter()
                .flatten()
                .map(|path| utf8_percent_encode(path, IN_PATH).to_string())
                .collect()
        }
    }
}

/// The canonical URI of every AWS service but S3: the wire's path without `.`, `..` and empty segments, encoded once more.
pub(super) fn canonical(wire: &str) -> String {
    let mut segments = Vec::new();
    for segment in wire.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    let end = if wire.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", utf8_percent_encode(&segments.join("/"), IN_PATH))
}

#[cfg(test)]
mod tests {
    use super::{PathSource, canonical, signed_paths};

    #[test]
    fn paths_are_normalised_and_encoded_once_more() {
        let cases = [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/findings", "/findings"),
            ("/findings/", "/findings/"),
            ("//a///b", "/a/b"),
            ("/a/./b/../c", "/a/c"),
            ("/../..", "/"),
            ("/a%2Fb:c", "/a%252Fb%3Ac"),
            ("/a%20b~-_.", "/a%2520b~-_."),
            ("/ü", "/%C3%BC"),
        ];
        for (wire, expected) in cases {
            assert_eq!(canonical(wire), expected, "{wire}");
        }
    }

    #[test]
    fn an_http_api_is_read_with_and_without_its_stage() {
        let paths = |raw_path, stage| signed_paths(PathSource::HttpApi { raw_path, stage });
        assert_eq!(paths("/findings", "$default"), ["/findings"]);
        assert_eq!(paths("/prod/findings", "prod"), ["/prod/findings", "/findings"]);
        assert_eq!(paths("/prod", "prod"), ["/prod", ""]);
        assert_eq!(paths("/production/findings", "prod"), ["/production/findings"]);
        assert_eq!(paths("/tags/arn:aws x", ""), ["/tags/arn%3Aaws%20x"]);
        assert_eq!(signed_paths(PathSource::Wire("/prod/a%2Fb")), ["/prod/a%2Fb"]);
    }
}
