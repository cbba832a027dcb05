//! A push of Terraform as a request, and the text as a file: it is parsed or refused, and a patch of it is one or has a reason.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_fuzz::NOW;
use posture_shared::dialects::native::terraform::parse;
use posture_shared::domain::inventory::{ConfigurationItem, ItemKey};
use posture_shared::domain::json::Object;
use posture_shared::domain::terraform::Content;
use posture_shared::terraform::{Subject, Workspace, plan, read_state};
use serde_json::Value;

fuzz_target!(|text: &str| {
    let _ = parse(text.as_bytes());
    if let Ok(state) = posture_shared::domain::json::parse(text.as_bytes()) {
        let _ = read_state(&state);
    }
    let files = [("main.tf".to_owned(), text.to_owned())].into();
    let workspaces = [Workspace::read("fuzz", Content { files, resources: Vec::new() })];
    let name = |text: &str| text.to_owned();
    let key = ItemKey { account: name("1"), region: name("eu-west-1"), kind: name("AWS::S3::Bucket"), id: name("logs") };
    let item = ConfigurationItem::new(key, NOW);
    let Value::Object(members) = item.to_value() else { return };
    for rule in posture_shared::audit::built_in().unwrap_or_default() {
        if let Some(terraform) = rule.metadata.terraform.filter(|_| rule.metadata.resource_type == item.kind) {
            let _ = plan(&terraform, &workspaces, &Subject::of(&item, &members), &[], &Object::new());
        }
    }
});
