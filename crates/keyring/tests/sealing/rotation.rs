//! Keys replaced step by step, as docs/KEY_ROTATION.md tells, through their files.

use std::fs;

use keyring::{
    ApplicationKeys, KeyFileProblem, KeyFiles, KeySet, MasterKey, MasterPlace, OtherKeys,
    RotationError, SealedError, UnwrapError,
};
use record::ids::RecordId;
use tempfile::TempDir;

const PASSPHRASE: &str = "correct horse battery staple";

/// The keys of a deployment whose files are replaced, and those that a running app holds.
struct Deployment {
    dir: TempDir,
    held: ApplicationKeys,
    changes: u32,
}

impl Deployment {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let set = KeySet::generate(&mut rand::rng());
        set.save(&dir.path().join("keys"), &mut rand::rng())
            .unwrap();
        Self {
            held: set.application().clone(),
            dir,
            changes: 0,
        }
    }

    fn files(&self) -> KeyFiles {
        KeyFiles::within(&self.dir.path().join("keys"))
    }

    fn set(&self) -> KeySet {
        KeySet::load(&self.dir.path().join("keys")).ok().unwrap()
    }

    /// Puts changed keys in place, as the command does, and lets the running app read them.
    fn change(&mut self, set: &KeySet) -> bool {
        self.changes += 1;
        let escrow = self.dir.path().join(format!("escrow-{}", self.changes));
        let keys = self.dir.path().join("keys");
        set.replace(&keys, &escrow, PASSPHRASE, &mut rand::rng())
            .unwrap();
        assert!(self.set().same_keys(set));
        self.held.follow(&self.read()).unwrap()
    }

    fn read(&self) -> ApplicationKeys {
        let files = self.files();
        let master = MasterKey::load(&files.master).ok().unwrap();
        ApplicationKeys::load(&master, &files.application)
            .ok()
            .unwrap()
    }
}

#[test]
fn a_rotation_keeps_what_was_sealed_and_signed_and_destroys_what_was_wrapped() {
    let rng = &mut rand::rng();
    let mut deployment = Deployment::new();
    // A handle that was handed out before anything changed, as each part of an app has one.
    let keys = deployment.held.clone();
    let sealed = keys.seal("a.b", b"", b"value", rng);
    let passing = keys.seal_passing("a.b", b"", b"secret", rng);
    let mac = keys.mac("t").u64(1).finish();
    let owner = keys.generate_owner_key(RecordId::random(rng), rng);
    let dumped = keys.wrap_owner_key(&owner, rng);

    let (set, version) = deployment.set().with_another_key(rng).unwrap();
    assert_eq!(version, 2);
    assert!(deployment.change(&set));
    assert_eq!(keys.current_version(), 1, "nothing uses it yet");
    let theirs = deployment.read();
    let (set, _) = deployment.set().using_newest().unwrap();
    assert!(deployment.change(&set));
    assert_eq!(keys.current_version(), 2);
    let new = keys.mac("t").u64(1).finish();
    assert!(
        theirs.mac("t").u64(1).verify(&new).is_ok(),
        "who has not read the file again knows the version"
    );

    let newer = keys.seal_passing("a.b", b"", b"secret", rng);
    for keys in [&keys, &theirs, deployment.set().application()] {
        for sealed in [&passing, &newer] {
            let opened = keys.open_passing("a.b", b"", sealed).unwrap();
            assert_eq!(opened.as_slice(), b"secret");
        }
    }
    let opened = keys.unwrap_owner_key(&dumped).unwrap();
    let rewrapped = keys.wrap_owner_key(&opened, rng);
    assert_eq!(keys.wrapped_by(&dumped.bytes), Some(1));
    assert_eq!(keys.wrapped_by(&rewrapped.bytes), Some(2));

    let set = deployment.set().without_unwrapping(1).unwrap();
    assert!(deployment.change(&set));
    assert!(!deployment.held.follow(&deployment.read()).unwrap());
    for keys in [&keys, deployment.set().application()] {
        assert_eq!(
            keys.unwrap_owner_key(&dumped).err(),
            Some(UnwrapError::UnknownKey(1))
        );
        assert_eq!(keys.wrapped_by(&dumped.bytes), None);
        assert_eq!(
            keys.open_passing("a.b", b"", &passing).err(),
            Some(SealedError::UnknownKey(1))
        );
        assert!(keys.open_passing("a.b", b"", &newer).is_ok());
        assert!(keys.unwrap_owner_key(&rewrapped).is_ok());
        assert_eq!(keys.open("a.b", b"", &sealed).unwrap().as_slice(), b"value");
        assert!(keys.mac("t").u64(1).verify(&mac).is_ok());
        assert!(keys.are_destroyed_up_to(1) && !keys.are_destroyed_up_to(2));
        let all: Vec<_> = keys.all_versions().into_iter().collect();
        assert_eq!(all, [(1, false), (2, true)]);
    }
}

fn another_master(deployment: &Deployment) -> KeySet {
    let set = deployment.set();
    let set = set.with_another_master(&MasterPlace::File, &mut rand::rng());
    set.ok().unwrap()
}

#[test]
fn another_master_key_wraps_the_same_keys() {
    let mut deployment = Deployment::new();
    let old = MasterKey::load(&deployment.files().master).ok().unwrap();
    let sealed = deployment.held.seal("a.b", b"", b"v", &mut rand::rng());
    let set = another_master(&deployment);
    assert!(
        !deployment.change(&set),
        "the application keys are the same"
    );
    assert!(deployment.read().open("a.b", b"", &sealed).is_ok());
    let copy = KeySet::recover(&deployment.dir.path().join("escrow-1"), PASSPHRASE);
    assert!(
        copy.ok().unwrap().same_keys(&set),
        "the copy is of the new ones"
    );
    let error = ApplicationKeys::load(&old, &deployment.files().application).err();
    assert!(matches!(
        error.unwrap().problem,
        KeyFileProblem::WrongMasterKey
    ));
}

#[test]
fn a_change_that_was_broken_off_between_two_files_is_finished() {
    let mut deployment = Deployment::new();
    let (keys, files) = (deployment.dir.path().join("keys"), deployment.files());
    assert!(!KeySet::finish_replacing(&keys).unwrap());
    let old = fs::read(&files.master).unwrap();
    let set = another_master(&deployment);
    deployment.change(&set);
    // As it stands when the machine stops after the first of the two.
    let next = keys.join("master.key.next");
    fs::rename(&files.master, &next).unwrap();
    fs::write(&files.master, &old).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&files.master, private).unwrap();
    assert!(KeySet::load(&keys).is_err());
    assert!(KeySet::finish_replacing(&keys).unwrap());
    assert!(deployment.set().same_keys(&set));
    // Broken off before the first: nothing has happened.
    fs::write(&next, &old).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&next, private).unwrap();
    assert!(!KeySet::finish_replacing(&keys).unwrap());
    assert!(deployment.set().same_keys(&set));
}

#[test]
fn a_running_app_takes_over_nothing_but_its_own_keys() {
    let mut deployment = Deployment::new();
    let first = deployment.read();
    let other = KeySet::generate(&mut rand::rng());
    assert_eq!(deployment.held.follow(other.application()), Err(OtherKeys));
    let (set, _) = deployment.set().with_another_key(&mut rand::rng()).unwrap();
    deployment.change(&set);
    assert_eq!(
        deployment.held.follow(&first),
        Err(OtherKeys),
        "a version is missing"
    );
    assert_eq!(deployment.held.all_versions().len(), 2);
}

#[test]
fn steps_out_of_their_order_are_refused() {
    let set = || KeySet::generate(&mut rand::rng());
    let added = || set().with_another_key(&mut rand::rng()).unwrap().0;
    assert!(matches!(
        set().using_newest(),
        Err(RotationError::NothingNewer)
    ));
    assert!(matches!(
        added().with_another_key(&mut rand::rng()),
        Err(RotationError::AddedAlready(2))
    ));
    assert!(matches!(
        set().without_unwrapping(1),
        Err(RotationError::InUse(1))
    ));
    assert!(matches!(
        set().without_unwrapping(7),
        Err(RotationError::NoSuchVersion(7))
    ));
    let (used, _) = added().using_newest().unwrap();
    let without = used.without_unwrapping(1).unwrap();
    assert!(matches!(
        without.without_unwrapping(1),
        Err(RotationError::DestroyedAlready(1))
    ));
}
