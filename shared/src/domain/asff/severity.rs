//! Severity: the five labels, the numbers 0 to 100, and how one completes the other (CONTRACTS 1.7).

use super::present;
use crate::domain::Severity;
use crate::domain::json::Object;
use serde_json::Value;

/// Label, and the number it stands for when none was sent. A number belongs to the last label that it reaches.
const SCALE: [(Severity, &str, i64); 5] = [
    (Severity::Informational, "INFORMATIONAL", 0),
    (Severity::Low, "LOW", 1),
    (Severity::Medium, "MEDIUM", 40),
    (Severity::High, "HIGH", 70),
    (Severity::Critical, "CRITICAL", 90),
];

/// The five labels, mildest first.
pub const LABELS: [&str; 5] = ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"];

/// The severity with that label.
pub fn of_label(label: &str) -> Option<Severity> {
    SCALE.iter().find(|(_, l, _)| *l == label).map(|(severity, _, _)| *severity)
}

/// The severity of a normalized number. Numbers outside 0 to 100 count as the nearer end.
pub fn of_normalized(number: f64) -> Severity {
    #[expect(clippy::cast_precision_loss, reason = "the scale's numbers are below 100")]
    let reached = SCALE.iter().rev().find(|(_, _, from)| number >= *from as f64);
    // Numbers between 0 and 1 are not whole and so belong to no label of the scale; they are above 0, so LOW.
    match reached {
        Some((Severity::Informational, _, _)) if number > 0.0 => Severity::Low,
        Some((severity, _, _)) => *severity,
        None => Severity::Informational,
    }
}

/// The label of a severity.
pub fn label(severity: Severity) -> &'static str {
    SCALE.iter().find(|(s, _, _)| *s == severity).map_or("", |(_, label, _)| label)
}

/// The number that stands for a severity: 0, 1, 40, 70 or 90.
pub fn normalized(severity: Severity) -> i64 {
    SCALE.iter().find(|(s, _, _)| *s == severity).map_or(0, |(_, _, number)| *number)
}

/// The severity of an ASFF Severity object: its Label, else its Normalized.
pub fn of_block(block: &Object) -> Option<Severity> {
    let by_label = block.get("Label").and_then(Value::as_str).and_then(of_label);
    by_label.or_else(|| number(block).map(of_normalized))
}

fn number(block: &Object) -> Option<f64> {
    block.get("Normalized").and_then(Value::as_f64)
}

/// The severity that a finding shows: of its top level, else its producer's; informational when neither says.
pub fn shown(asff: &Object) -> Severity {
    let top = asff.get("Severity").and_then(Value::as_object).and_then(of_block);
    top.or_else(|| providers(asff)).unwrap_or(Severity::Informational)
}

/// The severity that the producer gave, whatever a customer has set: of FindingProviderFields, else the top level.
pub fn produced(asff: &Object) -> Severity {
    providers(asff).unwrap_or_else(|| shown(asff))
}

fn providers(asff: &Object) -> Option<Severity> {
    super::provider(asff, "Severity").and_then(Value::as_object).and_then(of_block)
}

/// Adds whichever of Label and Normalized is missing. What is there stays, even if the two disagree.
pub fn complete(block: &mut Object) {
    let Some(severity) = of_block(block) else { return };
    if present(block, "Label").is_none() {
        block.insert("Label".to_owned(), Value::String(label(severity).to_owned()));
    }
    if present(block, "Normalized").is_none() {
        block.insert("Normalized".to_owned(), Value::Number(normalized(severity).into()));
    }
}

/// Lays a newer Severity object over an older one and completes it. Of an older Label or Normalized that was not
/// given again, only what agrees with the newer half stays.
#[must_use]
pub fn lay_over(older: Option<&Object>, newer: &Object) -> Object {
    let mut block = older.cloned().unwrap_or_default();
    for (name, value) in newer.iter().filter(|(_, value)| !value.is_null()) {
        block.insert(name.clone(), value.clone());
    }
    match (present(newer, "Label"), present(newer, "Normalized")) {
        (Some(_), None) if number(&block).map(of_normalized) != of_block(&block) => {
            block.remove("Normalized");
        }
        (None, Some(_)) if number(&block).map(of_normalized) != of_block(&block) => {
            block.remove("Label");
        }
        _ => {}
    }
    complete(&mut block);
    block
}

#[cfg(test)]
mod tests {
    use super::super::samples::object;
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_and_labels_stand_for_each_other_as_in_contracts_1_7() {
        for (number, name) in [
            (0, "INFORMATIONAL"),
            (1, "LOW"),
            (39, "LOW"),
            (40, "MEDIUM"),
            (69, "MEDIUM"),
            (70, "HIGH"),
            (89, "HIGH"),
            (90, "CRITICAL"),
            (100, "CRITICAL"),
        ] {
            let mut block = object(json!({ "Normalized": number }));
            complete(&mut block);
            assert_eq!(block, object(json!({ "Label": name, "Normalized": number })));
        }
        for (name, number) in LABELS.into_iter().zip([0, 1, 40, 70, 90]) {
            let mut block = object(json!({ "Label": name }));
            complete(&mut block);
            assert_eq!(block, object(json!({ "Label": name, "Normalized": number })));
        }
    }

    #[test]
    fn both_halves_sent_stay_as_sent_and_the_label_counts() {
        let mut block = object(json!({ "Label": "LOW", "Normalized": 95 }));
        complete(&mut block);
        assert_eq!(block, object(json!({ "Label": "LOW", "Normalized": 95 })));
        assert_eq!(of_block(&block), Some(Severity::Low));
    }

    #[test]
    fn a_newer_half_keeps_the_older_one_only_where_they_agree() {
        let older = object(json!({ "Label": "HIGH", "Normalized": 75, "Product": 7.5, "Original": "h" }));
        for (newer, expected) in [
            (json!({ "Label": "HIGH" }), json!({ "Label": "HIGH", "Normalized": 75, "Product": 7.5, "Original": "h" })),
            (json!({ "Label": "LOW" }), json!({ "Label": "LOW", "Normalized": 1, "Product": 7.5, "Original": "h" })),
            (
                json!({ "Normalized": 95 }),
                json!({ "Label": "CRITICAL", "Normalized": 95, "Product": 7.5, "Original": "h" }),
            ),
            (json!({ "Product": 1 }), json!({ "Label": "HIGH", "Normalized": 75, "Product": 1, "Original": "h" })),
        ] {
            assert_eq!(lay_over(Some(&older), &object(newer.clone())), object(expected), "{newer}");
        }
    }

    #[test]
    fn numbers_off_the_scale_count_as_its_nearer_end() {
        for (number, severity) in
            [(-5.0, Severity::Informational), (0.5, Severity::Low), (39.5, Severity::Low), (1e9, Severity::Critical)]
        {
            assert_eq!(of_normalized(number), severity, "{number}");
        }
    }
}
