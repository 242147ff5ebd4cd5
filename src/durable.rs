//! Durable files and folders: what is said to be written survives a power cut.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::fault::Fault;

fn fault(what: &str, path: &Path) -> impl Fn(std::io::Error) -> Fault {
    let what = format!("cannot {what} {}", path.display());
    move |error| Fault::io(&what, &error)
}

/// Writes `folder/name`: under a hidden name, synced, renamed, folder synced. Returns its size (bytes). What a failed write leaves
/// behind is removed here, or by the next start.
///
/// # Errors
/// If `fill` or the disk fails.
pub fn write_durably(
    folder: &Path,
    name: &str,
    fill: impl FnOnce(&mut File) -> Result<(), Fault>,
) -> Result<u64, Fault> {
    let hidden = folder.join(format!(".{name}.tmp"));
    let written = write_hidden(&hidden, fill);
    if written.is_err() {
        drop(fs::remove_file(&hidden));
    }
    let bytes = written?;
    rename(&hidden, &folder.join(name))?;
    crate::crash_point("store_after_rename");
    sync_folder(folder)?;
    crate::crash_point("store_after_dir_fsync");
    Ok(bytes)
}

fn write_hidden(hidden: &Path, fill: impl FnOnce(&mut File) -> Result<(), Fault>) -> Result<u64, Fault> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o640)
        .open(hidden)
        .map_err(fault("create", hidden))?;
    fill(&mut file).map_err(|error| error.context(hidden.display()))?;
    crate::crash_point("store_before_fsync");
    if !crate::failpoint("skip_file_fsync") {
        file.sync_all().map_err(fault("sync", hidden))?;
    }
    crate::crash_point("store_after_fsync");
    Ok(file.metadata().map_err(fault("look at", hidden))?.len())
}

/// Creates a folder and its parents, durably.
///
/// # Errors
/// If the disk fails.
pub fn create_folder(folder: &Path) -> Result<(), Fault> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().unwrap_or(Path::new("."));
    create_folder_unless_root(parent)?;
    match fs::create_dir(folder) {
        // Another thread may have been quicker; a file in the folder's place is an error.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && !folder.is_dir() => {
            return Err(Fault::unavailable(format!("cannot create {}: it is a file, not a folder", folder.display())));
        }
        Err(error) if !folder.is_dir() => return Err(fault("create", folder)(error)),
        _ => {}
    }
    sync_folder(parent)
}

fn create_folder_unless_root(folder: &Path) -> Result<(), Fault> {
    if folder.as_os_str().is_empty() { Ok(()) } else { create_folder(folder) }
}

/// Makes a rename or a removal inside `folder` durable.
///
/// # Errors
/// If the disk fails.
pub fn sync_folder(folder: &Path) -> Result<(), Fault> {
    if crate::failpoint("skip_dir_fsync") {
        return Ok(());
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault("sync", folder))
}

/// Renames.
///
/// # Errors
/// If the disk fails.
pub fn rename(from: &Path, to: &Path) -> Result<(), Fault> {
    fs::rename(from, to).map_err(fault("rename", from))
}

/// Removes a file; one that is gone already is fine.
///
/// # Errors
/// If the disk fails.
pub fn remove(path: &Path) -> Result<(), Fault> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(fault("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes a folder and what is in it; one that is gone already is fine.
///
/// # Errors
/// If the disk fails.
pub fn remove_folder(folder: &Path) -> Result<(), Fault> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(fault("remove", folder)(error)),
        _ => Ok(()),
    }
}

/// Names in a folder, sorted; none if there is no folder.
///
/// # Errors
/// If it cannot be read.
pub fn list(folder: &Path) -> Result<Vec<String>, Fault> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(fault("read", folder))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(fault("read", folder))?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
