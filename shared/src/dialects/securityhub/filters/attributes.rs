//! The one table of filter attributes: name, kind of condition, and where the value is.
//!
//! Names and kinds are those of the service's model (AwsSecurityFindingFilters, api 2018-10-26): 74 string, 11 date,
//! 10 number, 6 IP, 4 map, 1 keyword, 1 boolean. Deprecated ones are served like the others. ProductName and
//! CompanyName look at the top-level members, which are filled when a finding is taken in.

use crate::domain::column::pairs;
use crate::domain::json::{Object, all_at, texts_at};
use crate::domain::query::{DocumentField, Field};
use crate::domain::{Cell, Column};
use serde_json::Value;

/// The kind of condition that an attribute takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// StringFilter.
    Text,
    /// DateFilter.
    Date,
    /// NumberFilter.
    Number,
    /// IpFilter.
    Ip,
    /// MapFilter.
    Map,
    /// KeywordFilter.
    Keyword,
    /// BooleanFilter.
    Boolean,
}

/// An attribute that findings can be filtered by.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// Its name within `Filters`.
    pub name: &'static str,
    /// The kind of condition that it takes.
    pub kind: Kind,
    /// Where its value is.
    pub field: Field,
    document_path: &'static str,
}

impl Attribute {
    /// Its ASFF path; empty for what has none, being about the whole finding.
    pub fn path(&self) -> &'static str {
        match self.field {
            Field::Column(column) => column.name(),
            Field::Derived(field) => field.name,
            Field::Document(_) => self.document_path,
        }
    }
}

macro_rules! attribute {
    ($name:ident $kind:ident column $column:ident) => {
        Attribute {
            name: stringify!($name),
            kind: Kind::$kind,
            field: Field::Column(Column::$column),
            document_path: "",
        }
    };
    ($name:ident $kind:ident $path:literal) => {
        Attribute {
            name: stringify!($name),
            kind: Kind::$kind,
            field: Field::Document(&DocumentField {
                name: stringify!($name),
                of: |finding| Kind::$kind.cell(&finding.asff, $path),
            }),
            document_path: $path,
        }
    };
}

/// Every attribute, in the model's order.
pub static ATTRIBUTES: &[Attribute] = &[
    attribute!(ProductArn Text column ProductArn),
    attribute!(AwsAccountId Text column AwsAccountId),
    attribute!(Id Text column Id),
    attribute!(GeneratorId Text column GeneratorId),
    attribute!(Region Text column Region),
    attribute!(Type Text column Types),
    attribute!(FirstObservedAt Date column FirstObservedAt),
    attribute!(LastObservedAt Date column LastObservedAt),
    attribute!(CreatedAt Date column CreatedAt),
    attribute!(UpdatedAt Date column UpdatedAt),
    attribute!(SeverityProduct Number column SeverityProduct),
    attribute!(SeverityNormalized Number column SeverityNormalized),
    attribute!(SeverityLabel Text column SeverityLabel),
    attribute!(Confidence Number column Confidence),
    attribute!(Criticality Number column Criticality),
    attribute!(Title Text column Title),
    attribute!(Description Text column Description),
    attribute!(RecommendationText Text "Remediation.Recommendation.Text"),
    attribute!(SourceUrl Text "SourceUrl"),
    attribute!(ProductFields Map "ProductFields"),
    attribute!(ProductName Text column ProductName),
    attribute!(CompanyName Text column CompanyName),
    attribute!(UserDefinedFields Map "UserDefinedFields"),
    attribute!(MalwareName Text "Malware.Name"),
    attribute!(MalwareType Text "Malware.Type"),
    attribute!(MalwarePath Text "Malware.Path"),
    attribute!(MalwareState Text "Malware.State"),
    attribute!(NetworkDirection Text "Network.Direction"),
    attribute!(NetworkProtocol Text "Network.Protocol"),
    attribute!(NetworkSourceIpV4 Ip "Network.SourceIpV4"),
    attribute!(NetworkSourceIpV6 Ip "Network.SourceIpV6"),
    attribute!(NetworkSourcePort Number "Network.SourcePort"),
    attribute!(NetworkSourceDomain Text "Network.SourceDomain"),
    attribute!(NetworkSourceMac Text "Network.SourceMac"),
    attribute!(NetworkDestinationIpV4 Ip "Network.DestinationIpV4"),
    attribute!(NetworkDestinationIpV6 Ip "Network.DestinationIpV6"),
    attribute!(NetworkDestinationPort Number "Network.DestinationPort"),
    attribute!(NetworkDestinationDomain Text "Network.DestinationDomain"),
    attribute!(ProcessName Text "Process.Name"),
    attribute!(ProcessPath Text "Process.Path"),
    attribute!(ProcessPid Number "Process.Pid"),
    attribute!(ProcessParentPid Number "Process.ParentPid"),
    attribute!(ProcessLaunchedAt Date "Process.LaunchedAt"),
    attribute!(ProcessTerminatedAt Date "Process.TerminatedAt"),
    attribute!(ThreatIntelIndicatorType Text "ThreatIntelIndicators.Type"),
    attribute!(ThreatIntelIndicatorValue Text "ThreatIntelIndicators.Value"),
    attribute!(ThreatIntelIndicatorCategory Text "ThreatIntelIndicators.Category"),
    attribute!(ThreatIntelIndicatorLastObservedAt Date "ThreatIntelIndicators.LastObservedAt"),
    attribute!(ThreatIntelIndicatorSource Text "ThreatIntelIndicators.Source"),
    attribute!(ThreatIntelIndicatorSourceUrl Text "ThreatIntelIndicators.SourceUrl"),
    attribute!(ResourceType Text column ResourceTypes),
    attribute!(ResourceId Text column ResourceIds),
    attribute!(ResourcePartition Text "Resources.Partition"),
    attribute!(ResourceRegion Text column ResourceRegions),
    attribute!(ResourceTags Map column ResourceTags),
    attribute!(ResourceAwsEc2InstanceType Text "Resources.Details.AwsEc2Instance.Type"),
    attribute!(ResourceAwsEc2InstanceImageId Text "Resources.Details.AwsEc2Instance.ImageId"),
    attribute!(ResourceAwsEc2InstanceIpV4Addresses Ip "Resources.Details.AwsEc2Instance.IpV4Addresses"),
    attribute!(ResourceAwsEc2InstanceIpV6Addresses Ip "Resources.Details.AwsEc2Instance.IpV6Addresses"),
    attribute!(ResourceAwsEc2InstanceKeyName Text "Resources.Details.AwsEc2Instance.KeyName"),
    attribute!(ResourceAwsEc2InstanceIamInstanceProfileArn Text "Resources.Details.AwsEc2Instance.IamInstanceProfileArn"),
    attribute!(ResourceAwsEc2InstanceVpcId Text "Resources.Details.AwsEc2Instance.VpcId"),
    attribute!(ResourceAwsEc2InstanceSubnetId Text "Resources.Details.AwsEc2Instance.SubnetId"),
    attribute!(ResourceAwsEc2InstanceLaunchedAt Date "Resources.Details.AwsEc2Instance.LaunchedAt"),
    attribute!(ResourceAwsS3BucketOwnerId Text "Resources.Details.AwsS3Bucket.OwnerId"),
    attribute!(ResourceAwsS3BucketOwnerName Text "Resources.Details.AwsS3Bucket.OwnerName"),
    attribute!(ResourceAwsIamAccessKeyUserName Text "Resources.Details.AwsIamAccessKey.UserName"),
    attribute!(ResourceAwsIamAccessKeyPrincipalName Text "Resources.Details.AwsIamAccessKey.PrincipalName"),
    attribute!(ResourceAwsIamAccessKeyStatus Text "Resources.Details.AwsIamAccessKey.Status"),
    attribute!(ResourceAwsIamAccessKeyCreatedAt Date "Resources.Details.AwsIamAccessKey.CreatedAt"),
    attribute!(ResourceAwsIamUserUserName Text "Resources.Details.AwsIamUser.UserName"),
    attribute!(ResourceContainerName Text "Resources.Details.Container.Name"),
    attribute!(ResourceContainerImageId Text "Resources.Details.Container.ImageId"),
    attribute!(ResourceContainerImageName Text "Resources.Details.Container.ImageName"),
    attribute!(ResourceContainerLaunchedAt Date "Resources.Details.Container.LaunchedAt"),
    attribute!(ResourceDetailsOther Map "Resources.Details.Other"),
    attribute!(ComplianceStatus Text column ComplianceStatus),
    attribute!(VerificationState Text column VerificationState),
    attribute!(WorkflowState Text "WorkflowState"),
    attribute!(WorkflowStatus Text column WorkflowStatus),
    attribute!(RecordState Text column RecordState),
    attribute!(RelatedFindingsProductArn Text "RelatedFindings.ProductArn"),
    attribute!(RelatedFindingsId Text "RelatedFindings.Id"),
    attribute!(NoteText Text "Note.Text"),
    attribute!(NoteUpdatedAt Date "Note.UpdatedAt"),
    attribute!(NoteUpdatedBy Text "Note.UpdatedBy"),
    attribute!(Keyword Keyword ""),
    attribute!(FindingProviderFieldsConfidence Number "FindingProviderFields.Confidence"),
    attribute!(FindingProviderFieldsCriticality Number "FindingProviderFields.Criticality"),
    attribute!(FindingProviderFieldsRelatedFindingsId Text "FindingProviderFields.RelatedFindings.Id"),
    attribute!(FindingProviderFieldsRelatedFindingsProductArn Text "FindingProviderFields.RelatedFindings.ProductArn"),
    attribute!(FindingProviderFieldsSeverityLabel Text "FindingProviderFields.Severity.Label"),
    attribute!(FindingProviderFieldsSeverityOriginal Text "FindingProviderFields.Severity.Original"),
    attribute!(FindingProviderFieldsTypes Text "FindingProviderFields.Types"),
    attribute!(Sample Boolean "Sample"),
    attribute!(ComplianceSecurityControlId Text column ControlId),
    attribute!(ComplianceAssociatedStandardsId Text column StandardsIds),
    attribute!(VulnerabilitiesExploitAvailable Text "Vulnerabilities.ExploitAvailable"),
    attribute!(VulnerabilitiesFixAvailable Text "Vulnerabilities.FixAvailable"),
    attribute!(ComplianceSecurityControlParametersName Text "Compliance.SecurityControlParameters.Name"),
    attribute!(ComplianceSecurityControlParametersValue Text "Compliance.SecurityControlParameters.Value"),
    attribute!(AwsAccountName Text column AwsAccountName),
    attribute!(ResourceApplicationName Text "Resources.ApplicationName"),
    attribute!(ResourceApplicationArn Text "Resources.ApplicationArn"),
    attribute!(ResourceOwnerAccountId Text "Resources.Owner.Account.Id"),
    attribute!(ResourceOwnerOrgId Text "Resources.Owner.Org.Id"),
    attribute!(ResourceProvider Text "Resources.Provider"),
];

impl Kind {
    /// The values at a path of a document, in the form that this kind's tests compare.
    fn cell(self, asff: &Object, path: &str) -> Cell {
        let texts: Vec<String> = match self {
            Self::Text | Self::Date | Self::Ip => texts_at(asff, path),
            // Numbers are kept as they were sent; number tests read them back.
            Self::Number => all_at(asff, path).into_iter().filter(|v| v.is_number()).map(ToString::to_string).collect(),
            Self::Map => all_at(asff, path).into_iter().filter_map(Value::as_object).flat_map(pairs).collect(),
            Self::Keyword => every_text(asff),
            Self::Boolean => {
                vec![all_at(asff, path).into_iter().any(|value| *value == Value::Bool(true)).to_string()]
            }
        };
        if texts.is_empty() { Cell::None } else { Cell::Texts(texts) }
    }
}

/// Every string value in a document, at whatever depth.
fn every_text(asff: &Object) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest: Vec<&Value> = asff.values().collect();
    while let Some(value) = rest.pop() {
        match value {
            Value::String(text) => texts.push(text.clone()),
            Value::Array(items) => rest.extend(items),
            Value::Object(members) => rest.extend(members.values()),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    texts
}
