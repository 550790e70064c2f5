//! Files with secrets: only their owner may read them, and nothing is ever overwritten.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::acl;
use crate::token::{NotATokenUri, TokenProblem};

/// A key file is a few hundred bytes for each version it holds.
const MAX_LEN: u64 = 1 << 20;
/// A pipe doesn't tell how much it holds.
const MAX_PIPED: u64 = 4096;

/// A file with a secret that can't be used, and why.
#[derive(Debug, Error)]
#[error("{}: {problem}", path.display())]
pub struct KeyFileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: KeyFileProblem,
}

/// What is wrong with a file. Never shows what it holds.
#[derive(Debug, Error)]
pub enum KeyFileProblem {
    /// It is not there or can't be read.
    #[error("can't be read: {0}")]
    Read(#[source] io::Error),
    /// It can't be written.
    #[error("can't be written: {0}")]
    Write(#[source] io::Error),
    /// It is there already.
    #[error("exists already; nothing was overwritten")]
    Exists,
    /// Others than its owner may read or write it.
    #[error(
        "is open to group or others (mode {0:04o}); run `chmod 600` on it and consider what it holds known"
    )]
    Exposed(u32),
    /// It does not have the form of this kind of key file.
    #[error("is malformed: {0}")]
    Malformed(String),
    /// It begins like the address of a key in a token, and is none.
    #[error("does not say where the key is: {0}")]
    Uri(#[source] NotATokenUri),
    /// The token that it names can't be used.
    #[error(transparent)]
    Token(#[from] TokenProblem),
    /// It was wrapped by another master key than the one given.
    #[error("was made with another master key")]
    WrongMasterKey,
    /// The master key is right, and yet this part does not open.
    #[error("was altered: {0} does not open although the master key is the right one")]
    Altered(String),
    /// The passphrase is not the one the escrow copy was made with.
    #[error("does not open with this passphrase")]
    WrongPassphrase,
    /// The passphrase is right, and yet the copy does not open.
    #[error("was altered: it does not open although the passphrase is the right one")]
    AlteredEscrow,
    /// It holds other keys than the rest of the set.
    #[error("holds other keys than {}", .0.display())]
    Differs(PathBuf),
}

impl KeyFileProblem {
    /// Tells the place only: the error's own text quotes what it found, which may be a key.
    pub(crate) fn json(error: &serde_json::Error) -> Self {
        Self::Malformed(format!(
            "not the JSON of this kind of file, at line {}, column {}",
            error.line(),
            error.column()
        ))
    }

    pub(crate) fn at(self, path: &Path) -> KeyFileError {
        KeyFileError {
            path: path.to_owned(),
            problem: self,
        }
    }
}

/// Reads a file that only its owner may read, or a credential that systemd gave this account.
pub fn read_secret_file(path: &Path) -> Result<Zeroizing<String>, KeyFileError> {
    read(path, false).map_err(|problem| problem.at(path))
}

/// The same where a pipe will do, such as the output of a program that keeps passwords.
pub fn read_secret_file_or_pipe(path: &Path) -> Result<Zeroizing<String>, KeyFileError> {
    read(path, true).map_err(|problem| problem.at(path))
}

fn read(path: &Path, pipe_will_do: bool) -> Result<Zeroizing<String>, KeyFileProblem> {
    let file = File::open(path).map_err(KeyFileProblem::Read)?;
    // Asked of the open file, so that it can't be another one by the time it is read.
    let metadata = file.metadata().map_err(KeyFileProblem::Read)?;
    let limit = match metadata.file_type() {
        kind if kind.is_file() && metadata.len() <= MAX_LEN => metadata.len(),
        kind if kind.is_fifo() && pipe_will_do => MAX_PIPED,
        _ => return Err(KeyFileProblem::Malformed("not such a file".to_owned())),
    };
    let mode = metadata.permissions().mode() & 0o7777;
    // What others may is told by the mode, and what the group may by the list, if there is one: systemd's credentials have one.
    let is_read_by_group_alone = mode & 0o037 == 0;
    if mode & 0o077 != 0 && !(is_read_by_group_alone && acl::is_ours_alone(&file)) {
        return Err(KeyFileProblem::Exposed(mode));
    }
    // One byte more than needed: reading never grows the buffer, which would leave a copy behind.
    let capacity = usize::try_from(limit).unwrap_or_default() + 1;
    let mut contents = Zeroizing::new(String::with_capacity(capacity));
    match file.take(limit + 1).read_to_string(&mut contents) {
        Ok(_) if contents.len() < capacity => Ok(contents),
        Ok(_) => Err(KeyFileProblem::Malformed("too long".to_owned())),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(KeyFileProblem::Malformed("not text".to_owned()))
        }
        Err(error) => Err(KeyFileProblem::Read(error)),
    }
}

/// A file to be written.
pub(crate) struct NewFile {
    pub(crate) path: PathBuf,
    pub(crate) contents: Zeroizing<String>,
}

/// Writes all files with mode 0600, or none: nothing is overwritten, and what a failed attempt wrote is removed.
pub(crate) fn write_new_files(files: &[NewFile]) -> Result<(), KeyFileError> {
    for file in files {
        if file.path.symlink_metadata().is_ok() {
            return Err(KeyFileProblem::Exists.at(&file.path));
        }
    }
    for (written, file) in files.iter().enumerate() {
        if let Err(problem) = write(&file.path, &file.contents) {
            for earlier in &files[..written] {
                // The first problem is the one to tell.
                let _ = fs::remove_file(&earlier.path);
            }
            return Err(problem.at(&file.path));
        }
    }
    Ok(())
}

/// Where a file that will replace this one is written first.
pub(crate) fn next_to(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".next");
    name.into()
}

/// Replaces files with mode 0600: all are written in full before the first is put in its place, in this order.
pub(crate) fn replace_files(files: &[NewFile]) -> Result<(), KeyFileError> {
    for file in files {
        let next = next_to(&file.path);
        // Of an attempt that was broken off.
        match fs::remove_file(&next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(KeyFileProblem::Write(error).at(&next));
            }
            _ => {}
        }
        write(&next, &file.contents).map_err(|problem| problem.at(&next))?;
    }
    files.iter().try_for_each(|file| put_in_place(&file.path))
}

/// Puts what was written beside a file in its place.
pub(crate) fn put_in_place(path: &Path) -> Result<(), KeyFileError> {
    fs::rename(next_to(path), path)
        .and_then(|()| sync_directory(path))
        .map_err(|error| KeyFileProblem::Write(error).at(path))
}

fn write(path: &Path, contents: &str) -> Result<(), KeyFileProblem> {
    let mut handle = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => KeyFileProblem::Exists,
            _ => KeyFileProblem::Write(error),
        })?;
    handle
        .write_all(contents.as_bytes())
        .and_then(|()| handle.sync_all())
        .and_then(|()| sync_directory(path))
        .map_err(|error| {
            let _ = fs::remove_file(path);
            KeyFileProblem::Write(error)
        })
}

/// Without this a crash may lose the new file's name.
fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

/// Makes a directory that only its owner may enter, unless it is there.
pub(crate) fn create_directory(path: &Path) -> Result<(), KeyFileError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| KeyFileProblem::Write(error).at(path))
}
