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
    written(value)
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
    use super::filled;

    #[test]
    fn places_are_filled_or_named() {
        let fill = |place: &str| (place == "a.b").then(|| "X".to_owned());
        assert_eq!(filled("1 {{a.b}} 2 {{ a.b }}3", fill), Ok("1 X 2 X3".to_owned()));
        assert_eq!(filled("{{a.b}} {{c}}", fill), Err("c"));
        assert_eq!(filled("{ {{ open", fill), Ok("{ {{ open".to_owned()));
    }
}
