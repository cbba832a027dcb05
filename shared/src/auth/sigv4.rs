//! AWS Signature Version 4, verified as the published rules say for services other than S3.
//!
//! Stock clients of Security Hub send no body hash, so the body itself is hashed; a body hash that is sent must be the
//! body's (`UNSIGNED-PAYLOAD` and streaming hashes are not). The scope is `date/region/securityhub/aws4_request`: any
//! region, our service name only. `Date` stands in for a missing `X-Amz-Date`.

use super::{SignedRequest, path};
use crate::domain::Instant;
use crate::secrets::{mac, same, sha256_hex};
use chrono::{DateTime, NaiveDateTime};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// The scheme of an `Authorization` header with such a signature.
pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SERVICE: &str = "securityhub";
const TERMINATOR: &str = "aws4_request";
/// How far a signature's time may be from ours, in milliseconds; exactly this far is still good.
const SKEW: u64 = 5 * 60 * 1000;
/// All that RFC 3986 reserves.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A well-formed signature, not verified.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Signature {
    scope: Scope,
    /// Names, lower case, ascending.
    signed_headers: Vec<String>,
    /// 64 hexadecimal digits.
    signature: String,
    /// The request's time in the form `YYYYMMDDTHHMMSSZ`.
    timestamp: String,
    at: Instant,
}

/// A credential scope.
#[derive(Clone, PartialEq, Eq)]
struct Scope {
    access_key_id: String,
    date: String,
    region: String,
}

impl Signature {
    /// Reads what follows the scheme of an `Authorization` header, and the time from the headers. `None` when anything is
    /// missing, repeated, unknown or malformed, or when the request lacks a header that is said to be signed.
    pub(super) fn parse(parameters: &str, request: &SignedRequest) -> Option<Self> {
        let [credential, signed_headers, signature] = parameters_of(parameters)?;
        let scope = Scope::parse(credential)?;
        let signed_headers: Vec<String> = signed_headers.split(';').map(str::to_owned).collect();
        let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if signature.len() != 64 || !signature.bytes().all(lower_hex) {
            return None;
        }
        let (source, at) = time_of(request)?;
        let timestamp = DateTime::from_timestamp_millis(at.0)?.format("%Y%m%dT%H%M%SZ").to_string();
        if !timestamp.starts_with(&scope.date) || !are_signed_headers(&signed_headers, source) {
            return None;
        }
        let found = Self { scope, signed_headers, signature: signature.to_owned(), timestamp, at };
        found.canonical_headers(request)?;
        Some(found)
    }

    /// The access key id.
    pub(super) fn access_key_id(&self) -> &str {
        &self.scope.access_key_id
    }

    /// The region of the scope.
    pub(super) fn region(&self) -> &str {
        &self.scope.region
    }

    /// Whether the signature's time is within five minutes of `now`.
    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        self.at.0.abs_diff(now.0) <= SKEW
    }

    /// Whether the holder of `secret` made this signature for `request`.
    pub(super) fn is_by(&self, secret: &[u8], request: &SignedRequest) -> bool {
        let body_hash = sha256_hex(&request.body);
        let declared = request.header("x-amz-content-sha256").all(|value| value.trim() == body_hash);
        let key = signing_key(secret, &self.scope.date, &self.scope.region, SERVICE);
        let query = canonical_query(request);
        let Some(headers) = self.canonical_headers(request) else { return false };
        let mut good = false;
        for wire_path in &request.paths {
            let canonical = [
                request.method.as_str(),
                &path::canonical(wire_path),
                &query,
                &headers,
                &self.signed_headers.join(";"),
                &body_hash,
            ]
            .join("\n");
            let scope = format!("{}/{}/{SERVICE}/{TERMINATOR}", self.scope.date, self.scope.region);
            let expected = sign(&key, &self.timestamp, &scope, &canonical);
            good |= same(expected.as_bytes(), self.signature.as_bytes());
        }
        good & declared
    }

    /// A line for each signed header, each ended by a line break. `None` when one of them is not in the request.
    fn canonical_headers(&self, request: &SignedRequest) -> Option<String> {
        let mut lines = String::new();
        for name in &self.signed_headers {
            let mut values: Vec<String> =
                request.header(name).map(|v| v.split_ascii_whitespace().collect::<Vec<_>>().join(" ")).collect();
            if values.is_empty() && name == "content-length" {
                // Some gateways drop it, and clients in Go and JavaScript sign it. It cannot have been anything else.
                values.push(request.body.len().to_string());
            }
            if values.is_empty() {
                return None;
            }
            lines.push_str(&format!("{name}:{}\n", values.join(",")));
        }
        Some(lines)
    }
}

impl Scope {
    fn parse(credential: &str) -> Option<Self> {
        let parts: Vec<&str> = credential.split('/').collect();
        let [access_key_id, date, region, SERVICE, TERMINATOR] = *parts.as_slice() else { return None };
        let is_date = date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit());
        let is_region =
            (1..=63).contains(&region.len()) && region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (is_date && is_region).then(|| Self {
            access_key_id: access_key_id.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
        })
    }
}

/// `Credential`, `SignedHeaders` and `Signature`, in whatever order they come, each once and nothing else.
fn parameters_of(text: &str) -> Option<[&str; 3]> {
    let names = ["Credential", "SignedHeaders", "Signature"];
    let mut found = [None; 3];
    for part in text.split(',') {
        let (name, value) = part.trim().split_once('=')?;
        let at = names.iter().position(|known| *known == name)?;
        if found.get_mut(at)?.replace(value).is_some() {
            return None;
        }
    }
    let [Some(credential), Some(headers), Some(signature)] = found else { return None };
    Some([credential, headers, signature])
}

/// Whether the list of signed headers is in its one legal form and holds what must be signed.
fn are_signed_headers(names: &[String], time_source: &str) -> bool {
    let legal =
        |name: &String| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase());
    let ascending = names.iter().zip(names.iter().skip(1)).all(|(a, b)| a < b);
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    names.iter().all(legal) && ascending && has("host") && has(time_source)
}

/// The header that says when the request was made, and its instant. `X-Amz-Date` goes before `Date`.
fn time_of(request: &SignedRequest) -> Option<(&'static str, Instant)> {
    let basic = |text: &str| {
        let digits_and_marks = |(at, b): (usize, u8)| if at == 8 { b == b'T' } else { at == 15 || b.is_ascii_digit() };
        let shaped = text.len() == 16 && text.bytes().enumerate().all(digits_and_marks);
        let time = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok().filter(|_| shaped)?;
        Some(Instant(time.and_utc().timestamp_millis()))
    };
    if let Some(text) = request.single("x-amz-date").ok()? {
        return Some(("x-amz-date", basic(text.trim())?));
    }
    let text = request.single("date").ok()??.trim();
    let rfc = || DateTime::parse_from_rfc2822(text).ok().map(|time| Instant(time.timestamp_millis()));
    Some(("date", basic(text).or_else(rfc)?))
}

/// Names and values, encoded and in order.
fn canonical_query(request: &SignedRequest) -> String {
    let encoded = |bytes: &[u8]| percent_encode(bytes, IN_QUERY).to_string();
    let mut pairs: Vec<(String, String)> =
        request.query.pairs().iter().map(|(name, value)| (encoded(name), encoded(value))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn signing_key(secret: &[u8], date: &str, region: &str, service: &str) -> [u8; 32] {
    let start = [b"AWS4", secret].concat();
    [region, service, TERMINATOR].iter().fold(mac(&start, date.as_bytes()), |key, part| mac(&key, part.as_bytes()))
}

fn sign(key: &[u8], timestamp: &str, scope: &str, canonical_request: &str) -> String {
    let hash = sha256_hex(canonical_request.as_bytes());
    crate::secrets::hex(&mac(key, format!("{ALGORITHM}\n{timestamp}\n{scope}\n{hash}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{SignedRequest, canonical_query, sha256_hex, sign, signing_key, time_of};
    use crate::domain::Instant;
    use crate::secrets::hex;

    /// The worked example in AWS's documentation of the signing process (IAM `ListUsers`, 30 August 2015).
    #[test]
    fn the_published_example_is_reproduced() {
        let request = SignedRequest::from_text(b"GET /?Version=2010-05-08&Action=ListUsers HTTP/1.1\n");
        let canonical = [
            "GET",
            &super::path::canonical(request.paths.first().map_or("", String::as_str)),
            &canonical_query(&request),
            "content-type:application/x-www-form-urlencoded; charset=utf-8",
            "host:iam.amazonaws.com",
            "x-amz-date:20150830T123600Z",
            "",
            "content-type;host;x-amz-date",
            &sha256_hex(b""),
        ]
        .join("\n");
        assert_eq!(
            sha256_hex(canonical.as_bytes()),
            "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"
        );
        let key = signing_key(b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam");
        assert_eq!(hex(&key), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
        assert_eq!(
            sign(&key, "20150830T123600Z", "20150830/us-east-1/iam/aws4_request", &canonical),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }

    #[test]
    fn the_time_is_read_from_the_header_that_counts() {
        let at = Instant(1_440_938_160_000);
        let cases = [
            ("X-Amz-Date: 20150830T123600Z", Some(("x-amz-date", at))),
            ("Date: 20150830T123600Z", Some(("date", at))),
            ("Date: Sun, 30 Aug 2015 12:36:00 GMT", Some(("date", at))),
            ("Date: Sun, 30 Aug 2015 12:36:00 -0000", Some(("date", at))),
            ("Date: Sun, 30 Aug 2015 12:36:00 GMT\nX-Amz-Date: 20150830T123600Z", Some(("x-amz-date", at))),
            ("Date: Sun, 30 Aug 2015 12:36:00 GMT\nX-Amz-Date: rubbish", None),
            ("X-Amz-Date: 20150830T123600Z\nX-Amz-Date: 20150830T123600Z", None),
            ("X-Amz-Date: 20150830T123600", None),
            ("X-Amz-Date: 20150830T126000Z", None),
            ("X-Amz-Date: +0150830T123600Z", None),
            ("X-Amz-Date: 20150830T 23600Z", None),
            ("Host: x", None),
        ];
        for (headers, expected) in cases {
            let request = SignedRequest::from_text(format!("GET / HTTP/1.1\n{headers}\n\n").as_bytes());
            assert_eq!(time_of(&request), expected, "{headers}");
        }
    }
}
