//! Terraform that a tenant has pushed: the files of a root, and where its state has what.

use super::Error;
use super::audit_rule::Deed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Roots that a tenant may have.
pub const MOST_ROOTS: usize = 100;
/// Bytes of the files of one root. A function is given about 4.5 MB.
pub const MOST_BYTES: usize = 3 * 1024 * 1024;
/// Bytes of a file.
pub const LONGEST_FILE: usize = 512 * 1024;
/// Bytes of all roots together, which one request may have to read.
pub const MOST_IN_ALL: usize = 24 * 1024 * 1024;
/// Files of one root.
pub const MOST_FILES: usize = 2_000;
/// Resources of one state.
pub const MOST_RESOURCES: usize = 20_000;
/// The longest path, in bytes.
pub const LONGEST_PATH: usize = 512;
/// The longest text of an address, in bytes.
pub const LONGEST_TEXT: usize = 2_048;
/// The name of a root that is given none.
pub const DEFAULT_ROOT: &str = "default";

/// How the types of the resources begin that are kept. The ids of other providers' may be secrets, as those of `random_string` are.
pub const AWS: &str = "aws_";

/// Where a state has a resource, and nothing else of it: states hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The whole address: `module.db.aws_db_instance.main`.
    pub address: String,
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name in its module.
    pub name: String,
    /// What the provider calls it.
    #[serde(default)]
    pub id: Option<String>,
    /// Its ARN.
    #[serde(default)]
    pub arn: Option<String>,
}

/// What is pushed of a root.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Content {
    /// The texts of its files by their paths.
    pub files: BTreeMap<String, String>,
    /// The resources of its state.
    pub resources: Vec<Address>,
}

/// A root, and where its content lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// Its name.
    pub name: String,
    /// What names the push that it is of.
    pub push: String,
    /// In how many parts the content lies.
    pub parts: u32,
    /// How many files there are.
    pub files: usize,
    /// Their bytes.
    pub bytes: usize,
    /// How many resources of a state there are.
    pub resources: usize,
    /// Who pushed it, and when.
    pub pushed: Deed,
    /// How often it was pushed. Whoever pushes it again must have seen the last one.
    pub revision: u64,
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The root as it is now.
    pub root: Root,
    /// Files that could not be read, and why: there are no patches for what they make.
    pub unreadable: Vec<(String, String)>,
}

impl Content {
    /// The bytes of its files.
    pub fn bytes(&self) -> usize {
        self.files.values().map(String::len).sum()
    }

    /// Refuses what cannot be kept; [`Error::Invalid`] names the member.
    pub fn check(&self) -> Result<(), Error> {
        let Self { files, resources } = self;
        if files.len() > MOST_FILES {
            return Err(Error::invalid("files", format!("must be at most {MOST_FILES}")));
        }
        if self.bytes() > MOST_BYTES {
            return Err(Error::invalid("files", format!("must have at most {MOST_BYTES} bytes together")));
        }
        for (path, text) in files {
            let name = || format!("files.{}", path.chars().take(64).collect::<String>());
            check_path(path).map_err(|why| Error::invalid(name(), why))?;
            if text.len() > LONGEST_FILE {
                return Err(Error::invalid(name(), format!("must have at most {LONGEST_FILE} bytes")));
            }
        }
        if resources.len() > MOST_RESOURCES {
            return Err(Error::invalid("resources", format!("must be at most {MOST_RESOURCES}")));
        }
        for (place, Address { address, kind, name, id, arn }) in resources.iter().enumerate() {
            let texts = [Some(address), Some(kind), Some(name), id.as_ref(), arn.as_ref()];
            if texts.into_iter().flatten().any(|text| text.len() > LONGEST_TEXT || text.is_empty()) {
                let why = format!("must have texts of 1 to {LONGEST_TEXT} bytes");
                return Err(Error::invalid(format!("resources[{place}]"), why));
            }
        }
        Ok(())
    }
}

/// Why a path is none of a file that a patch could name.
fn check_path(path: &str) -> Result<(), &'static str> {
    if path.is_empty() || path.len() > LONGEST_PATH {
        return Err("must be a path of 1 to 512 bytes");
    }
    if !path.ends_with(".tf") {
        return Err("must be the path of a .tf file");
    }
    if path.chars().any(|c| c.is_control() || matches!(c, '\\' | '"')) {
        return Err("must have no control characters, quotes or backslashes in its path");
    }
    // What does not stand below the folder that was pushed is nobody's to patch.
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err("must have a path below the folder that is pushed, with / between its parts");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_path;

    #[test]
    fn paths_stay_below_their_folder() {
        for good in ["main.tf", "modules/db/main.tf", "ein ordner/größe.tf", ".hidden.tf", "..tf"] {
            assert_eq!(check_path(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "/etc/x.tf",
            "../x.tf",
            "a/../../x.tf",
            "a//x.tf",
            "./x.tf",
            "a\\x.tf",
            "x.tf.json",
            "a\nb.tf",
            "a\"b.tf",
        ] {
            assert!(check_path(bad).is_err(), "{bad}");
        }
    }
}
