//! Datadog's filters as clauses (datadog-posture-management-findings, Filtering).

mod pattern;
mod tags;
#[cfg(test)]
mod tests;
pub(super) mod times;

use super::parameters::Parameters;
use crate::domain::finding::Vocabulary;
use crate::domain::query::{Clause, Filter, Match, Showing, Test};
use crate::domain::resource_type::{ResourceType, resource_name};
use crate::domain::{Column, Error, Named, Presence, Severity, Status, Uid, Verdict};
use pattern::Pattern;
use std::collections::BTreeSet;

/// What a finding's severity is called here.
pub(super) const SEVERITIES: &[(Severity, &str)] = &[
    (Severity::Critical, "critical"),
    (Severity::High, "high"),
    (Severity::Medium, "medium"),
    (Severity::Low, "low"),
    (Severity::Informational, "info"),
];

/// What a verdict is called here; a finding without one is none.
pub(super) const EVALUATIONS: &[(Verdict, &str)] = &[(Verdict::Pass, "pass"), (Verdict::Fail, "fail")];

/// The kinds of findings that there are, and whether there are such here.
pub(super) const VULNERABILITIES: &[(bool, &str)] =
    &[(true, "misconfiguration"), (false, "attack_path"), (false, "identity_risk"), (false, "api_security")];

/// The statuses that mean muted (DESIGN §2).
pub(super) const MUTED: [Status; 2] = [Status::RiskAccepted, Status::FalsePositive];

static UNDERSCORED: Showing = Showing { name: "aws_s3_bucket", of: |text| ResourceType::parse(text).underscored() };
static DOTTED: Showing = Showing { name: "aws.s3.bucket", of: |text| ResourceType::parse(text).dotted() };
static CONFIG: Showing = Showing { name: "AWS::S3::Bucket", of: |text| ResourceType::parse(text).config() };
static ASFF: Showing = Showing { name: "AwsS3Bucket", of: |text| ResourceType::parse(text).asff() };
static NAME: Showing = Showing { name: "name of a resource", of: |text| resource_name(text).to_owned() };

/// Which findings a list shows; [`Error::Invalid`] names the parameter at fault.
pub(super) fn parse(parameters: Parameters<'_>) -> Result<Filter, Error> {
    let mut filter = Filter::of([
        Clause::on(Column::Presence, Test::one_of([Presence::Active.word()])),
        Clause::on(Column::Result, Test::one_of(EVALUATIONS.iter().map(|(verdict, _)| verdict.word()))),
    ]);
    let mut vulnerabilities: Option<bool> = None;
    for (name, value) in parameters.pairs() {
        match name {
            "filter[evaluation]" => {
                let words = words("filter[evaluation]", value, EVALUATIONS)?;
                filter = filter.and(Clause::on(Column::Result, Test::one_of(words.map(Vocabulary::word))));
            }
            "filter[status]" => {
                let words = words("filter[status]", value, SEVERITIES)?;
                filter = filter.and(Clause::on(Column::Severity, Test::one_of(words.map(Vocabulary::word))));
            }
            "filter[muted]" => {
                let muted = MUTED.map(|status| Match::Equals(status.word().to_owned()));
                let is_muted = parameters.boolean("filter[muted]", value)?;
                let test = if is_muted { Test::any(muted) } else { Test::none(muted) };
                filter = filter.and(Clause::on(Column::Status, test));
            }
            "filter[resource_type]" => filter.clauses.extend(resource_types(value)?),
            "filter[rule_id]" => {
                let pattern = Pattern::parse("filter[rule_id]", value)?;
                let matches = [pattern.matches()].into_iter().chain(named(&pattern, Named::Rule));
                filter = filter.and(pattern.on(Column::GeneratorId, matches));
            }
            "filter[rule_name]" => {
                let pattern = Pattern::parse("filter[rule_name]", value)?;
                filter = filter.and(pattern.on(Column::Title, [pattern.matches()]));
            }
            "filter[@resource_id]" => {
                let pattern = Pattern::parse("filter[@resource_id]", value)?;
                let matches = [pattern.matches(), pattern.matches_shown(&NAME)];
                let matches = matches.into_iter().chain(named(&pattern, Named::Resource));
                filter = filter.and(pattern.on(Column::ResourceIds, matches));
            }
            "filter[tags]" | "filter[tag]" => {
                let field = if name == "filter[tag]" { "filter[tag]" } else { "filter[tags]" };
                filter = tags::narrowed(filter, &Pattern::parse(field, value)?);
            }
            "filter[vulnerability_type]" => {
                let here = words("filter[vulnerability_type]", value, VULNERABILITIES)?.any(|here| here);
                vulnerabilities = Some(vulnerabilities.unwrap_or(false) || here);
            }
            _ => {
                if let Some((column, range)) = times::parse(name, value)? {
                    filter = filter.and(Clause::on(column, Test::Instants(vec![range])));
                }
            }
        }
    }
    Ok(if vulnerabilities == Some(false) { filter.and(nothing()) } else { filter })
}

/// What no finding passes.
fn nothing() -> Clause {
    Clause::on(Column::Presence, Test::any([]))
}

/// The values of the words that a pattern means; [`Error::Invalid`] when it means none.
fn words<T: Copy>(
    name: &'static str,
    value: &str,
    words: &'static [(T, &'static str)],
) -> Result<impl Iterator<Item = T>, Error> {
    let pattern = Pattern::parse(name, value)?;
    let wanted = pattern.matches();
    if !words.iter().any(|(_, word)| wanted.accepts(word)) {
        let known: Vec<&str> = words.iter().map(|(_, word)| *word).collect();
        let why = format!("{} is not one of {}", super::super::members::shown(value), known.join(", "));
        return Err(Error::invalid(name, why));
    }
    let is_meant = move |word: &str| wanted.accepts(word) != pattern.is_negated;
    Ok(words.iter().filter(move |(_, word)| is_meant(word)).map(|(value, _)| *value))
}

fn resource_types(value: &str) -> Result<Vec<Clause>, Error> {
    let (mut any, mut none) = (Vec::new(), Vec::new());
    for part in value.split(',') {
        let pattern = Pattern::parse("filter[resource_type]", part.trim())?;
        let matches = match pattern.literal() {
            Some(text) => vec![Match::ResourceType(ResourceType::parse(text))],
            None => [&UNDERSCORED, &DOTTED, &CONFIG, &ASFF].map(|shown| pattern.matches_shown(shown)).to_vec(),
        };
        if pattern.is_negated { none.extend(matches) } else { any.extend(matches) }
    }
    let mut clauses = Vec::new();
    if !any.is_empty() {
        clauses.push(Clause::on(Column::ResourceTypes, Test::any(any)));
    }
    if !none.is_empty() {
        clauses.push(Clause::on(Column::ResourceTypes, Test::none(none)));
    }
    Ok(clauses)
}

/// What a uid of ours names.
fn named(pattern: &Pattern, kind: Named) -> Option<Match> {
    let text = pattern.literal()?;
    let uid = Uid::parse(text).or_else(|| Uid::parse_simple(text))?;
    Some(Match::Named { uids: None, kind, among: BTreeSet::from([uid]) })
}
