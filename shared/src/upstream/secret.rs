//! AWS Secrets Manager: the value of one secret.

use super::refusal::Refusal;
use super::request::Aws;
use serde_json::{Value, json};

/// What IAM must allow for reading it.
pub const SECRET_ACTIONS: &[&str] = &["secretsmanager:GetSecretValue"];

impl Aws {
    /// The current value of a secret, by its name or ARN.
    pub async fn secret(&self, id: &str) -> Result<String, Refusal> {
        let input = json!({"SecretId": id});
        let answer = self.json("secretsmanager", "secretsmanager.GetSecretValue", self.region(), &input).await?;
        let text = answer.get("SecretString").and_then(Value::as_str).map(str::to_owned);
        text.ok_or_else(|| Refusal::unreadable("GetSecretValue"))
    }
}
