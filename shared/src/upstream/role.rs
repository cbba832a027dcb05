//! Roles in other accounts: the same AWS, as somebody else.

use super::refusal::Refusal;
use super::request::Aws;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use chrono::DateTime;
use std::sync::Arc;
use std::time::SystemTime;

const STS: &str = "2011-06-15";
/// By what name the role's account sees who it is.
const SESSION: &str = "posture-ledger";

/// A role that is taken on again when its credentials end.
#[derive(Debug)]
struct Role {
    aws: Aws,
    arn: String,
    external_id: Option<String>,
}

impl Aws {
    /// The same AWS with the credentials of a role, which these credentials may take on. Nobody is asked before they are needed.
    #[must_use]
    pub fn as_role(&self, arn: &str, external_id: Option<&str>) -> Self {
        let role = Role { aws: self.clone(), arn: arn.to_owned(), external_id: external_id.map(str::to_owned) };
        Self { provider: SharedCredentialsProvider::new(role), credentials: Arc::default(), ..self.clone() }
    }

    /// Whether there are credentials to ask with, which for a role may be refused.
    pub async fn check(&self) -> Result<(), Refusal> {
        self.credentials().await.map(drop)
    }
}

impl Role {
    async fn assume(&self) -> Result<Credentials, Refusal> {
        let mut input = vec![("RoleArn", self.arn.as_str()), ("RoleSessionName", SESSION)];
        input.extend(self.external_id.as_deref().map(|id| ("ExternalId", id)));
        let region = self.aws.region().to_owned();
        // On the heap, because a role may be taken on by somebody who has taken one on.
        let answer = Box::pin(self.aws.query("sts", Some(&region), STS, "AssumeRole", &input)).await?;
        let unreadable = || Refusal::unreadable("AssumeRole");
        let text = |name: &str| answer.text(name).ok_or_else(unreadable);
        let ends = DateTime::parse_from_rfc3339(text("Expiration")?.trim()).map_err(|_| unreadable())?;
        let (id, secret, token) = (text("AccessKeyId")?, text("SecretAccessKey")?, text("SessionToken")?);
        Ok(Credentials::new(id, secret, Some(token), Some(SystemTime::from(ends)), "AssumeRole"))
    }
}

impl ProvideCredentials for Role {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move { self.assume().await.map_err(CredentialsError::provider_error) })
    }
}

/// The account and partition-free rest of a role's ARN: `arn:aws:iam::123456789012:role/name`.
pub fn account_of_role(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    let (prefix, service) = (parts.next()?, parts.nth(1)?);
    let account = parts.nth(1)?;
    let is_role = parts.next()?.starts_with("role/");
    let is_number = account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
    (prefix == "arn" && service == "iam" && is_role && is_number).then_some(account)
}

#[cfg(test)]
mod tests {
    use super::account_of_role;

    #[test]
    fn a_role_has_an_account() {
        for good in ["arn:aws:iam::123456789012:role/posture", "arn:aws-cn:iam::123456789012:role/a/b"] {
            assert_eq!(account_of_role(good), Some("123456789012"), "{good}");
        }
        for bad in [
            "",
            "role/x",
            "arn:aws:iam::12:role/x",
            "arn:aws:iam::123456789012:user/x",
            "arn:aws:sts::123456789012:role/x",
        ] {
            assert_eq!(account_of_role(bad), None, "{bad}");
        }
    }
}
