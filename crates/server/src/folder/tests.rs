//! Data folders: new ones, old ones, shared ones, and ones with a missing file.

use super::*;

fn fresh() -> PathBuf {
    std::env::temp_dir().join(format!("campanile-folder-{}", campanile_base::new_uuid()))
}

fn rights(path: &Path) -> u32 {
    mode(path).unwrap() & 0o777
}

#[test]
fn what_is_made_is_its_owners_alone_and_what_is_older_becomes_so() {
    let path = fresh();
    std::fs::create_dir_all(&path).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    for name in [KEY, LOCK] {
        std::fs::write(path.join(name), Vault::new_key().expose()).unwrap();
        std::fs::set_permissions(path.join(name), Permissions::from_mode(0o644)).unwrap();
    }
    let folder = Folder::open(&path).unwrap();
    let _lock = folder.lock().unwrap();
    folder.vault(None, true).unwrap();
    folder.mark().unwrap();
    assert_eq!(rights(&path), 0o700);
    for name in [KEY, LOCK, MARK] {
        assert_eq!(rights(&path.join(name)), 0o600, "{name}");
    }
    std::fs::remove_dir_all(&path).unwrap();
    let inner = path.join("a/b");
    Folder::open(&inner).unwrap();
    assert_eq!(rights(&inner), 0o700);
    std::fs::remove_dir_all(&path).unwrap();
}

#[test]
fn a_folder_with_other_peoples_files_is_left_as_it_is() {
    let path = fresh();
    std::fs::create_dir_all(&path).unwrap();
    std::fs::write(path.join("notes.txt"), "mine").unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    Folder::open(&path).unwrap();
    assert_eq!(rights(&path), 0o755);
    std::fs::remove_dir_all(&path).unwrap();
}

#[test]
fn a_missing_key_beside_a_used_database_is_refused_and_none_is_made() {
    let path = fresh();
    let folder = Folder::open(&path).unwrap();
    let why = folder.vault(None, false).unwrap_err();
    assert!(why.contains("encryption.key is missing") && why.contains("Nothing was changed"), "{why}");
    assert!(!path.join(KEY).exists());
    folder.vault(Some(&Vault::new_key()), false).unwrap();
    folder.vault(None, true).unwrap();
    folder.vault(None, false).unwrap();
    std::fs::remove_dir_all(&path).unwrap();
}

#[test]
fn a_missing_or_empty_database_is_refused_where_one_was() {
    let path = fresh();
    let folder = Folder::open(&path).unwrap();
    // A first start that was killed before anything was founded does not count as one.
    folder.vault(None, true).unwrap();
    std::fs::write(folder.database(), b"").unwrap();
    folder.refuse_lost_database().unwrap();
    folder.mark().unwrap();
    assert!(folder.refuse_lost_database().unwrap_err().contains("missing or empty"));
    std::fs::remove_file(folder.database()).unwrap();
    assert!(folder.refuse_lost_database().is_err());
    std::fs::write(folder.database(), b"SQLite format 3").unwrap();
    folder.refuse_lost_database().unwrap();
    std::fs::remove_dir_all(&path).unwrap();
}
