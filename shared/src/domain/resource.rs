//! The resource of a finding, as people name it: `aws:us-east-1:aws.iam.user:svc-deploy`.
//!
//! Of several resources it is the first. Where that one names no region, it is that of another resource, else the
//! finding's own, else `global`.

use super::json::{self, Object};
use super::query::DerivedField;
use super::resource_type::{ResourceType, resource_name, resource_path};
use super::{Cell, Column};

/// A finding's resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The id that its producer gave, mostly an ARN.
    pub id: String,
    /// What it is.
    pub kind: ResourceType,
    /// Where it is, `global` where nobody says.
    pub region: String,
    /// The last part of its id.
    pub name: String,
    /// Provider, region, type and name in one text.
    pub path: String,
}

/// The paths, names and ids of resources, for questions: in this order of the finding's resource.
pub static RESOURCE: DerivedField = DerivedField { name: "resource", columns: &COLUMNS, of: texts };

const COLUMNS: [Column; 4] = [Column::Region, Column::ResourceRegions, Column::ResourceTypes, Column::ResourceIds];

impl Resource {
    /// The resource of a finding; a document without any gives one without a name.
    pub fn of(asff: &Object) -> Self {
        let first = |path: &str| json::texts_at(asff, path).into_iter().next();
        let region = json::text_at(asff, "Region").map(str::to_owned);
        Self::new(region, first("Resources.Region"), first("Resources.Type"), first("Resources.Id"))
    }

    fn new(finding: Option<String>, region: Option<String>, kind: Option<String>, id: Option<String>) -> Self {
        let named = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let region = named(region).or(named(finding)).unwrap_or_else(|| "global".to_owned());
        let kind = kind.map_or_else(ResourceType::other, |kind| ResourceType::parse(&kind));
        let id = id.unwrap_or_default();
        let name = resource_name(&id).to_owned();
        let path = resource_path(Some(&region), &kind, &name);
        Self { id, kind, region, name, path }
    }
}

fn texts(cells: &[Cell]) -> Cell {
    let first = |place: usize| cells.get(place).and_then(|cell| cell.texts().first().cloned());
    let Resource { id, kind: _, region: _, name, path } = Resource::new(first(0), first(1), first(2), first(3));
    Cell::Texts(vec![path, name, id])
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{RESOURCE, Resource};
    use crate::domain::{Cell, Column, Row};
    use serde_json::{Value, json};

    fn of(asff: &Value) -> Resource {
        Resource::of(asff.as_object().unwrap())
    }

    /// infracast-findings, Example Response.
    #[test]
    fn paths_are_the_documents() {
        let cases = [
            (
                json!({"Resources": [{"Type": "AwsIamUser", "Id": "arn:aws:iam::123456789012:user/svc-deploy", "Region": "us-east-1"}]}),
                "aws:us-east-1:aws.iam.user:svc-deploy",
            ),
            (
                json!({"Region": "us-east-1", "Resources": [{"Type": "AwsEc2SecurityGroup", "Id": "arn:aws:ec2:us-east-1:1:security-group/sg-0abc123"}]}),
                "aws:us-east-1:aws.ec2.security_group:sg-0abc123",
            ),
            (json!({"Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::b"}]}), "aws:global:aws.s3.bucket:b"),
            (
                json!({"Region": "eu-west-1", "Resources": [{"Type": "AwsS3Bucket", "Id": "x"}, {"Type": "AwsIamUser", "Id": "y", "Region": "us-east-1"}]}),
                "aws:us-east-1:aws.s3.bucket:x",
            ),
        ];
        for (asff, path) in cases {
            assert_eq!(of(&asff).path, path);
        }
    }

    #[test]
    fn odd_documents_have_a_resource_too() {
        for asff in [
            json!({}),
            json!({"Resources": 7, "Region": []}),
            json!({"Resources": [{"Type": 1, "Id": null}, "x", []]}),
            json!({"Resources": [{"Type": "", "Id": ""}]}),
        ] {
            assert_eq!((of(&asff).region.as_str(), of(&asff).name.as_str()), ("global", ""), "{asff}");
        }
    }

    #[test]
    fn columns_and_documents_tell_the_same() {
        let asff = json!({"Region": "r", "Resources": [{"Type": "AwsIamUser", "Id": "arn:aws:iam::1:user/u"}, {"Type": "X", "Id": "i", "Region": "q"}]});
        let mut row = Row::default();
        row.set(Column::Region, Cell::Text("r".to_owned()));
        row.set(Column::ResourceRegions, Cell::Texts(vec!["q".to_owned()]));
        row.set(Column::ResourceTypes, Cell::Texts(vec!["AwsIamUser".to_owned(), "X".to_owned()]));
        row.set(Column::ResourceIds, Cell::Texts(vec!["arn:aws:iam::1:user/u".to_owned(), "i".to_owned()]));
        let Resource { path, name, id, .. } = of(&asff);
        let told = RESOURCE.value::<()>(&|column| Ok(row.get(column).clone()));
        assert_eq!(told, Ok(Cell::Texts(vec![path, name, id])));
    }
}
