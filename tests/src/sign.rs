//! A client's side of AWS Signature Version 4, written from AWS's description of it and sharing no code with ours.

use crate::gateway::Ask;
use chrono::DateTime;
use hmac::{Hmac, KeyInit, Mac};
use posture_shared::domain::Instant;
use sha2::{Digest, Sha256};

/// Which key signs, for where and when.
#[derive(Debug, Clone)]
pub struct Signer {
    /// The access key id.
    pub id: String,
    /// The secret access key.
    pub secret: String,
    /// The region of the credential scope.
    pub region: String,
    /// The service of the credential scope.
    pub service: String,
    /// The time of the signature.
    pub at: Instant,
}

impl Signer {
    /// Adds `x-amz-date` and `authorization`. `wire_path` is the path of the URL, `ask.headers` holds the host.
    pub fn sign(&self, ask: &mut Ask, wire_path: &str) {
        let time = DateTime::from_timestamp_millis(self.at.0).unwrap().format("%Y%m%dT%H%M%SZ").to_string();
        ask.headers.push(("x-amz-date".to_owned(), time));
        let authorization = self.authorization(ask, wire_path);
        ask.headers.push(("authorization".to_owned(), authorization));
    }

    /// The `Authorization` header of a request that has all its other headers, all of which are signed.
    pub fn authorization(&self, ask: &Ask, wire_path: &str) -> String {
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, value) in &ask.headers {
            headers.push((name.to_lowercase(), value.split_whitespace().collect::<Vec<_>>().join(" ")));
        }
        headers.sort();
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let mut query: Vec<(String, String)> = ask.pairs().iter().map(|(n, v)| (encoded(n), encoded(v))).collect();
        query.sort();
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let canonical = format!(
            "{}\n{}\n{}\n{lines}\n{}\n{}",
            ask.method,
            wire_path.split('/').map(encoded).collect::<Vec<_>>().join("/"),
            query.join("&"),
            names.join(";"),
            hex(&Sha256::digest(&ask.body)),
        );
        let time = &headers.iter().find(|(name, _)| name == "x-amz-date").unwrap().1;
        let day = time.get(..8).unwrap();
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
        let day_key = mac(format!("AWS4{}", self.secret).as_bytes(), day);
        let key = mac(&mac(&mac(&day_key, &self.region), &self.service), "aws4_request");
        let signature = hex(&mac(&key, &to_sign));
        let names = names.join(";");
        format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", self.id)
    }
}

fn mac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every byte but letters, digits and `-_.~` as `%XX`.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}
