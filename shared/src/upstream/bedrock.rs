//! Amazon Bedrock: one question to a model, by the Converse API, which takes and gives the same shapes whatever the model.

use super::refusal::Refusal;
use super::request::{Ask, Aws, IN_FORM};
use percent_encoding::utf8_percent_encode;
use serde_json::{Value, json};

/// Bytes of an answer.
const MOST_BYTES: usize = 64 * 1024;

/// What a model said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its text; `None` where it said something else too, or nothing.
    pub text: Option<String>,
    /// Why it stopped: `end_turn` at its end, or `max_tokens`, `guardrail_intervened` and the like.
    pub stop: String,
    /// How many tokens it read and wrote, which is what is paid for.
    pub tokens: (u64, u64),
}

impl Aws {
    /// Asks a model, by its id or the ARN of a model or inference profile, and makes no second attempt. It writes at most so many
    /// tokens.
    ///
    /// Temperature and the like are left out, because not every model takes them.
    pub async fn converse(&self, model: &str, system: &str, user: &str, most_tokens: u32) -> Result<Said, Refusal> {
        // One segment, whatever an ARN holds; signing encodes it once more, as all services but S3 want it.
        let path = format!("/model/{}/converse", utf8_percent_encode(model, IN_FORM));
        let body = json!({
            "system": [{"text": system}],
            "messages": [{"role": "user", "content": [{"text": user}]}],
            "inferenceConfig": {"maxTokens": most_tokens},
        });
        let headers = vec![("content-type", "application/json".to_owned()), ("accept", "application/json".to_owned())];
        let ask = Ask {
            service: "bedrock",
            host: "bedrock-runtime",
            region: Some(self.region()),
            method: "POST",
            path: &path,
            headers,
            body: body.to_string(),
        };
        let answer = self.once(&ask, MOST_BYTES).await?;
        let answer = crate::domain::json::parse(answer.as_bytes()).ok();
        answer.as_ref().and_then(said).ok_or_else(|| Refusal::unreadable("Converse"))
    }
}

fn said(answer: &Value) -> Option<Said> {
    let message = answer.pointer("/output/message")?;
    let (role, content) = (message.get("role")?.as_str()?, message.get("content")?.as_array()?);
    let stop = answer.get("stopReason")?.as_str()?.to_owned();
    // What a model thinks aloud is a block of its own.
    let mut blocks = content.iter().filter(|block| block.get("reasoningContent").is_none());
    let text = match (blocks.next(), blocks.next()) {
        (Some(block), None) if role == "assistant" => block.get("text").and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    let tokens = |name: &str| answer.pointer(name).and_then(Value::as_u64).unwrap_or_default();
    Some(Said { text, stop, tokens: (tokens("/usage/inputTokens"), tokens("/usage/outputTokens")) })
}

#[cfg(test)]
mod tests {
    use super::said;
    use serde_json::{Value, json};

    fn answer(content: &Value) -> Value {
        json!({
            "output": {"message": {"role": "assistant", "content": content}}, "stopReason": "end_turn",
            "usage": {"inputTokens": 30, "outputTokens": 7, "totalTokens": 37}, "metrics": {"latencyMs": 5},
        })
    }

    #[test]
    fn one_text_is_what_was_said() {
        let text = |content: &Value| said(&answer(content)).and_then(|said| said.text);
        assert_eq!(text(&json!([{"text": "a"}])).as_deref(), Some("a"));
        let thought = json!([{"reasoningContent": {"reasoningText": {"text": "hm"}}}, {"text": "a"}]);
        assert_eq!(text(&thought).as_deref(), Some("a"));
        for other in [json!([]), json!([{"text": "a"}, {"text": "b"}]), json!([{"toolUse": {}}]), json!([{"text": 1}])]
        {
            assert_eq!(text(&other), None, "{other}");
        }
        let whole = said(&answer(&json!([{"text": "a"}])));
        assert_eq!(whole.map(|said| (said.stop, said.tokens)), Some(("end_turn".to_owned(), (30, 7))));
    }

    #[test]
    fn what_is_no_answer_is_not_read() {
        for other in [
            json!({}),
            json!([]),
            json!({"output": {}, "stopReason": "end_turn"}),
            json!({"output": {"message": {"role": "assistant", "content": "a"}}, "stopReason": "end_turn"}),
        ] {
            assert_eq!(said(&other), None, "{other}");
        }
    }
}
