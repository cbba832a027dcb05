//! `posture terraform push`: a folder of Terraform, through a server's HTTP interface.
//!
//! Of a state only addresses, types, names, ids and ARNs leave the machine.

use super::door::web;
use super::{Ending, Failure, print, read_text, tell};
use clap::{Args, Subcommand};
use posture_shared::config::Settings;
use posture_shared::domain::terraform::{Address, Content, DEFAULT_ROOT, MOST_FILES};
use posture_shared::domain::{Error, json};
use posture_shared::terraform::read_state;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A function is given about 4.5 MB of body.
const MOST_BODY: usize = 4_500_000;

#[derive(Args)]
pub(super) struct Terraform {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Push a folder of Terraform in place of what was pushed under its root before
    Push(Push),
}

#[derive(Args)]
struct Push {
    /// The folder; every .tf file in it and below is sent, except in hidden folders
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// A state (terraform.tfstate, or what `terraform show -json` prints); `-` is stdin. Only addresses, ids and ARNs of it are sent
    #[arg(long, value_name = "FILE")]
    state: Option<String>,
    /// What the root is called: another name for every state, such as a workspace's
    #[arg(long, value_name = "NAME", default_value = DEFAULT_ROOT)]
    root: String,
    /// The server; POSTURE_URL when left out
    #[arg(long)]
    url: Option<String>,
    /// The key's token; POSTURE_TOKEN when left out
    #[arg(long)]
    token: Option<String>,
}

impl Terraform {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Failure> {
        match self.command {
            Command::Push(push) => push.run(settings).await,
        }
    }
}

impl Push {
    async fn run(self, settings: &Settings) -> Result<Ending, Failure> {
        let (web, tenant) = web(self.url.as_ref(), self.token.as_ref(), settings)?;
        let mut content = Content::default();
        take(&self.folder, "", &mut content)?;
        if content.files.is_empty() {
            return Err(Error::invalid(self.folder.display().to_string(), "has no .tf file").into());
        }
        if let Some(state) = &self.state {
            let text = read_text(state)?;
            let state_of = |why: String| Error::invalid(state, why);
            let read = json::parse(text.as_bytes()).map_err(|error| state_of(format!("is not JSON: {error}")))?;
            content.resources = read_state(&read).map_err(state_of)?;
        }
        content.check()?;
        let body = body(&self.root, &content).to_string();
        if body.len() > MOST_BODY {
            let why = format!(
                "makes a request of {} bytes, and {MOST_BODY} are the most: push its parts as roots",
                body.len()
            );
            return Err(Error::invalid(self.folder.display().to_string(), why).into());
        }
        let answer = web.put(&format!("/api/v1/tenants/{tenant}/terraform"), body.as_bytes()).await?;
        if answer.status != 200 {
            let message = answer.message();
            return Err(Error::internal(format!("the server answered {}: {message}", answer.status)).into());
        }
        let pushed: Value = serde_json::from_slice(&answer.body)
            .map_err(|error| Error::internal(format!("the server does not say what became of it: {error}")))?;
        let unreadable = pushed.get("unreadable").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for file in unreadable {
            let text = |name: &str| file.get(name).and_then(Value::as_str).unwrap_or_default();
            tell(&format_args!("{}: {}", text("path"), text("message")));
        }
        print(&pushed)?;
        Ok(if unreadable.is_empty() { Ending::Done } else { Ending::SomethingRejected })
    }
}

fn body(root: &str, content: &Content) -> Value {
    let Content { files, resources } = content;
    let resource = |address: &Address| {
        let Address { address, kind, name, id, arn } = address;
        json!({"address": address, "type": kind, "name": name, "id": id, "arn": arn})
    };
    json!({"root": root, "files": files, "resources": resources.iter().map(resource).collect::<Vec<_>>()})
}

/// Takes the files of a folder and of those below. Links are not followed, and hidden folders are Terraform's own.
fn take(folder: &Path, before: &str, content: &mut Content) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::invalid(folder.display().to_string(), error.to_string());
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        let kind = entry.file_type().map_err(failed)?;
        let path = format!("{before}{name}");
        if kind.is_dir() {
            take(&entry.path(), &format!("{path}/"), content)?;
        } else if kind.is_file() && name.ends_with(".tf") {
            let text = std::fs::read_to_string(entry.path());
            let text = text.map_err(|error| Error::invalid(entry.path().display().to_string(), error.to_string()))?;
            content.files.insert(path, text);
            if content.files.len() > MOST_FILES {
                let why = format!("has more than {MOST_FILES} .tf files: push its parts as roots");
                return Err(Error::invalid(folder.display().to_string(), why));
            }
        }
    }
    Ok(())
}
