//! Commands with places to fill: `{{resource.resourceId}}`.

use crate::domain::json::Object;
use serde_json::Value;

/// A text with its places filled by `fill`, which gets what stands between the braces; `Err` is the first place that it
/// leaves open. A place that is not closed is text.
pub fn filled(text: &str, mut fill: impl FnMut(&str) -> Option<String>) -> Result<String, &str> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((place, after)) = after.split_once("}}") else {
            out.push_str("{{");
            out.push_str(after);
            return Ok(out);
        };
        let place = place.trim();
        out.push_str(&fill(place).ok_or(place)?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// The text of a member of `resource`, `evidence` or `params` that a place names; lists are joined by blanks.
pub fn member(place: &str, resource: &Object, evidence: &Value, params: &Object) -> Option<String> {
    written(value_at(place, resource, evidence, params)?)
}

fn value_at<'a>(place: &str, resource: &'a Object, evidence: &'a Value, params: &'a Object) -> Option<&'a Value> {
    let (root, path) = place.split_once('.')?;
    let mut value = match root {
        "resource" => resource.get(path.split('.').next()?)?,
        "evidence" => evidence.get(path.split('.').next()?)?,
        "params" => params.get(path.split('.').next()?)?,
        _ => return None,
    };
    for name in path.split('.').skip(1) {
        value = value.get(name)?;
    }
    Some(value)
}

/// A command with its places filled, each value quoted for a shell where it needs it; `None` where a place stands for nothing, or for
/// something that would be read as an option or as the name of a file.
pub fn quoted(command: &str, resource: &Object, evidence: &Value, params: &Object) -> Option<String> {
    let place = |place: &str| {
        let values = value_at(place, resource, evidence, params)?;
        let values = match values {
            Value::Array(items) => items.iter().map(written).collect::<Option<Vec<_>>>()?,
            other => vec![written(other)?],
        };
        let is_safe =
            |value: &String| !value.starts_with('-') && !value.starts_with("file://") && !value.starts_with("fileb://");
        values.iter().all(is_safe).then(|| values.iter().map(|value| shell(value)).collect::<Vec<_>>().join(" "))
    };
    filled(command, place).ok()
}

/// A text as one word of a shell.
fn shell(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(bool) => Some(bool.to_string()),
        Value::Array(items) => Some(items.iter().filter_map(written).collect::<Vec<_>>().join(" ")),
        Value::Null | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{filled, quoted};
    use serde_json::{Value, json};

    #[test]
    fn places_are_filled_or_named() {
        let fill = |place: &str| (place == "a.b").then(|| "X".to_owned());
        assert_eq!(filled("1 {{a.b}} 2 {{ a.b }}3", fill), Ok("1 X 2 X3".to_owned()));
        assert_eq!(filled("{{a.b}} {{c}}", fill), Err("c"));
        assert_eq!(filled("{ {{ open", fill), Ok("{ {{ open".to_owned()));
    }

    #[test]
    fn values_are_words_of_a_shell() {
        let said = |value: Value| {
            let evidence = json!({"x": value});
            quoted("do --it {{evidence.x}}", &Default::default(), &evidence, &Default::default())
        };
        let expected = |text: &str| Some(format!("do --it {text}"));
        assert_eq!(said(json!("sg-0abc123")), expected("sg-0abc123"));
        assert_eq!(said(json!("a b; rm -rf ~ `id` $(id) 'x'")), expected(r"'a b; rm -rf ~ `id` $(id) '\''x'\'''"));
        assert_eq!(said(json!("")), expected("''"));
        assert_eq!(said(json!(22)), expected("22"));
        assert_eq!(said(json!(["a", "b c"])), expected("a 'b c'"));
        assert_eq!(said(json!("--endpoint-url=x")), None, "it would be an option");
        assert_eq!(said(json!("file:///etc/passwd")), None, "it would be read");
        assert_eq!(said(Value::Null), None);
    }
}
