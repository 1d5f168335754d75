//! The data folder: its permissions, its lock, its encryption key, and its mark of an installation.
//!
//! Only the owner can read the folder and its files, whatever the umask. Files of older versions
//! are corrected at the start.
//!
//! A folder that was used has a mark in it. The mark tells a lost database or a lost key from a
//! first start. Both losses are refused: going on would look like a new installation, or would seal
//! new secrets next to old ones that nobody can open. Nothing is written before this check.

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
    /// Makes the folder. If it exists, takes away the access of other users.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|e| format!("the data folder {shown} cannot be made: {e}"))?;
        let folder = Self(path.to_owned());
        // A folder with unknown files in it may be shared: its rights stay.
        if folder.is_ours() && mode(path).is_some_and(|mode| mode & 0o077 != 0) {
            set_mode(path, 0o700);
        }
        Ok(folder)
    }

    /// The path of the embedded database.
    pub(crate) fn database(&self) -> PathBuf {
        self.0.join(DATABASE)
    }

    /// Takes the lock. Only one process at a time may use the embedded database.
    pub(crate) fn lock(&self) -> Result<File, String> {
        let path = self.0.join(LOCK);
        let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let lock = opened.map_err(|e| format!("{} cannot be written: {e}", path.display()))?;
        close_to_others(&path);
        lock.try_lock().map_err(|_| format!("the data folder {} is in use by another process", self.0.display()))?;
        Ok(lock)
    }

    /// True if the embedded database exists and is not empty.
    pub(crate) fn has_database(&self) -> bool {
        std::fs::metadata(self.database()).is_ok_and(|known| known.len() > 0)
    }

    /// True if an installation with an embedded database was founded in this folder.
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

    /// Fails if the folder was used before and its database is missing or empty.
    pub(crate) fn refuse_lost_database(&self) -> Result<(), String> {
        match self.is_marked() && !self.has_database() {
            true => Err(self.lost_database()),
            false => Ok(()),
        }
    }

    /// The error message if the database of a used folder is missing or empty.
    pub(crate) fn lost_database(&self) -> String {
        format!(
            "{} is missing or empty, but an installation has lived in this folder. Restore the file from a backup, together \
             with its -wal file if there is one. To begin anew, and give up what was there, set begin_anew=true for one \
             start. Nothing was changed.",
            self.database().display()
        )
    }

    /// The vault with the key that seals secrets. The key comes from the setting, or else from the
    /// folder's file. The file is made only at a first start.
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

    /// True if the folder holds only files that this program makes.
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

/// Sets the mode and logs it. The mode of another user's file cannot be changed; that is logged too.
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
