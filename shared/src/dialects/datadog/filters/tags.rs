//! Filters of tags: what finds exactly the findings that show a tag (see [`super::super::tags`]).
//!
//! A tag may be of our making or a resource's own, so a filter looks at all of the columns that could hold it.
//! Frameworks and controls are found in any spelling of theirs, and a framework's version may follow it: `framework:cis-aws@1.5`.

use super::super::tags::{self, ALWAYS, FRAMEWORK, SCORED, SOURCES, Source};
use super::nothing;
use super::pattern::Pattern;
use crate::domain::framework::FrameworkQuery;
use crate::domain::query::{Clause, Filter, Match, Test};
use crate::domain::{Column, MappingQuery};

/// The filter, and that a tag is there, or with negation that it is not.
pub(super) fn narrowed(filter: Filter, pattern: &Pattern) -> Filter {
    let wanted = pattern.matches();
    let sources = SOURCES.iter().filter(|source| source.key.is_none_or(|key| may_be(pattern, key)));
    let clauses = sources.map(|source| pattern.on(source.column, matches(source, pattern)));
    let [scored, unscored] = SCORED.map(|tag| wanted.accepts(tag));
    let is_always = ALWAYS.iter().any(|tag| wanted.accepts(tag)) || scored && unscored;
    if pattern.is_negated {
        let mut filter = clauses.fold(filter, Filter::and);
        if scored {
            filter = filter.and(is_scored(false));
        }
        if unscored {
            filter = filter.and(is_scored(true));
        }
        return if is_always { filter.and(nothing()) } else { filter };
    }
    if is_always {
        return filter;
    }
    let mut alternatives: Vec<Filter> = clauses.map(|clause| Filter::of([clause])).collect();
    alternatives.extend(scored.then(|| Filter::of([is_scored(true)])));
    alternatives.extend(unscored.then(|| Filter::of([is_scored(false)])));
    filter.and_one_of(alternatives)
}

/// Whether a tag of this key can match.
fn may_be(pattern: &Pattern, key: &str) -> bool {
    let (beginning, key) = (pattern.beginning(), format!("{key}:"));
    beginning.starts_with(&key) || key.starts_with(beginning)
}

fn is_scored(wanted: bool) -> Clause {
    let scored = [Match::Shown { shown: &tags::IS_SCORED, by: Box::new(Match::Equals("true".to_owned())) }];
    Clause::on(Column::Controls, if wanted { Test::any(scored) } else { Test::none(scored) })
}

fn matches(source: &Source, pattern: &Pattern) -> Vec<Match> {
    let mut matches = vec![pattern.matches_shown(source.shown)];
    let Some((key, value)) = pattern.literal().and_then(|tag| tag.split_once(':')) else { return matches };
    if source.key != Some(key) {
        return matches;
    }
    match key {
        "control" => matches.push(Match::Spelled(value.to_owned())),
        "framework" => matches.extend(FrameworkQuery::parse(value).map(|query| match query.version {
            None => {
                let tag = tags::framework(&query.framework);
                Match::Shown { shown: &FRAMEWORK, by: Box::new(Match::Equals(tag)) }
            }
            Some(_) => Match::Control(MappingQuery::new(Some(query), None)),
        })),
        _ => {}
    }
    matches
}
