//! Net changes over an interval with 10,000 changes in it, or as many as there are.

use super::Options;
use super::load::{DAYS, Ledger};
use super::report::Report;
use super::targets::Limit;
use indicatif::ProgressBar;
use posture_functions::bitdefender_get_finding_changes::ROUTE;
use posture_shared::domain::Error;

/// Changes of the interval.
const CHANGES: u32 = 10_000;
/// Rows of a page.
const PAGE: usize = 100;

/// Measures net changes by every type and filter.
pub(super) async fn measure(
    ledger: &Ledger,
    options: &Options,
    progress: &ProgressBar,
    report: &mut Report,
) -> Result<(), Error> {
    // Of a hundred findings two change on a day.
    let a_day = (ledger.data.count / 50).max(1);
    let days = CHANGES.div_ceil(a_day).min(DAYS - 1);
    let from = DAYS - days;
    let (mut fresh, mut resolved, mut changes) = (0, 0, 0);
    for number in 0..ledger.data.count {
        let states: Vec<bool> = (from..=DAYS).map(|day| ledger.failed_after_day(number, day)).collect();
        changes += states.windows(2).filter(|pair| pair.first() != pair.last()).count();
        let (first, last) = (states.first() == Some(&true), states.last() == Some(&true));
        fresh += usize::from(!first && last);
        resolved += usize::from(first && !last);
    }
    let cases = [
        ("type=new", Some(fresh)),
        ("type=resolved", Some(resolved)),
        ("type=modified", Some(0)),
        ("type=new&severities=high,critical", None),
    ];
    progress.set_length(2 * cases.len() as u64);
    progress.set_position(0);
    let reader = ledger.world.container();
    for (query, expected) in cases {
        let at = ledger.after_day(from);
        let path = format!("{}?from_date={at}&{query}&page_limit={PAGE}", ROUTE.path);
        ledger.world.get(&reader, &ROUTE, &path).await?.accepted()?;
        let answer = ledger.world.get(&reader, &ROUTE, &path).await?.accepted()?;
        let total = answer.number("/meta/total");
        let wrong = expected.filter(|_| total != expected).map(|expected| format!("{total:?} rows, not {expected}"));
        let name = format!("{changes} changes, {query}");
        let next = answer.text("/links/next").and_then(|link| link.get(link.find("/v1/")?..)).map(str::to_owned);
        let first = answer.counts.clone();
        report.judge(&format!("{name}, warm"), options.targets.changes, answer.counts, Some(answer.ms), wrong);
        progress.inc(1);
        if let Some(next) = next {
            let answer = ledger.world.get(&reader, &ROUTE, &next).await?.accepted()?;
            let limit = Limit { rounds: options.targets.changes.rounds, ..Limit::reading(first.read_units) };
            report.judge(&format!("{name}, next page, warm"), limit, answer.counts, Some(answer.ms), None);
        }
        let answer = ledger.world.get(&ledger.world.container(), &ROUTE, &path).await?.accepted()?;
        let limit = options.targets.changes.and_then(&options.targets.cold);
        report.judge(&format!("{name}, cold"), limit, answer.counts, Some(answer.ms), None);
        progress.inc(1);
    }
    Ok(())
}
