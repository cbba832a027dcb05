//! The trigger `start-audits`: the schedule asks for a run in every tenant that has an inventory.

use crate::house::{House, START, tenant};
use crate::import_resources::put;
use crate::run_audits::group;
use posture_functions::{run_audits, start_audits};
use posture_shared::operations::list_audits;
use serde_json::json;

#[tokio::test]
async fn the_schedule_asks_for_a_run_where_there_are_resources() {
    let house = House::new().await;
    put(&house, &json!([group("eu-west-1", "sg-1", 1, "0.0.0.0/0")])).await;
    let runs = async |house: &House| list_audits(house.writer(), &tenant("acme")).await.unwrap().len();
    // The second time the run of the first has not ended.
    for _ in 0..2 {
        assert_eq!(house.app.wake(&start_audits::TRIGGER, json!({}), "r").await, Ok(json!({"started": 1})));
        assert_eq!(runs(&house).await, 1);
    }
    house.app.wake(&run_audits::TRIGGER, json!({}), "r").await.unwrap();
    house.clock.set(START.plus(60_000));
    house.app.wake(&start_audits::TRIGGER, json!({}), "r").await.unwrap();
    assert_eq!(runs(&house).await, 2);
    assert!(list_audits(house.writer(), &tenant("beta")).await.unwrap().is_empty());
}
