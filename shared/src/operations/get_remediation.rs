//! How to mend what a finding is about: the rule's steps, with commands for this resource.

use super::auditor::Auditor;
use super::judge_finding::{filed, judge_finding};
use super::terraform_patch::is_failing;
use super::word_remediation::{Facts, Words, recall, worded};
use crate::audit::{Rule, Verdict, filled, member, quoted};
use crate::domain::json::{self, Object};
use crate::domain::remediation::{Remediation, Step, Told};
use crate::domain::{Error, Finding, Instant, TenantId, Wording};
use crate::ledger::Reader;
use serde_json::Value;

/// Steps of an answer.
const MOST_STEPS: usize = 200;

/// The steps for a finding, from its rule where it is one of ours, and else from what its producer says. Commands speak of the resource
/// as it is, or as it was at an instant. A model words summary and rationale of what fails, if there is one; about the past it is not
/// asked.
pub async fn get_remediation(
    reader: &Reader,
    words: Option<&Words>,
    tenant: &TenantId,
    finding: &Finding,
    at: Option<Instant>,
) -> Result<Remediation, Error> {
    let (auditor, recalled) = tokio::join!(Auditor::of_tenant(reader, tenant), recall(words, tenant, &finding.asff));
    let mut auditor = auditor?;
    let rules = auditor.shared();
    let Some(filed) = filed(&rules, &finding.asff) else { return Ok(from_producer(&finding.asff)) };
    let metadata = &filed.rule.metadata;
    let told = |summary: String, steps: Vec<Step>| Remediation {
        summary,
        rationale: Some(metadata.rationale.clone()),
        url: metadata.remediation.url.clone(),
        steps,
        told: Told::Rule,
        generated: None,
    };
    let params = auditor.params(filed.rule);
    let text = &metadata.remediation.text;
    let Some((item, verdict)) = judge_finding(reader, tenant, &mut auditor, &filed, at).await? else {
        let steps = steps(filed.rule, &Object::new(), &[], &params);
        return Ok(told(format!("{text} The resource is not in the inventory any more."), steps));
    };
    let Value::Object(members) = item.to_value() else { return Err(Error::internal("an item is no object")) };
    let note = match verdict {
        Verdict::Fail(violations) => {
            let evidence: Vec<Value> = violations.into_iter().map(|violation| violation.evidence).collect();
            let steps = steps(filed.rule, &members, &evidence, &params);
            let facts = Facts { rule: filed.rule, item: &item, evidence: &evidence, params: &params, steps: &steps };
            let worded = match (words, recalled) {
                (Some(words), Some(recalled)) => {
                    let may_ask = at.is_none() && is_failing(finding);
                    worded(words, recalled, tenant, facts, may_ask, reader.clock().now()).await
                }
                _ => None,
            };
            let template = told(text.clone(), steps);
            return Ok(match worded {
                None => template,
                Some((Wording { summary, rationale }, generated)) => {
                    Remediation { summary, rationale: Some(rationale), generated: Some(generated), ..template }
                }
            });
        }
        Verdict::Pass | Verdict::NotApplicable => {
            "The resource, as it is known now, does not fail any more.".to_owned()
        }
        Verdict::Unknown(why) => format!("Whether the resource still fails is not known: {why}."),
    };
    Ok(told(format!("{text} {note}"), steps(filed.rule, &members, &[], &params)))
}

/// The steps of a rule. One whose command names evidence is there once for each violation that says something else.
fn steps(rule: &Rule, members: &Object, evidence: &[Value], params: &Object) -> Vec<Step> {
    let nothing = [Value::Null];
    let mut steps: Vec<Step> = Vec::new();
    for step in &rule.metadata.remediation.steps {
        let names_evidence = |text: &String| text.contains("{{evidence.") || text.contains("{{ evidence.");
        let each = [Some(&step.action), step.command.as_ref()].into_iter().flatten().any(names_evidence);
        let found = if each && !evidence.is_empty() { evidence } else { &nothing };
        for evidence in found {
            let action = filled(&step.action, |place| {
                // What is not known stays open, so that nobody takes a gap for an answer.
                Some(member(place, members, evidence, params).unwrap_or_else(|| format!("<{place}>")))
            });
            let command = step.command.as_ref().and_then(|command| quoted(command, members, evidence, params));
            let next = Step { action: action.unwrap_or_else(|_| step.action.clone()), command };
            if !steps.contains(&next) && steps.len() < MOST_STEPS {
                steps.push(next);
            }
        }
    }
    steps
}

/// What the producer of a finding says, as one step. There is no command that we could vouch for.
fn from_producer(asff: &Object) -> Remediation {
    let text = |path: &str| json::text_at(asff, path).filter(|text| !text.trim().is_empty()).map(str::to_owned);
    let advice = text("Remediation.Recommendation.Text");
    let url = text("Remediation.Recommendation.Url");
    let action = advice.clone().or_else(|| url.as_ref().map(|url| format!("Follow {url}")));
    let summary = advice.unwrap_or_else(|| match &url {
        Some(url) => format!("The producer of this finding refers to {url}."),
        None => "The producer of this finding does not say how to mend it.".to_owned(),
    });
    let steps = action.into_iter().map(|action| Step { action, command: None }).collect();
    Remediation { summary, rationale: None, url, steps, told: Told::Producer, generated: None }
}
