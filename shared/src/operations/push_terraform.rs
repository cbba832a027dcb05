//! Takes a root of Terraform in place of what was pushed of it before.

use crate::domain::audit_rule::Deed;
use crate::domain::error::Denial;
use crate::domain::terraform::{Content, MOST_IN_ALL, MOST_ROOTS, Pushed, Root};
use crate::domain::{Caller, Error};
use crate::ledger::Writer;
use crate::secrets::{hex, random};
use crate::terraform::Workspace;

/// Races that a push may lose.
const MAX_RACES: usize = 8;

/// Stores a root; what it is now, and which of its files cannot be read. Without files and resources it is emptied.
///
/// Errors: [`Error::Invalid`] names what cannot be kept, before anything is written; [`Error::Denied`] for a key that is limited to
/// accounts, since files speak of any.
pub async fn push_terraform(writer: &Writer, caller: &Caller, name: &str, content: Content) -> Result<Pushed, Error> {
    if caller.accounts.is_some() {
        return Err(Error::Denied(Denial::Account));
    }
    content.check()?;
    let tenant = &caller.tenant;
    let bytes = content.bytes();
    let (files, resources) = (content.files.len(), content.resources.len());
    let listed = writer.terraform_list(tenant).await?;
    let is_near = check_beside(&listed, name, bytes)?;
    // Where the limits are near, others may have come nearer by the time that this is read.
    let mut listed = (!is_near).then_some(listed);
    let push = hex(&random::<16>()?);
    let is_empty = files == 0 && resources == 0;
    let parts = if is_empty { 0 } else { writer.terraform_content_put(tenant, &push, &content).await? };
    // Parsing takes a moment, which others need not wait for.
    let owned = name.to_owned();
    let read = tokio::task::spawn_blocking(move || Workspace::read(&owned, content)).await.map_err(Error::internal)?;
    let unreadable = read.unreadable().map(|(path, why)| (path.to_owned(), why.to_owned())).collect();
    for _ in 0..MAX_RACES {
        // Whoever pushed this root meanwhile has made it another revision.
        let known = match listed.take() {
            Some(known) => known,
            None => writer.terraform_list(tenant).await?,
        };
        check_beside(&known, name, bytes)?;
        let before = known.into_iter().find(|root| root.name == name);
        // A write whose answer was lost is found when it is tried again.
        if let Some(root) = before.as_ref().filter(|before| before.push == push) {
            return Ok(Pushed { root: root.clone(), unreadable });
        }
        let pushed = Deed { at: writer.clock().now(), by: caller.identity() };
        let revision = before.as_ref().map_or(0, |before| before.revision);
        let root = Root { name: name.to_owned(), push: push.clone(), parts, files, bytes, resources, pushed, revision };
        if writer.terraform_put(tenant, &root).await? {
            if let Some(before) = before {
                writer.terraform_content_end(tenant, &before).await?;
            }
            return Ok(Pushed { root, unreadable });
        }
    }
    Err(Error::Conflict("others push this root at the same moment; send it again".to_owned()))
}

/// Refuses what is too much together with the other roots; whether it is more than half of what there may be.
fn check_beside(known: &[Root], name: &str, bytes: usize) -> Result<bool, Error> {
    let others: Vec<&Root> = known.iter().filter(|root| root.name != name && root.parts > 0).collect();
    if others.len() >= MOST_ROOTS {
        return Err(Error::Conflict(format!(
            "there are {MOST_ROOTS} roots, which are the most: push an empty one in place of one"
        )));
    }
    let together = bytes + others.iter().map(|root| root.bytes).sum::<usize>();
    if together > MOST_IN_ALL {
        return Err(Error::Conflict(format!(
            "all roots together may have {MOST_IN_ALL} bytes, and would have {together}"
        )));
    }
    Ok(2 * others.len() > MOST_ROOTS || 2 * together > MOST_IN_ALL)
}
