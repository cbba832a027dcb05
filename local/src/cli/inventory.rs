//! `posture inventory import`: resources from files, through a server's HTTP interface.
//!
//! Files are cut into requests that a function takes; what a file calls covered goes last, so that it counts only after
//! everything else was taken. Importing again is safe: what is there already is unchanged.

use super::door::web;
use super::progress::Progress;
use super::sweep::Sweep;
use super::web::Web;
use super::{Ending, Failure, print, read_text, tell};
use clap::{Args, Subcommand};
use posture_shared::config::Settings;
use posture_shared::domain::{Error, json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A function is given about 4.5 MB of body, so a batch ends before.
const MOST_BYTES: usize = 4_000_000;
/// Items of a request: more would take longer than a gateway waits.
const MOST_ITEMS: usize = 1_000;
/// Rejections that are told one by one.
const MOST_TOLD: usize = 100;

/// Members of a file that hold items.
const LISTS: [&str; 5] = ["resources", "configurationItems", "baseConfigurationItems", "Results", "Findings"];

#[derive(Args)]
pub(super) struct Inventory {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Import resources through a server
    Import(Import),
    /// Read resources from AWS
    Sweep(Sweep),
}

#[derive(Args)]
struct Import {
    /// Files of AWS Config's items, or of resources in our own form; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// The server; POSTURE_URL when left out
    #[arg(long)]
    url: Option<String>,
    /// The key's token; POSTURE_TOKEN when left out
    #[arg(long)]
    token: Option<String>,
}

/// What became of items.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Counts {
    received: u64,
    created: u64,
    changed: u64,
    unchanged: u64,
    deleted: u64,
    earlier: u64,
    rejected: u64,
    covered: u64,
}

#[derive(Deserialize)]
struct Answered {
    #[serde(flatten)]
    counts: Counts,
    #[serde(default)]
    errors: Vec<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    index: u64,
    field: String,
    message: String,
}

/// What a file holds.
#[derive(Debug, Default, PartialEq)]
struct Content {
    items: Vec<Value>,
    covered: Vec<Value>,
}

impl Inventory {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Failure> {
        match self.command {
            Command::Import(import) => import.run(settings).await,
            Command::Sweep(sweep) => sweep.run(settings).await,
        }
    }
}

impl Import {
    async fn run(self, settings: &Settings) -> Result<Ending, Failure> {
        let (web, tenant) = web(self.url.as_ref(), self.token.as_ref(), settings)?;
        let mut content = Content::default();
        for file in &self.files {
            content.take(file)?;
        }
        let path = format!("/api/v1/tenants/{}/resources", tenant.as_str());
        let mut counts = Counts::default();
        let sent = content.send(&web, &path, &mut counts).await;
        if let (Err(error), 0) = (&sent, counts.received) {
            return Err(error.clone().into());
        }
        print(&counts)?;
        if let Err(error) = sent {
            tell(&format_args!("{} resources were answered; importing all of them again is safe", counts.received));
            return Err(error.into());
        }
        Ok(if counts.rejected == 0 { Ending::Done } else { Ending::SomethingRejected })
    }
}

impl Content {
    /// Reads a file: one JSON value, or one a line.
    fn take(&mut self, file: &str) -> Result<(), Error> {
        let text = read_text(file)?;
        let expected = |why: &dyn std::fmt::Display| {
            Error::invalid(file, format!("is not JSON: {why}; expected are resources as AWS Config has them"))
        };
        match json::parse(text.as_bytes()) {
            Ok(value) => self.add(value),
            Err(whole) => {
                let lines = text.lines().filter(|line| !line.trim().is_empty());
                let values: Result<Vec<Value>, _> = lines.map(|line| json::parse(line.as_bytes())).collect();
                values.map_err(|_| expected(&whole))?.into_iter().for_each(|value| self.add(value));
            }
        }
        if self.items.is_empty() && self.covered.is_empty() {
            return Err(Error::invalid(file, "holds no resources"));
        }
        Ok(())
    }

    /// Takes the lists of a value apart. Whatever else it is goes as it is, for the server to say what it thinks of it.
    fn add(&mut self, value: Value) {
        match value {
            Value::Array(items) => items.into_iter().for_each(|item| self.add(item)),
            Value::Object(mut members) => {
                let mut found = false;
                for name in LISTS {
                    if let Some(Value::Array(items)) = members.get_mut(name).map(Value::take) {
                        self.items.extend(items);
                        found = true;
                    }
                }
                if let Some(Value::Array(covered)) = members.get_mut("covered").map(Value::take) {
                    self.covered.extend(covered);
                    found = true;
                }
                if !found {
                    self.items.push(Value::Object(members));
                }
            }
            other => self.items.push(other),
        }
    }

    async fn send(self, web: &Web, path: &str, counts: &mut Counts) -> Result<(), Error> {
        let whole = self.items.len() as u64;
        let progress = Progress::new("resources", whole);
        for batch in batches(self.items) {
            put(web, path, &json!({"resources": batch}), counts).await?;
            progress.hear(counts.received, whole);
        }
        if self.covered.is_empty() {
            return Ok(());
        }
        if counts.rejected > 0 {
            tell(&"nothing is called covered, because something was rejected");
            return Ok(());
        }
        put(web, path, &json!({"covered": self.covered}), counts).await
    }
}

/// Items in groups that a request holds. One that is too large goes alone.
fn batches(items: Vec<Value>) -> Vec<Vec<Value>> {
    let mut groups: Vec<(Vec<Value>, usize)> = Vec::new();
    for item in items {
        let size = item.to_string().len() + 1;
        match groups.last_mut() {
            Some((group, bytes)) if group.len() < MOST_ITEMS && *bytes + size <= MOST_BYTES => {
                group.push(item);
                *bytes += size;
            }
            _ => groups.push((vec![item], size)),
        }
    }
    groups.into_iter().map(|(group, _)| group).collect()
}

async fn put(web: &Web, path: &str, body: &Value, counts: &mut Counts) -> Result<(), Error> {
    let answer = web.put(path, body.to_string().as_bytes()).await?;
    if answer.status != 200 {
        return Err(Error::internal(format!("the server answered {}: {}", answer.status, answer.message())));
    }
    let answered: Answered = serde_json::from_slice(&answer.body)
        .map_err(|error| Error::internal(format!("the server does not say what became of the resources: {error}")))?;
    let told = usize::try_from(counts.rejected).unwrap_or(MOST_TOLD).min(MOST_TOLD);
    for Refused { index, field, message } in answered.errors.iter().take(MOST_TOLD - told) {
        tell(&format_args!("resource {}: {field}: {message}", counts.received + index));
    }
    counts.add(&answered.counts);
    Ok(())
}

impl Counts {
    fn add(&mut self, more: &Self) {
        let Self { received, created, changed, unchanged, deleted, earlier, rejected, covered } = more;
        self.received += received;
        self.created += created;
        self.changed += changed;
        self.unchanged += unchanged;
        self.deleted += deleted;
        self.earlier += earlier;
        self.rejected += rejected;
        self.covered += covered;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

    use super::{Content, MOST_BYTES, MOST_ITEMS, batches};
    use serde_json::{Value, json};

    #[test]
    fn lists_are_taken_apart() {
        let mut content = Content::default();
        content.add(json!([
            {"resources": [1, 2], "covered": [{"region": "r"}]},
            {"fileVersion": "1.0", "configurationItems": [3]},
            {"Results": ["{}"], "QueryInfo": {}},
            {"resourceType": "T"},
            {"detail": {"configurationItem": {}}},
        ]));
        let items = vec![
            json!(1),
            json!(2),
            json!(3),
            json!("{}"),
            json!({"resourceType": "T"}),
            json!({"detail": {"configurationItem": {}}}),
        ];
        assert_eq!(content, Content { items, covered: vec![json!({"region": "r"})] });
    }

    #[test]
    fn batches_end_at_their_items_and_bytes() {
        let sizes = |items: Vec<Value>| batches(items).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(vec![json!(1); MOST_ITEMS * 2 + 1]), [MOST_ITEMS, MOST_ITEMS, 1]);
        let large = Value::from("x".repeat(MOST_BYTES / 2));
        assert_eq!(sizes(vec![large.clone(), json!(1), large.clone(), json!(1)]), [2, 2]);
        assert_eq!(sizes(vec![Value::from("x".repeat(MOST_BYTES)), json!(1)]), [1, 1]);
        assert_eq!(batches(vec![json!(1), json!(2)])[0], [json!(1), json!(2)]);
    }
}
