//! The findings of the bench: generated from a seed, and unkind to indexes and compression.
//!
//! 40 accounts in 16 regions are scanned one after the other by 100 rules, as Prowler does: ids in its form with nine
//! random digits, resources with 17 random digits and 12 findings each, descriptions that name the resource, tags
//! that few resources share, 30 % failing.

use posture_shared::domain::{FindingKey, Instant};
use serde_json::{Value, json};

/// Findings of one resource.
const PER_RESOURCE: u64 = 12;
const ACCOUNTS: u64 = 40;
/// Percent of the findings that fail.
const FAILING: u64 = 30;
/// Changes of a day as a share of all findings: one in so many.
const CHANGING: u64 = 50;

const REGIONS: [&str; 16] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "sa-east-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-central-1",
    "eu-north-1",
    "ap-south-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-southeast-1",
    "ap-southeast-2",
];

/// Service, resource type of ASFF, path and prefix of ids.
const SERVICES: [(&str, &str, &str); 8] = [
    ("ec2", "AwsEc2Instance", "instance/i-"),
    ("vpc", "AwsEc2Vpc", "vpc/vpc-"),
    ("ebs", "AwsEc2Volume", "volume/vol-"),
    ("rds", "AwsRdsDbInstance", "db:db-"),
    ("elb", "AwsElbv2LoadBalancer", "loadbalancer/app/lb-"),
    ("efs", "AwsEfsFileSystem", "file-system/fs-"),
    ("eks", "AwsEksCluster", "cluster/k-"),
    ("sns", "AwsSnsTopic", "topic-"),
];

/// What rules of every service look at; the names are made up.
const SUBJECTS: [&str; 13] = [
    "encryption_at_rest_enabled",
    "encryption_in_transit_enforced",
    "public_access_blocked",
    "logging_enabled",
    "backup_plan_present",
    "minor_upgrades_automatic",
    "deletion_protection_on",
    "default_ports_not_used",
    "owner_tag_present",
    "network_isolated",
    "admin_access_limited",
    "patch_level_recent",
    "monitoring_detailed",
];

const SEVERITIES: [&str; 8] = ["LOW", "MEDIUM", "MEDIUM", "HIGH", "LOW", "CRITICAL", "MEDIUM", "INFORMATIONAL"];
const TYPES: [&str; 4] = [
    "Software and Configuration Checks/Industry and Regulatory Standards",
    "Software and Configuration Checks/AWS Security Best Practices",
    "Effects/Data Exposure",
    "TTPs/Initial Access",
];

/// Everything that could be reported.
#[derive(Debug, Clone, Copy)]
pub struct Data {
    seed: u64,
    /// How many findings there are.
    pub count: u32,
}

/// What a scan says of a finding beside what never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Whether it fails.
    pub failing: bool,
    /// When the scan saw it.
    pub at: Instant,
}

impl Data {
    /// So many findings.
    pub fn new(seed: u64, count: u32) -> Self {
        Self { seed, count }
    }

    /// Whether a finding fails at first.
    pub fn fails_at_first(&self, number: u32) -> bool {
        self.random(&[1, number.into()]) % 100 < FAILING
    }

    /// Whether the verdict of a finding changes on a day, such that the share that fails stays.
    pub fn changes(&self, number: u32, day: u32, failing: bool) -> bool {
        let half = if failing { 2 * FAILING } else { 2 * (100 - FAILING) };
        self.random(&[2, number.into(), day.into()]) % (CHANGING * half) < 100
    }

    /// The identity of a finding.
    pub fn key(&self, number: u32) -> FindingKey {
        let Place { account, region, rule, id, .. } = self.place(number);
        let id = format!("prowler-{rule}-{account}-{region}-{:09x}", id >> 28);
        FindingKey { product_arn: format!("arn:aws:securityhub:{region}::product/prowler/prowler"), id }
    }

    /// A finding as its producer sends it.
    pub fn finding(&self, number: u32, reading: Reading) -> Value {
        let place = self.place(number);
        let Place { account, region, service, rule, kind, .. } = &place;
        let FindingKey { product_arn, id } = self.key(number);
        let subject = rule.replace('_', " ");
        let (resource, name) = (place.resource(), place.name());
        let at = reading.at.to_string();
        let standard = format!("CIS-1.{}", place.severity % 7);
        json!({
            "SchemaVersion": "2018-10-08",
            "Id": id,
            "ProductArn": product_arn,
            "RecordState": "ACTIVE",
            "ProductFields": {"ProviderVersion": "3.3.0"},
            "GeneratorId": format!("prowler-{rule}"),
            "AwsAccountId": account,
            "Types": [pick(&TYPES, place.check)],
            "FirstObservedAt": at,
            "UpdatedAt": at,
            "CreatedAt": at,
            "Severity": {"Label": pick(&SEVERITIES, place.check)},
            "Confidence": 70 + place.check % 4 * 10,
            "Criticality": place.owner % 4 * 25,
            "Title": format!("Check that {subject}"),
            "Description": format!("{kind} {name} was checked: {subject}."),
            "Resources": [{
                "Type": kind,
                "Id": resource,
                "Region": region,
                "Tags": {
                    "environment": pick(&["production", "staging", "test", "sandbox"], place.owner >> 8),
                    "team": format!("team-{}", place.owner % 23),
                },
            }],
            "Compliance": {
                "Status": if reading.failing { "FAILED" } else { "PASSED" },
                "SecurityControlId": format!("{}.{}", service.to_uppercase(), place.check % SUBJECTS.len() as u64 + 1),
                "AssociatedStandards": [{"StandardsId": standard}],
                "RelatedRequirements": [format!("{standard} {}.{}", place.severity % 5 + 1, place.check % 9 + 1)],
            },
        })
    }

    /// Where a finding lies: account by account, rule by rule, resource by resource.
    fn place(&self, number: u32) -> Place {
        let number = u64::from(number);
        let share = u64::from(self.count).div_ceil(ACCOUNTS).div_ceil(PER_RESOURCE).max(1) * PER_RESOURCE;
        let (account, within) = (number / share, number % share);
        let resources = share / PER_RESOURCE;
        let (turn, resource) = (within / resources, within % resources);
        let random = |what: u64| self.random(&[3, account, resource, what]);
        let service = random(0) % SERVICES.len() as u64;
        let (name, kind, prefix) = SERVICES.get(service as usize).copied().unwrap_or_default();
        let check = (turn + random(1)) % SUBJECTS.len() as u64;
        let first = 100_000_000_000 + self.random(&[4, account]) % 899_999_999_999;
        Place {
            account: first.to_string(),
            region: pick(&REGIONS, random(2)),
            service: name,
            kind,
            prefix,
            rule: format!("{name}_{}", pick(&SUBJECTS, check)),
            check: check + 3 * service,
            severity: check + service,
            owner: random(3),
            digits: format!("{:017x}", (u128::from(random(4)) << 4 | u128::from(random(5) & 15))),
            id: self.random(&[5, number]),
        }
    }

    /// A number that follows from the seed and these parts alone (splitmix64 over each).
    fn random(&self, parts: &[u64]) -> u64 {
        parts.iter().fold(self.seed, |state, part| {
            let mut z =
                state.wrapping_add(part.wrapping_mul(0xd134_2543_de82_ef95)).wrapping_add(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        })
    }
}

struct Place {
    account: String,
    region: &'static str,
    service: &'static str,
    kind: &'static str,
    prefix: &'static str,
    rule: String,
    check: u64,
    severity: u64,
    owner: u64,
    digits: String,
    id: u64,
}

impl Place {
    fn resource(&self) -> String {
        let Self { account, region, service, prefix, digits, .. } = self;
        format!("arn:aws:{service}:{region}:{account}:{prefix}{digits}")
    }

    fn name(&self) -> String {
        let own = self.prefix.rsplit(['/', ':']).next().unwrap_or_default();
        format!("{own}{}", self.digits)
    }
}

fn pick(of: &[&'static str], number: u64) -> &'static str {
    of.get((number % of.len().max(1) as u64) as usize).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{Data, Reading};
    use posture_shared::domain::Instant;
    use posture_shared::domain::json::texts_at;
    use std::collections::{BTreeMap, BTreeSet};

    /// DESIGN §4 and the bench's description: this many accounts, regions and rules, 12 findings a resource, 30 % failing.
    #[test]
    fn the_findings_are_as_unkind_as_promised() {
        let data = Data::new(7, 30_000);
        let mut distinct: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let (mut failing, mut changing) = (0, 0);
        for number in 0..data.count {
            let reading = Reading { failing: data.fails_at_first(number), at: Instant(1_700_000_000_000) };
            failing += u32::from(reading.failing);
            changing += u32::from(data.changes(number, 1, reading.failing));
            let finding = data.finding(number, reading);
            for path in ["Id", "AwsAccountId", "Region", "GeneratorId", "Resources.Id", "Resources.Region"] {
                let texts = texts_at(finding.as_object().unwrap(), path);
                distinct.entry(path).or_default().extend(texts);
            }
        }
        let count = |path: &str| distinct.get(path).map_or(0, BTreeSet::len);
        assert_eq!((count("Id"), count("AwsAccountId"), count("Resources.Region")), (30_000, 40, 16));
        assert!((95..=110).contains(&count("GeneratorId")), "{} rules", count("GeneratorId"));
        assert!((2_450..=2_560).contains(&count("Resources.Id")), "{} resources", count("Resources.Id"));
        assert!((8_700..=9_300).contains(&failing), "{failing} fail");
        assert!((500..=700).contains(&changing), "{changing} change");
    }
}
