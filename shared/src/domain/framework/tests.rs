//! Spellings of frameworks and controls, as producers and clients really write them (DESIGN §2, Vocabularies).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use super::{Control, FrameworkQuery, compare_versions, controls_of, newest, title};
use crate::domain::json::Object;
use serde_json::{Value, json};

fn asff(value: Value) -> Object {
    let Value::Object(members) = value else { unreachable!("a finding is an object") };
    members
}

/// Each control as `framework@version control`.
fn told(value: Value) -> Vec<String> {
    let of = controls_of(&asff(value));
    of.iter().map(|c| format!("{} {}", c.framework_id(), c.control).trim_end().to_owned()).collect()
}

fn of_requirement(requirement: &str) -> Vec<String> {
    told(json!({"Compliance": {"RelatedRequirements": [requirement]}}))
}

#[test]
fn requirements_are_read_in_the_spellings_of_their_producers() {
    let cases: &[(&str, &[&str])] = &[
        // Prowler (CONTRACTS 6).
        ("CIS-1.5 1.20", &["cis-aws@1.5 1.20"]),
        ("CIS-1.5 5.2 5.3", &["cis-aws@1.5 5.2", "cis-aws@1.5 5.3"]),
        ("SOC2 cc_7_2", &["soc2 CC7.2"]),
        ("SOC2 cc_2_1 cc_a_1_2 cc_c_1_2", &["soc2 A1.2", "soc2 C1.2", "soc2 CC2.1"]),
        ("PCI-3.2.1 ec2", &["pci-dss@3.2.1 ec2"]),
        ("NIST-800-53-Revision-5 ac_4_21 ac_17_b", &["nist-800-53@r5 AC-17(b)", "nist-800-53@r5 AC-4(21)"]),
        ("NIST-800-53-Revision-5 ac_2_3_a ac_2_i_2", &["nist-800-53@r5 AC-2(3)(a)", "nist-800-53@r5 AC-2(i)(2)"]),
        ("NIST-800-53-Revision-4 ac_2", &["nist-800-53@r4 AC-2"]),
        ("NIST-800-171-Revision-2 3_1_12 3_3_1", &["nist-800-171@r2 3.1.12", "nist-800-171@r2 3.3.1"]),
        ("NIST-CSF-1.1 ac_1", &["nist-csf@1.1 AC-1"]),
        (
            "FedRamp-Moderate-Revision-4 ac-2-1 au-2-a-d",
            &["fedramp-moderate@r4 AC-2(1)", "fedramp-moderate@r4 AU-2(a)(d)"],
        ),
        ("FedRAMP-Low-Revision-4 ac-17", &["fedramp-low@r4 AC-17"]),
        ("HIPAA 164_308_a_1_ii_b 164_312_b", &["hipaa 164.308(a)(1)(ii)(B)", "hipaa 164.312(b)"]),
        ("GDPR article_25 article_30", &["gdpr Article 25", "gdpr Article 30"]),
        ("AWS-Foundational-Security-Best-Practices ec2", &["aws-foundational-security-best-practices ec2"]),
        ("ENS-RD2022 op.acc.4.aws.iam.1", &["ens-rd2022 op.acc.4.aws.iam.1"]),
        ("CISA your-data-2", &["cisa your-data-2"]),
        ("GxP-21-CFR-Part-11 11.10-a", &["gxp-21-cfr-part-11 11.10-a"]),
        ("AWS-Audit-Manager-Control-Tower-Guardrails 1.0.3", &["aws-audit-manager-control-tower-guardrails 1.0.3"]),
        ("RBI-Cyber-Security-Framework annex_i_1_3", &["rbi-cyber-security-framework annex_i_1_3"]),
        // Security Hub's own.
        ("NIST.800-53.r5 AC-21", &["nist-800-53@r5 AC-21"]),
        ("NIST.800-53.r5 AC-4(21)", &["nist-800-53@r5 AC-4(21)"]),
        ("NIST.800-171.r2 3.4.2", &["nist-800-171@r2 3.4.2"]),
        ("PCI DSS v3.2.1/1.2.1", &["pci-dss@3.2.1 1.2.1"]),
        ("PCI DSS v4.0.1/8.3.9", &["pci-dss@4.0.1 8.3.9"]),
        ("CIS AWS Foundations Benchmark v1.4.0/2.1.5", &["cis-aws@1.4 2.1.5"]),
        // People.
        ("PCI DSS Req 1.3.2", &["pci-dss 1.3.2"]),
        ("PCI DSS v4.0 Requirement 1.3.2", &["pci-dss@4.0 1.3.2"]),
        ("CIS AWS 1.20", &["cis-aws 1.20"]),
        ("CIS AWS 3.0 1.20", &["cis-aws@3.0 1.20"]),
        ("SOC 2 CC6.3", &["soc2 CC6.3"]),
        ("NIST SP 800-53 Rev. 5: AC-02(04)", &["nist-800-53@r5 AC-2(4)"]),
        ("NIST SP 800-53 r5", &["nist-800-53@r5"]),
        ("GDPR Article 25, Article 32", &["gdpr Article 25", "gdpr Article 32"]),
        ("ISO/IEC 27001:2013 A.9.2.3", &["iso-27001@2013 A.9.2.3"]),
        ("HIPAA", &["hipaa"]),
        // Never dropped, and split where a version shows.
        ("Our Rules", &["our Rules"]),
        ("ccop-v2 4.1.1", &["ccop@2 4.1.1"]),
        ("seojk-29-2022 I.c.2.h", &["seojk-29-2022 I.c.2.h"]),
        ("", &[]),
        (" \u{1f} / ;", &[]),
    ];
    for (requirement, expected) in cases {
        assert_eq!(of_requirement(requirement), *expected, "{requirement}");
    }
}

/// "RelatedRequirements items cut to 63 chars" (CONTRACTS 6): half a control is none.
#[test]
fn the_half_word_of_a_cut_requirement_is_left_out() {
    let cut = "FedRamp-Moderate-Revision-4 ac-2-1 ac-2-f ac-2-j ac-3 ac-5-c ac";
    assert_eq!(cut.len(), 63);
    assert!(!of_requirement(cut).iter().any(|control| control.ends_with(" ac")));
    // A space at the end shows that the last word is whole.
    let whole = "FedRamp-Moderate-Revision-4 ac-3 ac-4 ac-6 ac-17-1 cm-2 sc-7-3 ";
    assert_eq!(whole.len(), 63);
    assert!(of_requirement(whole).contains(&"fedramp-moderate@r4 SC-7(3)".to_owned()));
    // The only control stays, whatever is left of it.
    let alone = "AWS-Foundational-Security-Best-Practices abcdefghijklmnopqrstuvwxyz";
    assert_eq!(of_requirement(alone).len(), 1);
}

#[test]
fn standards_count_where_no_requirement_says_more() {
    let standards = |ids: &[&str], requirements: &[&str]| {
        let standards: Vec<Value> = ids.iter().map(|id| json!({"StandardsId": id})).collect();
        told(json!({"Compliance": {"AssociatedStandards": standards, "RelatedRequirements": requirements}}))
    };
    let ids = [
        "standards/cis-aws-foundations-benchmark/v/1.4.0",
        "ruleset/cis-aws-foundations-benchmark/v/1.2.0",
        "standards/nist-800-53/v/5.0.0",
        "standards/pci-dss/v/4.0.1",
        "arn:aws:securityhub:eu-west-1::standards/aws-foundational-security-best-practices/v/1.0.0",
        "CIS-1.5",
    ];
    let expected = [
        "aws-foundational-security-best-practices@1.0",
        "cis-aws@1.2",
        "cis-aws@1.4",
        "cis-aws@1.5",
        "nist-800-53@r5",
        "pci-dss@4.0.1",
    ];
    assert_eq!(standards(&ids, &[]), expected);
    assert_eq!(standards(&["CIS-1.5"], &["CIS-1.5 1.20"]), ["cis-aws@1.5 1.20"]);
    assert_eq!(standards(&["standards/nist-800-53/v/5.0.0"], &["NIST.800-53.r5 AC-21"]), ["nist-800-53@r5 AC-21"]);
}

#[test]
fn security_hubs_own_findings_name_their_control() {
    let older = json!({"ProductFields": {
        "StandardsGuideArn": "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0", "RuleId": "1.3",
    }});
    assert_eq!(told(older), ["cis-aws@1.2 1.3"]);
    let best_practices = "arn:aws:securityhub:::standards/aws-foundational-security-best-practices/v/1.0.0";
    let old = json!({"ProductFields": {"StandardsArn": best_practices, "ControlId": "S3.1"}});
    let consolidated = json!({"Compliance": {
        "SecurityControlId": "S3.1",
        "AssociatedStandards": [{"StandardsId": "standards/aws-foundational-security-best-practices/v/1.0.0"}],
    }});
    for finding in [old, consolidated] {
        assert_eq!(told(finding), ["aws-foundational-security-best-practices@1.0 S3.1"]);
    }
}

#[test]
fn questions_find_a_framework_by_any_name() {
    let cases = [
        ("cis-aws", "cis-aws", None),
        ("cis-aws@3.0", "cis-aws", Some("3.0")),
        ("cis-aws@3", "cis-aws", Some("3.0")),
        ("cis-aws@v1.4.0", "cis-aws", Some("1.4")),
        ("CIS-1.5", "cis-aws", Some("1.5")),
        ("cis_1.5_aws", "cis-aws", Some("1.5")),
        ("nist-sp-800-53-r5", "nist-800-53", Some("r5")),
        ("NIST-800-53-Revision-5", "nist-800-53", Some("r5")),
        ("nist_800_53_revision_5_aws", "nist-800-53", Some("r5")),
        ("nist-800-53", "nist-800-53", None),
        ("nist-800-53@5", "nist-800-53", Some("r5")),
        ("nist-800-53@rev5", "nist-800-53", Some("r5")),
        ("SOC2", "soc2", None),
        ("soc-2", "soc2", None),
        ("SOC 2", "soc2", None),
        ("PCI", "pci-dss", None),
        ("PCI-DSS", "pci-dss", None),
        ("pci_4.0_aws", "pci-dss", Some("4.0")),
        ("PCI DSS v4", "pci-dss", Some("4.0")),
        ("fsbp", "aws-foundational-security-best-practices", None),
        ("iso27001_2013_aws", "iso-27001", Some("2013")),
        ("ccop-v2", "ccop", Some("2")),
        ("seojk-21", "seojk-21", None),
        ("sg-pdpa-26-2012", "sg-pdpa-26-2012", None),
        ("Our Rules", "our-rules", None),
    ];
    for (text, framework, version) in cases {
        let query = FrameworkQuery::parse(text).unwrap();
        assert_eq!((query.framework.as_str(), query.version.as_deref()), (framework, version), "{text}");
        let id = Control { framework: query.framework.clone(), version: query.version.clone(), control: String::new() };
        assert_eq!(FrameworkQuery::parse(&id.framework_id()), Some(query), "{text}: its own id");
    }
    for text in ["", "@", "--", "@1.5", "\u{1f}"] {
        assert_eq!(FrameworkQuery::parse(text), None, "{text:?}");
    }
}

#[test]
fn a_question_without_a_version_takes_any() {
    let control = |version: Option<&str>| Control {
        framework: "cis-aws".to_owned(),
        version: version.map(str::to_owned),
        control: "1.20".to_owned(),
    };
    let matches = |query: &str, version| FrameworkQuery::parse(query).unwrap().matches(&control(version));
    assert!(matches("cis-aws", Some("1.5")) && matches("cis-aws", None) && matches("CIS-1.5", Some("1.5")));
    assert!(!matches("cis-aws@1.4", Some("1.5")) && !matches("cis-aws@1.5", None) && !matches("pci", Some("1.5")));
}

/// "`Req 1.3.2` = `1.3.2`; `AC-2` matches its enhancements" (DESIGN §2).
#[test]
fn a_control_matches_itself_and_its_enhancements() {
    let is_part = |framework: &str, control: &str, wanted: &str| {
        let control = Control { framework: framework.to_owned(), version: None, control: control.to_owned() };
        control.is_part_of(wanted)
    };
    for (control, wanted) in
        [("AC-2", "AC-2"), ("AC-2(1)", "AC-2"), ("AC-2(3)(a)", "ac_2"), ("AC-2(4)", "ac_2_4"), ("AC-2", "ac-02")]
    {
        assert!(is_part("nist-800-53", control, wanted), "{control} of {wanted}");
    }
    for (control, wanted) in
        [("AC-20", "AC-2"), ("AC-2", "AC-2(1)"), ("AC-2", ""), ("", "AC-2"), ("AC-2(13)", "AC-2(1)")]
    {
        assert!(!is_part("nist-800-53", control, wanted), "{control} of {wanted}");
    }
    assert!(is_part("pci-dss", "1.3.2", "Req 1.3.2") && is_part("pci-dss", "1.3.2", "1.3.2"));
    assert!(!is_part("pci-dss", "1.3.2", "1.3") && !is_part("pci-dss", "1.3.20", "1.3.2"));
    assert!(is_part("soc2", "CC7.2", "cc7.2") && is_part("seojk-29-2022", "I.c.2.h", "i.C.2.H"));
}

/// The samples of the vendor's page on checks (CONTRACTS 4.3).
#[test]
fn sections_are_those_of_the_samples() {
    let cases = [
        ("nist-800-53", "CM-7", "CM"),
        ("nist-800-53", "CM-8(2)", "CM"),
        ("seojk-29-2022", "I.c.2.h", "I"),
        ("seojk-21", "7.3.2", "7"),
        ("korean-isms-p", "2.9.4", "2.9"),
        ("sg-pdpa-26-2012", "CC6.0.24", "CC6"),
        ("pojk-11-2022", "IV.2.17", "IV"),
        ("ccop", "4.1.1", "4"),
        ("cis-aws", "1.20", "1"),
        ("pci-dss", "ec2", "ec2"),
        ("gdpr", "", ""),
        ("x", ".", "."),
    ];
    for (framework, control, section) in cases {
        let control = Control { framework: framework.to_owned(), version: None, control: control.to_owned() };
        assert_eq!(control.section(), section, "{control:?}");
    }
}

#[test]
fn versions_are_ordered_by_their_numbers() {
    assert_eq!(newest(["r4", "r5"]), Some("r5"));
    assert_eq!(newest(["1.5", "3.0", "1.10"]), Some("3.0"));
    assert_eq!(newest(["1.5", "1.10"]), Some("1.10"));
    assert_eq!(newest([]), None);
    assert!(compare_versions("1.5", "1.10").is_lt() && compare_versions("4.0", "4.0.1").is_lt());
    assert!(compare_versions("99999999999999999999999", "1").is_gt());
}

#[test]
fn the_text_of_a_control_is_read_back() {
    let asff = asff(json!({"Compliance": {"RelatedRequirements": ["CIS-1.5 1.20", "SOC2 cc_7_2", "HIPAA"]}}));
    let controls = controls_of(&asff);
    assert_eq!(controls.len(), 3);
    for control in controls {
        assert_eq!(Control::from_text(&control.to_text()), Some(control));
    }
    assert_eq!(Control::from_text("soc2"), None);
    assert_eq!((title("soc2"), title("seojk-21")), ("SOC 2", "seojk-21"));
}

/// What is sent may be anything: the columns stay small.
#[test]
fn hostile_requirements_make_few_and_short_controls() {
    let many: String = (0..20_000).map(|n| format!(" {n}")).collect();
    let long = "x".repeat(100_000);
    let requirements = json!([format!("SOC2{many}"), format!("{long} {long}"), "\u{0}\u{1}a\u{1f}b", "Ä€\u{301} ß"]);
    let controls = controls_of(&asff(json!({"Compliance": {"RelatedRequirements": requirements}})));
    assert!(controls.len() <= 512);
    for control in controls {
        assert!(control.to_text().len() < 300, "{control:?}");
        assert_eq!(Control::from_text(&control.to_text()), Some(control));
    }
    for compliance in [json!(null), json!([]), json!({"RelatedRequirements": {"a": [1, null]}})] {
        assert!(controls_of(&asff(json!({ "Compliance": compliance }))).is_empty());
    }
}
