//! The data folder: who holds it, and what is kept in it beside the store.

use posture_shared::domain::Error;
use std::fs::{File, OpenOptions, TryLockError};
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
        std::fs::create_dir_all(path).map_err(failed)?;
        let mut options = OpenOptions::new();
        let lock = options.create(true).truncate(false).write(true).open(path.join("lock")).map_err(failed)?;
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
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

    use super::Folder;
    use posture_shared::domain::Error;

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
