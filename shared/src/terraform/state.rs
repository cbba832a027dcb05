//! The addresses in a state: of everything that it says, which includes secrets, only where each resource is and what it is called.

use crate::domain::json::Object;
use crate::domain::terraform::{AWS, Address};
use serde_json::Value;

/// How deep modules of `terraform show -json` may stand in each other.
const DEEPEST: usize = 32;

/// Reads a state as Terraform stores it (format 4), or as `terraform show -json` prints it.
pub fn read_state(state: &Value) -> Result<Vec<Address>, String> {
    let mut found = Vec::new();
    if let Some(root) = state.get("values").and_then(|values| values.get("root_module")) {
        shown(root, DEEPEST, &mut found);
        return Ok(found);
    }
    match state.get("version").and_then(Value::as_u64) {
        Some(4) => {}
        Some(other) => return Err(format!("is a state of format {other}; there is 4, since Terraform 0.12")),
        None => return Err("is no Terraform state, and nothing that `terraform show -json` prints".to_owned()),
    }
    for resource in state.get("resources").and_then(Value::as_array).into_iter().flatten() {
        stored(resource, &mut found);
    }
    Ok(found)
}

fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

fn stored(resource: &Value, found: &mut Vec<Address>) {
    let (Some("managed"), Some(kind), Some(name)) =
        (text(resource, "mode"), text(resource, "type"), text(resource, "name"))
    else {
        return;
    };
    let module = text(resource, "module").map(|module| format!("{module}.")).unwrap_or_default();
    for instance in resource.get("instances").and_then(Value::as_array).into_iter().flatten() {
        let index = match instance.get("index_key") {
            Some(key) if !key.is_null() => format!("[{key}]"),
            _ => String::new(),
        };
        let address = format!("{module}{kind}.{name}{index}");
        found.extend(of(address, kind, name, instance.get("attributes").and_then(Value::as_object)));
    }
}

fn shown(module: &Value, deepest: usize, found: &mut Vec<Address>) {
    let Some(deepest) = deepest.checked_sub(1) else { return };
    for resource in module.get("resources").and_then(Value::as_array).into_iter().flatten() {
        let names = (text(resource, "mode"), text(resource, "address"), text(resource, "type"), text(resource, "name"));
        if let (Some("managed"), Some(address), Some(kind), Some(name)) = names {
            found.extend(of(address.to_owned(), kind, name, resource.get("values").and_then(Value::as_object)));
        }
    }
    for child in module.get("child_modules").and_then(Value::as_array).into_iter().flatten() {
        shown(child, deepest, found);
    }
}

/// A resource of AWS.
fn of(address: String, kind: &str, name: &str, attributes: Option<&Object>) -> Option<Address> {
    if !kind.starts_with(AWS) {
        return None;
    }
    let attribute = |name: &str| attributes?.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    Some(Address { address, kind: kind.to_owned(), name: name.to_owned(), id: attribute("id"), arn: attribute("arn") })
}

#[cfg(test)]
mod tests {
    use super::read_state;
    use crate::domain::terraform::Address;
    use serde_json::json;

    fn address(address: &str, id: &str) -> Address {
        let (kind, name) = ("aws_db_instance".to_owned(), "main".to_owned());
        let arn = Some("arn:aws:rds:eu-west-1:1:db:x".to_owned());
        Address { address: address.to_owned(), kind, name, id: Some(id.to_owned()), arn }
    }

    #[test]
    fn nothing_but_addresses_is_read() {
        let attributes = json!({"id": "x", "arn": "arn:aws:rds:eu-west-1:1:db:x", "password": "secret"});
        let instance = json!({"attributes": attributes, "private": "secret"});
        let indexed = json!({"index_key": "a", "attributes": attributes});
        let managed = |more: serde_json::Value| {
            let mut resource = json!({"mode": "managed", "type": "aws_db_instance", "name": "main"});
            resource
                .as_object_mut()
                .into_iter()
                .for_each(|own| own.extend(more.as_object().cloned().unwrap_or_default()));
            resource
        };
        let stored = json!({"version": 4, "outputs": {"p": {"value": "secret"}}, "resources": [
            managed(json!({"instances": [instance]})),
            managed(json!({"module": "module.db", "instances": [indexed]})),
            {"mode": "data", "type": "aws_ami", "name": "x", "instances": [instance]},
            {"mode": "managed", "type": "random_string", "name": "p", "instances": [{"attributes": {"id": "secret"}}]},
            7,
        ]});
        let found = read_state(&stored);
        assert!(!format!("{found:?}").contains("secret"));
        let expected = [address("aws_db_instance.main", "x"), address("module.db.aws_db_instance.main[\"a\"]", "x")];
        assert_eq!(found, Ok(expected.to_vec()));
        let printed = json!({"values": {"root_module": {
            "resources": [managed(json!({"address": "aws_db_instance.main", "values": attributes}))],
            "child_modules": [{"resources": [managed(json!({"address": "module.db.aws_db_instance.main", "values": attributes}))]}],
        }}});
        let expected = [address("aws_db_instance.main", "x"), address("module.db.aws_db_instance.main", "x")];
        assert_eq!(read_state(&printed), Ok(expected.to_vec()));
        assert!(read_state(&json!({"version": 3})).is_err() && read_state(&json!([])).is_err());
    }
}
