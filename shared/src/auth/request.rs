//! A request as authentication sees it, free of any web framework.

use super::Denial;
use percent_encoding::percent_decode;
use std::borrow::Cow;
use std::fmt;

/// What a client sent, as far as its credentials depend on it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SignedRequest {
    /// The method, as sent.
    pub method: String,
    /// The path that the client signed, percent-encoded as on the wire. Several when the gateway hides which one it was;
    /// [`super::signed_paths`] gives them.
    pub paths: Vec<String>,
    /// The query.
    pub query: Query,
    /// Headers in the order received, repeated names allowed. Names are compared without regard to case.
    pub headers: Vec<(String, String)>,
    /// The body's bytes, after the gateway's base64 is undone.
    pub body: Vec<u8>,
}

/// A query string, in the two ways in which events carry it.
#[derive(Clone, PartialEq, Eq)]
pub enum Query {
    /// As on the wire, without `?`: what HTTP APIs and function URLs give as `rawQueryString`, and a server's URI. A `+`
    /// is a space, as the handlers read it; clients that sign write `%20` and `%2B`.
    Encoded(String),
    /// Decoded names and values: what REST APIs give as `multiValueQueryStringParameters`. Their order does not matter.
    Decoded(Vec<(String, String)>),
}

/// A decoded name and value.
type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

impl Default for Query {
    fn default() -> Self {
        Self::Encoded(String::new())
    }
}

impl fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        // Header values may be credentials, a query may carry one by mistake.
        f.debug_struct("SignedRequest")
            .field("method", &self.method)
            .field("paths", &self.paths)
            .field("headers", &names)
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Query").field(&self.pairs().len()).finish()
    }
}

impl Query {
    /// Decoded names and values. Bytes, because what a client encodes need not be UTF-8.
    pub(super) fn pairs(&self) -> Vec<Pair<'_>> {
        match self {
            Self::Decoded(pairs) => {
                pairs.iter().map(|(name, value)| (name.as_bytes().into(), value.as_bytes().into())).collect()
            }
            Self::Encoded(text) => text
                .split('&')
                .filter(|part| !part.is_empty())
                .map(|part| part.split_once('=').unwrap_or((part, "")))
                .map(|(name, value)| (form_decoded(name), form_decoded(value)))
                .collect(),
        }
    }

    /// Whether the query carries a signature or any other part of a presigned URL.
    pub(super) fn is_presigned(&self) -> bool {
        let telling: [&[u8]; 3] = [b"x-amz-signature", b"x-amz-algorithm", b"x-amz-credential"];
        self.pairs().iter().any(|(name, _)| telling.iter().any(|known| name.eq_ignore_ascii_case(known)))
    }
}

fn form_decoded(text: &str) -> Cow<'_, [u8]> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        return Cow::Owned(percent_decode(spaced.as_bytes()).collect());
    }
    percent_decode(text.as_bytes()).into()
}

impl SignedRequest {
    /// Reads the text of an HTTP/1.1 request: request line, headers, empty line, body.
    ///
    /// Lenient: every input gives a request, what is missing is empty. This is the entry for fuzzing and for tests; it is
    /// not a server's parser.
    pub fn from_text(bytes: &[u8]) -> Self {
        let (head, body) = split_head(bytes);
        let head = String::from_utf8_lossy(head);
        let mut lines = head.lines();
        let mut words = lines.next().unwrap_or_default().splitn(3, ' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method,
            paths: vec![path.to_owned()],
            query: Query::Encoded(query.to_owned()),
            headers: lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                .collect(),
            body: body.to_vec(),
        }
    }

    /// The values of a header, in the order received.
    pub(super) fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The value of a header that may occur once; [`Denial::BadKey`] if it occurs more often.
    pub(super) fn single(&self, name: &str) -> Result<Option<&str>, Denial> {
        let mut values = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        match (values.next(), values.next()) {
            (first, None) => Ok(first.map(|(_, value)| value.as_str())),
            (_, Some(_)) => Err(Denial::BadKey),
        }
    }
}

fn split_head(bytes: &[u8]) -> (&[u8], &[u8]) {
    for separator in [b"\r\n\r\n".as_slice(), b"\n\n"] {
        if let Some(at) = bytes.windows(separator.len()).position(|window| window == separator) {
            let (head, rest) = bytes.split_at_checked(at).unwrap_or((bytes, &[]));
            return (head, rest.get(separator.len()..).unwrap_or_default());
        }
    }
    (bytes, &[])
}
