//! The data folder: whose it is, its lock, its encryption key, and whether an installation has lived in it.
//!
//! Folder and files are their owner's alone, whatever the umask; those of older versions are set right at the start. A
//! folder that was used has a mark in it. So a database that is missing or empty, and a key that is missing, are told from a
//! first start, and refused: going on would look like a new installation, or seal new secrets beside old ones that nobody
//! can open. Nothing is written before that is known.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use campanile_base::{Secret, Vault};

/// The database, the key, the lock, and the mark of an installation.
const DATABASE: &str = "campanile.db";
const KEY: &str = "encryption.key";
const LOCK: &str = "lock";
const MARK: &str = "installation";

/// A data folder.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes the folder, or takes the rights of others from it.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|e| format!("the data folder {shown} cannot be made: {e}"))?;
        let folder = Self(path.to_owned());
        // A folder that holds other people's files is not ours to close.
        if folder.is_ours() && mode(path).is_some_and(|mode| mode & 0o077 != 0) {
            set_mode(path, 0o700);
        }
        Ok(folder)
    }

    /// Where the embedded database is.
    pub(crate) fn database(&self) -> PathBuf {
        self.0.join(DATABASE)
    }

    /// Takes the lock: the embedded database belongs to one process at a time.
    pub(crate) fn lock(&self) -> Result<File, String> {
        let path = self.0.join(LOCK);
        let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let lock = opened.map_err(|e| format!("{} cannot be written: {e}", path.display()))?;
        close_to_others(&path);
        lock.try_lock().map_err(|_| format!("the data folder {} is in use by another process", self.0.display()))?;
        Ok(lock)
    }

    /// Whether the embedded database has anything in it.
    pub(crate) fn has_database(&self) -> bool {
        std::fs::metadata(self.database()).is_ok_and(|known| known.len() > 0)
    }

    /// Whether an installation with an embedded database has lived here.
    pub(crate) fn is_marked(&self) -> bool {
        self.0.join(MARK).exists()
    }

    /// Marks the folder as used.
    pub(crate) fn mark(&self) -> Result<(), String> {
        if self.is_marked() {
            return Ok(());
        }
        let path = self.0.join(MARK);
        let text = "The installation of Campanile in this folder has been founded. If campanile.db is missing or empty, \
                    restore it from a backup.\n";
        write_private(&path, text).map_err(|e| format!("{} cannot be written: {e}", path.display()))
    }

    /// Refuses a folder whose database is gone.
    pub(crate) fn refuse_lost_database(&self) -> Result<(), String> {
        match self.is_marked() && !self.has_database() {
            true => Err(self.lost_database()),
            false => Ok(()),
        }
    }

    /// What is said where an installation has lived here, and its database is missing or empty.
    pub(crate) fn lost_database(&self) -> String {
        format!(
            "{} is missing or empty, but an installation has lived in this folder. Restore the file from a backup, together \
             with its -wal file if there is one. To begin anew, and give up what was there, set begin_anew=true for one \
             start. Nothing was changed.",
            self.database().display()
        )
    }

    /// The key that seals secrets: that of the setting, or the one in the folder, which is made for a first start alone.
    pub(crate) fn vault(&self, setting: Option<&Secret>, is_first_start: bool) -> Result<Vault, String> {
        if let Some(key) = setting {
            return Vault::from_key(key).map_err(|e| format!("the setting encryption_key: {e}"));
        }
        let path = self.0.join(KEY);
        let shown = path.display();
        match path.exists() {
            true => close_to_others(&path),
            false if is_first_start => {
                write_private(&path, Vault::new_key().expose())
                    .map_err(|e| format!("{shown} cannot be written: {e}"))?;
            }
            false => {
                return Err(format!(
                    "{shown} is missing, but the database was used before, and its secrets are sealed with that key. Put the \
                     file back, or set encryption_key. Without the key these secrets are lost. Nothing was changed."
                ));
            }
        }
        let key = std::fs::read_to_string(&path).map_err(|e| format!("{shown} cannot be read: {e}"))?;
        Vault::from_key(&Secret::new(key)).map_err(|e| format!("{shown}: {e}. Put the right file back."))
    }

    /// Whether there is nothing in it but what we make.
    fn is_ours(&self) -> bool {
        let is_known = |name: &str| [KEY, LOCK, MARK].contains(&name) || name.starts_with(DATABASE);
        let entries = std::fs::read_dir(&self.0).map(|entries| entries.flatten().map(|entry| entry.file_name()));
        entries.is_ok_and(|mut names| names.all(|name| name.to_str().is_some_and(is_known)))
    }
}

fn mode(path: &Path) -> Option<u32> {
    std::fs::metadata(path).ok().map(|known| known.permissions().mode())
}

fn close_to_others(path: &Path) {
    if mode(path).is_some_and(|mode| mode & 0o077 != 0) {
        set_mode(path, 0o600);
    }
}

/// What belongs to another user cannot be set right by us; it is told.
fn set_mode(path: &Path, mode: u32) {
    match std::fs::set_permissions(path, Permissions::from_mode(mode)) {
        Ok(()) => tracing::warn!(path = %path.display(), "other users could read this; they cannot any more"),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "other users can read this, and it could not be changed")
        }
    }
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
