//! A request for a page, and the cursor of the next one.
//!
//! `page_cursor` is base64 of a JSON object with the vendor's four members (CONTRACTS 4.2) and `sig`, a seal over all
//! of them that carries the ledger's own token and the query. So a cursor works alone; filters beside it must be the
//! same; and whatever is changed in it is refused. A query longer than [`CARRIED_QUERY`] is not carried.

use super::limits::CARRIED_QUERY;
use super::parameters::{PAGE_CURSOR, PAGE_LIMIT, Parameter, Values, decoded, naive_exact};
use crate::domain::{Error, Instant, json};
use crate::seal::Seal;
use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A list of this API.
#[derive(Debug)]
pub struct Endpoint {
    /// Its path.
    pub path: &'static str,
    /// Its parameters, in the order of links.
    pub parameters: &'static [Parameter],
    /// Rows of a page when the client names no number.
    pub default_rows: usize,
}

/// A request for a page of a list.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// The list.
    pub endpoint: &'static Endpoint,
    /// What was sent, or what the cursor carried.
    pub values: Values,
    /// Rows of the page.
    pub limit: usize,
    /// The ledger's token of the page, if it is not the first.
    pub token: Option<String>,
    /// SHA-256 of the list and of what selects its rows.
    pub fingerprint: [u8; 32],
}

/// What a cursor says to whoever decodes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Rows in all.
    pub total: u32,
    /// Rows on the pages before.
    pub elapsed: u32,
    /// The instant of the state that is walked.
    pub no_later_than: Instant,
    /// The id of the next row.
    pub next_begin_uid: String,
}

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

impl PageRequest {
    /// Reads decoded pairs of a query. `seal` is the tenant's. [`Error::Invalid`] names the parameter at fault.
    pub fn parse(endpoint: &'static Endpoint, pairs: &[(String, String)], seal: &Seal) -> Result<Self, Error> {
        let mut values = Values::parse(endpoint.parameters, pairs)?;
        let mut token = None;
        let mut default = endpoint.default_rows;
        if let Some(text) = values.one(PAGE_CURSOR.name).map(str::to_owned) {
            let carried = Carried::open(endpoint, &text, seal).ok_or_else(|| {
                let why = "is not a cursor of this request: send back the one that the last page gave, as it was";
                Error::invalid(PAGE_CURSOR.name, why)
            })?;
            let limit = values.one(PAGE_LIMIT.name).map(str::to_owned);
            values = carried.restore(endpoint, &values)?;
            values.set(PAGE_CURSOR.name, text);
            if let Some(limit) = limit {
                values.set(PAGE_LIMIT.name, limit);
            }
            token = Some(carried.token);
            default = carried.limit;
        }
        let limit = values.limit().unwrap_or(default);
        values.set(PAGE_LIMIT.name, limit.to_string());
        let fingerprint = fingerprint(endpoint, &values);
        Ok(Self { endpoint, values, limit, token, fingerprint })
    }

    /// The link to this page, behind `base`.
    pub fn this(&self, base: &str) -> String {
        format!("{base}{}?{}", self.endpoint.path, self.values.encoded(self.endpoint.parameters))
    }

    /// The link to the page of a cursor, behind `base`.
    pub fn link(&self, base: &str, cursor: String) -> String {
        let mut next = self.clone();
        next.values.set(PAGE_CURSOR.name, cursor);
        next.this(base)
    }

    /// The cursor of the next page; `token` is the ledger's.
    pub fn cursor(&self, seal: &Seal, shown: &Shown, token: &str) -> String {
        let query = self.values.selecting().encoded(self.endpoint.parameters);
        let query = if query.len() > CARRIED_QUERY { "-" } else { &query };
        let digest = digest(self.endpoint, shown);
        let sig = seal.seal(format!("{digest}\n{}\n{token}\n{query}", self.limit).as_bytes());
        let Shown { total, elapsed, no_later_than, next_begin_uid } = shown;
        let (at, uid) = (naive_exact(*no_later_than), Value::String(next_begin_uid.clone()));
        STANDARD.encode(format!(
            r#"{{"total": {total}, "elapsed": {elapsed}, "no_later_than": "{at}", "next_begin_uid": {uid}, "sig": "{sig}"}}"#
        ))
    }
}

/// What a cursor carries under its seal.
struct Carried {
    token: String,
    limit: usize,
    /// `None` when the query was too long.
    query: Option<String>,
}

impl Carried {
    fn open(endpoint: &Endpoint, text: &str, seal: &Seal) -> Option<Self> {
        let (shown, sig) = read(text)?;
        let sealed = String::from_utf8(seal.open(&sig)?).ok()?;
        let mut parts = sealed.splitn(4, '\n');
        let (sealed_digest, limit, token) = (parts.next()?, parts.next()?, parts.next()?.to_owned());
        let query = parts.next()?.to_owned();
        (sealed_digest == digest(endpoint, &shown)).then_some(())?;
        Some(Self { token, limit: limit.parse().ok()?, query: Some(query).filter(|query| query != "-") })
    }

    /// What selects rows: what the cursor carries, which must be what was sent, if anything was.
    fn restore(&self, endpoint: &'static Endpoint, sent: &Values) -> Result<Values, Error> {
        let sent = sent.selecting();
        let refuse = |why: &str| Err(Error::invalid(PAGE_CURSOR.name, why));
        match &self.query {
            // The fingerprint in the ledger's token tells whether they are the same.
            None if sent.is_empty() => refuse("needs the filters of the first page beside it, as the link has them"),
            None => Ok(sent),
            Some(query) if sent.is_empty() || sent.encoded(endpoint.parameters) == *query => {
                Values::parse(endpoint.parameters, &decoded(query))
            }
            Some(_) => {
                refuse("belongs to other filters than those beside it: leave them out, or repeat the first page's")
            }
        }
    }
}

/// The members of a cursor: all of them, nothing else, each of its type.
fn read(text: &str) -> Option<(Shown, String)> {
    // A plus sign that was not encoded has become a blank.
    let text = text.replace([' ', '-'], "+").replace('_', "/");
    let bytes = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT).decode(text).ok()?;
    let Ok(Value::Object(members)) = json::parse(&bytes) else { return None };
    let number = |name: &str| members.get(name)?.as_u64().and_then(|number| u32::try_from(number).ok());
    let string = |name: &str| members.get(name)?.as_str();
    let no_later_than = string("no_later_than")?;
    let shown = Shown {
        total: number("total")?,
        elapsed: number("elapsed")?,
        no_later_than: Instant::parse_loose(no_later_than)?,
        next_begin_uid: string("next_begin_uid")?.to_owned(),
    };
    let is_whole = members.len() == 5 && naive_exact(shown.no_later_than) == no_later_than;
    is_whole.then_some((shown, string("sig")?.to_owned()))
}

fn digest(endpoint: &Endpoint, shown: &Shown) -> String {
    let Shown { total, elapsed, no_later_than, next_begin_uid } = shown;
    let text = format!("{}\n{total}\n{elapsed}\n{}\n{next_begin_uid}", endpoint.path, no_later_than.0);
    crate::secrets::hex(&Sha256::digest(text))
}

fn fingerprint(endpoint: &Endpoint, values: &Values) -> [u8; 32] {
    Sha256::digest(format!("{}?{}", endpoint.path, values.selecting().encoded(endpoint.parameters))).into()
}
