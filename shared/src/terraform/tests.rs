//! Patches of files that are written as nobody would: what is not changed stays, and nothing breaks off.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use super::edit::{Edit, apply};
use super::outline::Outline;
use super::{File, Follow, Offence, Patch, Setting, Subject, Terraform, Why, Workspace, plan};
use crate::domain::Instant;
use crate::domain::inventory::{ConfigurationItem, ItemKey};
use crate::domain::json::Object;
use crate::domain::terraform::{Address, Content};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn bucket() -> ConfigurationItem {
    let text = str::to_owned;
    let key = ItemKey {
        account: text("123456789012"),
        region: text("eu-west-1"),
        kind: text("AWS::S3::Bucket"),
        id: text("logs"),
    };
    ConfigurationItem::new(key, Instant(0))
}

fn setting(argument: &str, value: Value) -> Setting {
    let item = BTreeMap::from([("configuration.x".to_owned(), Value::Null)]);
    Setting { argument: argument.to_owned(), value: Some(value), contains: None, item }
}

fn fix(resource: &str, set: Vec<Setting>, of: Option<Follow>) -> Terraform {
    let patch = Patch { set, of, ..Patch::default() };
    Terraform { resource: resource.to_owned(), attribute: "x".to_owned(), patch: Some(patch) }
}

fn follow() -> Follow {
    let text = str::to_owned;
    Follow {
        resource: text("aws_s3_bucket"),
        by: text("bucket"),
        with: text("id"),
        unless: Some(text("versioning")),
        add: true,
    }
}

fn versioning() -> Terraform {
    fix("aws_s3_bucket_versioning", vec![setting("versioning_configuration.status", json!("Enabled"))], Some(follow()))
}

fn workspace(text: &str, resources: Vec<Address>) -> Workspace {
    let files = BTreeMap::from([("main.tf".to_owned(), text.to_owned())]);
    Workspace::read("r", Content { files, resources })
}

/// The diff of a file, or why there is none.
fn diff(terraform: &Terraform, text: &str) -> Result<String, Why> {
    let item = bucket();
    let Value::Object(members) = item.to_value() else { unreachable!() };
    let none: [Offence<'_>; 0] = [];
    let workspaces = [workspace(text, Vec::new())];
    plan(terraform, &workspaces, &Subject::of(&item, &members), &none, &Object::new()).map(|plan| plan.diff)
}

/// A text with a unified diff of one file applied, by the letter.
fn patched(text: &str, diff: &str) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut out = String::new();
    let mut at = 0;
    let mut rest = diff.split_inclusive('\n').skip(2).peekable();
    while let Some(line) = rest.next() {
        if let Some(head) = line.strip_prefix("@@ -") {
            let (begin, count) = head.split(' ').next().unwrap().split_once(',').unwrap();
            let begin: usize = begin.parse().unwrap();
            let begin = if count == "0" { begin } else { begin - 1 };
            out.extend(lines[at..begin].iter().copied());
            at = begin;
            continue;
        }
        let bare = rest.peek().is_some_and(|next| next.starts_with('\\'));
        let content = if bare { line[1..].strip_suffix('\n').unwrap() } else { &line[1..] };
        match &line[..1] {
            "+" => out.push_str(content),
            "\\" => {}
            sign => {
                assert_eq!(lines[at], content);
                at += 1;
                if sign == " " {
                    out.push_str(content);
                }
            }
        }
    }
    out.extend(lines[at..].iter().copied());
    out
}

fn after(terraform: &Terraform, text: &str) -> String {
    patched(text, &diff(terraform, text).unwrap())
}

/// "set" on a bucket itself.
fn acl() -> Terraform {
    fix("aws_s3_bucket", vec![setting("acl", json!("private"))], None)
}

#[test]
fn values_are_changed_where_they_stand() {
    for (before, expected) in [
        (
            "resource \"aws_s3_bucket\" \"a\" {\n  bucket = \"logs\"\n  acl    = \"public\"   # who reads\n}\n",
            "resource \"aws_s3_bucket\" \"a\" {\n  bucket = \"logs\"\n  acl    = \"private\"  # who reads\n}\n",
        ),
        (
            "resource \"aws_s3_bucket\" \"a\" { bucket = \"logs\" }",
            "resource \"aws_s3_bucket\" \"a\" {\n  bucket = \"logs\"\n  acl = \"private\"\n}",
        ),
        (
            "resource aws_s3_bucket a {\r\n\tbucket = \"logs\"\r\n}\r\n",
            "resource aws_s3_bucket a {\r\n\tbucket = \"logs\"\r\n\tacl    = \"private\"\r\n}\r\n",
        ),
        (
            "resource \"aws_s3_bucket\" \"a\" {\n  bucket = \"logs\" # ${}\n\n  lifecycle {\n  }\n}",
            "resource \"aws_s3_bucket\" \"a\" {\n  bucket = \"logs\" # ${}\n  acl    = \"private\"\n\n  lifecycle {\n  }\n}",
        ),
        (
            "# é 😀 }\nresource \"aws_s3_bucket\" \"ü\" {\n  tags = {\n    é = <<-E\n      }\n      acl = 1\n    E\n  }\n  bucket = \"logs\" }\n",
            "",
        ),
        (
            "# é 😀 }\nresource \"aws_s3_bucket\" \"ü\" {\n  bucket = \"logs\"\n  policy = <<E\n}\nacl = 1\nE\n}\n",
            "# é 😀 }\nresource \"aws_s3_bucket\" \"ü\" {\n  bucket = \"logs\"\n  policy = <<E\n}\nacl = 1\nE\n  acl    = \"private\"\n}\n",
        ),
    ] {
        match diff(&acl(), before) {
            Ok(diff) => assert_eq!(patched(before, &diff), expected, "{before}"),
            Err(why) => assert_eq!(expected, "", "{before}: {why}"),
        }
    }
}

#[test]
fn missing_resources_are_added() {
    let bucket = "resource \"aws_s3_bucket\" \"a\" {\n  bucket = \"logs\"\n}";
    let added = "\n\nresource \"aws_s3_bucket_versioning\" \"a\" {\n  bucket = aws_s3_bucket.a.id\n\n  versioning_configuration {\n    status = \"Enabled\"\n  }\n}";
    assert_eq!(after(&versioning(), bucket), format!("{bucket}{added}"));
    assert_eq!(after(&versioning(), &format!("{bucket}\n")), format!("{bucket}{added}\n"));
    let taken = format!("{bucket}\nresource \"aws_s3_bucket_versioning\" \"a\" {{\n  bucket = \"other\"\n}}\n");
    assert!(after(&versioning(), &taken).contains("\"aws_s3_bucket_versioning\" \"a_2\""));
}

/// "Values behind variables, `dynamic`, `for_each` or module inputs": none, with the reason.
#[test]
fn what_is_not_written_there_has_a_reason() {
    let bucket = |inner: &str| format!("resource \"aws_s3_bucket\" \"a\" {{\n  bucket = \"logs\"\n{inner}\n}}\n");
    let dynamic = "  dynamic \"versioning\" {\n    for_each = var.v\n    content {}\n  }";
    let beside =
        |by: &str| format!("{}resource \"aws_s3_bucket_versioning\" \"x\" {{\n  bucket = {by}\n}}\n", bucket(""));
    for (terraform, text, reason) in [
        (acl(), bucket("  acl = var.acl"), "`acl` is set by the expression `var.acl`"),
        (acl(), bucket("  acl = \"${var.acl}\""), "`acl` is set by the expression"),
        (acl(), bucket("  count = 2"), "by `count`"),
        (acl(), bucket("  for_each = toset([])"), "by `for_each`"),
        (acl(), bucket("  acl = \"private\""), "apply it"),
        (acl(), bucket("  lifecycle {\n    ignore_changes = [tags, acl]\n  }"), "ignores changes of `acl`"),
        (acl(), bucket("").replace("\"logs\"", "var.name"), "is this resource"),
        (acl(), bucket("").repeat(2).replacen("\"a\"", "\"b\"", 1), "several blocks name this resource"),
        (acl(), format!("provider \"aws\" {{\n  region = \"us-east-1\"\n}}\n{}", bucket("")), "is this resource"),
        (acl(), "not = terraform {".to_owned(), "is this resource"),
        (versioning(), bucket(dynamic), "has `versioning` itself"),
        (versioning(), beside("var.bucket"), "does not say by its text which resource it is of"),
        (versioning(), beside("aws_s3_bucket.a.id\n  for_each = {}"), "by `for_each`"),
        (
            versioning(),
            beside("aws_s3_bucket.a.id\n  dynamic \"versioning_configuration\" {\n  }"),
            "made by a `dynamic`",
        ),
        (
            versioning(),
            beside("\"logs\"\n  versioning_configuration {\n  }\n  versioning_configuration {\n  }"),
            "several blocks",
        ),
    ] {
        let said = diff(&terraform, &text).unwrap_err().0;
        assert!(said.contains(reason), "{text}\n{said}");
    }
}

#[test]
fn a_state_tells_which_block_is_meant() {
    let module = "resource \"aws_s3_bucket\" \"this\" {\n  bucket = var.name\n}\n";
    let call =
        |more: &str| format!("module \"logs\" {{\n  source = \"./modules/bucket\"\n  name   = \"logs\"\n{more}}}\n");
    let said = |main: &str, address: &str| {
        let files = [("main.tf", main), ("modules/bucket/main.tf", module)];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned())).into();
        let address = Address {
            address: address.to_owned(),
            kind: "aws_s3_bucket".to_owned(),
            name: "this".to_owned(),
            id: Some("logs".to_owned()),
            arn: None,
        };
        let item = bucket();
        let Value::Object(members) = item.to_value() else { unreachable!() };
        let workspaces = [Workspace::read("r", Content { files, resources: vec![address] })];
        plan(&acl(), &workspaces, &Subject::of(&item, &members), &[], &Object::new()).map(|plan| plan.diff)
    };
    let address = "module.logs.aws_s3_bucket.this";
    assert!(said(&call(""), address).unwrap().starts_with("--- a/modules/bucket/main.tf\n"));
    for (main, address, reason) in [
        (call("").replace("./modules/bucket", "hashicorp/bucket/aws"), address, "source is not among the files"),
        (format!("{}{}", call(""), call("").replace("\"logs\" {", "\"more\" {")), address, "others are made by too"),
        (call("  for_each = var.names\n"), address, "there several times"),
        (call(""), "module.logs[\"a\"].aws_s3_bucket.this", "there several times"),
        (call(""), "module.gone.aws_s3_bucket.this", "the files do not have"),
        (call(""), "aws_s3_bucket.this", "its files do not"),
    ] {
        let why = said(&main, address).unwrap_err().0;
        assert!(why.contains(reason), "{why}");
    }
}

/// Nesting without end is refused before the parser recurses, and what is taken is parsed.
#[test]
fn nesting_is_bounded() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{a=", "}"),
        ("{(", ")=1}"),
        ("f(", ")"),
        ("[for x in ", ": x]"),
        ("\"${", "}\""),
        ("!", ""),
        ("- ", ""),
        ("-/**/", ""),
        ("b ? c : ", ""),
        ("b[", "]"),
    ] {
        for count in [20, 2_400, 200_000] {
            let text = format!("a = {}1{}\n", open.repeat(count), close.repeat(count));
            let read = Outline::read(&text);
            assert!(count == 2_400 || read.is_ok() == (count == 20), "{open} {count} {read:?}");
        }
    }
    let blocks = format!("{}{}", "b {\n".repeat(4_000), "}\n".repeat(4_000));
    assert_eq!(Outline::read(&blocks).unwrap().blocks.len(), 1);
    let long = format!("a = \"{}\"\n", "x".repeat(600_000));
    assert!(Outline::read(&long).unwrap_err().contains("bytes"));
    let signs = "name = \"a-b-c - d\"\n".replace("name", "n") + &"# --- a - b\n".repeat(2_000);
    assert!(Outline::read(&signs).is_ok());
}

fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "acl = \"public\"",
        "acl=\"x\" // }",
        "acl = [\n \"a\", # b\n]",
        "acl = <<-E\n }\n ${1}\n E",
        "tags = { a = 1 } # {",
        "/* } */",
        "# \" {",
        "versioning {\n}",
        "versioning { a = 1 }",
        "dynamic \"x\" {\n  content {}\n}",
        "bucket = \"logs\"",
        "bucket = var.b",
        "count = 1",
        "lifecycle {\n ignore_changes = [tags]\n}",
        "policy = jsonencode({\"é\" = \"${a}\"})",
        "",
        "\u{feff}",
        "}",
        "{",
        "\"",
        "😀 = 1",
        "versioning_configuration {\n  status = \"Off\"\n}",
        "versioning_configuration {}",
        "versioning_configuration { status = \"Off\" }",
    ];
    prop_oneof![9 => proptest::sample::select(fixed.to_vec()).prop_map(str::to_owned), 1 => "[ -~]{0,12}"]
}

fn text() -> impl Strategy<Value = String> {
    let block = (
        prop_oneof![
            Just("resource \"aws_s3_bucket\" \"a\""),
            Just("resource aws_s3_bucket b"),
            Just("resource \"aws_s3_bucket_versioning\" \"a\""),
            Just("locals")
        ],
        prop_oneof![3 => Just("bucket = \"logs\""), 1 => Just("bucket = aws_s3_bucket.a.id")],
        proptest::collection::vec(piece(), 0..5),
        any::<bool>(),
    );
    let blocks = proptest::collection::vec(block, 0..4);
    (blocks, any::<bool>(), any::<bool>()).prop_map(|(blocks, crlf, end)| {
        let written = blocks.into_iter().map(|(head, first, pieces, open)| {
            let inner: String = pieces.iter().map(|piece| format!("  {piece}\n")).collect();
            if open { format!("{head} {{\n  {first}\n{inner}}}\n") } else { format!("{head} {{ {first} }}\n") }
        });
        let mut text = written.collect::<Vec<_>>().join("\n");
        if !end {
            text.truncate(text.trim_end().len());
        }
        if crlf { text.replace('\n', "\r\n") } else { text }
    })
}

/// The texts are hostile, and still a good part of them has a patch: the property below is not about nothing.
#[test]
fn many_hostile_texts_are_patched() {
    let mut runner = TestRunner::deterministic();
    let texts: Vec<String> = (0..300).map(|_| text().new_tree(&mut runner).unwrap().current()).collect();
    for terraform in [acl(), versioning()] {
        let count = texts.iter().filter(|text| diff(&terraform, text).is_ok()).count();
        assert!(count > 15, "{count}");
    }
}

/// What is left of a text when the lines of a diff that were taken out are.
fn taken(diff: &str) -> Vec<&str> {
    diff.lines().skip(2).filter(|line| line.starts_with('-')).map(|line| &line[1..]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever the text is: no panic; a diff that there is applies; what it makes can be parsed, says what was wanted, has every comment
    /// and every other block still; and there is nothing more to do then.
    #[test]
    fn hostile_texts_are_patched_or_refused(text in text()) {
        for terraform in [acl(), versioning()] {
            let Ok(diff) = diff(&terraform, &text) else { continue };
            let new = patched(&text, &diff);
            let before = Outline::read(&text).unwrap();
            let outline = Outline::read(&new).unwrap();
            prop_assert!(outline.blocks.len() >= before.blocks.len());
            prop_assert!(taken(&diff).len() <= 12, "{diff}");
            for block in before.blocks.iter().filter(|block| block.kind == "locals") {
                prop_assert!(new.contains(&text[block.span.clone()]));
            }
            let comments = |text: &str| text.matches(['#', '😀']).count();
            prop_assert_eq!(comments(&text), comments(&new));
            prop_assert_eq!(text.matches("\r\n").count() == text.matches('\n').count() && text.contains('\n'), new.matches("\r\n").count() == new.matches('\n').count() && text.contains('\n'));
            prop_assert!(!text.ends_with('\n') || new.ends_with('\n'));
            let again = self::diff(&terraform, &new).unwrap_err().0;
            prop_assert!(again.contains("apply it"), "{new}\n{again}");
        }
    }

    /// Any bytes at all.
    #[test]
    fn nothing_breaks_off(text in "\\PC{0,200}") {
        let workspace = workspace(&text, Vec::new());
        let _ = workspace.unreadable().count();
        let edit = Edit { at: 0..text.len(), text: String::new() };
        prop_assert_eq!(apply(&text, &[edit]), Some(String::new()));
        let _: Vec<&File> = workspace.files.iter().map(AsRef::as_ref).collect();
    }
}
