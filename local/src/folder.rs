//! The data folder: who holds it, and what is kept in it beside the store. What is made in it is for its owner alone.

use posture_shared::domain::Error;
use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A data folder that this process holds until the value is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// The lock is on the open file, so the operating system gives it back.
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is not there, and holds it.
    /// [`Error::Conflict`] that names the folder when another process holds it.
    pub fn hold(path: &Path) -> Result<Self, Error> {
        let failed = |error| Error::internal(format!("the folder {}: {error}", path.display()));
        make(path).map_err(failed)?;
        let lock = own(&path.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::Conflict(format!(
                "the folder {} is in use by another posture process; stop it or choose another --data",
                path.display()
            ))),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// The path of a file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes a file that is not there, empty, and takes others' rights from those of its name that are: `endings` are
    /// those that the engine adds. The engine gives files that it makes the rights of the first.
    pub fn keep_private(&self, name: &str, endings: &[&str]) -> io::Result<()> {
        own(&self.file(name))?;
        for path in endings.iter().map(|ending| self.file(&format!("{name}{ending}"))).filter(|path| path.exists()) {
            own(&path)?;
        }
        Ok(())
    }
}

/// Makes a folder that only its owner may enter, and those above it. One that is there stays as it is.
pub fn make(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Opens a file for writing, and makes it if it is not there; nobody else may read it.
fn own(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

    use super::Folder;
    use posture_shared::domain::Error;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_the_owner_may_read_what_is_made_and_what_was_readable() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("a/b");
        let folder = Folder::hold(&path).unwrap();
        fs::write(path.join("db-wal"), "x").unwrap();
        fs::set_permissions(path.join("db-wal"), Permissions::from_mode(0o644)).unwrap();
        folder.keep_private("db", &["-wal", "-shm"]).unwrap();
        let mode = |name: &str| fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!([".", "lock", "db", "db-wal"].map(mode), [0o700, 0o600, 0o600, 0o600]);
        assert_eq!(fs::read_to_string(path.join("db-wal")).unwrap(), "x");
        assert!(!path.join("db-shm").exists());
    }

    /// No lock of the engine's own keeps two processes off one file.
    #[test]
    fn the_second_holder_is_refused_by_name_until_the_first_lets_go() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("a/b");
        let first = Folder::hold(&path).unwrap();
        let Err(Error::Conflict(message)) = Folder::hold(&path) else { panic!("held twice") };
        assert!(message.contains(&path.display().to_string()), "{message}");
        drop(first);
        assert!(Folder::hold(&path).is_ok());
    }
}
