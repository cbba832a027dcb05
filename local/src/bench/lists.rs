//! The lists: warm, cold, by every attribute, sorted, paged, with residual attributes.

use super::Options;
use super::load::{Ledger, REQUEST, median};
use super::report::Report;
use super::targets::Limit;
use super::world::Answer;
use crate::meter::Counts;
use indicatif::ProgressBar;
use posture_functions::App;
use posture_functions::securityhub_get_findings::ROUTE;
use posture_shared::dialects::securityhub::get_findings::parse;
use posture_shared::domain::json::texts_at;
use posture_shared::domain::{Error, Instant};
use posture_shared::ledger::When;
use posture_shared::operations::{FindingsQuery, Question, get_findings};
use serde_json::{Value, json};

/// Rows of a page.
const PAGE: usize = 100;
/// Stored bytes of log that a warm container may have missed: 64 KiB.
const MISSED_LOG: u64 = 64 << 10;

/// A question for a list.
struct Case {
    name: String,
    body: Value,
    /// How many findings the answer has in all, where the data tells.
    total: Option<usize>,
}

/// What asking cost: the dearest time, and the median of the times.
struct Cost {
    counts: Counts,
    ms: f64,
    rows: usize,
    next: Option<Value>,
}

/// Measures the lists.
pub(super) async fn measure(
    ledger: &mut Ledger,
    options: &Options,
    progress: &ProgressBar,
    report: &mut Report,
) -> Result<(), Error> {
    let questions = questions(ledger);
    progress.set_length(2 * questions.len() as u64);
    progress.set_position(0);
    let reader = ledger.world.container();
    for question in &questions {
        let wrong = check_total(ledger, &reader, question).await?;
        ask(ledger, &reader, &question.body).await?;
        let cost = repeated(ledger, options, &question.body, Some(&reader)).await?;
        let wrong = wrong.or_else(|| too_few(question, &cost));
        report.judge(
            &format!("list, warm: {}", question.name),
            options.targets.warm,
            cost.counts,
            Some(cost.ms),
            wrong,
        );
        progress.inc(1);
    }
    for question in &questions {
        let cost = repeated(ledger, options, &question.body, None).await?;
        let limit = options.targets.cold_list(&cost.counts);
        report.judge(&format!("list, cold: {}", question.name), limit, cost.counts, Some(cost.ms), None);
        progress.inc(1);
    }
    pages(ledger, options, &reader, report).await?;
    residual(ledger, options, &reader, report).await?;
    after_log(ledger, options, &reader, report).await
}

async fn ask(ledger: &Ledger, app: &App, body: &Value) -> Result<Answer, Error> {
    ledger.world.ask(app, &ROUTE, body).await?.accepted()
}

/// Asks several times: in a container that is warm, or each time in one that knows nothing.
async fn repeated(ledger: &Ledger, options: &Options, body: &Value, warm: Option<&App>) -> Result<Cost, Error> {
    let (mut dearest, mut times): (Option<Answer>, Vec<f64>) = (None, Vec::new());
    for _ in 0..options.repeat.max(1) {
        let answer = match warm {
            Some(app) => ask(ledger, app, body).await?,
            None => ask(ledger, &ledger.world.container(), body).await?,
        };
        times.push(answer.ms);
        if dearest.as_ref().is_none_or(|known| known.counts.read_units < answer.counts.read_units) {
            dearest = Some(answer);
        }
    }
    let answer = dearest.ok_or_else(|| Error::internal("nothing was asked"))?;
    let (rows, next) = (answer.len_of("Findings"), answer.next().cloned());
    Ok(Cost { counts: answer.counts, ms: median(times), rows, next })
}

/// What is wrong with the total, if the data tells what it should be.
async fn check_total(ledger: &Ledger, reader: &App, question: &Case) -> Result<Option<String>, Error> {
    let Some(expected) = question.total else { return Ok(None) };
    let total = total(ledger, reader, &question.body, When::Now).await?;
    Ok((total != expected).then(|| format!("the total is {total}, not {expected}")))
}

/// The exact total of a question.
pub(super) async fn total(ledger: &Ledger, app: &App, body: &Value, when: When) -> Result<usize, Error> {
    let query = query(body, when)?;
    Ok(get_findings(&app.writer, &ledger.world.tenant, &query).await?.total as usize)
}

/// A question as the operation takes it.
pub(super) fn query(body: &Value, when: When) -> Result<FindingsQuery, Error> {
    let request = parse(body.to_string().as_bytes())?;
    Ok(FindingsQuery {
        question: Question { filter: request.filter, when, ..Question::default() },
        sort: request.sort,
        limit: request.limit as usize,
        token: request.token,
        fingerprint: request.fingerprint,
        token_field: "NextToken",
        ..FindingsQuery::default()
    })
}

fn too_few(question: &Case, cost: &Cost) -> Option<String> {
    let expected = question.total?.min(PAGE);
    (cost.rows != expected).then(|| format!("{} rows came, not {expected}", cost.rows))
}

/// The next page by cursor, warm and cold.
async fn pages(ledger: &Ledger, options: &Options, reader: &App, report: &mut Report) -> Result<(), Error> {
    let body = sorted();
    let first = repeated(ledger, options, &body, Some(reader)).await?;
    let Some(next) = first.next else { return Err(Error::internal("a list of the bench has one page only")) };
    let mut body = body;
    if let Some(object) = body.as_object_mut() {
        object.insert("NextToken".to_owned(), next);
    }
    let limit = Limit {
        read: options.targets.further.read.map(|units| units.min(first.counts.read_units)),
        ..options.targets.further
    };
    let cost = repeated(ledger, options, &body, Some(reader)).await?;
    report.judge("next page by cursor, warm", limit, cost.counts, Some(cost.ms), None);
    let first = repeated(ledger, options, &sorted(), None).await?;
    let cost = repeated(ledger, options, &body, None).await?;
    let limit = Limit { rounds: Some(first.counts.rounds), ..Limit::reading(first.counts.read_units) };
    report.judge("next page by cursor, cold", limit, cost.counts, Some(cost.ms), None);
    Ok(())
}

/// Attributes that no column answers.
async fn residual(ledger: &Ledger, options: &Options, reader: &App, report: &mut Report) -> Result<(), Error> {
    let body = json!({"Filters": {"NoteText": [{"Value": "nobody wrote this", "Comparison": "EQUALS"}]}});
    let cost = repeated(ledger, options, &body, Some(reader)).await?;
    let read = cost.counts.kind("document").asked;
    let wrong = (read > options.targets.tested).then(|| format!("{read} documents were read"));
    let wrong = wrong.or_else(|| cost.next.is_none().then(|| "there is no NextToken".to_owned()));
    let name = format!("residual attribute, {read} documents (<= {})", options.targets.tested);
    report.judge(&name, Limit::default(), cost.counts, Some(cost.ms), wrong);
    let body = json!({"SortCriteria": [{"Field": "NoteText", "SortOrder": "asc"}]});
    let answer = ledger.world.ask(reader, &ROUTE, &body).await?;
    let named = answer.status == 400 && answer.body.to_string().contains("NoteText");
    let wrong = (!named).then(|| format!("the answer is {}: {}", answer.status, answer.body));
    report.judge(
        "sort by a residual attribute: refused, named",
        Limit::default(),
        answer.counts,
        Some(answer.ms),
        wrong,
    );
    Ok(())
}

/// A warm list after the log has grown by nearly as much as a warm container may have missed.
async fn after_log(ledger: &mut Ledger, options: &Options, reader: &App, report: &mut Report) -> Result<(), Error> {
    ask(ledger, reader, &combined(ledger)).await?;
    let (mut log, mut first) = (0, 0);
    // Every finding twice would tell no more; small ledgers do not come near the bound.
    while log + 4_096 < MISSED_LOG && first < ledger.data.count / 2 {
        let numbers: Vec<u32> = (first..ledger.data.count).take(REQUEST).collect();
        ledger.flip(&numbers);
        log += ledger.send(&numbers).await?.counts.kind("log").bytes;
        first += REQUEST as u32;
    }
    let answer = ask(ledger, reader, &combined(ledger)).await?;
    let name = format!("list, warm, all families, {} KB of log later", log >> 10);
    report.judge(&name, options.targets.warm, answer.counts, Some(answer.ms), None);
    Ok(())
}

/// A list that names columns of every family and is sorted by several.
pub(super) fn sorted() -> Value {
    json!({
        "SortCriteria": [
            {"Field": "SeverityLabel", "SortOrder": "desc"},
            {"Field": "Region", "SortOrder": "asc"},
            {"Field": "UpdatedAt", "SortOrder": "desc"},
        ]
    })
}

fn combined(ledger: &Ledger) -> Value {
    let (start, end) = (Instant(0).to_string(), ledger.world.clock.now().plus(86_400_000).to_string());
    json!({
        "Filters": {
            "Id": [{"Value": "prowler-", "Comparison": "PREFIX"}],
            "ResourceId": [{"Value": "arn:aws:", "Comparison": "PREFIX"}],
            "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
            "UpdatedAt": [{"Start": start, "End": end}],
        },
        "SortCriteria": [{"Field": "Title", "SortOrder": "desc"}, {"Field": "Id", "SortOrder": "asc"}],
    })
}

fn questions(ledger: &Ledger) -> Vec<Case> {
    let all = Some(ledger.data.count as usize);
    let question = |name: &str, body: Value, total: Option<usize>| Case { name: name.to_owned(), body, total };
    let mut questions = vec![question("no filter", json!({}), all), question("three sort keys", sorted(), all)];
    questions.extend(by_text(ledger));
    let days = json!([{"DateRange": {"Value": 3, "Unit": "DAYS"}}]);
    for (name, condition) in [
        ("SeverityNormalized", json!([{"Gte": 40}])),
        ("SeverityProduct", json!([{"Gte": 1}])),
        ("Confidence", json!([{"Gte": 80}])),
        ("Criticality", json!([{"Eq": 50}])),
        ("FirstObservedAt", days.clone()),
        ("LastObservedAt", days.clone()),
        ("CreatedAt", days.clone()),
        ("UpdatedAt", days),
        ("ProductName", equals("Prowler")),
        ("CompanyName", equals("Prowler")),
        ("Region", equals("eu-west-1")),
        ("WorkflowStatus", equals("NEW")),
        ("VerificationState", equals("TRUE_POSITIVE")),
        ("ResourceTags", json!([{"Key": "environment", "Value": "test", "Comparison": "EQUALS"}])),
    ] {
        questions.push(question(name, json!({"Filters": {name: condition}}), None));
    }
    questions.push(question("every family, two sort keys", combined(ledger), all));
    let three = json!({"Filters": {
        "ComplianceStatus": equals("FAILED"), "SeverityLabel": equals("HIGH"), "ResourceRegion": equals("eu-west-1"),
    }});
    questions.push(question("status, severity and region", three, None));
    questions
}

fn equals(value: &str) -> Value {
    json!([{"Value": value, "Comparison": "EQUALS"}])
}

/// Filters by attributes that producers send as texts, each by a value that the data has, with their totals.
fn by_text(ledger: &Ledger) -> Vec<Case> {
    let attributes = [
        ("Id", "Id"),
        ("ProductArn", "ProductArn"),
        ("GeneratorId", "GeneratorId"),
        ("AwsAccountId", "AwsAccountId"),
        ("Title", "Title"),
        ("Type", "Types"),
        ("SeverityLabel", "Severity.Label"),
        ("ComplianceStatus", "Compliance.Status"),
        ("RecordState", "RecordState"),
        ("ResourceType", "Resources.Type"),
        ("ResourceId", "Resources.Id"),
        ("ResourceRegion", "Resources.Region"),
        ("ComplianceSecurityControlId", "Compliance.SecurityControlId"),
        ("ComplianceAssociatedStandardsId", "Compliance.AssociatedStandards.StandardsId"),
    ];
    let texts =
        |finding: &Value, path: &str| finding.as_object().map(|object| texts_at(object, path)).unwrap_or_default();
    let probe = ledger.finding(ledger.data.count / 2).unwrap_or_default();
    let wanted =
        attributes.map(|(name, path)| (name, path, texts(&probe, path).into_iter().next().unwrap_or_default()));
    let mut totals = wanted.clone().map(|_| 0);
    for finding in (0..ledger.data.count).filter_map(|number| ledger.finding(number)) {
        for ((_, path, value), total) in wanted.iter().zip(&mut totals) {
            *total += usize::from(texts(&finding, path).contains(value));
        }
    }
    let question = |((name, _, value), total): ((&str, &str, String), usize)| Case {
        name: name.to_owned(),
        body: json!({"Filters": {name: equals(&value)}}),
        total: Some(total),
    };
    wanted.into_iter().zip(totals).map(question).collect()
}
