//! Types of resources: one table and rules between the spellings of producers and clients (DESIGN §2, Vocabularies).
//!
//! | spelling | example | whose |
//! |---|---|---|
//! | ASFF | `AwsEc2SecurityGroup` | Security Hub, Prowler; what columns hold |
//! | AWS Config | `AWS::EC2::SecurityGroup` | AWS Config, CloudFormation |
//! | dotted | `aws.ec2.security_group` | Infracast |
//! | underscored | `aws_ec2_security_group` | Datadog |
//! | people's | `EC2 Security Group` | Bitdefender |
//!
//! Chosen where the contract is silent:
//!
//! - Two types are equal when their letters and digits are, case aside, once services and the names that do not follow
//!   the rules have been replaced: an unknown type is never dropped, and equal in all of its spellings.
//! - Of an unknown service, ASFF does not say where it ends: it is the first word.
//! - Terraform's names are understood (`aws_security_group`, `aws_db_instance`); answers follow the rules.
//! - What people write without a provider is AWS's if it begins with one of its services. Types of nobody, such as
//!   `Other` or `Container`, have neither provider nor service.

mod names;
#[cfg(test)]
mod tests;

use names::{SERVICES, Service};
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// Bytes of a type that are read.
const TYPE_BYTES: usize = 256;

/// A type of resource, however it was spelled.
#[derive(Debug, Clone)]
pub struct ResourceType {
    /// `aws`; empty for the types of nobody.
    provider: String,
    /// `ec2`; empty for the types of a whole provider, like an account, and of nobody.
    service: String,
    /// Lower-case words behind the service.
    words: Vec<String>,
    /// The ASFF spelling that was parsed.
    sent: Option<String>,
    /// What is compared.
    key: String,
}

impl ResourceType {
    /// The type behind any spelling. Nothing is [`ResourceType::other`].
    pub fn parse(text: &str) -> Self {
        let text = super::framework::cut(text.trim(), TYPE_BYTES);
        let sent = text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && text.starts_with(char::is_uppercase);
        let parsed = Self::plain(text);
        let alias = names::ALIASES.iter().find(|(alias, _)| *alias == parsed.key);
        let mut parsed = alias.map_or(parsed, |(_, dotted)| Self::plain(dotted));
        if sent {
            parsed.sent = Some(text.to_owned());
        }
        parsed
    }

    /// What ASFF has no type for.
    pub fn other() -> Self {
        Self::parse("Other")
    }

    fn plain(text: &str) -> Self {
        let words = split(text);
        let (provider, rest) = match words.split_first() {
            Some((first, rest)) if names::PROVIDERS.contains(&first.as_str()) => (first.as_str(), rest),
            _ if text.contains(' ') && known_service(&words).is_some() => ("aws", words.as_slice()),
            // Its aliases are AWS's.
            _ if text.contains(' ') && is_alias(&words) => ("aws", words.as_slice()),
            _ => ("", words.as_slice()),
        };
        let (service, words) = match known_service(rest).filter(|_| provider == "aws") {
            Some((service, taken)) => (service.key.to_owned(), rest.get(taken..).unwrap_or_default()),
            None if provider.is_empty() => (String::new(), rest),
            None => split_service(text, rest),
        };
        let key = format!("{provider}{service}{}", words.concat());
        if key.is_empty() {
            return Self::plain("Other");
        }
        Self { provider: provider.to_owned(), service, words: words.to_vec(), sent: None, key }
    }

    /// `AwsEc2SecurityGroup`.
    pub fn asff(&self) -> String {
        let dotted = self.dotted();
        let special = names::ASFF.iter().find(|(type_, _)| *type_ == dotted).map(|(_, asff)| (*asff).to_owned());
        self.sent.clone().or(special).unwrap_or_else(|| {
            let service = self.known().map_or_else(|| capitalized(&self.service), |known| known.asff.to_owned());
            format!("{}{service}{}", capitalized(&self.provider), self.camel(&[]))
        })
    }

    /// `AWS::EC2::SecurityGroup`.
    pub fn config(&self) -> String {
        let dotted = self.dotted();
        if let Some((_, config)) = names::CONFIG.iter().find(|(type_, _)| *type_ == dotted) {
            return (*config).to_owned();
        }
        let name = self.camel(&names::CONFIG_CAPITALS);
        if self.provider.is_empty() {
            return name;
        }
        let provider = if self.provider == "aws" { "AWS".to_owned() } else { capitalized(&self.provider) };
        let service = self.known().map_or_else(|| capitalized(&self.service), |known| known.config.to_owned());
        // AWS writes `AWS::::Account` for the type that no service has.
        if service.is_empty() { format!("{provider}::::{name}") } else { format!("{provider}::{service}::{name}") }
    }

    /// `aws.ec2.security_group`.
    pub fn dotted(&self) -> String {
        self.joined(".")
    }

    /// `aws_ec2_security_group`.
    pub fn underscored(&self) -> String {
        self.joined("_")
    }

    /// `EC2 Security Group`.
    pub fn people(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        match self.known() {
            // A service alone would be taken for a type of nobody.
            Some(known) if self.words.is_empty() => parts.extend(["AWS".to_owned(), known.people.to_owned()]),
            Some(known) => parts.push(known.people.to_owned()),
            None => {
                let named = [&self.provider, &self.service].into_iter().filter(|part| !part.is_empty());
                parts.extend(named.map(|part| shown(part)));
            }
        }
        parts.extend(self.words.iter().map(|word| shown(word)));
        parts.join(" ")
    }

    /// The service in short, `s3`; where there is none, the type itself: `account`.
    pub fn service(&self) -> String {
        if self.service.is_empty() { self.words.join("_") } else { self.service.clone() }
    }

    fn known(&self) -> Option<&'static Service> {
        SERVICES.iter().find(|service| self.provider == "aws" && service.key == self.service)
    }

    fn camel(&self, capitals: &[&str]) -> String {
        let word = |word: &String| match capitals.contains(&word.as_str()) {
            true => word.to_uppercase(),
            false => capitalized(word),
        };
        self.words.iter().map(word).collect()
    }

    fn joined(&self, between: &str) -> String {
        let words = self.words.join("_");
        let parts = [&self.provider, &self.service, &words];
        parts.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(between)
    }
}

impl PartialEq for ResourceType {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for ResourceType {}

impl Hash for ResourceType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl PartialOrd for ResourceType {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ResourceType {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

/// The name of a resource: the last part of an ARN, behind its last `/` or `:`. What is no ARN is its own name.
///
/// A group of CloudWatch Logs may carry `:*` at its end, which is no part of its name.
pub fn resource_name(id: &str) -> &str {
    if !id.starts_with("arn:") {
        return id;
    }
    let arn = id.strip_suffix(":*").unwrap_or(id);
    arn.rsplit(['/', ':']).next().filter(|name| !name.is_empty()).unwrap_or(arn)
}

/// Infracast's id of a resource: `aws:us-east-1:aws.iam.user:svc-deploy`; the region is `global` where there is none.
pub fn resource_path(region: Option<&str>, kind: &ResourceType, name: &str) -> String {
    let provider = if kind.provider.is_empty() { "aws" } else { &kind.provider };
    let region = region.filter(|region| !region.is_empty()).unwrap_or("global");
    format!("{provider}:{region}:{}:{name}", kind.dotted())
}

/// The lower-case words of any spelling.
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()) {
        let chars: Vec<char> = part.chars().collect();
        let mut word = String::new();
        for (at, c) in chars.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| chars.get(at));
            let next = chars.get(at.saturating_add(1));
            let starts = c.is_uppercase()
                && before.is_some_and(|before| !before.is_uppercase() || next.is_some_and(|next| next.is_lowercase()));
            if starts && !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            word.extend(c.to_lowercase());
        }
        words.push(word);
    }
    words
}

/// The service that the words begin with, and how many words name it: the most that do.
fn known_service(words: &[String]) -> Option<(&'static Service, usize)> {
    let most = words.len().min(4);
    let named = |count: usize| {
        let joined = words.get(..count)?.concat();
        let is_it = |service: &&Service| {
            [service.key, service.config, service.asff, service.people].iter().any(|name| is_spelled(name, &joined))
        };
        SERVICES.iter().find(is_it).map(|service| (service, count))
    };
    (1..=most).rev().find_map(named)
}

/// Whether a name has these lower-case letters and digits.
fn is_spelled(name: &str, letters: &str) -> bool {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).eq(letters.chars())
}

fn is_alias(words: &[String]) -> bool {
    let key = format!("aws{}", words.concat());
    names::ALIASES.iter().any(|(alias, _)| *alias == key)
}

/// An unknown service and the words behind it, as far as the spelling tells.
fn split_service<'a>(text: &str, words: &'a [String]) -> (String, &'a [String]) {
    let between = if text.contains("::") { "::" } else { "." };
    let parts: Vec<&str> = text.split(between).collect();
    if let [_, service, _, ..] = parts.as_slice() {
        let taken = split(service).len();
        return (split(service).concat(), words.get(taken..).unwrap_or_default());
    }
    match words {
        [service, _, ..] => (service.clone(), words.get(1..).unwrap_or_default()),
        _ => (String::new(), words),
    }
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn shown(word: &str) -> String {
    if names::PEOPLE_CAPITALS.contains(&word) { word.to_uppercase() } else { capitalized(word) }
}
