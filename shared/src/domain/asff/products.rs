//! Products: what a ProductArn says, the names of known products, and the members that the hub fills (CONTRACTS 1.7).

use super::{present, put, set_workflow};
use crate::domain::Account;
use crate::domain::json::{self, Object};
use serde_json::Value;

/// A ProductArn taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductArn<'a> {
    /// For example `aws`.
    pub partition: &'a str,
    /// For example `eu-west-1`.
    pub region: &'a str,
    /// Empty for public products.
    pub account: &'a str,
    /// The company's part, or the account of a custom integration.
    pub company: &'a str,
    /// The product's part, `default` for a custom integration.
    pub product: &'a str,
}

impl<'a> ProductArn<'a> {
    /// Takes an ARN apart whose resource has the form `product/COMPANY/PRODUCT`; nothing more is checked.
    pub fn parse(arn: &'a str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let (scheme, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        let mut resource = resource.splitn(3, '/');
        let (kind, company, product) = (resource.next()?, resource.next()?, resource.next()?);
        let whole = scheme == "arn" && service == "securityhub" && kind == "product";
        whole.then_some(Self { partition, region, account, company, product })
    }

    /// Whether it has one of the two forms of CONTRACTS 1.8.
    pub fn is_valid(&self) -> bool {
        let word = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        let partition = self.partition == "aws" || self.partition.strip_prefix("aws-").is_some_and(word);
        let custom = Account::is_id(self.account) && self.company == self.account;
        let form = if self.account.is_empty() {
            word(self.company) && word(self.product)
        } else {
            custom && self.product == "default"
        };
        partition && word(self.region) && form
    }

    /// Whether these are the hub's own control findings.
    pub fn is_security_hub(&self) -> bool {
        self.company == "aws" && self.product == "securityhub"
    }
}

/// Company and product as in the ARN, ProductName, CompanyName. Names as the products' owners spell them.
const KNOWN: &[(&str, &str, &str, &str)] = &[
    ("prowler", "prowler", "Prowler", "Prowler"),
    ("aws", "securityhub", "Security Hub", "AWS"),
    ("aws", "guardduty", "GuardDuty", "Amazon"),
    ("aws", "inspector", "Inspector", "Amazon"),
    ("aws", "macie", "Macie", "Amazon"),
    ("aws", "detective", "Detective", "Amazon"),
    ("aws", "access-analyzer", "IAM Access Analyzer", "AWS"),
    ("aws", "config", "Config", "AWS"),
    ("aws", "firewall-manager", "Firewall Manager", "AWS"),
    ("aws", "health", "Health", "AWS"),
    ("aws", "iot-device-defender", "IoT Device Defender", "AWS"),
    ("aws", "ssm-patch-manager", "Systems Manager Patch Manager", "AWS"),
    ("aws", "systems-manager-patch-manager", "Systems Manager Patch Manager", "AWS"),
    ("aquasecurity", "aquasecurity", "Aqua Security", "Aqua Security"),
    ("posture-ledger", "audit", "Posture Ledger", "Posture Ledger"),
    ("cloud-custodian", "cloud-custodian", "Cloud Custodian", "Cloud Custodian"),
];

/// ProductName and CompanyName of a product: from the table, else what its ARN says.
pub fn names(arn: &str) -> (String, String) {
    let Some(arn) = ProductArn::parse(arn) else { return (String::new(), String::new()) };
    if !arn.account.is_empty() && arn.product == "default" {
        return ("Default".to_owned(), "Personal".to_owned());
    }
    let known = KNOWN.iter().find(|(company, product, _, _)| *company == arn.company && *product == arn.product);
    known.map_or_else(
        || (arn.product.to_owned(), arn.company.to_owned()),
        |(_, _, product, company)| ((*product).to_owned(), (*company).to_owned()),
    )
}

/// Fills what the hub fills where it was not sent: RecordState, Workflow.Status, Region, ProductName, CompanyName,
/// and three ProductFields. A value that was sent wins, and one sent in ProductFields is used at the top level too.
pub fn fill(asff: &mut Object) {
    let text = |asff: &Object, path: &str| json::text_at(asff, path).unwrap_or_default().to_owned();
    if present(asff, "RecordState").is_none() {
        asff.insert("RecordState".to_owned(), Value::String("ACTIVE".to_owned()));
    }
    if json::text_at(asff, "Workflow.Status").is_none() {
        set_workflow(asff, "NEW");
    }
    let arn = text(asff, "ProductArn");
    if let (None, Some(parsed)) = (present(asff, "Region"), ProductArn::parse(&arn)) {
        asff.insert("Region".to_owned(), Value::String(parsed.region.to_owned()));
    }
    let (product, company) = names(&arn);
    name(asff, "ProductName", product);
    name(asff, "CompanyName", company);
    let id = Value::String(format!("{arn}/{}", text(asff, "Id")));
    product_field(asff, "aws/securityhub/FindingId", id);
}

fn name(asff: &mut Object, member: &str, known: String) {
    let field = format!("aws/securityhub/{member}");
    let sent = asff.get(member).and_then(Value::as_str);
    let in_fields = || asff.get("ProductFields")?.as_object()?.get(&field)?.as_str();
    let value = sent.or_else(in_fields).map_or(known, str::to_owned);
    if value.is_empty() {
        return;
    }
    if present(asff, member).is_none() {
        put(asff, member, Some(Value::String(value.clone())));
    }
    product_field(asff, &field, Value::String(value));
}

fn product_field(asff: &mut Object, field: &str, value: Value) {
    let fields = asff.entry("ProductFields").or_insert_with(|| Value::Object(Object::new()));
    if let Value::Object(fields) = fields
        && present(fields, field).is_none()
    {
        fields.insert(field.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_forms_of_contracts_1_8_are_valid_and_nothing_else() {
        for (arn, valid) in [
            ("arn:aws:securityhub:eu-west-1::product/prowler/prowler", true),
            ("arn:aws-us-gov:securityhub:us-gov-west-1::product/aws/securityhub", true),
            ("arn:aws:securityhub:eu-west-1:123456789012:product/123456789012/default", true),
            ("arn:aws:securityhub:eu-west-1:123456789012:product/210987654321/default", false),
            ("arn:aws:securityhub:eu-west-1:123456789012:product/123456789012/mine", false),
            ("arn:aws:securityhub:eu-west-1:1234:product/1234/default", false),
            ("arn:aws:securityhub:::product/a/b", false),
            ("arn:aws:securityhub:eu-west-1::product/a", false),
            ("arn:aws:securityhub:eu-west-1::product/a/b/c", false),
            ("arn:aws:guardduty:eu-west-1::product/a/b", false),
            ("arn:gcp:securityhub:eu-west-1::product/a/b", false),
            ("", false),
        ] {
            assert_eq!(ProductArn::parse(arn).is_some_and(|a| a.is_valid()), valid, "{arn}");
        }
    }

    #[test]
    fn names_come_from_the_table_else_from_the_arn() {
        for (arn, product, company) in [
            ("arn:aws:securityhub:eu-west-1::product/prowler/prowler", "Prowler", "Prowler"),
            ("arn:aws:securityhub:eu-west-1::product/aws/securityhub", "Security Hub", "AWS"),
            ("arn:aws:securityhub:eu-west-1::product/acme/scanner", "scanner", "acme"),
            ("arn:aws:securityhub:eu-west-1:123456789012:product/123456789012/default", "Default", "Personal"),
            ("nonsense", "", ""),
        ] {
            assert_eq!(names(arn), (product.to_owned(), company.to_owned()), "{arn}");
        }
    }
}
