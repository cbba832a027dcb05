//! Files that appear whole: written beside their target, and put in its place when they are finished.
//!
//! What fails or is killed before that leaves the target as it was. Only their owner may read them. A target that is no
//! ordinary file, such as a pipe, is written as it goes. Inside a store's folder nothing may be written.

use posture_shared::domain::Error;
use posture_shared::secrets;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file that is being written. Dropped unfinished, it goes away.
pub(super) struct Draft {
    out: BufWriter<File>,
    /// What the person called the target.
    name: String,
    /// The draft's own path and the target's; `None` for what is written as it goes.
    paths: Option<(PathBuf, PathBuf)>,
}

impl Draft {
    /// Begins a file. [`Error::Conflict`] when the target is in a store's folder.
    pub(super) fn begin(name: &str) -> Result<Self, Error> {
        let failed = |error: io::Error| named(name, &error);
        // Behind a link the file itself is replaced, so that the link stays.
        let target = match fs::canonicalize(name) {
            Ok(target) => target,
            Err(error) if error.kind() == ErrorKind::NotFound => new_target(name).map_err(failed)?,
            Err(error) => return Err(failed(error)),
        };
        if let Some(folder) = target.ancestors().skip(1).find(|folder| is_store(folder)) {
            let folder = folder.display();
            let why = format!("{name} is in {folder}, which holds a store; choose a place outside of it");
            return Err(Error::Conflict(why));
        }
        if fs::metadata(&target).is_ok_and(|target| !target.is_file() && !target.is_dir()) {
            let out = OpenOptions::new().write(true).open(&target).map_err(failed)?;
            return Ok(Self { out: BufWriter::new(out), name: name.to_owned(), paths: None });
        }
        if target.is_dir() {
            return Err(failed(ErrorKind::IsADirectory.into()));
        }
        let (Some(folder), Some(file)) = (target.parent(), target.file_name()) else {
            return Err(failed(ErrorKind::InvalidInput.into()));
        };
        let draft = folder.join(format!(".{}.{}", file.to_string_lossy(), secrets::hex(&secrets::random::<8>()?)));
        let out = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&draft).map_err(failed)?;
        Ok(Self { out: BufWriter::new(out), name: name.to_owned(), paths: Some((draft, target)) })
    }

    /// Puts the file in its target's place, once it is safely on the disk.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        let finish = |draft: &mut Self| -> io::Result<()> {
            draft.out.flush()?;
            let Some((path, target)) = &draft.paths else { return Ok(()) };
            draft.out.get_ref().sync_all()?;
            fs::rename(path, target)?;
            target.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
        };
        finish(&mut self).map_err(|error| named(&self.name, &error))?;
        self.paths = None;
        Ok(())
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some((draft, _)) = &self.paths {
            // What cannot be removed is in nobody's way.
            let _ = fs::remove_file(draft);
        }
    }
}

/// The path of a file that is not there yet, with its folder spelled out.
fn new_target(name: &str) -> io::Result<PathBuf> {
    let path = Path::new(name);
    let file = path.file_name().ok_or(ErrorKind::NotFound)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(fs::canonicalize(folder)?.join(file))
}

/// Whether a folder is one that `--data` names.
fn is_store(folder: &Path) -> bool {
    folder.join("master.json").exists() || (folder.join("ledger.db").exists() && folder.join("lock").exists())
}

fn named(name: &str, error: &io::Error) -> Error {
    Error::internal(format!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::Draft;
    use std::fs;
    use std::io::Write;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_target_changes_when_its_file_is_finished_and_not_before() {
        let temporary = tempfile::tempdir().unwrap();
        let target = temporary.path().join("file");
        let link = temporary.path().join("link");
        symlink(&target, &link).unwrap();
        for (name, before) in [(&target, None), (&link, Some("one")), (&target, Some("one"))] {
            let mut dropped = Draft::begin(name.to_str().unwrap()).unwrap();
            dropped.write_all(b"half").unwrap();
            drop(dropped);
            assert_eq!(fs::read_to_string(&target).ok().as_deref(), before);
            let mut draft = Draft::begin(name.to_str().unwrap()).unwrap();
            draft.write_all(b"one").unwrap();
            assert_eq!(fs::read_to_string(&target).ok().as_deref(), before);
            draft.finish().unwrap();
            assert_eq!(fs::read_to_string(&target).unwrap(), "one");
        }
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 2, "no draft is left");
    }

    #[test]
    fn what_is_no_file_is_not_replaced_by_one() {
        let temporary = tempfile::tempdir().unwrap();
        assert!(Draft::begin(temporary.path().to_str().unwrap()).is_err());
        let mut draft = Draft::begin("/dev/null").unwrap();
        draft.write_all(b"x").unwrap();
        draft.finish().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn a_stores_folder_is_refused_at_any_depth() {
        let temporary = tempfile::tempdir().unwrap();
        fs::create_dir(temporary.path().join("inside")).unwrap();
        fs::write(temporary.path().join("ledger.db"), "precious").unwrap();
        fs::write(temporary.path().join("lock"), "").unwrap();
        for name in ["ledger.db", "new", "inside/new"] {
            let refused = Draft::begin(temporary.path().join(name).to_str().unwrap()).err().unwrap().to_string();
            assert!(refused.contains("holds a store"), "{refused}");
        }
        assert_eq!(fs::read_to_string(temporary.path().join("ledger.db")).unwrap(), "precious");
    }
}
