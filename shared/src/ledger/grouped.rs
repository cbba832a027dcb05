//! How a log entry's text holds many changes that are alike: once, with the numbers of the findings that made it.
//!
//! A group is `{"kind", "before", "columns", "ordinals", "actors"}`; the last two have one element a finding, in
//! ascending order of ordinals. Ordinals are stored as differences: the first one as it is, each further one as what
//! it exceeds the one before by.

use super::commit::TRANSACTION_ITEMS;
use super::entry::Change;
use crate::domain::{Cell, Kind, Ordinal};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Group<'a> {
    kind: Kind,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    before: &'a BTreeMap<String, Cell>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    columns: &'a BTreeMap<String, Cell>,
    #[serde(with = "differences")]
    ordinals: Vec<Ordinal>,
    actors: Vec<usize>,
}

#[derive(Deserialize)]
struct Read {
    kind: Kind,
    #[serde(default)]
    before: BTreeMap<String, Cell>,
    #[serde(default)]
    columns: BTreeMap<String, Cell>,
    #[serde(with = "differences")]
    ordinals: Vec<Ordinal>,
    actors: Vec<usize>,
}

pub(super) fn serialize<S: Serializer>(changes: &[Change], serializer: S) -> Result<S::Ok, S::Error> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for Change { ordinal, kind, actor, before, columns } in changes {
        let alike = |group: &&mut Group<'_>| {
            let ascends = group.ordinals.last().is_none_or(|last| last < ordinal);
            ascends && group.kind == *kind && group.before == before && group.columns == columns
        };
        match groups.iter_mut().find(alike) {
            Some(group) => {
                group.ordinals.push(*ordinal);
                group.actors.push(*actor);
            }
            None => {
                groups.push(Group { kind: *kind, before, columns, ordinals: vec![*ordinal], actors: vec![*actor] });
            }
        }
    }
    groups.serialize(serializer)
}

/// The changes by ascending ordinals.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Change>, D::Error> {
    let mut changes = Vec::new();
    for Read { kind, before, columns, ordinals, actors } in Vec::<Read>::deserialize(deserializer)? {
        if ordinals.len() != actors.len() {
            return Err(D::Error::custom("a group of changes has not as many actors as ordinals"));
        }
        // Before anything is multiplied: texts come from exported files too, and each change has written a document.
        if changes.len() + ordinals.len() > TRANSACTION_ITEMS {
            return Err(D::Error::custom("there are more changes than a transaction has room for"));
        }
        changes.extend(ordinals.into_iter().zip(actors).map(|(ordinal, actor)| Change {
            ordinal,
            kind,
            actor,
            before: before.clone(),
            columns: columns.clone(),
        }));
    }
    changes.sort_by_key(|change| change.ordinal);
    if changes.windows(2).any(|pair| matches!(pair, [a, b] if a.ordinal == b.ordinal)) {
        return Err(D::Error::custom("a finding occurs twice"));
    }
    Ok(changes)
}

/// Ascending ordinals as differences.
pub(super) mod differences {
    use super::{Deserialize, Deserializer, Ordinal, Serializer};
    use serde::de::Error as _;

    pub fn serialize<S: Serializer>(ordinals: &[Ordinal], serializer: S) -> Result<S::Ok, S::Error> {
        let mut last = 0;
        serializer.collect_seq(ordinals.iter().map(|ordinal| {
            let difference = ordinal.0.saturating_sub(last);
            last = ordinal.0;
            difference
        }))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Ordinal>, D::Error> {
        let mut last = 0_u32;
        let mut next = |difference: u32| {
            last = last.checked_add(difference).ok_or_else(|| D::Error::custom("an ordinal is beyond 32 bits"))?;
            Ok(Ordinal(last))
        };
        Vec::<u32>::deserialize(deserializer)?.into_iter().map(&mut next).collect()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use crate::domain::{Actor, Cell, Kind, Ordinal, Seen, Source};
    use crate::ledger::entry::{Body, Change, Observed};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn body(shapes: &[(u32, u8, usize)]) -> Body {
        let columns = |shape: u8| match shape {
            0 => BTreeMap::new(),
            1 => BTreeMap::from([("result".to_owned(), Cell::from(Some("fail")))]),
            _ => {
                BTreeMap::from([("result".to_owned(), Cell::None), ("changed_at".to_owned(), Cell::Int(shape.into()))])
            }
        };
        let mut ordinals: BTreeMap<u32, (u8, usize)> = BTreeMap::new();
        ordinals.extend(shapes.iter().map(|(ordinal, shape, actor)| (*ordinal, (*shape, *actor))));
        let change = |(ordinal, (shape, actor)): (&u32, &(u8, usize))| Change {
            ordinal: Ordinal(*ordinal),
            kind: if *shape == 3 { Kind::Created } else { Kind::Changed },
            actor: *actor,
            before: columns(*shape % 2),
            columns: columns(*shape),
        };
        Body {
            commit: "c".to_owned(),
            root: "r".to_owned(),
            actors: vec![Actor { source: Source::Import, identity: "a".to_owned() }],
            changes: ordinals.iter().map(change).collect(),
            observed: vec![Observed {
                seen: Seen::default(),
                ordinals: ordinals.keys().map(|ordinal| Ordinal(*ordinal)).collect(),
            }],
        }
    }

    proptest! {
        #[test]
        fn what_is_grouped_comes_back(shapes in proptest::collection::vec((any::<u32>(), 0..5_u8, 0..3_usize), 0..40)) {
            let body = body(&shapes);
            let text = serde_json::to_string(&body).unwrap();
            prop_assert_eq!(serde_json::from_str::<Body>(&text).unwrap(), body);
        }
    }

    #[test]
    fn alike_changes_are_said_once() {
        let text = serde_json::to_string(&body(&[(7, 1, 0), (8, 1, 0), (20, 1, 1), (9, 2, 0)])).unwrap();
        assert!(text.contains(r#""ordinals":[7,1,12],"actors":[0,0,1]"#), "{text}");
        assert_eq!(text.matches("\"kind\"").count(), 2, "{text}");
    }

    /// A text of some megabytes could stand for as many changes with megabytes of columns each.
    #[test]
    fn more_changes_than_a_transaction_holds_are_refused() {
        let of = |count: usize| {
            let (ordinals, actors) = (vec!["1"; count].join(","), vec!["0"; count].join(","));
            format!(r#"{{"kind":"changed","ordinals":[{ordinals}],"actors":[{actors}]}}"#)
        };
        let body = |groups: &[String]| format!(r#"{{"commit":"c","root":"r","changes":[{}]}}"#, groups.join(","));
        assert!(serde_json::from_str::<Body>(&body(&[of(100)])).is_ok());
        let after = of(50).replacen("[1,", "[60,", 1);
        assert!(serde_json::from_str::<Body>(&body(&[of(50), after.clone()])).is_ok());
        for groups in [vec![of(101)], vec![of(51), after]] {
            let refused = serde_json::from_str::<Body>(&body(&groups)).unwrap_err().to_string();
            assert!(refused.contains("more changes"), "{refused}");
        }
    }

    #[test]
    fn damaged_groups_are_refused() {
        let body = |group: &str| format!(r#"{{"commit":"c","root":"r","changes":[{group}]}}"#);
        assert!(serde_json::from_str::<Body>(&body(r#"{"kind":"changed","ordinals":[1,2],"actors":[0,0]}"#)).is_ok());
        for group in [
            r#"{"kind":"changed","ordinals":[1,2],"actors":[0]}"#,
            r#"{"kind":"changed","ordinals":[4294967295,1],"actors":[0,0]}"#,
            r#"{"kind":"changed","ordinals":[-1],"actors":[0]}"#,
            r#"{"kind":"changed","ordinals":[1,0],"actors":[0,0]}"#,
            r#"{"kind":"changed","ordinals":[1],"actors":[0]},{"kind":"gone","ordinals":[1],"actors":[0]}"#,
        ] {
            assert!(serde_json::from_str::<Body>(&body(group)).is_err(), "{group}");
        }
    }
}
