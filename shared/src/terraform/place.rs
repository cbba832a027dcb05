//! Finds the block that makes a resource: by its address in a state, or by a name that is written there.
//!
//! A state is believed before names. Without one, a name is taken at its word; a root whose provider names another region is not meant.

use super::Why;
use super::outline::{Block, Said};
use super::plan::Subject;
use super::workspace::{Spot, Workspace};
use crate::domain::terraform::Address;
use serde_json::Value;
use std::collections::BTreeSet;

/// Arguments that are a resource's name in its region, by its type. Where a type is not here, only a state tells which block makes a
/// resource.
const NAMES: &[(&str, &str)] = &[
    ("aws_cloudtrail", "name"),
    ("aws_db_instance", "identifier"),
    ("aws_dynamodb_table", "name"),
    ("aws_ecr_repository", "name"),
    ("aws_eks_cluster", "name"),
    ("aws_lambda_function", "function_name"),
    ("aws_opensearch_domain", "domain_name"),
    ("aws_redshift_cluster", "cluster_identifier"),
    ("aws_s3_bucket", "bucket"),
    ("aws_security_group", "name"),
    ("aws_sns_topic", "name"),
    ("aws_sqs_queue", "name"),
];

/// How deep modules may call each other.
const CALLS: usize = 8;

/// The block that makes a resource.
pub fn find<'a>(workspaces: &'a [Workspace], kind: &str, subject: &Subject<'_>) -> Result<Spot<'a>, Why> {
    let stated: Vec<(&Workspace, &Address)> = workspaces
        .iter()
        .flat_map(|workspace| workspace.resources.iter().map(move |address| (workspace, address)))
        .filter(|(_, address)| address.kind == kind && subject.is(address))
        .collect();
    let spot = match stated.as_slice() {
        [(workspace, address)] => at_address(workspace, address)?,
        [] => by_name(workspaces, kind, subject)?,
        several => {
            let addresses: BTreeSet<String> = several
                .iter()
                .map(|(workspace, address)| format!("{} in {}", address.address, workspace.name))
                .collect();
            let addresses: Vec<String> = addresses.into_iter().collect();
            return Err(Why::new(format!("several states have this resource: {}", addresses.join(", "))));
        }
    };
    is_single(&spot)?;
    Ok(spot)
}

/// The block of an address.
pub fn at_address<'a>(workspace: &'a Workspace, address: &Address) -> Result<Spot<'a>, Why> {
    let Address { address: text, kind, name, .. } = address;
    let folder = folder_of(workspace, text)?;
    let is_it = |spot: &Spot<'_>| spot.file.folder() == folder && spot.name() == name;
    workspace.of_type(kind).find(is_it).ok_or_else(|| {
        Why::new(format!("the state of {} has {text}, and its files do not, or cannot be read", workspace.name))
    })
}

/// The folder in which the modules of an address lie: `module.a.module.b.aws_x.y`.
fn folder_of(workspace: &Workspace, address: &str) -> Result<String, Why> {
    let mut folder = root_folder(workspace)?.to_owned();
    let mut rest = address;
    for _ in 0..CALLS {
        let Some(inner) = rest.strip_prefix("module.") else { return Ok(folder) };
        let (name, behind) = inner.split_once('.').unwrap_or((inner, ""));
        let unknown = |why: &str| Why::new(format!("the resource is made by the module `{name}`, {why}"));
        if name.contains('[') {
            return Err(unknown("which is there several times"));
        }
        let call = workspace
            .blocks("module")
            .find(|spot| spot.file.folder() == folder && spot.block.labels.first().is_some_and(|label| label == name));
        let call = call.ok_or_else(|| unknown("which the files do not have"))?;
        if call.block.argument("count").is_some() || call.block.argument("for_each").is_some() {
            return Err(unknown("which is there several times"));
        }
        let source = call.block.text("source").unwrap_or_default();
        let next = joined(&folder, source).ok_or_else(|| unknown("whose source is not among the files"))?;
        let calls = workspace.blocks("module").filter(|spot| {
            joined(spot.file.folder(), spot.block.text("source").unwrap_or_default()).as_deref() == Some(next.as_str())
        });
        if calls.count() > 1 {
            return Err(unknown("whose source others are made by too"));
        }
        folder = next;
        rest = behind;
    }
    Err(Why::new("the resource is made by modules within too many others"))
}

/// The folder of the root module: the one that was pushed, or the only one at the top that has files.
fn root_folder(workspace: &Workspace) -> Result<&str, Why> {
    let folders: BTreeSet<&str> = workspace.files.iter().map(|file| file.folder()).collect();
    let is_below = |folder: &str, other: &str| folder.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
    let mut top = folders.iter().filter(|folder| !folders.iter().any(|other| is_below(folder, other)));
    match (folders.contains(""), top.next(), top.next()) {
        (true, _, _) | (false, None, _) => Ok(""),
        (false, Some(one), None) => Ok(one),
        (false, Some(_), Some(_)) => {
            let why = format!("the folder pushed as {} has no .tf file of its own: push the root's", workspace.name);
            Err(Why::new(why))
        }
    }
}

/// The folder of a local source.
fn joined(folder: &str, source: &str) -> Option<String> {
    if !source.starts_with("./") && !source.starts_with("../") {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in source.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}

fn by_name<'a>(workspaces: &'a [Workspace], kind: &str, subject: &Subject<'_>) -> Result<Spot<'a>, Why> {
    let absent = || Why::new(format!("no {kind} that was pushed is this resource"));
    let Some((_, argument)) = NAMES.iter().find(|(known, _)| *known == kind) else {
        let why = format!("{} does not tell which resource it is, and no state that was pushed has this one", a(kind));
        return Err(Why::new(why));
    };
    let is_named = |spot: &Spot<'_>| {
        let is_it = spot.block.text(argument).is_some_and(|name| subject.is_called(name));
        is_it && !is_elsewhere(spot, subject) && !is_stated(spot)
    };
    let mut found: Vec<Spot<'a>> = Vec::new();
    for workspace in workspaces {
        found.extend(workspace.of_type(kind).filter(is_named));
    }
    match found.as_slice() {
        [one] => Ok(*one),
        [] => Err(absent()),
        several => {
            let places: Vec<String> =
                several.iter().map(|spot| format!("{} in {}", spot.address(), spot.workspace.name)).collect();
            Err(Why::new(format!("several blocks name this resource: {}", places.join(", "))))
        }
    }
}

fn a(kind: &str) -> String {
    format!("an {kind}")
}

/// Whether its state says that it is another resource.
fn is_stated(spot: &Spot<'_>) -> bool {
    let Some((kind, name)) = spot.block.resource() else { return false };
    let folder = spot.file.folder();
    let is_it = |address: &&Address| address.kind == kind && address.name == name;
    spot.workspace.resources.iter().filter(is_it).any(|address| {
        // What the state says of this block is not the resource, or it would have been found by it.
        address.id.is_some() && folder_of(spot.workspace, &address.address).is_ok_and(|of| of == folder)
    })
}

/// Whether the provider beside a block names another region than the resource's.
fn is_elsewhere(spot: &Spot<'_>, subject: &Subject<'_>) -> bool {
    if let Some(region) = spot.block.text("region") {
        return subject.region != "global" && region != subject.region;
    }
    let alias = spot.block.argument("provider").map(|argument| &argument.said);
    let wanted = match alias {
        None => None,
        Some(Said::Reference(parts)) => match parts.as_slice() {
            [aws, alias] if aws == "aws" => Some(alias.as_str()),
            _ => return false,
        },
        Some(_) => return false,
    };
    let providers = spot.workspace.blocks("provider").filter(|provider| {
        let is_aws = provider.block.labels.first().is_some_and(|label| label == "aws");
        is_aws && provider.is_beside(spot) && provider.block.text("alias") == wanted
    });
    let mut regions = providers.filter_map(|provider| provider.block.text("region"));
    subject.region != "global" && regions.any(|region| region != subject.region)
}

/// Refuses a block that makes several resources.
pub fn is_single(spot: &Spot<'_>) -> Result<(), Why> {
    for name in ["count", "for_each"] {
        if spot.block.argument(name).is_some() {
            return Err(Why::new(format!("{} makes several resources by `{name}`", spot.address())));
        }
    }
    Ok(())
}

/// Whether Terraform leaves an argument as it is.
pub fn is_ignored(block: &Block, argument: &str, text: &str) -> bool {
    let first = argument.split('.').next().unwrap_or_default();
    block.blocks("lifecycle").filter_map(|lifecycle| lifecycle.argument("ignore_changes")).any(|ignored| {
        let written = text.get(ignored.value.clone()).unwrap_or_default();
        written.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == first || word == "all")
    })
}

/// How a block that belongs to another one names that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// It means this one.
    This,
    /// It means another one.
    Another,
    /// Its text does not tell.
    Unclear,
}

/// Which resource an argument of `spot` means; `subject` is one that `owner` makes.
pub fn names(spot: &Spot<'_>, by: &str, owner: &Spot<'_>, subject: &Subject<'_>) -> Names {
    let Some(argument) = spot.block.argument(by) else { return Names::Unclear };
    match &argument.said {
        Said::Literal(Value::String(name)) if subject.is_called(name) => Names::This,
        Said::Literal(_) => Names::Another,
        Said::Reference(parts) => match parts.as_slice() {
            [kind, name, _] => match owner.block.resource() {
                Some((own, own_name)) if kind == own && name == own_name && spot.is_beside(owner) => Names::This,
                Some((own, _)) if kind == own => Names::Another,
                _ => Names::Unclear,
            },
            _ => Names::Unclear,
        },
        Said::List(_) | Said::Other => Names::Unclear,
    }
}

/// Whether a state says that a block is about another resource than the subject.
pub fn is_of_another(spot: &Spot<'_>, subject: &Subject<'_>) -> bool {
    let Some((kind, name)) = spot.block.resource() else { return false };
    let stated = spot.workspace.resources.iter().filter(|address| address.kind == kind && address.name == name);
    let mut stated = stated.filter_map(|address| address.id.as_deref()).peekable();
    stated.peek().is_some() && !stated.any(|id| subject.is_called(id))
}
