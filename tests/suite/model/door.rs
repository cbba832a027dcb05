//! Lists of every dialect, fetched page by page through the door that clients have.

use crate::house::{Answer, send};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda_http::http::Method;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use posture_functions::App;
use posture_shared::domain::Instant;
use serde_json::{Value, json};

/// In whose words a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Bitdefender.
    Bitdefender,
    /// Datadog as it is documented.
    Beta,
    /// Datadog as its client speaks.
    Ga,
    /// Infracast.
    Infracast,
    /// Security Hub.
    SecurityHub,
}

impl Dialect {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Bitdefender, Self::Beta, Self::Ga, Self::Infracast, Self::SecurityHub];

    /// What a row is told apart by: the uid, or in Security Hub's words the identity.
    pub fn name(self, row: &Value) -> String {
        let text = |name: &str| row[name].as_str().unwrap_or_else(|| panic!("no {name} in {row}")).to_owned();
        match self {
            Self::Bitdefender | Self::Beta | Self::Ga => text("id"),
            Self::Infracast => text("uid"),
            Self::SecurityHub => format!("{}/{}", text("ProductArn"), text("Id")),
        }
    }

    /// The path of its list, and the parameter for rows of a page.
    fn list(self) -> (&'static str, &'static str) {
        match self {
            Self::Bitdefender => ("/v1/cspm/checks", "page_limit"),
            Self::Beta => ("/api/v2/posture_management/findings", "limit"),
            Self::Ga => ("/datadog/api/v2/posture_management/findings", "page[limit]"),
            Self::Infracast => ("/api/v1/tenants/acme/findings", "per_page"),
            Self::SecurityHub => ("/findings", "MaxResults"),
        }
    }
}

/// A question for a list.
#[derive(Debug, Clone)]
pub struct Asked {
    /// In whose words.
    pub dialect: Dialect,
    /// Parameters and values; in Security Hub's words attributes and JSON texts of their conditions.
    pub pairs: Vec<(String, String)>,
    /// As of when, if not now.
    pub as_of: Option<Instant>,
    /// Rows of a page.
    pub limit: usize,
}

/// A walk over a list's pages.
#[derive(Debug, Clone)]
pub struct Walk {
    /// The question.
    pub asked: Asked,
    /// What came so far.
    pub rows: Vec<Value>,
    /// How many rows the pages say there are, which Security Hub does not.
    pub total: Option<usize>,
    /// The clock of the state that is walked, where the first page says it.
    pub at: Option<Instant>,
    /// The state as the first page names it for the others.
    state: Option<String>,
    next: Option<Next>,
}

#[derive(Debug, Clone)]
enum Next {
    First,
    Link(String),
    Cursor(String),
    Number(u64),
}

/// A path with a query.
pub fn path(path: &str, pairs: &[(String, String)]) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

impl Walk {
    /// A walk that has not begun.
    pub fn new(asked: Asked) -> Self {
        Self { asked, rows: Vec::new(), total: None, at: None, state: None, next: Some(Next::First) }
    }

    /// Whether the last page has come.
    pub fn is_over(&self) -> bool {
        self.next.is_none()
    }

    /// The names of the rows.
    pub fn names(&self) -> Vec<String> {
        self.rows.iter().map(|row| self.asked.dialect.name(row)).collect()
    }

    /// Fetches what is left.
    pub async fn finish(mut self, app: &App, token: &str) -> Self {
        while !self.is_over() {
            self.page(app, token).await;
        }
        self
    }

    /// Fetches the next page, and checks what every page promises: no row too many, one total.
    pub async fn page(&mut self, app: &App, token: &str) {
        let Some(place) = self.next.take() else { return };
        let (method, path, body) = self.request(&place);
        // On the heap, because all of it together is more than a thread's stack may hold in a debug build.
        let answer = Box::pin(send(app, token, method, &path, &body)).await;
        assert_eq!(answer.status, 200, "{path} {body}: {}", answer.body);
        let (rows, total) = self.read(&answer);
        assert!(rows.len() <= self.asked.limit, "{path}: {} rows", rows.len());
        assert!(matches!(place, Next::First) || self.total == total, "{path}: {:?} became {total:?}", self.total);
        self.total = total;
        self.rows.extend(rows);
        self.next = self.next(&answer, &place);
        if self.asked.dialect == Dialect::Bitdefender {
            assert_eq!(answer.body["meta"]["elapsed"], json!(self.rows.len()), "{path}: {}", answer.body);
        }
        if self.is_over() && total.is_some() {
            assert_eq!(total, Some(self.rows.len()), "{path}: rows of all pages");
        }
    }

    fn request(&self, place: &Next) -> (Method, String, Value) {
        let Asked { dialect, pairs, as_of, limit } = &self.asked;
        let (list, rows) = dialect.list();
        let mut query = if *dialect == Dialect::SecurityHub { Vec::new() } else { pairs.clone() };
        let mut put = |name: &str, value: String| query.push((name.to_owned(), value));
        match (place, &self.state, as_of) {
            (Next::Link(link), ..) => return (Method::GET, link.clone(), Value::Null),
            (Next::Number(_), Some(state), _) => put("as_of", state.clone()),
            (_, _, Some(at)) if matches!(dialect, Dialect::Beta | Dialect::Ga) => {
                put("snapshot_timestamp", at.0.to_string());
            }
            (_, _, Some(at)) => put("as_of", at.to_string()),
            (_, _, None) => {}
        }
        if *dialect == Dialect::SecurityHub {
            let conditions = pairs.iter().map(|(name, value)| (name.clone(), serde_json::from_str(value).unwrap()));
            let filters: Value = conditions.collect::<serde_json::Map<_, _>>().into();
            let mut body = json!({ "Filters": filters, rows: limit });
            if let Next::Cursor(cursor) = place {
                body["NextToken"] = cursor.as_str().into();
            }
            return (Method::POST, path(list, &query), body);
        }
        put(rows, limit.to_string());
        match place {
            Next::Cursor(cursor) if *dialect == Dialect::Beta => put("cursor", cursor.clone()),
            Next::Cursor(cursor) => put("page[cursor]", cursor.clone()),
            Next::Number(number) => put("page", number.to_string()),
            Next::First | Next::Link(_) => {}
        }
        (Method::GET, path(list, &query), Value::Null)
    }

    /// The rows of a page and the total; remembers the state that it names.
    fn read(&mut self, answer: &Answer) -> (Vec<Value>, Option<usize>) {
        let body = &answer.body;
        let (rows, total) = match self.asked.dialect {
            Dialect::Bitdefender => (&body["data"], &body["meta"]["total"]),
            Dialect::Beta => (&body["data"]["attributes"]["findings"], &body["meta"]["page"]["total_filtered_count"]),
            Dialect::Ga => (&body["data"], &body["meta"]["page"]["total_filtered_count"]),
            Dialect::Infracast => (&body["items"], &body["total"]),
            Dialect::SecurityHub => (&body["Findings"], &Value::Null),
        };
        let told = match self.asked.dialect {
            Dialect::Bitdefender => body["links"]["next"].as_str().map(no_later_than),
            Dialect::Beta | Dialect::Ga => body["meta"]["snapshot_timestamp"].as_i64().map(Instant),
            Dialect::Infracast => {
                let state = body["as_of"].as_str().unwrap();
                self.state.get_or_insert_with(|| state.to_owned());
                Some(Instant::parse_loose(state.split('~').next().unwrap()).unwrap())
            }
            Dialect::SecurityHub => None,
        };
        self.at = self.at.or(told);
        assert!(told.is_none() || told == self.at, "the state moved from {:?} to {told:?}", self.at);
        (rows.as_array().unwrap().clone(), total.as_u64().map(|total| usize::try_from(total).unwrap()))
    }

    fn next(&self, answer: &Answer, place: &Next) -> Option<Next> {
        let body = &answer.body;
        let cursor = |value: &Value| value.as_str().map(|cursor| Next::Cursor(cursor.to_owned()));
        match self.asked.dialect {
            Dialect::Bitdefender => body["links"]["next"].as_str().map(|link| Next::Link(behind_host(link).to_owned())),
            Dialect::Beta | Dialect::Ga => cursor(&body["meta"]["page"]["cursor"]),
            Dialect::SecurityHub => cursor(&body["NextToken"]),
            Dialect::Infracast => {
                let number = if let Next::Number(number) = place { *number } else { 1 };
                assert_eq!(body["page"], json!(number));
                (number < body["total_pages"].as_u64().unwrap()).then_some(Next::Number(number + 1))
            }
        }
    }
}

/// The path and query of a link.
fn behind_host(link: &str) -> &str {
    &link[link.find("/v1/").unwrap()..]
}

/// What Bitdefender's cursor tells of the state that it stands on (CONTRACTS 4.2).
fn no_later_than(link: &str) -> Instant {
    let cursor = link.split(['?', '&']).find_map(|pair| pair.strip_prefix("page_cursor=")).unwrap();
    let cursor = percent_decode_str(cursor).decode_utf8().unwrap();
    let cursor: Value = serde_json::from_slice(&STANDARD.decode(cursor.as_bytes()).unwrap()).unwrap();
    Instant::parse_loose(cursor["no_later_than"].as_str().unwrap()).unwrap()
}
