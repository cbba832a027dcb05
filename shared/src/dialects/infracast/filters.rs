//! Infracast's filters as clauses (infracast-findings, Query Parameters).

use super::super::members::shown;
use super::parameters::{Parameters, no_such_word};
use super::vocabulary::{Listing, severity_of};
use crate::domain::finding::Vocabulary;
use crate::domain::framework::FrameworkQuery;
use crate::domain::query::{Clause, Filter, Folded, Match, Test};
use crate::domain::resource::RESOURCE;
use crate::domain::resource_type::ResourceType;
use crate::domain::{Column, Error, MappingQuery};
use std::collections::BTreeSet;

/// Which findings a list shows.
pub(super) fn parse(parameters: Parameters<'_>) -> Result<Filter, Error> {
    let mut filter = Filter::default().and_one_of(statuses(parameters)?);
    let severities = parameters.list("severity");
    if !severities.is_empty() {
        let read = |word: &str| {
            let no_such = || no_such_word("severity", word, "CRITICAL, HIGH, MEDIUM, LOW and INFO");
            severity_of(word).map(Vocabulary::word).ok_or_else(no_such)
        };
        let words = severities.into_iter().map(read).collect::<Result<Vec<&str>, Error>>()?;
        filter = filter.and(Clause::on(Column::Severity, Test::one_of(words)));
    }
    let mapping = MappingQuery::new(framework(parameters)?, parameters.one("control_id")?.map(str::to_owned));
    if mapping != MappingQuery::default() {
        filter = filter.and(Clause::on(Column::Controls, Test::any([Match::Control(mapping)])));
    }
    if let Some(kind) = parameters.one("resource_type")? {
        let kind = Match::ResourceType(ResourceType::parse(kind));
        filter = filter.and(Clause::on(Column::ResourceTypes, Test::any([kind])));
    }
    if let Some(part) = parameters.one("search")? {
        filter = filter.and_one_of(search(part));
    }
    Ok(filter)
}

/// The framework that is asked for.
pub(super) fn framework(parameters: Parameters<'_>) -> Result<Option<FrameworkQuery>, Error> {
    let Some(text) = parameters.one("framework")? else { return Ok(None) };
    let no_name =
        || Error::invalid("framework", format!("{} names no framework; send for example cis-aws", shown(text)));
    FrameworkQuery::parse(text).ok_or_else(no_name).map(Some)
}

fn statuses(parameters: Parameters<'_>) -> Result<Vec<Filter>, Error> {
    let mut asked: BTreeSet<Listing> = BTreeSet::new();
    for word in parameters.list("status") {
        if word.eq_ignore_ascii_case("all") {
            asked.extend(Listing::WORDS.map(|(listing, _)| listing));
            continue;
        }
        let known = Listing::WORDS.iter().find(|(_, known)| known.eq_ignore_ascii_case(word));
        let (listing, _) = known.ok_or_else(|| no_such_word("status", word, "open, resolved, accepted and all"))?;
        asked.insert(*listing);
    }
    if asked.is_empty() {
        asked.insert(Listing::Open);
    }
    Ok(asked.into_iter().flat_map(Listing::filters).collect())
}

fn search(part: &str) -> Vec<Filter> {
    let test = || Test::any([Match::ContainsFolded(Folded::new(part))]);
    let on = |column| Filter::of([Clause::on(column, test())]);
    vec![
        on(Column::Title),
        on(Column::ResourceIds),
        Filter::of([Clause::on_derived(&RESOURCE, test())]),
        // Last, because packed texts are opened only for what is not found yet.
        on(Column::Description),
    ]
}
