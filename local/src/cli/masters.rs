//! The master secret of a local deployment, kept in its data folder.

use posture_shared::domain::Error;
use posture_shared::secrets::{self, Master, Masters};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    /// Lower-case hexadecimal.
    secret: String,
}

/// A new master that is kept nowhere.
pub(super) fn random() -> Result<Masters, Error> {
    Ok(Masters::only(Master::new(1, secrets::random::<32>()?.to_vec())?))
}

/// The file in the data folder.
const FILE: &str = "master.json";

/// The master of a store that has one and whose file is not there.
pub(super) fn missing(folder: &Path) -> Error {
    Error::Conflict(format!(
        "{} is missing: it belongs to the store and to every key of it. Restore it from the backup that the store comes from",
        folder.join(FILE).display()
    ))
}

/// The master in `master.json` of a data folder, made there if there is none. Only its owner may read the file.
pub(super) fn made_in(folder: &Path) -> Result<Masters, Error> {
    if let Some(masters) = kept_in(folder)? {
        return Ok(masters);
    }
    let path = folder.join(FILE);
    make(folder, &path).map_err(|error| Error::internal(format!("{}: {error}", path.display())))?;
    kept_in(folder)?.ok_or_else(|| missing(folder))
}

/// The master in `master.json` of a data folder; `None` when that is not there.
pub(super) fn kept_in(folder: &Path) -> Result<Option<Masters>, Error> {
    let path = folder.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| Error::internal(format!("{}: {error}", path.display())))?,
    };
    let unreadable = || Error::internal(format!("{} holds no master secret", path.display()));
    let kept: Kept = serde_json::from_str(&text).map_err(|_| unreadable())?;
    Ok(Some(Masters::only(Master::new(kept.version, secrets::unhex(&kept.secret).ok_or_else(unreadable)?)?)))
}

/// Writes a new master. It is linked to its name when it is whole, and never over another one.
fn make(folder: &Path, path: &Path) -> std::io::Result<()> {
    crate::folder::make(folder)?;
    let random = |_| std::io::Error::other("no source of randomness");
    let secret = secrets::hex(&secrets::random::<32>().map_err(random)?);
    let draft = folder.join(format!("master-{}.draft", secrets::hex(&secrets::random::<8>().map_err(random)?)));
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&draft)?;
    file.write_all(serde_json::to_string(&Kept { version: 1, secret })?.as_bytes())?;
    file.sync_all()?;
    let linked = match std::fs::hard_link(&draft, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    };
    std::fs::remove_file(&draft)?;
    linked?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{kept_in, made_in};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_master_is_made_once_and_only_its_owner_may_read_it() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("data");
        assert!(kept_in(&folder).unwrap().is_none() && !folder.exists());
        let first = made_in(&folder).unwrap().current.derive(&["x"]);
        assert_eq!(made_in(&folder).unwrap().current.derive(&["x"]), first);
        let mode = std::fs::metadata(folder.join("master.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_broken_master_is_named_and_not_replaced() {
        let temporary = tempfile::tempdir().unwrap();
        std::fs::write(temporary.path().join("master.json"), "{").unwrap();
        assert!(made_in(temporary.path()).unwrap_err().to_string().contains("master.json"));
        assert_eq!(std::fs::read_to_string(temporary.path().join("master.json")).unwrap(), "{");
    }
}
