//! What a model may write, and what not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use super::{RATIONALE_CHARS, SUMMARY_CHARS, Wording};
use proptest::prelude::*;
use serde_json::{Value, json};

const FACTS: &str = r#"{"resource":{"type":"AWS::EC2::SecurityGroup","name":"sg-0abc123"},
    "summary":"Remove the inbound rule that lets every address reach port 22.","steps":["Remove the rule that is open to 0.0.0.0/0, or ::/0"]}"#;
const SUMMARY: &str = "Remove the inbound rule of sg-0abc123 that lets every address (0.0.0.0/0) reach port 22.";
const RATIONALE: &str = "SSH that answers the whole internet is found within minutes - one weak password is enough. \
    Let only the addresses in, e.g. an office's, that need it: AWS Systems Manager's sessions need no open port, and TCP/22 can stay closed.";

fn read(summary: &str, rationale: &str) -> Result<Wording, &'static str> {
    Wording::read(&json!({"summary": summary, "rationale": rationale}).to_string(), FACTS)
}

#[test]
fn sentences_are_taken() {
    let wording = read(SUMMARY, RATIONALE).unwrap();
    assert_eq!((wording.summary.as_str(), wording.rationale.as_str()), (SUMMARY, RATIONALE));
    let plain = json!({"summary": SUMMARY, "rationale": RATIONALE}).to_string();
    for fenced in [format!("```json\n{plain}\n```"), format!("```\n{plain}\n```"), format!(" \n{plain}\n")] {
        assert_eq!(Wording::read(&fenced, FACTS), Ok(wording.clone()), "{fenced}");
    }
    for sentence in [
        "Close port 22 to 0.0.0.0/0 and to ::/0.",
        "It is the \u{201c}open\u{201d} rule \u{2013} sg-0abc123\u{2019}s only one.",
        "Use a bastion host, or a VPN, in place of an open port.",
        "A read-only, well-known, long-lived, opt-in set of rules: it's risky!".trim_end_matches('!'),
        "The EC2 instances in this group are reached by anyone.",
    ] {
        assert!(read(sentence, RATIONALE).is_ok(), "{sentence}: {:?}", read(sentence, RATIONALE));
    }
}

/// "Commands never come from the model."
#[test]
fn what_could_be_run_or_followed_is_refused() {
    for bad in [
        "Run `aws ec2 describe-instances` first.",
        "Run aws ec2 and see what is there.",
        "Run AWS ec2 and see what is there.",
        "Use AWS s3api to close the bucket.",
        "Call revoke-security-group-ingress on the group.",
        "Call Revoke-Security-Group-Ingress on the group.",
        "Apply it with terraform afterwards.",
        "Apply it with Terraform afterwards.",
        "Apply it with \"terraform\" afterwards.",
        "Become root with sudo and close the port.",
        "Fetch it with cURL from the mirror.",
        "Fetch it with 'wget' from the mirror.",
        "Close the port; then reboot the machine.",
        "Close the port && reboot the machine.",
        "Close the port | tee the output.",
        "Write it > the file of the rules.",
        "Use $(id) to learn who you are.",
        "Use ${HOME} to learn who you are.",
        "Set the value KEY=value everywhere.",
        "See https://example.com for the rest.",
        "See HTTPS://EXAMPLE.COM for the rest.",
        "See example.com for the rest of it.",
        "See example.com/login for the rest of it.",
        "See (www.example.co.uk) for the rest of it.",
        "See //example for the rest of it.",
        "Write to mailto:somebody about the rest.",
        "Open javascript:alert in the browser.",
        "Open file:/etc/passwd in the editor.",
        "Write to admin@example about the rest.",
        "Pass --force to the program that does it.",
        "Pass (-f) to the program that does it.",
        "Delete /etc/passwd and all that is there.",
        "Delete ./rules and all that is there.",
        "Delete ~ and all that is there, quickly.",
        "Start bin/sh on the machine as it is.",
        "Edit main.tf and take the block out.",
        "Connect by ssh and close the port there.",
        "Ask python to close the port for you.",
        "Edit resource { ingress } in the file.",
        "This is **important** to everyone here.",
        "This is <b>important</b> to everyone here.",
        "This is [important](x) to everyone here.",
        "# Remove the rule that is open to all.",
        "Remove the rule.\nThen remove the other.",
        "Remove the rule.\tThen remove the other.",
        "Remove the rule.\u{0}Then remove the other.",
        "Remove the rule.\u{1b}[31mThen the other.",
        "Remove the rule.\u{202e}Then the other one.",
        "Remove the rule.\u{200b}Then the other one.",
        "\u{0430}ws is spelt with another alphabet here.",
        "Run C:\\Windows\\system32 to see what is there.",
        "Open port 3389 to everybody instead of it.",
        "Open it to 10.0.0.0/8 instead of everyone.",
        "Remove the rule of sg-0abc124 in its place.",
        "Short",
        "",
    ] {
        assert!(read(bad, RATIONALE).is_err(), "{bad}");
        assert!(read(SUMMARY, bad).is_err(), "{bad}");
    }
    let long = |chars: usize| "ab ".repeat(chars).chars().take(chars).collect::<String>().replace("b ", "b,");
    assert!(read(&"word ".repeat(SUMMARY_CHARS), RATIONALE).is_err());
    assert!(read(SUMMARY, &"word ".repeat(RATIONALE_CHARS)).is_err());
    assert!(read(&long(SUMMARY_CHARS), RATIONALE).is_err(), "one word of 400 characters");
    assert!(read(SUMMARY, &"x".repeat(65)).is_err());
}

#[test]
fn answers_of_another_shape_are_refused() {
    let good = json!({"summary": SUMMARY, "rationale": RATIONALE});
    let with = |name: &str, value: Value| {
        let mut other = good.clone();
        other.as_object_mut().unwrap().insert(name.to_owned(), value);
        other.to_string()
    };
    for bad in [
        String::new(),
        "Remove the rule.".to_owned(),
        format!("Here it is: {good}"),
        format!("{good} {good}"),
        format!("```json\n{good}\n``` And more."),
        json!([good]).to_string(),
        json!({"summary": SUMMARY}).to_string(),
        with("command", json!("aws ec2")),
        with("steps", json!([])),
        with("summary", Value::Null),
        with("summary", json!(22)),
        with("rationale", json!([RATIONALE])),
        good.to_string().replace("\"summary\"", "\"Summary\""),
        good.to_string().trim_end_matches('}').to_owned(),
        "[".repeat(5_000),
        format!("{}{good}", " ".repeat(20_000)),
    ] {
        assert!(Wording::read(&bad, FACTS).is_err(), "{bad}");
    }
}

proptest! {
    /// Whatever is taken can be written in this alphabet, is bounded, and holds nothing of what a shell or a page would act on.
    #[test]
    fn what_is_taken_is_plain(words in prop::collection::vec(word(), 1..30), answer in any::<String>()) {
        let text = words.join(" ");
        if let Ok(wording) = read(&text, RATIONALE) {
            prop_assert!(wording.summary.chars().count() <= SUMMARY_CHARS);
            let acts = |c: char| c.is_control() || "`$|&;<>\\{}[]*#~=@!".contains(c);
            prop_assert!(!wording.summary.chars().any(acts), "{}", wording.summary);
            for bad in ["terraform", "curl", "sudo", "://", "aws ", " --", "example.com"] {
                prop_assert!(!wording.summary.contains(bad), "{}", wording.summary);
            }
        }
        let _ = Wording::read(&answer, FACTS);
    }

    /// A command that hides in sentences is found wherever it stands.
    #[test]
    fn a_command_is_found_anywhere(
        before in prop::collection::vec("[a-m]{1,7}", 0..8),
        after in prop::collection::vec("[a-m]{1,7}", 0..8),
        command in prop::sample::select(vec![
            "aws iam", "terraform", "sudo", "curl", "rm", "--yes", "delete-bucket", "example.org", "(sudo)", "'curl'", "x/sh", "kubectl.",
        ]),
    ) {
        let text = [before.join(" "), command.to_owned(), after.join(" ")].join(" ");
        prop_assert!(read(&format!("Some words {text} more."), RATIONALE).is_err(), "{text}");
    }
}

fn word() -> impl Strategy<Value = String> {
    let some = [
        "aws",
        "AWS",
        "terraform",
        "curl",
        "sudo",
        "--yes",
        "example.com",
        "https://x",
        "port",
        "22",
        "the",
        "rule",
        "a;b",
        "(x)",
    ];
    prop_oneof![prop::sample::select(some.to_vec()).prop_map(str::to_owned), "[ -~]{1,12}", any::<String>()]
}
