//! A patch for one finding: what is changed where, and what the resource is like once it is applied.
//!
//! What the patched text says is read back from it, parsed anew. Only what stands there then goes into the item that is judged.

use super::Why;
use super::change::changed;
use super::diff::diff;
use super::edit::{Edit, Layout, append, apply, merge, removed};
use super::fix::{Follow, Patch, Remove, Terraform};
use super::ingress::{self, narrow};
use super::outline::{Block, Outline};
use super::place::{Names, at_address, find, is_ignored, is_of_another, is_single, names};
use super::workspace::{File, Spot, Workspace};
use super::write::{Wanted, Written, block};
use crate::domain::inventory::ConfigurationItem;
use crate::domain::json::Object;
use crate::domain::resource_type::resource_name;
use crate::domain::terraform::Address;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The resource that is to be mended.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The item as rules see it.
    pub item: &'a Object,
    /// Its region.
    pub region: &'a str,
    arn: Option<&'a str>,
    called: BTreeSet<&'a str>,
}

/// What is wrong with it: where, and what was found there.
#[derive(Debug, Clone, Copy)]
pub struct Offence<'a> {
    /// The member to blame: `configuration.ipPermissions[0]`.
    pub path: &'a str,
    /// What the rule found.
    pub evidence: &'a Value,
}

/// A patch.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The root that it is for.
    pub root: String,
    /// The unified diff.
    pub diff: String,
    /// The item as it will be.
    pub item: Object,
    /// What whoever applies it should know before.
    pub caution: Option<String>,
}

/// Changes of one file.
pub(super) type Changes<'a> = Vec<(Spot<'a>, Edit)>;

impl<'a> Subject<'a> {
    /// The resource of an item; `members` is the item as rules see it.
    pub fn of(item: &'a ConfigurationItem, members: &'a Object) -> Self {
        let group = item.configuration.get("groupName").and_then(Value::as_str);
        let last = item.id.rsplit(['/', ':']).next();
        let arn = item.arn.as_deref();
        let called = [Some(item.id.as_str()), item.name.as_deref(), arn, arn.map(resource_name), group, last];
        let called = called.into_iter().flatten().filter(|name| !name.is_empty()).collect();
        Self { item: members, region: &item.region, arn, called }
    }

    /// Whether this is one of its names.
    pub fn is_called(&self, name: &str) -> bool {
        self.called.contains(name) || name.split(',').next().is_some_and(|first| self.called.contains(first))
    }

    /// Whether an address of a state is this resource's.
    pub fn is(&self, address: &Address) -> bool {
        match (&address.arn, self.arn) {
            (Some(theirs), Some(own)) => theirs.trim_end_matches(":*") == own.trim_end_matches(":*"),
            _ => address.id.as_deref().is_some_and(|id| self.is_called(id)),
        }
    }
}

/// Makes a patch. `Err` says why there is none.
pub fn plan(
    terraform: &Terraform,
    workspaces: &[Workspace],
    subject: &Subject<'_>,
    offences: &[Offence<'_>],
    params: &Object,
) -> Result<Plan, Why> {
    let Some(patch) = &terraform.patch else {
        return Err(Why::new("there is no patch for this rule: what it asks has no one answer"));
    };
    if workspaces.is_empty() {
        return Err(Why::new("no Terraform was pushed"));
    }
    let mut item = subject.item.clone();
    let (root, diff) = if let Some(to) = &patch.narrow {
        narrowed(terraform, to, workspaces, subject, offences, &mut item)?
    } else if patch.remove.is_empty() {
        set(terraform, patch, workspaces, subject, params, &mut item)?
    } else {
        taken_out(terraform, &patch.remove, workspaces, subject, &mut item)?
    };
    Ok(Plan { root, diff, item, caution: patch.caution.clone() })
}

/// An item as a patch means it to be; `None` where it does not fit the item.
pub fn foreseen(patch: &Patch, item: &Object, offences: &[Offence<'_>], params: &Object) -> Option<Object> {
    let mut mended = item.clone();
    for (setting, value) in patch.set.iter().zip(patch.values(params)?) {
        changed(&mut mended, &setting.item, &value, &value)?;
    }
    for Remove { block: _, item: path } in &patch.remove {
        changed(&mut mended, &[(path.clone(), Value::Null)].into(), &Value::Array(Vec::new()), &Value::Null)?;
    }
    if let Some(to) = &patch.narrow {
        ingress::foreseen(&mut mended, item, offences, to);
    }
    Some(mended)
}

/// The item as the text that was pushed describes it already, in all that the patch would set; `None` where it does not say
/// all of that. It may be stricter than the patch is.
pub fn as_written(
    terraform: &Terraform,
    workspaces: &[Workspace],
    subject: &Subject<'_>,
    params: &Object,
) -> Option<Object> {
    let patch = terraform.patch.as_ref().filter(|patch| !patch.set.is_empty())?;
    let values = patch.values(params)?;
    let target = aimed(terraform, patch, workspaces, subject).ok()?.1?;
    let mut item = subject.item.clone();
    for (setting, value) in patch.set.iter().zip(&values) {
        let said = read_back(target.block, &setting.argument)?;
        changed(&mut item, &setting.item, &said, value)?;
    }
    Some(item)
}

/// The block that makes the resource, and the one whose arguments are set; `None` where that one is to be added.
fn aimed<'a>(
    terraform: &Terraform,
    patch: &Patch,
    workspaces: &'a [Workspace],
    subject: &Subject<'_>,
) -> Result<(Spot<'a>, Option<Spot<'a>>), Why> {
    let Some(follow) = &patch.of else {
        let owner = find(workspaces, &terraform.resource, subject)?;
        return Ok((owner, Some(owner)));
    };
    let owner = find(workspaces, &follow.resource, subject)?;
    Ok((owner, belonging(&terraform.resource, follow, workspaces, &owner, subject)?))
}

/// The error where nothing is left to change.
pub fn nothing() -> Why {
    Why::new("the Terraform that was pushed says so already: apply it")
}

fn narrowed(
    terraform: &Terraform,
    to: &super::fix::Narrow,
    workspaces: &[Workspace],
    subject: &Subject<'_>,
    offences: &[Offence<'_>],
    item: &mut Object,
) -> Result<(String, String), Why> {
    let owner = find(workspaces, &terraform.resource, subject)?;
    let changes = narrow(&owner, to, subject, offences, item)?;
    let (patched, diff) = carried_out(owner.workspace, &changes)?;
    let again = find(std::slice::from_ref(&patched), &terraform.resource, subject)?;
    if ingress::any_left(&again, subject, offences) {
        return Err(unexpected());
    }
    // What else the text lets in, its rule has to pass as well.
    ingress::told(item, &again, subject);
    Ok((owner.workspace.name.clone(), diff))
}

fn taken_out(
    terraform: &Terraform,
    remove: &[Remove],
    workspaces: &[Workspace],
    subject: &Subject<'_>,
    item: &mut Object,
) -> Result<(String, String), Why> {
    let owner = find(workspaces, &terraform.resource, subject)?;
    let layout = Layout::of(&owner.file.text);
    let mut changes = Vec::new();
    for Remove { block, item: _ } in remove {
        if owner.block.is_dynamic(block) || owner.block.argument(block).is_some_and(|a| !is_empty_list(&a.said.value()))
        {
            return Err(Why::new(format!("the blocks `{block}` are made by an expression")));
        }
        if is_ignored(owner.block, block, &owner.file.text) {
            return Err(Why::new(format!("Terraform ignores changes of `{block}`")));
        }
        changes.extend(owner.block.blocks(block).map(|found| (owner, removed(found, layout))));
    }
    if let Some(rule) = ingress::separate(&owner, subject).next() {
        return Err(Why::new(format!("{} adds a rule to it", rule.address())));
    }
    let (patched, diff) = carried_out(owner.workspace, &changes)?;
    let again = find(std::slice::from_ref(&patched), &terraform.resource, subject)?;
    for Remove { block, item: path } in remove {
        if again.block.blocks(block).next().is_some() {
            return Err(unexpected());
        }
        let follows = [(path.clone(), Value::Null)].into();
        changed(item, &follows, &Value::Array(Vec::new()), &Value::Null).ok_or_else(unexpected)?;
    }
    Ok((owner.workspace.name.clone(), diff))
}

fn is_empty_list(value: &Option<Value>) -> bool {
    value.as_ref().and_then(Value::as_array).is_some_and(Vec::is_empty)
}

fn set(
    terraform: &Terraform,
    patch: &Patch,
    workspaces: &[Workspace],
    subject: &Subject<'_>,
    params: &Object,
    item: &mut Object,
) -> Result<(String, String), Why> {
    let values = patch.values(params).ok_or_else(|| Why::new("a parameter of the rule is not there"))?;
    let (owner, target) = aimed(terraform, patch, workspaces, subject)?;
    let mut wanted = Wanted::default();
    let mut changes: Changes<'_> = Vec::new();
    for (setting, value) in patch.set.iter().zip(&values) {
        let argument = &setting.argument;
        if let Some(target) = &target {
            if is_ignored(target.block, argument, &target.file.text) {
                return Err(Why::new(format!("Terraform ignores changes of `{argument}`")));
            }
            let layout = Layout::of(&target.file.text);
            if let Some(contains) = &setting.contains
                && let Some(edits) = append(target.block, argument, contains, layout)?
            {
                changes.extend(edits.into_iter().map(|edit| (*target, edit)));
                continue;
            }
        }
        wanted.add(argument, Written::Value(value.clone()));
    }
    let name = match &target {
        Some(target) => {
            let mut edits = Vec::new();
            merge(target.block, &wanted, Layout::of(&target.file.text), &mut edits)?;
            changes.extend(edits.into_iter().map(|edit| (*target, edit)));
            target.name().to_owned()
        }
        None => {
            let follow = patch.of.as_ref().ok_or_else(unexpected)?;
            let name = free_name(&owner, &terraform.resource);
            let by = Written::Expression(format!("{}.{}", owner.address(), follow.with));
            wanted.arguments.insert(0, (follow.by.clone(), by));
            changes.push((owner, added(&owner, &terraform.resource, &name, &wanted)));
            name
        }
    };
    let place = target.unwrap_or(owner);
    let (patched, diff) = carried_out(place.workspace, &changes)?;
    let again =
        patched.of_type(&terraform.resource).find(|spot| spot.name() == name && spot.file.path == place.file.path);
    let again = again.ok_or_else(unexpected)?;
    for (setting, value) in patch.set.iter().zip(&values) {
        let said = read_back(again.block, &setting.argument).ok_or_else(unexpected)?;
        if setting.value.is_some() && said != *value {
            return Err(unexpected());
        }
        changed(item, &setting.item, &said, value)
            .ok_or_else(|| Why::new("the resource is not as such resources are"))?;
    }
    Ok((place.workspace.name.clone(), diff))
}

/// The error where the patched text does not say what it should, because of something in it that was not reckoned with.
fn unexpected() -> Why {
    Why::new("the block is laid out in a way that cannot be changed safely")
}

/// The value at the path of an argument.
fn read_back(found: &Block, path: &str) -> Option<Value> {
    match path.split_once('.') {
        None => found.argument(path)?.said.value(),
        Some((name, rest)) => {
            let mut blocks = found.blocks(name);
            let first = blocks.next()?;
            if blocks.next().is_some() { None } else { read_back(first, rest) }
        }
    }
}

/// The resource of a type that belongs to the one that `owner` makes; `None` where there is none and one may be added.
fn belonging<'a>(
    kind: &str,
    follow: &Follow,
    workspaces: &'a [Workspace],
    owner: &Spot<'a>,
    subject: &Subject<'_>,
) -> Result<Option<Spot<'a>>, Why> {
    if let Some(inline) = follow.unless.as_deref().filter(|inline| {
        owner.block.blocks(inline).next().is_some()
            || owner.block.argument(inline).is_some()
            || owner.block.is_dynamic(inline)
    }) {
        return Err(Why::new(format!(
            "{} has `{inline}` itself, as before version 4 of the provider",
            owner.address()
        )));
    }
    let mut found: Vec<Spot<'a>> = Vec::new();
    let mut unclear: Option<Spot<'a>> = None;
    // Of other resources than buckets there may be one of the same name in another account, which another root makes.
    let is_meant =
        |workspace: &&Workspace| std::ptr::eq(*workspace, owner.workspace) || kind.starts_with("aws_s3_bucket");
    for workspace in workspaces.iter().filter(is_meant) {
        for address in workspace.resources.iter().filter(|address| address.kind == kind) {
            if address.id.as_deref().is_some_and(|id| subject.is_called(id)) {
                let spot = at_address(workspace, address)?;
                if !found.iter().any(|other| other.is(&spot)) {
                    found.push(spot);
                }
            }
        }
        for spot in workspace.of_type(kind) {
            match names(&spot, &follow.by, owner, subject) {
                Names::This if !found.iter().any(|other| other.is(&spot)) => found.push(spot),
                Names::Unclear if spot.is_beside(owner) && !is_of_another(&spot, subject) => unclear = Some(spot),
                Names::This | Names::Another | Names::Unclear => {}
            }
        }
    }
    match found.as_slice() {
        [one] => {
            is_single(one)?;
            Ok(Some(*one))
        }
        [] => match unclear {
            Some(spot) => {
                let why =
                    format!("`{}` of {} does not say by its text which resource it is of", follow.by, spot.address());
                Err(Why::new(why))
            }
            None if follow.add => match owner.workspace.unreadable().next() {
                Some((path, _)) => Err(Why::new(format!("it may be in {path}, which cannot be read"))),
                None => Ok(None),
            },
            None => Err(Why::new(format!("no {kind} that was pushed belongs to this resource"))),
        },
        several => {
            let addresses: Vec<String> = several.iter().map(Spot::address).collect();
            Err(Why::new(format!("several blocks are about this resource: {}", addresses.join(", "))))
        }
    }
}

/// A name that no resource of this type has in the module of `owner`.
fn free_name(owner: &Spot<'_>, kind: &str) -> String {
    let taken: BTreeSet<&str> =
        owner.workspace.of_type(kind).filter(|spot| spot.is_beside(owner)).map(|spot| spot.name()).collect();
    let name = owner.name();
    if !taken.contains(name) {
        return name.to_owned();
    }
    (2_u32..).map(|n| format!("{name}_{n}")).find(|name| !taken.contains(name.as_str())).unwrap_or_default()
}

/// A new resource behind the one that it belongs to.
fn added(owner: &Spot<'_>, kind: &str, name: &str, wanted: &Wanted) -> Edit {
    let text = owner.file.text.as_str();
    let Layout { eol, .. } = Layout::of(text);
    let lines = block(&format!("resource \"{kind}\" \"{name}\""), wanted, "", eol);
    let behind = owner.block.span.end;
    match text.get(behind..).and_then(|rest| rest.find('\n')) {
        Some(newline) => {
            let at = behind + newline + 1;
            Edit { at: at..at, text: format!("{eol}{lines}") }
        }
        None => {
            let lines = lines.strip_suffix(eol).unwrap_or(&lines);
            Edit { at: text.len()..text.len(), text: format!("{eol}{eol}{lines}") }
        }
    }
}

/// The root with its changes, each file parsed anew, and the diff of them.
fn carried_out(workspace: &Workspace, changes: &[(Spot<'_>, Edit)]) -> Result<(Workspace, String), Why> {
    if changes.is_empty() {
        return Err(nothing());
    }
    let mut patched = workspace.clone();
    let mut diffs = String::new();
    for file in &mut patched.files {
        let mut edits: Vec<Edit> = Vec::new();
        for (spot, edit) in changes {
            if spot.file.path == file.path && !edits.contains(edit) {
                edits.push(edit.clone());
            }
        }
        if edits.is_empty() {
            continue;
        }
        edits.sort_by_key(|edit| (edit.at.start, edit.at.end));
        let text = apply(&file.text, &edits).ok_or_else(unexpected)?;
        diffs.push_str(&diff(&file.path, &file.text, &edits).ok_or_else(unexpected)?);
        let outline = Outline::read(&text);
        if outline.is_err() {
            return Err(unexpected());
        }
        *file = Arc::new(File { path: file.path.clone(), text, outline });
    }
    Ok((patched, diffs))
}
