//! Questions for the controls that findings map to: a framework, a control, or both in one mapping.
//!
//! A framework without a version means its newest version among the findings that are there; a mapping that names no
//! version belongs to it.

use super::framework::{Control, FrameworkQuery, compare_versions};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Which mappings are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MappingQuery {
    /// Of this framework; `None` means any.
    pub framework: Option<FrameworkQuery>,
    /// Of this control or its enhancements, in any spelling; `None` means any.
    pub control: Option<String>,
    /// What a framework without a version means, once that is known; until then every version is meant.
    newest: Option<String>,
}

/// The newest version of each framework.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Newest(BTreeMap<String, String>);

impl MappingQuery {
    /// Mappings of this framework and this control.
    pub fn new(framework: Option<FrameworkQuery>, control: Option<String>) -> Self {
        Self { framework, control, newest: None }
    }

    /// Whether it names a framework and leaves the version to the findings.
    pub fn asks_newest(&self) -> bool {
        self.framework.as_ref().is_some_and(|framework| framework.version.is_none())
    }

    /// Says what a framework without a version means.
    pub fn settle(&mut self, newest: &Newest) {
        if let Some(framework) = &self.framework {
            self.newest = newest.of(&framework.framework).map(str::to_owned);
        }
    }

    /// Whether a mapping is asked for.
    pub fn accepts(&self, control: &Control) -> bool {
        let of_framework = self.framework.as_ref().is_none_or(|framework| {
            framework.matches(control)
                && (framework.version.is_some()
                    || control.version.is_none()
                    || self.newest.is_none()
                    || self.newest == control.version)
        });
        of_framework && self.control.as_ref().is_none_or(|wanted| control.is_part_of(wanted))
    }
}

impl Newest {
    /// The newest versions among these controls.
    pub fn among(controls: impl IntoIterator<Item = Control>) -> Self {
        let mut newest = Self::default();
        controls.into_iter().for_each(|control| newest.add(control));
        newest
    }

    /// Takes one more control into account.
    pub fn add(&mut self, control: Control) {
        let Some(version) = control.version else { return };
        match self.0.get_mut(&control.framework) {
            Some(known) if compare_versions(known, &version) == Ordering::Less => *known = version,
            Some(_) => {}
            None => {
                self.0.insert(control.framework, version);
            }
        }
    }

    /// A framework's newest version; `None` when no mapping of it names one.
    pub fn of(&self, framework: &str) -> Option<&str> {
        self.0.get(framework).map(String::as_str)
    }

    /// What is known here, and for frameworks that are not, what `others` know.
    #[must_use]
    pub fn or(mut self, others: Self) -> Self {
        for (framework, version) in others.0 {
            self.0.entry(framework).or_insert(version);
        }
        self
    }

    /// The name under which a mapping's framework is counted: its id where the mapping is of the newest version or
    /// names none, else `id@version`.
    pub fn key(&self, control: &Control) -> String {
        match &control.version {
            Some(version) if self.of(&control.framework) != Some(version) => control.framework_id(),
            _ => control.framework.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{MappingQuery, Newest};
    use crate::domain::framework::{Control, FrameworkQuery};

    fn control(framework: &str, version: Option<&str>, control: &str) -> Control {
        Control { framework: framework.to_owned(), version: version.map(str::to_owned), control: control.to_owned() }
    }

    fn query(framework: &str, id: &str) -> MappingQuery {
        let framework = Some(framework).filter(|text| !text.is_empty()).map(|f| FrameworkQuery::parse(f).unwrap());
        MappingQuery::new(framework, Some(id.to_owned()).filter(|id| !id.is_empty()))
    }

    /// DESIGN §2, Vocabularies: frameworks carry versions; `Req 1.3.2` = `1.3.2`; `AC-2` matches its enhancements.
    #[test]
    fn framework_and_control_must_be_in_one_mapping() {
        let newest = Newest::among([
            control("cis-aws", Some("1.5"), "1.1"),
            control("cis-aws", Some("1.10"), "1.1"),
            control("cis-aws", Some("1.4"), "1.1"),
            control("soc2", None, "CC6.3"),
        ]);
        assert_eq!((newest.of("cis-aws"), newest.of("soc2")), (Some("1.10"), None));
        let cases = [
            ("cis-aws", "", control("cis-aws", Some("1.10"), "1.1"), true),
            ("cis-aws", "", control("cis-aws", Some("1.5"), "1.1"), false),
            ("cis-aws", "", control("cis-aws", None, "1.1"), true),
            ("cis-aws@1.5", "", control("cis-aws", Some("1.5"), "1.1"), true),
            ("cis-aws@1.5", "", control("cis-aws", None, "1.1"), false),
            ("cis-aws", "5.2", control("cis-aws", Some("1.10"), "5.2"), true),
            ("cis-aws", "5.2", control("pci-dss", Some("4.0"), "5.2"), false),
            ("", "5.2", control("cis-aws", Some("1.5"), "5.2"), true),
            ("", "Req 1.3.2", control("pci-dss", None, "1.3.2"), true),
            ("nist-sp-800-53-r5", "AC-2", control("nist-800-53", Some("r5"), "AC-2(1)"), true),
            ("nist-800-53", "AC-2", control("nist-800-53", Some("r5"), "AC-20"), false),
        ];
        for (framework, id, mapping, expected) in cases {
            let mut query = query(framework, id);
            query.settle(&newest);
            assert_eq!(query.accepts(&mapping), expected, "{framework} {id} {mapping:?}");
        }
        let unsettled = query("cis-aws", "");
        assert!(unsettled.asks_newest() && unsettled.accepts(&control("cis-aws", Some("1.4"), "1.1")));
        assert!(!query("cis-aws@1.5", "").asks_newest() && !query("", "5.2").asks_newest());
    }

    #[test]
    fn the_newest_version_needs_no_name() {
        let newest = Newest::among([control("cis-aws", Some("3.0"), "1"), control("cis-aws", Some("1.5"), "1")]);
        assert_eq!(newest.key(&control("cis-aws", Some("3.0"), "2")), "cis-aws");
        assert_eq!(newest.key(&control("cis-aws", None, "2")), "cis-aws");
        assert_eq!(newest.key(&control("cis-aws", Some("1.5"), "2")), "cis-aws@1.5");
        let others = Newest::among([control("cis-aws", Some("9.0"), "1"), control("gdpr", Some("2016"), "1")]);
        let both = newest.or(others);
        assert_eq!((both.of("cis-aws"), both.of("gdpr")), (Some("3.0"), Some("2016")));
    }
}
