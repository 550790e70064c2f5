use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread;

use keyring::{
    ApplicationKeys, FrontKeys, KeyFileProblem, KeyFiles, KeySet, MasterKey, read_secret_file,
    read_secret_file_or_pipe,
};
use tempfile::TempDir;

fn saved() -> (TempDir, KeyFiles, KeySet) {
    let (directory, set) = (TempDir::new().unwrap(), KeySet::generate(&mut rand::rng()));
    let files = set.save(directory.path(), &mut rand::rng()).unwrap();
    (directory, files, set)
}

fn replace(path: &Path, from: &str, to: &str) {
    let contents = fs::read_to_string(path).unwrap();
    assert!(contents.contains(from), "{from} is not in {contents}");
    fs::write(path, contents.replacen(from, to, 1)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn saved_keys_load_and_open_what_the_fresh_ones_sealed() {
    let (directory, files, set) = saved();
    for path in [&files.master, &files.application, &files.front] {
        assert_eq!(mode(path), 0o600);
    }
    let mut rng = rand::rng();
    let sealed = set.application().seal("a.b", b"", b"value", &mut rng);
    let front_sealed = set
        .application()
        .front()
        .seal("a.b", b"", b"value", &mut rng);

    let master = MasterKey::load(&files.master).ok().unwrap();
    let application = ApplicationKeys::load(&master, &files.application)
        .ok()
        .unwrap();
    let front = FrontKeys::load(&files.front).ok().unwrap();
    assert_eq!(
        application.open("a.b", b"", &sealed).unwrap().as_slice(),
        b"value"
    );
    assert_eq!(
        front.open("a.b", b"", &front_sealed).unwrap().as_slice(),
        b"value"
    );
    assert_eq!(
        application.index().blind("a.b", b"value"),
        set.application().index().blind("a.b", b"value")
    );
    assert!(KeySet::load(directory.path()).ok().unwrap().same_keys(&set));
    assert!(!KeySet::generate(&mut rng).same_keys(&set));
}

#[test]
fn a_file_open_to_others_is_refused() {
    let (_directory, files, _) = saved();
    for exposed in [0o640, 0o604, 0o620, 0o610, 0o602] {
        fs::set_permissions(&files.master, fs::Permissions::from_mode(exposed)).unwrap();
        let error = MasterKey::load(&files.master).err().unwrap();
        assert!(matches!(error.problem, KeyFileProblem::Exposed(mode) if mode == exposed));
        assert!(error.to_string().contains("chmod 600"), "{error}");
        assert!(error.to_string().contains("master.key"), "{error}");
    }
    fs::set_permissions(&files.master, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(MasterKey::load(&files.master).is_ok());
}

/// What systemd makes of a credential: read-only, and where the service has an account of its own, given to that by a list, which
/// shows in the mode as a right of the group.
#[test]
fn a_credential_of_systemd_is_taken() {
    let (_directory, files, _) = saved();
    let entry = |tag: u16, rights: u16, id: u32| {
        [
            &tag.to_le_bytes()[..],
            &rights.to_le_bytes(),
            &id.to_le_bytes(),
        ]
        .concat()
    };
    let list = |account: u32, group: u16| {
        let (nobody, header) = (u32::MAX, 2_u32.to_le_bytes().to_vec());
        let entries = [
            entry(0x01, 4, nobody),
            entry(0x02, 4, account),
            entry(0x04, group, nobody),
            entry(0x10, 4, nobody),
            entry(0x20, 0, nobody),
        ];
        [vec![header], entries.to_vec()].concat().concat()
    };
    let us = rustix::process::geteuid().as_raw();
    for (path, what) in [
        (&files.master, "master"),
        (&files.application, "application"),
        (&files.front, "front"),
    ] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(read_secret_file(path).is_ok(), "{what}");
        let give = |list: &[u8]| {
            let name = "system.posix_acl_access";
            rustix::fs::setxattr(path, name, list, rustix::fs::XattrFlags::empty()).unwrap();
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        };
        assert_eq!(give(&list(us, 0)), 0o440);
        assert!(read_secret_file(path).is_ok(), "{what}");
        for (account, group) in [(us + 1, 0), (us, 4)] {
            assert_eq!(give(&list(account, group)), 0o440);
            let error = read_secret_file(path).err().unwrap();
            assert!(
                matches!(error.problem, KeyFileProblem::Exposed(0o440)),
                "{error}"
            );
        }
        give(&list(us, 0));
    }
    assert!(KeySet::load(files.master.parent().unwrap()).is_ok());
}

#[test]
fn a_pipe_is_read_where_one_will_do_and_only_a_private_one() {
    let directory = TempDir::new().unwrap();
    let pipe = directory.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let write = |text: String| {
        let pipe = pipe.clone();
        thread::spawn(move || fs::write(pipe, text))
    };
    // Open in both directions, so that opening it doesn't wait.
    let both = File::options().read(true).write(true).open(&pipe).unwrap();
    fs::set_permissions(&pipe, fs::Permissions::from_mode(0o640)).unwrap();
    let error = read_secret_file_or_pipe(&pipe).err().unwrap();
    assert!(matches!(error.problem, KeyFileProblem::Exposed(0o640)));
    fs::set_permissions(&pipe, fs::Permissions::from_mode(0o600)).unwrap();
    let error = read_secret_file(&pipe).err().unwrap();
    assert!(matches!(error.problem, KeyFileProblem::Malformed(_)));
    drop(both);

    let written = write("a passphrase\n".to_owned());
    let read = read_secret_file_or_pipe(&pipe).unwrap();
    assert_eq!(read.as_str(), "a passphrase\n");
    written.join().unwrap().unwrap();
    let _refused = write("x".repeat(5000));
    let error = read_secret_file_or_pipe(&pipe).err().unwrap();
    assert!(error.to_string().contains("too long"), "{error}");
    let error = read_secret_file_or_pipe(directory.path()).err().unwrap();
    assert!(matches!(error.problem, KeyFileProblem::Malformed(_)));
}

#[test]
fn malformed_files_are_told_without_showing_what_they_hold() {
    let (_directory, files, _) = saved();
    let master = MasterKey::load(&files.master).ok().unwrap();
    let hex = fs::read_to_string(&files.master).unwrap();
    for contents in [
        "",
        "abc",
        &hex[..62],
        &format!("{}{}", &hex[..64], "00"),
        &hex.replace('\n', " x"),
    ] {
        fs::write(&files.master, contents).unwrap();
        let error = MasterKey::load(&files.master).err().unwrap();
        assert!(
            matches!(error.problem, KeyFileProblem::Malformed(_)),
            "{error}"
        );
    }
    fs::write(&files.master, [0xff, 0xfe]).unwrap();
    assert!(
        MasterKey::load(&files.master)
            .err()
            .unwrap()
            .to_string()
            .contains("not text")
    );

    let json = fs::read_to_string(&files.front).unwrap();
    let key = json.split('"').find(|part| part.len() == 64).unwrap();
    replace(
        &files.front,
        "\"version\": 1",
        &format!("\"version\": \"{key}\""),
    );
    let error = FrontKeys::load(&files.front).err().unwrap().to_string();
    assert!(error.contains("line 6") && !error.contains(key), "{error}");

    replace(&files.application, "\"current\": 1", "\"current\": 2");
    let error = ApplicationKeys::load(&master, &files.application)
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("the current application key"),
        "{error}"
    );
    replace(&files.application, "\"format\": 1", "\"format\": 9");
    let error = ApplicationKeys::load(&master, &files.application)
        .err()
        .unwrap();
    assert!(error.to_string().contains("format 9 is unknown"), "{error}");

    fs::remove_file(&files.front).unwrap();
    let error = FrontKeys::load(&files.front).err().unwrap();
    assert!(matches!(error.problem, KeyFileProblem::Read(_)), "{error}");
    fs::create_dir(&files.front).unwrap();
    assert!(FrontKeys::load(&files.front).is_err());
}

#[test]
fn a_wrong_master_key_differs_from_an_altered_file() {
    let (_directory, files, _) = saved();
    let (_other_directory, other_files, _) = saved();
    let master = MasterKey::load(&files.master).ok().unwrap();
    let other = MasterKey::load(&other_files.master).ok().unwrap();
    let error = ApplicationKeys::load(&other, &files.application)
        .err()
        .unwrap();
    assert!(
        matches!(error.problem, KeyFileProblem::WrongMasterKey),
        "{error}"
    );

    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&files.application).unwrap()).unwrap();
    for (pointer, name) in [
        ("/application/keys/0/wrapped", "application"),
        ("/front/keys/0/wrapped", "front"),
        ("/front_hash", "front_hash"),
        ("/index", "index"),
    ] {
        let mut altered = json.clone();
        let wrapped = altered.pointer_mut(pointer).unwrap();
        let text = wrapped.as_str().unwrap();
        let first = if text.starts_with('0') { "1" } else { "0" };
        *wrapped = format!("{first}{}", &text[1..]).into();
        fs::write(&files.application, altered.to_string()).unwrap();
        let error = ApplicationKeys::load(&master, &files.application)
            .err()
            .unwrap();
        assert!(
            matches!(&error.problem, KeyFileProblem::Altered(part) if part.contains(name)),
            "{error}"
        );
    }

    // A genuine wrapped key in the place of another.
    let mut altered = json.clone();
    altered["index"] = json["front_hash"].clone();
    fs::write(&files.application, altered.to_string()).unwrap();
    let error = ApplicationKeys::load(&master, &files.application)
        .err()
        .unwrap();
    assert!(
        matches!(error.problem, KeyFileProblem::Altered(_)),
        "{error}"
    );
}

#[test]
fn files_of_two_sets_are_told_apart() {
    let (directory, files, _) = saved();
    let (_other_directory, other_files, _) = saved();
    fs::copy(&other_files.front, &files.front).unwrap();
    let error = KeySet::load(directory.path()).err().unwrap();
    assert!(
        matches!(error.problem, KeyFileProblem::Differs(_)),
        "{error}"
    );
}

#[test]
fn nothing_is_overwritten_and_a_failed_attempt_leaves_nothing() {
    let (directory, files, set) = saved();
    let error = set.save(directory.path(), &mut rand::rng()).err().unwrap();
    assert!(matches!(error.problem, KeyFileProblem::Exists), "{error}");

    fs::remove_file(&files.master).unwrap();
    let before = fs::read_to_string(&files.front).unwrap();
    assert!(
        KeySet::generate(&mut rand::rng())
            .save(directory.path(), &mut rand::rng())
            .is_err()
    );
    assert!(!files.master.exists());
    assert_eq!(fs::read_to_string(&files.front).unwrap(), before);

    let empty = TempDir::new().unwrap();
    let nowhere = empty.path().join("missing").join("escrow.json");
    let keys_directory = empty.path().join("keys");
    let error = set
        .save_with_escrow(
            &keys_directory,
            &nowhere,
            "correct horse battery",
            &mut rand::rng(),
        )
        .err()
        .unwrap();
    assert!(matches!(error.problem, KeyFileProblem::Write(_)), "{error}");
    assert_eq!(fs::read_dir(&keys_directory).unwrap().count(), 0);
}

#[test]
fn the_escrow_copy_gives_everything_back() {
    let home = TempDir::new().unwrap();
    let (directory, escrow) = (home.path().join("keys"), home.path().join("escrow.json"));
    let set = KeySet::generate(&mut rand::rng());
    set.save_with_escrow(
        &directory,
        &escrow,
        "correct horse battery",
        &mut rand::rng(),
    )
    .unwrap();
    assert_eq!((mode(&escrow), mode(&directory)), (0o600, 0o700));

    let recovered = KeySet::recover(&escrow, "correct horse battery")
        .ok()
        .unwrap();
    assert!(recovered.same_keys(&set));

    let error = KeySet::recover(&escrow, "correct horse batter")
        .err()
        .unwrap();
    assert!(
        matches!(error.problem, KeyFileProblem::WrongPassphrase),
        "{error}"
    );

    replace(&escrow, "\"sealed\": \"", "\"sealed\": \"00");
    let error = KeySet::recover(&escrow, "correct horse battery")
        .err()
        .unwrap();
    assert!(
        matches!(error.problem, KeyFileProblem::AlteredEscrow),
        "{error}"
    );

    replace(
        &escrow,
        "\"memory_kib\": 262144",
        "\"memory_kib\": 4294967295",
    );
    let error = KeySet::recover(&escrow, "correct horse battery")
        .err()
        .unwrap();
    assert!(
        matches!(error.problem, KeyFileProblem::Malformed(_)),
        "{error}"
    );
}
