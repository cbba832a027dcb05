//! Hubs of two accounts that do what they are told, as AWS on the other side of a connector.

use crate::house::finding;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub const OWN: &str = "123456789012";
pub const MEMBER: &str = "222222222222";
pub const FULL: &str = "ThrottlingException";

/// The hubs.
#[derive(Debug, Clone, Default)]
pub struct Stub(Arc<Mutex<State>>);

#[derive(Debug, Default)]
pub struct State {
    /// By account, region and Id.
    pub hubs: BTreeMap<(String, String), BTreeMap<String, Value>>,
    /// Account, region and body of every update.
    pub told: Vec<(String, String, Value)>,
    /// What is refused: code and message by account and region.
    pub refuse: BTreeMap<(String, String), (String, String)>,
    /// The same for the update of that number, counted from 1, and for none after it.
    pub once: BTreeMap<usize, (String, String)>,
    /// Code by Id of a finding, and how often.
    pub unprocessed: BTreeMap<String, (String, usize)>,
    /// Ids that a request may not name.
    pub malformed: Vec<String>,
    /// The same, in words of which AWS's description knows nothing.
    pub outlandish: Vec<String>,
    /// How many updates there were.
    pub answered: usize,
}

impl Stub {
    pub fn with(hubs: &[(&str, &str, usize)]) -> Self {
        let stub = Self::default();
        for (account, region, count) in hubs {
            stub.change(|state| {
                let findings =
                    (0..*count).map(|number| (name(account, region, number), shown(account, region, number)));
                state.hubs.insert(((*account).to_owned(), (*region).to_owned()), findings.collect());
            });
        }
        stub
    }

    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }

    /// The updates since the last look: account, region, what is set, and Ids.
    pub fn told(&self) -> Vec<(String, String, Value, Vec<String>)> {
        let told = self.change(|state| std::mem::take(&mut state.told));
        let each = told.into_iter().map(|(account, region, mut body)| {
            let ids = body.as_object_mut().unwrap().remove("FindingIdentifiers").unwrap();
            let ids = ids.as_array().unwrap().iter().map(|id| id["Id"].as_str().unwrap().to_owned()).collect();
            (account, region, body, ids)
        });
        each.collect()
    }

    pub fn finding(&self, account: &str, region: &str, number: usize) -> Value {
        self.change(|state| {
            state.hubs[&(account.to_owned(), region.to_owned())][&name(account, region, number)].clone()
        })
    }

    fn update(&self, account: &str, region: &str, body: &Value) -> (u16, String) {
        self.change(|state| {
            state.answered += 1;
            let refuse = |(code, message): &(String, String)| {
                let status = if code == FULL { 429 } else { 400 };
                (status, json!({"__type": code, "Message": message}).to_string())
            };
            let place = (account.to_owned(), region.to_owned());
            if let Some(refused) = state.once.remove(&state.answered).as_ref().or(state.refuse.get(&place)) {
                return refuse(refused);
            }
            let named = body["FindingIdentifiers"].as_array().unwrap();
            assert!((1..=100).contains(&named.len()), "a request takes 100 findings");
            if named.iter().any(|id| state.malformed.iter().any(|bad| id["Id"] == json!(bad))) {
                return refuse(&("InvalidInputException".to_owned(), "Invalid FindingIdentifier".to_owned()));
            }
            if named.iter().any(|id| state.outlandish.iter().any(|bad| id["Id"] == json!(bad))) {
                return refuse(&("FindingFrozenException".to_owned(), "not now".to_owned()));
            }
            state.told.push((account.to_owned(), region.to_owned(), body.clone()));
            let (mut processed, mut unprocessed) = (Vec::new(), Vec::new());
            for id in named {
                let text = id["Id"].as_str().unwrap();
                let known = state.hubs.get_mut(&place).and_then(|hub| hub.get_mut(text));
                let passing = state.unprocessed.get_mut(text).filter(|(_, times)| *times > 0);
                let code = match (passing, known) {
                    (Some((code, times)), _) => {
                        *times -= 1;
                        code.clone()
                    }
                    (None, None) => "FindingNotFound".to_owned(),
                    (None, Some(finding)) => {
                        for (member, value) in body.as_object().unwrap() {
                            if member != "FindingIdentifiers" {
                                finding[member] = value.clone();
                            }
                        }
                        if body.get("Note").is_some() {
                            finding["Note"]["UpdatedAt"] = json!("2023-11-14T22:14:00.000Z");
                        }
                        processed.push(id.clone());
                        continue;
                    }
                };
                unprocessed.push(json!({"FindingIdentifier": id, "ErrorCode": code, "ErrorMessage": "in its words"}));
            }
            (200, json!({"ProcessedFindings": processed, "UnprocessedFindings": unprocessed}).to_string())
        })
    }
}

impl HttpConnector for Stub {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default().to_vec();
        let signed = request.headers().get("authorization").unwrap().to_owned();
        let mut scope = signed.split("Credential=").nth(1).unwrap().split('/');
        let account = if scope.next() == Some("member") { MEMBER } else { OWN };
        let (region, service) = (scope.nth(1).unwrap().to_owned(), scope.next().unwrap().to_owned());
        let (status, answer) = match (service.as_str(), request.method()) {
            ("sts", _) if body.starts_with(b"Action=AssumeRole&") => {
                let keys = "<AccessKeyId>member</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>";
                (200, format!("<R><C>{keys}<Expiration>2099-01-01T00:00:00Z</Expiration></C></R>"))
            }
            ("sts", _) => (200, format!("<R><Account>{OWN}</Account></R>")),
            (_, "PATCH") => {
                assert!(request.uri().ends_with("/findings/batchupdate"), "{}", request.uri());
                self.update(account, &region, &serde_json::from_slice(&body).unwrap())
            }
            _ => {
                let known =
                    self.change(|state| state.hubs.get(&(account.to_owned(), region)).cloned().unwrap_or_default());
                (200, json!({"Findings": known.into_values().collect::<Vec<_>>()}).to_string())
            }
        };
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer));
        response.headers_mut().insert("content-type", "application/json");
        HttpConnectorFuture::ready(Ok(response))
    }
}

pub fn name(account: &str, region: &str, number: usize) -> String {
    format!("{account}-{region}-{number:03}")
}

/// A finding as a hub shows it.
pub fn shown(account: &str, region: &str, number: usize) -> Value {
    let mut shown = finding(&name(account, region, number), account, "FAILED", "2023-11-14T10:00:00Z");
    shown["Region"] = json!(region);
    shown["RecordState"] = json!("ACTIVE");
    shown["Workflow"] = json!({"Status": "NEW"});
    shown["Severity"] = json!({"Label": "HIGH", "Normalized": 70});
    shown["FindingProviderFields"] = json!({"Severity": {"Label": "HIGH"}});
    shown
}
