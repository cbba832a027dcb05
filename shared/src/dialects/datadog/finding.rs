//! A finding in both shapes (datadog-posture-management-findings, Sample responses; CONTRACTS 3.1, finding fields).
//!
//! A row of a list has at most 4 KB of JSON: its long texts are cut, then tags are left out from the end. The detail
//! has them whole.

use super::filters::{EVALUATIONS, SEVERITIES};
use super::limits::ROW_BYTES;
use super::mute;
use super::shape::Shape;
use super::tags;
use crate::domain::json::{self, Object};
use crate::domain::{Finding, Instant, Presence, Resource, Standing, Uid};
use serde_json::{Value, json};

/// A finding with what is known about it beside its document.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    /// Its uid.
    pub uid: Uid,
    /// The finding, evaluated.
    pub finding: &'a Finding,
}

/// What a list cuts texts to, in characters, until a row leaves room for tags.
const CUTS: [usize; 6] = [1024, 512, 256, 128, 64, 16];

/// Bytes of a row that texts may take.
const TEXT_BYTES: usize = ROW_BYTES / 2;

/// Texts that are cut; the id of a rule only where nothing else helps, since filters ask for the whole.
const TEXTS: [&str; 5] = ["/description", "/external_id", "/resource", "/rule/name", "/mute/description"];
const LAST: [&str; 2] = ["/rule/id", "/resource_type"];

/// Whether a finding is one here: it is there, and its rule gave a verdict.
pub(super) fn is_listed(standing: &Standing) -> bool {
    standing.presence == Presence::Active && EVALUATIONS.iter().any(|(verdict, _)| *verdict == standing.result)
}

/// What both shapes say of a finding, in theirs.
pub(super) fn attributes(finding: &Finding, shape: Shape) -> Object {
    let Finding { asff, standing } = finding;
    let Resource { id: _, kind, region: _, name, path: _ } = Resource::of(asff);
    let word = |words: Option<&&'static str>| words.copied().unwrap_or_default();
    let evaluation = EVALUATIONS.iter().find(|(verdict, _)| *verdict == standing.result).map(|(_, word)| word);
    let status = SEVERITIES.iter().find(|(severity, _)| *severity == standing.severity).map(|(_, word)| word);
    let text = |path: &str| json::text_at(asff, path).unwrap_or_default();
    let mut all = Object::new();
    let mut put = |name: &str, value: Value| all.insert(name.to_owned(), value);
    put("status", json!(word(status)));
    put("evaluation", json!(word(evaluation)));
    put("resource_discovery_date", ms(standing.first_seen));
    put("resource_type", json!(kind.underscored()));
    put("resource", json!(name));
    put("rule", json!({"name": text("Title"), "id": text("GeneratorId")}));
    put("evaluation_changed_at", ms(standing.evaluation_changed_at));
    put("tags", json!(tags::of(finding)));
    match shape {
        Shape::Beta => put("muted", json!(mute::is_muted(standing))),
        Shape::Ga => put("mute", mute::render(standing)),
    };
    all
}

/// A row of a list; `detailed` adds what the official client reads beside it.
pub(super) fn listed(shown: &Listed<'_>, shape: Shape, detailed: bool) -> Value {
    let mut all = attributes(shown.finding, shape);
    if shape == Shape::Ga {
        all.insert("vulnerability_type".to_owned(), json!("misconfiguration"));
    }
    if detailed {
        let asff = &shown.finding.asff;
        all.insert("description".to_owned(), json!(json::text_at(asff, "Description").unwrap_or_default()));
        all.insert("external_id".to_owned(), json!(Resource::of(asff).id));
    }
    let id = json!(shown.uid.to_string());
    match shape {
        Shape::Beta => {
            all.insert("id".to_owned(), id);
            fitting(Value::Object(all), "/tags")
        }
        Shape::Ga => fitting(json!({"id": id, "type": "finding", "attributes": all}), "/attributes/tags"),
    }
}

/// The same row within its bytes.
fn fitting(mut row: Value, tags: &str) -> Value {
    let all: Vec<Value> = row.pointer_mut(tags).and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
    let inside = tags.strip_suffix("/tags").unwrap_or_default();
    for texts in [&TEXTS[..], &LAST[..]] {
        for chars in CUTS {
            if size(&row) <= TEXT_BYTES {
                break;
            }
            for text in texts {
                if let Some(Value::String(text)) = row.pointer_mut(&format!("{inside}{text}")) {
                    cut(text, chars);
                }
            }
        }
    }
    let mut left = ROW_BYTES.saturating_sub(size(&row));
    let fits = |tag: &Value| {
        // A comma stands between two.
        let bytes = size(tag) + 1;
        let fits = bytes <= left;
        left = if fits { left - bytes } else { 0 };
        fits
    };
    let kept: Vec<Value> = all.into_iter().filter(fits).collect();
    if let Some(place) = row.pointer_mut(tags) {
        *place = Value::Array(kept);
    }
    row
}

fn size(value: &Value) -> usize {
    value.to_string().len()
}

fn cut(text: &mut String, chars: usize) {
    if text.chars().count() > chars {
        *text = text.chars().take(chars - 1).chain("…".chars()).collect();
    }
}

/// Milliseconds; the official client refuses 0 (CONTRACTS 3.2).
fn ms(at: Instant) -> Value {
    json!(at.0.max(1))
}
