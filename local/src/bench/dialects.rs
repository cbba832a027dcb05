//! The lists of Bitdefender, Datadog and Infracast: warm, cold, the next page, the largest page, as of a past instant;
//! and their single findings by uid.

use super::Options;
use super::filters::{Api, CHECKS, Case, DATADOG, INFRACAST, cases};
use super::load::{Ledger, median};
use super::report::Report;
use super::targets::Limit;
use super::world::Answer;
use indicatif::ProgressBar;
use posture_functions::{App, bitdefender_get_check, datadog_get_finding, infracast_get_finding};
use posture_shared::domain::{Error, Ordinal};

/// Rows of a page.
const PAGE: usize = 100;
const APIS: [&Api; 3] = [&CHECKS, &DATADOG, &INFRACAST];

/// Measures the lists and single findings.
pub(super) async fn measure(
    ledger: &Ledger,
    options: &Options,
    progress: &ProgressBar,
    report: &mut Report,
) -> Result<(), Error> {
    let cases = cases(ledger).await?;
    let totals = totals(ledger, &cases);
    progress.set_length(2 * cases.len() as u64);
    progress.set_position(0);
    let reader = ledger.world.container();
    for (case, total) in cases.iter().zip(&totals) {
        let path = case.api.ask(&case.query, PAGE);
        get(ledger, &reader, case.api, &path).await?;
        let (answer, ms) = repeated(ledger, options, case.api, &path, Some(&reader)).await?;
        let wrong = wrong(case, &answer, *total);
        report.judge(&format!("list, warm: {}", case.name()), options.targets.warm, answer.counts, Some(ms), wrong);
        progress.inc(1);
    }
    for case in &cases {
        let path = case.api.ask(&case.query, PAGE);
        let (answer, ms) = repeated(ledger, options, case.api, &path, None).await?;
        let texts = if case.of_texts { options.targets.texts_cold * f64::from(options.findings) / 1e6 } else { 0.0 };
        let limit = options.targets.cold_list(&answer.counts).and_reading(texts);
        report.judge(&format!("list, cold: {}", case.name()), limit, answer.counts, Some(ms), None);
        progress.inc(1);
    }
    for api in APIS {
        pages(ledger, options, api, &reader, report).await?;
        past(ledger, options, api, &reader, report).await?;
    }
    single(ledger, options, &reader, report).await
}

pub(super) async fn get(ledger: &Ledger, app: &App, api: &Api, path: &str) -> Result<Answer, Error> {
    ledger.world.get(app, api.route, path).await?.accepted()
}

/// Asks several times: in a container that is warm, or each time in one that knows nothing. The dearest answer, and
/// the median time.
async fn repeated(
    ledger: &Ledger,
    options: &Options,
    api: &Api,
    path: &str,
    warm: Option<&App>,
) -> Result<(Answer, f64), Error> {
    let (mut dearest, mut times): (Option<Answer>, Vec<f64>) = (None, Vec::new());
    for _ in 0..options.repeat.max(1) {
        let answer = match warm {
            Some(app) => get(ledger, app, api, path).await?,
            None => get(ledger, &ledger.world.container(), api, path).await?,
        };
        times.push(answer.ms);
        if dearest.as_ref().is_none_or(|known| known.counts.read_units < answer.counts.read_units) {
            dearest = Some(answer);
        }
    }
    let answer = dearest.ok_or_else(|| Error::internal("nothing was asked"))?;
    Ok((answer, median(times)))
}

/// How many findings each question is about, where the data tells.
fn totals(ledger: &Ledger, cases: &[Case]) -> Vec<Option<usize>> {
    let mut totals: Vec<Option<usize>> = vec![Some(0); cases.len()];
    for finding in (0..ledger.data.count).filter_map(|number| ledger.finding(number)) {
        for (case, total) in cases.iter().zip(&mut totals) {
            *total = total.zip(case.accepts(&finding)).map(|(total, accepts)| total + usize::from(accepts));
        }
    }
    totals
}

fn wrong(case: &Case, answer: &Answer, expected: Option<usize>) -> Option<String> {
    let Some(total) = answer.number(case.api.total) else { return Some("there is no total".to_owned()) };
    let rows = answer.rows(case.api.rows);
    if rows != total.min(PAGE) {
        return Some(format!("{rows} rows came of {total}"));
    }
    expected.filter(|expected| *expected != total).map(|expected| format!("the total is {total}, not {expected}"))
}

/// The next page, and the largest page.
async fn pages(ledger: &Ledger, options: &Options, api: &Api, reader: &App, report: &mut Report) -> Result<(), Error> {
    let path = api.ask("", PAGE);
    let first = get(ledger, reader, api, &path).await?;
    let next = next(api, &path, &first).ok_or_else(|| Error::internal("a list of the bench has one page only"))?;
    let (answer, ms) = repeated(ledger, options, api, &next, Some(reader)).await?;
    let few = (answer.rows(api.rows) != PAGE).then(|| "the page is not full".to_owned());
    // No more than the first one, whatever that cost.
    let limit = Limit {
        rounds: options.targets.warm.rounds,
        requests: Some(first.counts.total()),
        ..Limit::reading(first.counts.read_units)
    };
    report.judge(&format!("next page, warm: {}", api.name), limit, answer.counts, Some(ms), few);
    let cold = get(ledger, &ledger.world.container(), api, &path).await?.counts;
    let (answer, ms) = repeated(ledger, options, api, &next, None).await?;
    let limit = Limit { rounds: Some(cold.rounds), ..Limit::reading(cold.read_units) };
    report.judge(&format!("next page, cold: {}", api.name), limit, answer.counts, Some(ms), None);

    let (_, most) = api.limit;
    let (answer, ms) = repeated(ledger, options, api, &api.ask("", most), Some(reader)).await?;
    let (rows, total) = (answer.rows(api.rows), answer.number(api.total).unwrap_or(0));
    let few = (rows != most.min(total)).then(|| format!("{rows} rows came of {total}"));
    let times = u32::try_from(most / PAGE).unwrap_or(u32::MAX).saturating_sub(1);
    let limit = options.targets.warm.and_further(&options.targets.further, times);
    report.judge(&format!("page of {most}, warm: {}", api.name), limit, answer.counts, Some(ms), few);
    Ok(())
}

/// The path of the page after an answer.
pub(super) fn next(api: &Api, path: &str, answer: &Answer) -> Option<String> {
    if let Some(link) = answer.text("/links/next") {
        return link.find("/v1/").and_then(|start| link.get(start..)).map(str::to_owned);
    }
    if let Some(cursor) = answer.text("/meta/page/cursor") {
        return Some(format!("{path}&page[cursor]={}", cursor.replace('+', "%2B").replace('=', "%3D")));
    }
    let state = answer.text("/as_of").filter(|_| api.route.path.contains("findings"))?;
    Some(format!("{path}&page=2&as_of={state}"))
}

/// The list of all, as of the instants at which the cold list was measured.
async fn past(ledger: &Ledger, options: &Options, api: &Api, reader: &App, report: &mut Report) -> Result<(), Error> {
    for probe in &ledger.probes {
        let at = probe.at;
        let text = if api.as_of == "as_of" { at.to_string() } else { at.0.to_string() };
        let (path, failing) = (api.ask(&format!("{}={text}", api.as_of), PAGE), failing(api));
        let counted = api.ask(&format!("{failing}{}={text}", api.as_of), 1);
        let limit = Limit { read: Some(probe.counts.read_units * options.targets.past_factor), ..options.targets.past };
        let ago = (ledger.world.clock.now().0 - at.0) / 86_400_000;
        for (name, app) in [("warm", reader), ("cold", &ledger.world.container())] {
            let answer = get(ledger, app, api, &path).await?;
            let total = get(ledger, app, api, &counted).await?.number(api.total);
            let expected = ledger.failing_at(at);
            let wrong = (total != expected).then(|| format!("{total:?} failed then, not {expected:?}"));
            let name = format!("list as of {ago} days ago, {name}: {}", api.name);
            report.judge(&name, limit, answer.counts, Some(answer.ms), wrong);
        }
    }
    Ok(())
}

/// The filter for fails.
fn failing(api: &Api) -> &'static str {
    match api.name {
        "Bitdefender" => "results=fail&",
        "Datadog" => "filter[evaluation]=fail&",
        _ => "",
    }
}

/// One finding by its uid.
async fn single(ledger: &Ledger, options: &Options, reader: &App, report: &mut Report) -> Result<(), Error> {
    let uids = ledger.world.app.writer.uids(&ledger.world.tenant).await?;
    // Infracast knows findings that ever failed.
    let number = (ledger.data.count / 3..).find(|number| ledger.data.fails_at_first(*number)).unwrap_or(0);
    let uid = uids.finding(Ordinal(number));
    for (api, route, is_there) in [
        (&CHECKS, &bitdefender_get_check::ROUTE, "/data/id"),
        (&DATADOG, &datadog_get_finding::ROUTE, "/data/id"),
        (&INFRACAST, &infracast_get_finding::ROUTE, "/uid"),
    ] {
        let path = format!("{}/{uid}", api.path);
        let cold = ledger.world.container();
        let limits = [("warm", reader, options.targets.get_warm), ("cold", &cold, options.targets.get_cold)];
        for (name, app, limit) in limits {
            let answer = ledger.world.get(app, route, &path).await?.accepted()?;
            let wrong = (answer.text(is_there) != Some(uid.to_string().as_str())).then(|| "it is another".to_owned());
            // One unit for 4 KB of log comes on top: what a Query took beyond its first unit.
            let limit = limit.and_reading(answer.counts.log_read_units);
            let name = format!("one finding by its uid, {name}: {}", api.name);
            report.judge(&name, limit, answer.counts, Some(answer.ms), wrong);
        }
    }
    Ok(())
}
