//! What may happen, at random: requests, clocks, folds, restarts, faults and questions.

use super::findings::{day, finding, key};
use posture_shared::domain::FindingKey;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Something that happens. `who` is one of two writers with caches and clocks of their own.
#[derive(Debug, Clone)]
pub enum Step {
    /// An import.
    Import { who: usize, sent: Vec<Sketch>, trouble: Trouble },
    /// An import of so many findings that it takes several commits.
    Bulk { who: usize, first: u32, count: u32, sketch: Sketch, trouble: Trouble },
    /// Snapshots of the hub's state.
    Snapshot { who: usize, sent: Vec<Shot>, trouble: Trouble },
    /// A customer's update.
    Update { who: usize, whom: Vec<Target>, change: usize, trouble: Trouble },
    /// An acceptance, which ends so many milliseconds from now, if it does.
    Accept { who: usize, whom: Target, end: Option<i64>, trouble: Trouble },
    /// Ends of acceptances are recorded, as far back as so many milliseconds.
    Expire { who: usize, back: i64, trouble: Trouble },
    /// A clock moves.
    Clock { who: usize, ms: i64 },
    /// A clock moves to an acceptance's end, or so many milliseconds beside it.
    Ripen { who: usize, which: usize, ms: i64 },
    /// The columns are folded.
    Fold { who: usize },
    /// The index is written anew.
    Rebuild { who: usize },
    /// Some of what carries an expiry date is deleted, as the store does days later and in no order; a process starts.
    Perish { who: usize, which: u64 },
    /// A process ends, and another one starts with cold caches.
    Restart { who: usize },
    /// A list is asked for, whose pages are fetched by and by.
    List { who: usize, filter: usize, sort: usize, limit: usize, when: When },
    /// The next page of an open list, from whichever writer.
    Page { who: usize, list: usize },
    /// One finding is asked for.
    Look { who: usize, whom: Target, when: When },
    /// A finding's history is asked for, between two instants if so.
    History { who: usize, whom: Target, limit: usize, between: Option<(When, When)> },
    /// Net changes from one instant to another are asked for.
    Changes { who: usize, filter: usize, from: When, to: When },
    /// A question during which a request to the store fails.
    Stumble { who: usize, at: u64 },
}

/// Whom it concerns.
pub type Target = (usize, u32);

/// As of when.
#[derive(Debug, Clone, Copy)]
pub enum When {
    /// Now.
    Now,
    /// So many milliseconds beside a turning point.
    Beside(usize, i64),
}

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy)]
pub enum Trouble {
    /// Nothing.
    None,
    /// A request to the store never arrives.
    Before(u64),
    /// An answer of the store is lost.
    After(u64),
}

/// A finding that is sent.
#[derive(Debug, Clone)]
pub struct Sketch {
    /// Which one.
    pub whom: Target,
    /// The day of its UpdatedAt.
    pub day: u32,
    /// Its contents.
    pub look: usize,
    /// Other timestamps.
    pub observed: Option<u32>,
}

/// A snapshot that is sent.
#[derive(Debug, Clone)]
pub struct Shot {
    sketch: Sketch,
    customer: usize,
    /// The hour of the envelope's time, if there is an envelope.
    hour: Option<u32>,
}

impl Sketch {
    /// The finding.
    pub fn finding(&self) -> Value {
        let mut finding = finding(&self.key(), &day(self.day));
        self.place(&mut finding);
        let look = self.look;
        match look % 5 {
            0 | 1 => {}
            2 => finding["Compliance"]["Status"] = "PASSED".into(),
            3 => finding["Compliance"]["Status"] = "WARNING".into(),
            _ => finding["Compliance"] = json!({ "RelatedRequirements": ["Req 1.3.2"] }),
        }
        let label = ["HIGH", "LOW", "CRITICAL"][look / 5 % 3];
        finding["Severity"] = json!({ "Label": label });
        match look / 15 % 4 {
            0 | 1 => {}
            2 => finding["RecordState"] = "ARCHIVED".into(),
            _ => finding["Title"] = "A bucket is open to everybody".into(),
        }
        match look / 60 % 5 {
            1 => finding["Resources"][0]["Tags"] = json!({ "team": "blue", "env": "prod" }),
            2 => finding["Confidence"] = 42.into(),
            3 => finding["Description"] = "Something else altogether.".into(),
            _ => {}
        }
        if look % 50 == 49 {
            finding["Title"] = Value::Null;
        }
        if let Some(observed) = self.observed {
            finding["LastObservedAt"] = day(observed).into();
        }
        finding
    }

    /// Which rule it is by, and what it is about: always the same of one finding.
    fn place(&self, finding: &mut Value) {
        let id = self.key().id;
        match self.whom.1 % 3 {
            0 => finding["Compliance"]["RelatedRequirements"] = json!(["CIS-1.5 5.2", "PCI DSS v3.2.1/1.3.2"]),
            1 => {
                let arn = format!("arn:aws:iam::210987654321:user/{id}");
                finding["GeneratorId"] = "iam_old_access_key".into();
                finding["AwsAccountId"] = "210987654321".into();
                finding["Resources"] = json!([{ "Type": "AwsIamUser", "Id": arn }]);
                finding["Compliance"]["RelatedRequirements"] = json!(["NIST.800-53.r5 AC-2(1)"]);
            }
            _ => {}
        }
    }

    /// Its identity.
    pub fn key(&self) -> FindingKey {
        key(self.whom.0, self.whom.1)
    }
}

impl Shot {
    /// The hub's finding.
    pub fn finding(&self) -> Value {
        let mut finding = self.sketch.finding();
        finding["FindingProviderFields"] = json!({ "Severity": { "Label": finding["Severity"]["Label"] } });
        let workflow = ["NEW", "NOTIFIED", "SUPPRESSED", "RESOLVED"][self.customer % 4];
        finding["Workflow"] = json!({ "Status": workflow });
        match self.customer / 4 % 4 {
            1 => finding["Note"] = json!({ "Text": "seen", "UpdatedBy": "hub", "UpdatedAt": day(1) }),
            2 => finding["VerificationState"] = "FALSE_POSITIVE".into(),
            3 => finding["Severity"] = json!({ "Label": "INFORMATIONAL" }),
            _ => {}
        }
        finding
    }

    /// The envelope's time.
    pub fn time(&self) -> Option<String> {
        let hour = i64::from(self.hour?);
        Some(posture_shared::domain::Instant(1_704_067_200_000 + hour * 3_600_000).to_string())
    }
}

/// What an update sets.
pub fn change(which: usize) -> Value {
    match which % 8 {
        0 => json!({ "Workflow": { "Status": "SUPPRESSED" } }),
        1 => json!({ "Workflow": { "Status": "NOTIFIED" } }),
        2 => json!({ "Workflow": { "Status": "NEW" }, "Note": { "Text": "back", "UpdatedBy": "ada" } }),
        3 => json!({ "Severity": { "Label": "MEDIUM" } }),
        4 => json!({ "Note": { "Text": "looking", "UpdatedBy": "ada" } }),
        5 => json!({ "VerificationState": "FALSE_POSITIVE", "Workflow": { "Status": "SUPPRESSED" } }),
        6 => json!({ "Types": ["Effects/Data Exposure"], "UserDefinedFields": { "ticket": "T-1" } }),
        _ => json!({ "Workflow": { "Status": "RESOLVED" } }),
    }
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![2 => (0..2_usize, 0..4_u32), 1 => (0..2_usize, 0..12_u32)]
}

fn sketch() -> impl Strategy<Value = Sketch> {
    // Few contents, so that the same one comes again often.
    let look = prop_oneof![2 => Just(0_usize), 2 => 0..15_usize, 2 => 0..300_usize];
    (target(), 0..14_u32, look, prop::option::weighted(0.2, 0..14_u32)).prop_map(|(whom, day, look, observed)| Sketch {
        whom,
        day,
        look,
        observed,
    })
}

fn shot() -> impl Strategy<Value = Shot> {
    (sketch(), 0..16_usize, prop::option::weighted(0.8, 0..400_u32)).prop_map(|(sketch, customer, hour)| Shot {
        sketch,
        customer,
        hour,
    })
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        8 => Just(Trouble::None),
        1 => (1..12_u64).prop_map(Trouble::Before),
        1 => (1..12_u64).prop_map(Trouble::After),
    ]
}

fn when() -> impl Strategy<Value = When> {
    prop_oneof![1 => Just(When::Now), 2 => (any::<u16>(), -1..=1_i64).prop_map(|(n, ms)| When::Beside(n.into(), ms))]
}

/// One step.
pub fn step() -> impl Strategy<Value = Step> {
    let who = || 0..2_usize;
    let changes = prop_oneof![
        8 => (who(), prop::collection::vec(sketch(), 1..6), trouble())
            .prop_map(|(who, sent, trouble)| Step::Import { who, sent, trouble }),
        2 => (who(), 0..30_u32, 1..120_u32, sketch(), trouble())
            .prop_map(|(who, first, count, sketch, trouble)| Step::Bulk { who, first, count, sketch, trouble }),
        4 => (who(), prop::collection::vec(shot(), 1..4), trouble())
            .prop_map(|(who, sent, trouble)| Step::Snapshot { who, sent, trouble }),
        4 => (who(), prop::collection::vec(target(), 1..4), 0..8_usize, trouble())
            .prop_map(|(who, whom, change, trouble)| Step::Update { who, whom, change, trouble }),
        5 => (who(), target(), prop::option::weighted(0.8, 1_000..200_000_i64), trouble())
            .prop_map(|(who, whom, end, trouble)| Step::Accept { who, whom, end, trouble }),
        2 => (who(), 0..10_000_000_i64, trouble())
            .prop_map(|(who, back, trouble)| Step::Expire { who, back, trouble }),
    ];
    let machinery = prop_oneof![
        4 => (who(), -60_000..120_000_i64).prop_map(|(who, ms)| Step::Clock { who, ms }),
        1 => (who(), -90_000_000..90_000_000_i64).prop_map(|(who, ms)| Step::Clock { who, ms }),
        4 => (who(), any::<u8>(), -1..3_i64)
            .prop_map(|(who, which, ms)| Step::Ripen { who, which: which.into(), ms }),
        5 => who().prop_map(|who| Step::Fold { who }),
        1 => who().prop_map(|who| Step::Rebuild { who }),
        2 => (who(), any::<u64>()).prop_map(|(who, which)| Step::Perish { who, which }),
        3 => who().prop_map(|who| Step::Restart { who }),
    ];
    let questions = prop_oneof![
        6 => (who(), 0..18_usize, 0..6_usize, 1..40_usize, when())
            .prop_map(|(who, filter, sort, limit, when)| Step::List { who, filter, sort, limit, when }),
        6 => (who(), any::<u8>()).prop_map(|(who, list)| Step::Page { who, list: list.into() }),
        3 => (who(), target(), when()).prop_map(|(who, whom, when)| Step::Look { who, whom, when }),
        3 => (who(), target(), 1..5_usize, prop::option::of((when(), when())))
            .prop_map(|(who, whom, limit, between)| Step::History { who, whom, limit, between }),
        3 => (who(), 0..18_usize, when(), when())
            .prop_map(|(who, filter, from, to)| Step::Changes { who, filter, from, to }),
        1 => (who(), 1..4_u64).prop_map(|(who, at)| Step::Stumble { who, at }),
    ];
    prop_oneof![5 => changes, 2 => machinery, 4 => questions]
}
