//! Names of frameworks: one table of those that are known, and the rules for those that are not.

use super::known::cut;
use super::spelling::Style;

/// How a framework counts its versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Versions {
    /// `1.5`, `4.0.1`: zeros behind the second place are left out.
    Dotted,
    /// `r5`.
    Revisions,
    /// `2022`, and whatever else follows the name.
    Years,
}

/// A framework that people spell in several ways.
#[derive(Debug)]
struct Known {
    id: &'static str,
    title: &'static str,
    versions: Versions,
    style: Style,
    aliases: &'static [&'static str],
}

/// Aliases are written as [`words`] writes them, without a version.
const KNOWN: &[Known] = &[
    Known {
        id: "aws-foundational-security-best-practices",
        title: "AWS Foundational Security Best Practices",
        versions: Versions::Dotted,
        style: Style::AsSent,
        aliases: &["aws-foundational-security-best-practices-standard", "aws-fsbp", "fsbp"],
    },
    Known {
        id: "cis-aws",
        title: "CIS AWS Foundations Benchmark",
        versions: Versions::Dotted,
        style: Style::Dotted,
        aliases: &["cis", "cis-aws-foundations-benchmark", "cis-aws-foundations", "cis-aws-benchmark"],
    },
    Known {
        id: "fedramp-low",
        title: "FedRAMP Low",
        versions: Versions::Revisions,
        style: Style::Nist,
        aliases: &["fedramp-low-baseline"],
    },
    Known {
        id: "fedramp-moderate",
        title: "FedRAMP Moderate",
        versions: Versions::Revisions,
        style: Style::Nist,
        aliases: &["fedramp-moderate-baseline"],
    },
    Known {
        id: "fedramp-high",
        title: "FedRAMP High",
        versions: Versions::Revisions,
        style: Style::Nist,
        aliases: &["fedramp-high-baseline"],
    },
    Known { id: "gdpr", title: "GDPR", versions: Versions::Years, style: Style::Article, aliases: &["eu-gdpr"] },
    Known {
        id: "hipaa",
        title: "HIPAA",
        versions: Versions::Years,
        style: Style::Paragraph,
        aliases: &["hipaa-security-rule"],
    },
    Known {
        id: "iso-27001",
        title: "ISO/IEC 27001",
        versions: Versions::Years,
        style: Style::AsSent,
        aliases: &["iso27001", "iso-iec-27001"],
    },
    Known {
        id: "nist-800-53",
        title: "NIST SP 800-53",
        versions: Versions::Revisions,
        style: Style::Nist,
        aliases: &["nist-sp-800-53", "nist-sp800-53", "nist80053", "nist"],
    },
    Known {
        id: "nist-800-171",
        title: "NIST SP 800-171",
        versions: Versions::Revisions,
        style: Style::Dotted,
        aliases: &["nist-sp-800-171", "nist-sp800-171", "nist800171"],
    },
    Known {
        id: "nist-csf",
        title: "NIST Cybersecurity Framework",
        versions: Versions::Dotted,
        style: Style::Nist,
        aliases: &["nist-cybersecurity-framework", "csf"],
    },
    Known {
        id: "pci-dss",
        title: "PCI DSS",
        versions: Versions::Dotted,
        style: Style::Dotted,
        aliases: &["pci", "pcidss"],
    },
    Known {
        id: "soc2",
        title: "SOC 2",
        versions: Versions::Years,
        style: Style::Trust,
        aliases: &["soc-2", "aicpa-soc-2", "aicpa-soc2"],
    },
];

/// A framework's name, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub id: String,
    pub version: Option<String>,
    /// Whether it is one of the table's.
    pub is_known: bool,
}

/// The longest name that is read; the rest is cut off, in bytes.
const NAME_BYTES: usize = 128;

impl Name {
    /// The name behind any spelling. `None` when nothing of it is a letter or digit.
    pub fn parse(text: &str) -> Option<Self> {
        let whole = words(bare(cut(text.trim(), NAME_BYTES)));
        if whole.is_empty() {
            return None;
        }
        // Prowler's files name the provider last: `cis_1.5_aws`.
        let without_provider = whole.strip_suffix("-aws");
        let known = std::iter::once(whole.as_str()).chain(without_provider).find_map(Self::known);
        Some(known.unwrap_or_else(|| match split_version(&whole) {
            Some((name, version)) => Self { id: name, version: Some(version), is_known: false },
            None => Self { id: whole, version: None, is_known: false },
        }))
    }

    fn known(text: &str) -> Option<Self> {
        if let Some(known) = find(text) {
            return Some(Self { id: known.id.to_owned(), version: None, is_known: true });
        }
        let (name, version) = split_version(text).or_else(|| split_year(text))?;
        let known = find(&name)?;
        Some(Self { id: known.id.to_owned(), version: Some(known.version(&version)), is_known: true })
    }
}

/// How the controls of the framework with that canonical id are spelled.
pub(super) fn style(id: &str) -> Style {
    KNOWN.iter().find(|known| known.id == id).map_or(Style::AsSent, |known| known.style)
}

/// A version of the framework with that canonical id, in its spelling there.
pub(super) fn version(id: &str, text: &str) -> Option<String> {
    let text = words(cut(text.trim(), NAME_BYTES));
    let as_tail = split_version(&format!("x-{text}")).or_else(|| split_version(&format!("x-v{text}")));
    let plain = as_tail.map_or(text, |(_, version)| version);
    let known = KNOWN.iter().find(|known| known.id == id);
    Some(known.map_or_else(|| plain.clone(), |known| known.version(&plain))).filter(|text| !text.is_empty())
}

/// What people call the framework with that canonical id; unknown ones are called by their id.
pub(super) fn title(id: &str) -> &str {
    KNOWN.iter().find(|known| known.id == id).map_or(id, |known| known.title)
}

impl Known {
    fn version(&self, text: &str) -> String {
        let digits = text.strip_prefix('r').unwrap_or(text);
        match self.versions {
            Versions::Years => text.to_owned(),
            // Security Hub counts the fifth revision as version 5.0.0.
            Versions::Revisions => format!("r{}", digits.split('.').next().unwrap_or(digits)),
            Versions::Dotted if digits.contains('.') => digits.to_owned(),
            Versions::Dotted => format!("{digits}.0"),
        }
    }
}

fn find(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.id == name || known.aliases.contains(&name))
}

/// A standard's id without what Security Hub puts around it.
fn bare(text: &str) -> &str {
    let text = match text.strip_prefix("arn:") {
        Some(arn) => arn.rsplit(':').next().unwrap_or(arn),
        None => text,
    };
    ["standards/", "ruleset/"].iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(text)
}

/// Lower-case words joined by `-`; a point stays only between digits.
fn words(text: &str) -> String {
    let chars: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let is_digit = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_digit);
    let mut out = String::with_capacity(text.len());
    for (at, c) in chars.iter().enumerate() {
        let point = *c == '.' && is_digit(at.checked_sub(1)) && is_digit(at.checked_add(1));
        if c.is_alphanumeric() || point {
            out.push(*c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

/// Splits off a version, if the tail looks like one: `1.5`, `v2`, `r5`, `rev-4`, `revision-4`, `v-1.4.0`. A number
/// alone is none: it is the name of many a regulation (`800-53`, `seojk-21`).
fn split_version(name: &str) -> Option<(String, String)> {
    let (rest, tail) = name.rsplit_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.split('.').all(is_digits);
    if is_number(tail) {
        let marked = |marks: &[&str]| {
            marks.iter().find_map(|mark| rest.strip_suffix(mark)?.strip_suffix('-')).map(str::to_owned)
        };
        if let Some(rest) = marked(&["revision", "rev", "r"]) {
            return Some((rest, format!("r{tail}")));
        }
        if let Some(rest) = marked(&["version", "v"]) {
            return Some((rest, short(tail)));
        }
        return tail.contains('.').then(|| (rest.to_owned(), short(tail)));
    }
    let after = |prefix: &str| tail.strip_prefix(prefix).filter(|number| is_number(number));
    if let Some(number) = after("revision").or_else(|| after("rev")).or_else(|| after("r")) {
        return Some((rest.to_owned(), format!("r{number}")));
    }
    after("v").map(|number| (rest.to_owned(), short(number)))
}

/// Splits off a year; only from names that are known, because regulations are called by theirs.
fn split_year(name: &str) -> Option<(String, String)> {
    let (rest, tail) = name.rsplit_once('-')?;
    (tail.len() == 4 && is_digits(tail)).then(|| (rest.to_owned(), tail.to_owned()))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `1.4.0` is `1.4`: zeros behind the second place say nothing.
fn short(version: &str) -> String {
    let mut parts: Vec<&str> = version.split('.').collect();
    while parts.len() > 2 && parts.last().is_some_and(|part| part.bytes().all(|byte| byte == b'0')) {
        parts.pop();
    }
    parts.join(".")
}
