//! `posture event`: hands an event file to a function, as Lambda would, and prints the answer.
//!
//! An answer with an error's status is printed too, and ends with exit code 1.

use super::hub::hubs;
use super::store::{Absent, AnyPlace, with_words};
use super::sweep::wish;
use super::{Ending, Failure, print, read_text};
use clap::Args;
use lambda_http::{Body, Response};
use posture_functions::{ROUTES, TRIGGERS, event};
use posture_shared::config::Settings;
use posture_shared::domain::Error;
use serde_json::{Map, Value, json};

#[derive(Args)]
pub(super) struct Event {
    #[command(flatten)]
    place: AnyPlace,
    /// The function's name, for example import-hub-events
    #[arg(value_parser = function)]
    function: String,
    /// The event, as JSON; `-` is stdin
    file: String,
    /// Put this key's token into the event's headers, in place of the key that is there
    #[arg(long)]
    token: Option<String>,
}

impl Event {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Failure> {
        let text = read_text(&self.file)?;
        let mut event: Value = serde_json::from_str(&text)
            .map_err(|error| Error::invalid(self.file.as_str(), format!("is not JSON: {error}")))?;
        if let Some(trigger) = TRIGGERS.iter().find(|trigger| trigger.function == self.function) {
            if self.token.is_some() {
                return Err(Failure::usage("--token", format_args!("{} takes no key", self.function)));
            }
            let mut app = self.place.open(settings, Absent::Make).await?.app;
            if trigger.reads_aws {
                app = app.sweeping(wish(None, settings.sweep_regions(), settings.sweep_aggregator.clone()).await?);
                app = app.synchronising(hubs(None, settings, None).await?);
            }
            print(&app.wake(trigger, event, "local").await?)?;
        } else if let Some(route) = ROUTES.iter().find(|route| route.function == self.function) {
            if let Some(token) = &self.token {
                present(&mut event, token);
            }
            let request = event::request_of(&event.to_string())?;
            let app = with_words(self.place.open(settings, Absent::Make).await?.app, settings).await?;
            let response = app.answer(route, request).await;
            let refused = response.status().as_u16() >= 400;
            print(&answer_of(response))?;
            if refused {
                return Ok(Ending::Refused);
            }
        }
        Ok(Ending::Done)
    }
}

/// Puts a token into an event's headers, in place of whatever key is there.
fn present(event: &mut Value, token: &str) {
    let bearer = json!(format!("Bearer {token}"));
    for (member, value) in [("headers", bearer.clone()), ("multiValueHeaders", json!([bearer]))] {
        let Some(headers) = event.get_mut(member).and_then(Value::as_object_mut) else { continue };
        headers.retain(|name, _| !KEY_HEADERS.contains(&name.to_ascii_lowercase().as_str()));
        headers.insert("Authorization".to_owned(), value);
    }
}

/// The headers in which keys are presented.
const KEY_HEADERS: [&str; 5] =
    ["authorization", "x-amzn-remapped-authorization", "x-api-key", "dd-api-key", "dd-application-key"];

/// A response as a function gives it to its gateway. All bodies of ours are text.
fn answer_of(response: Response<Body>) -> Value {
    let (parts, body) = response.into_parts();
    let text = |value: &[u8]| Value::String(String::from_utf8_lossy(value).into_owned());
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes())));
    json!({
        "statusCode": parts.status.as_u16(),
        "headers": headers.collect::<Map<String, Value>>(),
        "body": text(&body),
    })
}

fn function(text: &str) -> Result<String, String> {
    let names = ROUTES.iter().map(|route| route.function).chain(TRIGGERS.iter().map(|trigger| trigger.function));
    let names: Vec<&str> = names.collect();
    if names.contains(&text) {
        Ok(text.to_owned())
    } else {
        Err(format!("is no function; there are {}", names.join(", ")))
    }
}
