//! One store with everything that a test needs around it: faults, a meter, and writers that share nothing else.

use posture_local::embedded::{Embedded, config};
use posture_local::faults::Faults;
use posture_local::meter::Meter;
use posture_shared::clock::Clock;
use posture_shared::domain::{Caller, Instant, Scope, TenantId};
use posture_shared::ledger::Writer;
use posture_shared::operations::{Heard, verify_ledgers};
use posture_shared::secrets::{Master, Masters};
use std::sync::Mutex;

/// The table's name.
pub const TABLE: &str = "ledger";

/// A store in memory behind faults and a meter.
#[derive(Debug, Clone)]
pub struct World {
    /// The engine, past faults and meter.
    pub store: Embedded,
    /// Between the writers and the store.
    pub faults: Faults,
    /// Between the faults and the store: what it counts has arrived.
    pub meter: Meter,
    /// What every writer's clock shows, unless it was given another one.
    pub clock: Clock,
    /// Whose findings they are.
    pub tenant: TenantId,
}

impl World {
    /// An empty ledger on the first of June 2024.
    pub async fn new() -> Self {
        let store = Embedded::memory().unwrap();
        let meter = Meter::new(store.clone());
        let faults = Faults::new(meter.clone());
        let clock = Clock::starting_at(Instant(1_717_200_000_000));
        let tenant = TenantId::parse("acme").unwrap();
        let world = Self { store, faults, meter, clock, tenant };
        world.writer().create_table().await.unwrap();
        world
    }

    /// A writer with cold caches of its own.
    pub fn writer(&self) -> Writer {
        self.writer_with(self.clock.clone())
    }

    /// A writer with a clock of its own.
    pub fn writer_with(&self, clock: Clock) -> Writer {
        let masters = Masters::only(Master::new(1, vec![7; 32]).unwrap());
        Writer::connect(&config(self.faults.clone()), TABLE, clock, masters)
    }

    /// A writer that no fault touches, no hook sees and no meter counts.
    pub fn bystander(&self) -> Writer {
        let masters = Masters::only(Master::new(1, vec![7; 32]).unwrap());
        Writer::connect(&config(self.store.clone()), TABLE, self.clock.clone(), masters)
    }

    /// Verifies in slices what is due: nothing is wrong, but that segments may be gone before their time.
    pub async fn patrol(&self) {
        let problems = Mutex::new(Vec::new());
        let tell = |_: &TenantId, heard: Heard<'_>| {
            if let Heard::Problem(problem) = heard {
                problems.lock().unwrap().push(problem.to_owned());
            }
        };
        let done = Box::pin(verify_ledgers(&self.bystander(), &self.tenant, &tell, || false)).await.unwrap();
        assert!(done.done, "{done:?}");
        let perished = |problem: &String| problem.starts_with("a segment of the index of commit");
        let problems: Vec<String> = problems.into_inner().unwrap().into_iter().filter(|one| !perished(one)).collect();
        assert!(problems.is_empty(), "{problems:?}");
    }

    /// A writer with cold caches and a meter of its own, which also counts by kind of item.
    pub fn watched(&self) -> (Writer, Meter) {
        let meter = Meter::watching(self.store.clone());
        let masters = Masters::only(Master::new(1, vec![7; 32]).unwrap());
        (Writer::connect(&config(meter.clone()), TABLE, self.clock.clone(), masters), meter)
    }

    /// Somebody who may do everything.
    pub fn caller(&self) -> Caller {
        Caller {
            tenant: self.tenant.clone(),
            key_name: "tester".to_owned(),
            scopes: [Scope::FindingsWrite].into(),
            accounts: None,
            region: None,
        }
    }
}
