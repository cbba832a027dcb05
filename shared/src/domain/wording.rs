//! Summary and rationale of a remediation in a model's words, and what such words must keep to.
//!
//! A model has read texts that others chose, such as names of resources, and what it writes is read by people who are about to change
//! their infrastructure. So its words are sentences and nothing else: an alphabet in which markup and most of a shell cannot be
//! written, no command, option, path, host or link, and no number that was not among the facts. The check would rather refuse
//! what is harmless than let through what can be run or followed: without the words there is still the rule's own text.

use super::Instant;
use super::json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

/// Characters of a summary.
pub const SUMMARY_CHARS: usize = 400;
/// Characters of a rationale.
pub const RATIONALE_CHARS: usize = 800;
/// The fewest characters that say anything.
const FEWEST_CHARS: usize = 10;
/// Bytes of an answer that are looked at.
const MOST_BYTES: usize = 16 * 1024;
/// Characters of one word: what is longer is no word.
const LONGEST_WORD: usize = 64;
/// Beside letters and digits of ASCII and the blank.
const SIGNS: &str = ".,:'\"()%/-_?\u{2013}\u{2014}\u{2018}\u{2019}\u{201c}\u{201d}";
/// What may stand around a word.
const AROUND: &str = ".,:'\"()%?\u{2013}\u{2014}\u{2018}\u{2019}\u{201c}\u{201d}";

/// Programs that no sentence about a resource needs to name, however they are spelt.
const PROGRAMS: &[&str] = &[
    "ansible",
    "apt-get",
    "bash",
    "boto3",
    "chmod",
    "chown",
    "cloudshell",
    "cmd.exe",
    "crontab",
    "curl",
    "eksctl",
    "gcloud",
    "gsutil",
    "iex",
    "iptables",
    "kubectl",
    "mkfs",
    "ncat",
    "netcat",
    "nmap",
    "openssl",
    "powershell",
    "pulumi",
    "pwsh",
    "scp",
    "sudo",
    "systemctl",
    "terraform",
    "tofu",
    "wget",
    "xargs",
    "zsh",
];

/// Programs whose names are other words as well when they are spelt otherwise: `AWS`, `SSH`, `Docker`.
const LOWER_PROGRAMS: &[&str] = &[
    "apt", "aws", "awk", "az", "brew", "cat", "cdk", "cp", "dd", "dnf", "docker", "echo", "eval", "exec", "git",
    "grep", "helm", "jq", "kill", "mv", "nc", "npm", "npx", "perl", "pip", "pip3", "pkill", "podman", "python",
    "python3", "rm", "ruby", "sam", "sed", "sftp", "sh", "ssh", "su", "tee", "telnet", "ufw", "yum",
];

/// What follows `aws` in commands, spelt as it is there.
const SERVICES: &[&str] = &[
    "accessanalyzer",
    "acm",
    "apigateway",
    "autoscaling",
    "cloudformation",
    "cloudfront",
    "cloudtrail",
    "cloudwatch",
    "configservice",
    "configure",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "efs",
    "eks",
    "elb",
    "elbv2",
    "events",
    "guardduty",
    "iam",
    "kms",
    "lambda",
    "logs",
    "opensearch",
    "organizations",
    "rds",
    "redshift",
    "route53",
    "s3",
    "s3api",
    "s3control",
    "secretsmanager",
    "securityhub",
    "sns",
    "sqs",
    "ssm",
    "sts",
    "wafv2",
];

/// What the names of AWS's operations begin with, as commands spell them: `delete-bucket`.
const VERBS: &[&str] = &[
    "add",
    "associate",
    "attach",
    "authorize",
    "cancel",
    "copy",
    "create",
    "deactivate",
    "delete",
    "deregister",
    "describe",
    "detach",
    "disable",
    "disassociate",
    "enable",
    "get",
    "list",
    "modify",
    "put",
    "reboot",
    "register",
    "release",
    "remove",
    "replace",
    "reset",
    "restore",
    "revoke",
    "rotate",
    "run",
    "schedule",
    "set",
    "start",
    "stop",
    "tag",
    "terminate",
    "untag",
    "update",
];

/// What a model makes of the facts about a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// What to change.
    pub summary: String,
    /// Why it matters.
    pub rationale: String,
}

/// What came of asking a model, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptWording {
    /// A hash of all that it was made from.
    pub fingerprint: String,
    /// The words; `None` where there are none that may be shown.
    pub wording: Option<Wording>,
    /// When the model was asked.
    pub at: Instant,
    /// From then on it is asked again.
    pub until: Instant,
}

impl Wording {
    /// Reads a model's answer: a JSON object of exactly `summary` and `rationale`, which many models put into a fence of
    /// Markdown, made from these facts. `Err` says what is wrong with it.
    pub fn read(answer: &str, facts: &str) -> Result<Self, &'static str> {
        if answer.len() > MOST_BYTES {
            return Err("it is too long");
        }
        let object = match json::parse(unfenced(answer).as_bytes()) {
            Ok(Value::Object(object)) => object,
            _ => return Err("it is no JSON object"),
        };
        let text = |name: &str| object.get(name).and_then(Value::as_str).map(|text| text.trim().to_owned());
        let (Some(summary), Some(rationale), 2) = (text("summary"), text("rationale"), object.len()) else {
            return Err("its members are not exactly summary and rationale, as texts");
        };
        let wording = Self { summary, rationale };
        wording.check(facts).map(|()| wording)
    }

    /// Whether these words may be shown of these facts; `Err` says why not.
    pub fn check(&self, facts: &str) -> Result<(), &'static str> {
        let Self { summary, rationale } = self;
        let known = numbered(facts);
        check(summary, SUMMARY_CHARS, &known)?;
        check(rationale, RATIONALE_CHARS, &known)
    }
}

/// A text without the one fence of Markdown around it.
fn unfenced(answer: &str) -> &str {
    let answer = answer.trim();
    let inner = answer.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    inner.map_or(answer, |inner| inner.strip_prefix("json").unwrap_or(inner).trim())
}

fn check(text: &str, most: usize, known: &BTreeSet<String>) -> Result<(), &'static str> {
    if !(FEWEST_CHARS..=most).contains(&text.chars().count()) {
        return Err("a text is too short or too long");
    }
    if !text.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ' || SIGNS.contains(c)) {
        return Err("a text has a character that sentences do not need");
    }
    if text.contains("//") {
        return Err("a text has a link");
    }
    let mut before = "";
    for written in text.split(' ').filter(|written| !written.is_empty()) {
        let word = bare(written);
        check_word(written, word, known)?;
        if before.eq_ignore_ascii_case("aws") && SERVICES.contains(&word) {
            return Err("a text has a command");
        }
        before = word;
    }
    Ok(())
}

/// A word without what stands around it, nor the ending of a genitive.
fn bare(written: &str) -> &str {
    let word = written.trim_matches(|c| AROUND.contains(c));
    word.strip_suffix("'s").or_else(|| word.strip_suffix("\u{2019}s")).unwrap_or(word)
}

fn check_word(written: &str, word: &str, known: &BTreeSet<String>) -> Result<(), &'static str> {
    if written.chars().count() > LONGEST_WORD {
        return Err("a text has something that is no word");
    }
    let opened = written.trim_start_matches(|c| "'\"(\u{2018}\u{201c}".contains(c));
    if opened.starts_with('-') && word.len() > 1 {
        return Err("a text has an option");
    }
    if ["/", "./", "../"].iter().any(|beginning| opened.starts_with(beginning)) {
        return Err("a text has a path");
    }
    // Each part of `bin/sh`, `example.com/x` and `tcp:22` for itself.
    let parts = || word.split(['/', ':', '\'', '"', '(', ')']).filter(|part| !part.is_empty()).map(bare);
    if is_scheme(word) || parts().any(is_host) {
        return Err("a text has a link, a host or a file");
    }
    if parts().any(|part| is_program(part) || is_operation(part)) {
        return Err("a text has a command");
    }
    let is_number = |part: &str| part.chars().any(|c| c.is_ascii_digit());
    let is_known = |part: &str| known.contains(&part.to_ascii_lowercase());
    if is_number(word) && !is_known(word) && !parts().filter(|part| is_number(part)).all(is_known) {
        return Err("a text has a number that is not among the facts");
    }
    Ok(())
}

/// Whether a word is one scheme and something: `mailto:x`, `javascript:x`, `file:/x`.
fn is_scheme(word: &str) -> bool {
    word.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.len() > 1
            && scheme.chars().all(|c| c.is_ascii_alphabetic())
            && rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
    })
}

/// Whether a word could be a host's name or a file's: labels with dots between them, and letters at the end.
fn is_host(word: &str) -> bool {
    let mut labels = word.split('.').rev();
    let last = labels.next().unwrap_or_default();
    let is_label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    let is_ending = last.len() > 1 && last.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let is_worded = last.chars().any(|c| c.is_ascii_alphabetic());
    let mut labels = labels.peekable();
    is_ending && is_worded && labels.peek().is_some() && labels.all(is_label)
}

fn is_program(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    PROGRAMS.contains(&lower.as_str()) || LOWER_PROGRAMS.contains(&word)
}

/// Whether a word is spelt like an operation in a command: `revoke-security-group-ingress`.
fn is_operation(word: &str) -> bool {
    let verb = word.split_once('-').map(|(verb, _)| verb.to_ascii_lowercase());
    verb.is_some_and(|verb| VERBS.contains(&verb.as_str()))
}

/// All in a text that has a digit: whole, and each part of it.
fn numbered(facts: &str) -> BTreeSet<String> {
    let is_between = |c: char| !c.is_ascii_alphanumeric() && !"./:_-".contains(c);
    let whole = facts.split(is_between).map(|word| word.trim_matches(|c| "./:_-".contains(c)));
    let parts = facts.split(|c: char| !c.is_ascii_alphanumeric());
    // Such as `0.0.0.0` of `0.0.0.0/0`, and `::/0`, which begins with what else is trimmed.
    let pieces = facts.split(is_between).flat_map(|word| word.split('/'));
    let raw = facts.split(is_between);
    let all = whole.chain(parts).chain(pieces).chain(raw);
    all.filter(|word| word.chars().any(|c| c.is_ascii_digit())).map(str::to_ascii_lowercase).collect()
}

#[cfg(test)]
mod tests;
