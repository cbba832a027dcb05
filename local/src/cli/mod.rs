//! The command line. Data goes to stdout, logs and progress to stderr.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but something was rejected.

mod accounts;
mod audit;
mod bench;
mod door;
mod draft;
mod dynamodb;
mod event;
mod export;
mod hub;
mod import;
mod inventory;
mod jobs;
mod keys;
mod masters;
mod own_rules;
mod progress;
mod rebuild;
mod rules;
mod serve;
mod store;
mod sweep;
mod terraform;
mod verify;
mod web;

use clap::{Parser, Subcommand};
use posture_functions::{ROUTES, openapi};
use posture_shared::config::Settings;
use posture_shared::domain::{Error, Instant, TenantId};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The store of record for cloud security findings.
#[derive(Parser)]
#[command(name = "posture", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve all endpoints in one process
    Serve(serve::Serve),
    /// Import findings through a server
    Import(import::Import),
    /// Keep resources
    Inventory(inventory::Inventory),
    /// Security Hub: read its findings, tell it of decisions
    Hub(hub::Hub),
    /// Hand an event file to a function and print its answer
    Event(event::Event),
    /// Make, list and revoke keys
    Keys(keys::Keys),
    /// Name AWS accounts and list them
    Accounts(accounts::Accounts),
    /// Audit: judge the inventory by the rules
    Audit(audit::Audit),
    /// List jobs
    Jobs(jobs::Jobs),
    /// The rules of the audit: list, show and test them, add your own, set parameters
    Rules(rules::Rules),
    /// Keep Terraform, for patches
    Terraform(terraform::Terraform),
    /// Write log and documents to a file that can be verified elsewhere
    Export(export::Export),
    /// Recompute everything and compare
    Verify(verify::Verify),
    /// Write the index anew
    Rebuild(rebuild::Rebuild),
    /// Measure what reading and writing cost, over a store of its own
    Bench(bench::Bench),
    /// Serve the embedded store as a DynamoDB of this machine, which any client can use
    Dynamodb(dynamodb::Dynamodb),
    /// Print the description of the API as it is kept in functions/openapi.json
    #[command(hide = true)]
    Openapi,
}

/// How long work in the background may go on after the command has ended.
const LAST_WAIT: Duration = Duration::from_millis(500);

/// How a command that did not fail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Done,
    SomethingRejected,
    /// The ledger, or a file of it, is not what it should be.
    ProblemsFound,
    /// A function answered with an error.
    Refused,
}

/// Why a command did not do what it is for.
#[derive(Debug)]
enum Failure {
    /// It was called in a wrong way.
    Usage(String),
    /// It could not.
    Failed(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Failure {
    /// Wrong usage of an argument, or of the setting that stands in for it.
    fn usage(argument: &str, what: impl Display) -> Self {
        Self::Usage(format!("{argument}: {what}"))
    }
}

/// Reads the arguments, runs the command, and says how it ended.
pub fn run() -> ExitCode {
    let Arguments { command } = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; they go to stdout.
            let code = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    let settings = Settings::from_environment();
    let ending = prepare(&settings).map_err(Failure::from).and_then(|runtime| {
        let ending = runtime.block_on(execute(command, &settings));
        // What the store still does for requests that were cut off is whole or absent, whether it is waited for or not.
        runtime.shutdown_timeout(LAST_WAIT);
        ending
    });
    match ending {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::SomethingRejected) => ExitCode::from(3),
        Ok(Ending::ProblemsFound | Ending::Refused) => ExitCode::from(1),
        Err(Failure::Usage(what)) => {
            tell(&format_args!("posture: {what}"));
            ExitCode::from(2)
        }
        Err(Failure::Failed(error)) => {
            tell(&format_args!("posture: {error}"));
            ExitCode::from(1)
        }
    }
}

fn prepare(settings: &Settings) -> Result<tokio::runtime::Runtime, Error> {
    let filter = settings.log("warn,posture_functions=info,posture_local=info")?;
    let filter: Targets = filter.parse().map_err(|error| Error::invalid("POSTURE_LOG", format!("{error}")))?;
    tracing_subscriber::registry().with(tracing_subscriber::fmt::layer().with_writer(io::stderr)).with(filter).init();
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::internal)
}

async fn execute(command: Command, settings: &Settings) -> Result<Ending, Failure> {
    Ok(match command {
        Command::Serve(serve) => serve.run(settings).await?,
        Command::Import(import) => import.run(settings).await?,
        Command::Inventory(inventory) => inventory.run(settings).await?,
        Command::Hub(hub) => hub.run(settings).await?,
        Command::Event(event) => event.run(settings).await?,
        Command::Keys(keys) => keys.run(settings).await?,
        Command::Accounts(accounts) => accounts.run(settings).await?,
        Command::Audit(audit) => audit.run(settings).await?,
        Command::Jobs(jobs) => jobs.run(settings).await?,
        Command::Rules(rules) => rules.run(settings).await?,
        Command::Terraform(terraform) => terraform.run(settings).await?,
        Command::Export(export) => export.run(settings).await?,
        Command::Verify(verify) => verify.run(settings).await?,
        Command::Rebuild(rebuild) => rebuild.run(settings).await?,
        Command::Bench(bench) => bench.run().await?,
        Command::Dynamodb(dynamodb) => dynamodb.run().await?,
        Command::Openapi => {
            let text = openapi::kept(&openapi::document(ROUTES, ""));
            io::stdout().write_all(text.as_bytes()).map_err(Error::internal)?;
            Ending::Done
        }
    })
}

/// Prints one line of JSON on stdout, at once.
fn print(value: &impl Serialize) -> Result<(), Error> {
    let mut line = serde_json::to_vec(value).map_err(Error::internal)?;
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line).and_then(|()| out.flush()).map_err(|error| Error::internal(format!("stdout: {error}")))
}

/// Prints each element of a member of a server's answer on a line.
fn print_all(answer: &Value, member: &str) -> Result<(), Error> {
    let all = answer.get(member).and_then(Value::as_array);
    let all = all.ok_or_else(|| Error::internal(format!("the server's answer has no {member}")))?;
    all.iter().try_for_each(print)
}

/// Tells a person something, on stderr.
fn tell(what: &impl Display) {
    // Nobody is there to be told that nobody can be told.
    let _ = writeln!(io::stderr(), "{what}");
}

/// Reads a file as text, stdin for `-`.
fn read_text(path: &str) -> Result<String, Error> {
    let text = if path == "-" { io::read_to_string(io::stdin()) } else { std::fs::read_to_string(path) };
    text.map_err(|error| Error::internal(format!("{path}: {error}")))
}

/// An instant as an argument.
fn instant(text: &str) -> Result<Instant, String> {
    Instant::parse_aws(text).ok_or_else(|| "is not an instant such as 2024-01-04T15:25:10Z".to_owned())
}

/// A tenant as an argument.
fn tenant(text: &str) -> Result<TenantId, String> {
    TenantId::parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
