//! Controls of frameworks by their canonical spelling, apart from findings: the build script reads the catalogue's rules with this.

use super::{names, spelling};
use names::Name;

/// Bytes of a control that are read.
pub const CONTROL_BYTES: usize = 128;
/// Between the parts of a control's text form, as in `domain::column::pair`.
const BETWEEN: char = '\u{1f}';

/// One control of one version of one framework.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Control {
    /// The canonical id: `nist-800-53`, `cis-aws`, `pci-dss`, `soc2`.
    pub framework: String,
    /// `r5`, `1.5`; `None` when nobody said.
    pub version: Option<String>,
    /// The canonical spelling, `AC-4(21)`, `1.20`, `CC7.2`. Empty when only the framework was named.
    pub control: String,
}

impl Control {
    /// The text that columns hold: framework, version and control, with U+001F between them.
    pub fn to_text(&self) -> String {
        format!("{}{BETWEEN}{}{BETWEEN}{}", self.framework, self.version.as_deref().unwrap_or_default(), self.control)
    }

    /// Reads [`Control::to_text`] back.
    pub fn from_text(text: &str) -> Option<Self> {
        let (framework, rest) = text.split_once(BETWEEN)?;
        let (version, control) = rest.split_once(BETWEEN)?;
        let version = Some(version.to_owned()).filter(|version| !version.is_empty());
        Some(Self { framework: framework.to_owned(), version, control: control.to_owned() })
    }

    /// A control of a framework that is known, in its canonical spelling: `cis-aws@3.0` and `5.2`. `None` for other frameworks
    /// and for an empty control.
    pub fn of_known(framework: &str, control: &str) -> Option<Self> {
        let FrameworkQuery { framework, version } = FrameworkQuery::parse(framework)?;
        let is_known = Name::parse(&framework).is_some_and(|name| name.is_known);
        let control = names::style(&framework).canonical(cut(control, CONTROL_BYTES));
        (is_known && !control.is_empty()).then_some(Self { framework, version, control })
    }

    /// Whether this control is `wanted`, in any spelling, or one of its enhancements.
    pub fn is_part_of(&self, wanted: &str) -> bool {
        let wanted = names::style(&self.framework).canonical(wanted);
        let begins = self.control.get(..wanted.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(&wanted));
        let rest = self.control.get(wanted.len()..);
        begins && !wanted.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
    }

    /// Whether this very control is meant, in any spelling.
    pub fn is_spelled(&self, wanted: &str) -> bool {
        let wanted = names::style(&self.framework).canonical(wanted);
        !wanted.is_empty() && self.control.eq_ignore_ascii_case(&wanted)
    }

    /// The section that the control belongs to: `CM` for `CM-8(2)`, `7` for `7.3.2`.
    pub fn section(&self) -> &str {
        spelling::section(&self.framework, &self.control)
    }

    /// The framework and version in one text, which [`FrameworkQuery::parse`] reads: `cis-aws@1.5`.
    pub fn framework_id(&self) -> String {
        self.version.as_ref().map_or_else(|| self.framework.clone(), |v| format!("{}@{v}", self.framework))
    }
}

/// A framework that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FrameworkQuery {
    /// The canonical id.
    pub framework: String,
    /// `None` when the question names no version.
    pub version: Option<String>,
}

impl FrameworkQuery {
    /// Reads `cis-aws`, `cis-aws@3.0` or any other spelling. `None` when it names nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, version) = match text.rsplit_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        let Name { id, version: said, is_known: _ } = Name::parse(name)?;
        let version = version.and_then(|version| names::version(&id, version)).or(said);
        Some(Self { framework: id, version })
    }

    /// Whether a control belongs to the framework; to the version, if the question names one.
    pub fn matches(&self, control: &Control) -> bool {
        control.framework == self.framework && (self.version.is_none() || self.version == control.version)
    }
}

/// The beginning of a text that is too long, at a character's end.
pub fn cut(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}
