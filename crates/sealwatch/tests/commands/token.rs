//! A master key that lives in a token, by `sealwatch keys`, with a real PKCS#11 module.

use std::fs;
use std::path::Path;

use devstack::SoftToken;

use crate::{Home, Outcome, PASSPHRASE, run, sealwatch, set_mode};

/// A deployment whose master key is to live in the token "ours".
struct Vault {
    home: Home,
    tokens: SoftToken,
}

impl Vault {
    fn new() -> Self {
        let (home, tokens) = (Home::new(), SoftToken::new().unwrap());
        home.secret_file("passphrase", PASSPHRASE);
        tokens.make("ours").unwrap();
        Self { home, tokens }
    }

    fn with_keys() -> Self {
        let vault = Self::new();
        let uri = vault.uri();
        vault.done("init", "escrow.json", &["--pkcs11", &uri]);
        vault
    }

    fn uri(&self) -> String {
        self.tokens.uri("ours", "master")
    }

    /// Any `sealwatch keys` that asks for an escrow copy.
    fn keys(&self, what: &str, escrow: &str, more: &[&str]) -> Outcome {
        self.run(what, |command| {
            command.arg("--escrow").arg(self.home.path(escrow));
            let passphrase = self.home.path("passphrase");
            command.arg("--passphrase-file").arg(passphrase).args(more);
        })
    }

    fn run(&self, what: &str, with: impl FnOnce(&mut std::process::Command)) -> Outcome {
        let (mut command, (name, value)) = (sealwatch(), self.tokens.setting());
        command.env(name, value).args(["keys", what, "--dir"]);
        command.arg(self.home.path("keys"));
        with(&mut command);
        let outcome = run(&mut command);
        for said in [&outcome.out, &outcome.err] {
            assert!(!said.contains(self.tokens.pin()), "the PIN is told: {said}");
        }
        outcome
    }

    fn done(&self, what: &str, escrow: &str, more: &[&str]) -> String {
        let outcome = self.keys(what, escrow, more);
        assert!(outcome.succeeded, "{what}: {}", outcome.err);
        outcome.out
    }

    fn refused(&self, what: &str, escrow: &str, more: &[&str], why: &str) {
        let outcome = self.keys(what, escrow, more);
        assert!(!outcome.succeeded, "{}", outcome.out);
        assert!(outcome.err.contains(why), "{why}: {}", outcome.err);
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.home.path(name)).unwrap()
    }
}

#[test]
fn a_master_key_is_made_in_a_token_and_changes_keys_from_there() {
    let vault = Vault::with_keys();
    assert_eq!(vault.read("keys/master.key").trim_end(), vault.uri());
    for name in [
        "keys/master.key",
        "keys/application-keys.json",
        "escrow.json",
    ] {
        assert!(!vault.read(name).contains(vault.tokens.pin()), "{name}");
    }
    let told = vault.done("check", "escrow.json", &[]);
    for words in ["lives in a token", "holds the same keys", "is not needed"] {
        assert!(told.contains(words), "{told}");
    }
    vault.refused("init", "other.json", &[], "exists already");
    vault.done("add", "e2.json", &[]);
    let told = vault.done("check", "e2.json", &[]);
    assert!(told.contains("version 2: not in use yet"), "{told}");
    vault.refused("check", "escrow.json", &[], "holds other keys");
}

#[test]
fn a_master_key_is_replaced_within_its_token_and_the_old_one_destroyed() {
    let vault = Vault::with_keys();
    let old = vault.read("keys/application-keys.json");
    let told = vault.done("rotate-master", "e2.json", &[]);
    assert!(told.contains("destroy-old-masters"), "{told}");
    assert_eq!(vault.read("keys/master.key").trim_end(), vault.uri());
    let told = vault.done("check", "e2.json", &[]);
    assert!(told.contains("which open nothing in use: 1"), "{told}");

    // A host that is behind goes on until the old key is destroyed.
    let path = vault.home.path("keys/application-keys.json");
    let new = vault.read("keys/application-keys.json");
    fs::write(&path, &old).unwrap();
    vault.done("check", "e2.json", &[]);
    fs::write(&path, &new).unwrap();
    let asked = vault.run("destroy-old-masters", |_| {});
    assert!(asked.err.contains("no terminal to ask at"), "{}", asked.err);
    let destroyed = vault.run("destroy-old-masters", |command| {
        command.arg("--yes");
    });
    assert!(
        destroyed.out.contains("Destroyed in the token: 1."),
        "{}",
        destroyed.err
    );
    vault.done("check", "e2.json", &[]);
    fs::write(&path, &old).unwrap();
    vault.refused("check", "e2.json", &[], "was made with another master key");
}

#[test]
fn a_master_key_moves_into_a_token_and_out_again() {
    let vault = Vault::new();
    vault.done("init", "e1.json", &[]);
    let uri = vault.uri();
    vault.done("rotate-master", "e2.json", &["--pkcs11", &uri]);
    let told = vault.done("check", "e2.json", &[]);
    assert!(told.contains("lives in a token"), "{told}");
    vault.tokens.make("theirs").unwrap();
    let other = vault.tokens.uri("theirs", "master");
    let told = vault.done("rotate-master", "e3.json", &["--pkcs11", &other]);
    assert!(told.contains("still in its token"), "{told}");
    vault.done("rotate-master", "e4.json", &["--file"]);
    assert_eq!(vault.read("keys/master.key").trim_end().len(), 64);
    vault.tokens.pull().unwrap();
    let told = vault.done("check", "e4.json", &[]);
    assert!(told.contains("holds the same keys"), "{told}");
}

/// The token burnt: the escrow copy brings everything back, into a file or into another token.
#[test]
fn an_escrow_copy_recovers_without_the_token() {
    let vault = Vault::with_keys();
    let front = vault.read("keys/front.json");
    vault.tokens.pull().unwrap();
    fs::remove_dir_all(vault.home.path("keys")).unwrap();
    vault.done("recover", "escrow.json", &[]);
    assert_eq!(vault.read("keys/master.key").trim_end().len(), 64);
    assert_eq!(vault.read("keys/front.json"), front);
    vault.done("check", "escrow.json", &[]);

    fs::remove_dir_all(vault.home.path("keys")).unwrap();
    vault.tokens.make("spare").unwrap();
    let spare = vault.tokens.uri("spare", "master");
    vault.done("recover", "escrow.json", &["--pkcs11", &spare]);
    assert_eq!(vault.read("keys/master.key").trim_end(), spare);
    assert_eq!(vault.read("keys/front.json"), front);
    vault.done("check", "escrow.json", &[]);
}

#[test]
fn what_is_wrong_with_a_token_is_named() {
    let vault = Vault::with_keys();
    let check = |uri: &str, why: &str| {
        fs::write(vault.home.path("keys/master.key"), uri).unwrap();
        vault.refused("check", "escrow.json", &[], why);
    };
    let right = vault.uri();
    let (module, pin) = (vault.tokens.module(), vault.tokens.pin_file());
    let with = |old: &Path, new: &str| right.replace(old.to_str().unwrap(), new);
    check(
        &with(module, "/nowhere/m.so"),
        "module /nowhere/m.so can't be loaded",
    );
    check(
        &with(module, "/etc/passwd"),
        "module /etc/passwd can't be loaded",
    );
    check(
        &right.replace("ours", "lost"),
        "the token \"lost\" is not there",
    );
    check(
        &right.replace("=master", "=gone"),
        "holds no AES key of this name",
    );
    check(
        &with(&pin, "/nowhere/pin"),
        "the PIN: /nowhere/pin: can't be read",
    );
    check(
        &format!("{right}&pin-value={}", vault.tokens.pin()),
        "consider this PIN known",
    );
    check("pkcs11:nonsense", "does not say where the key is");

    let wrong = vault.home.secret_file("wrong.pin", "7777777");
    check(&with(&pin, wrong.to_str().unwrap()), "refuses the PIN");
    set_mode(&wrong, 0o644);
    check(&with(&pin, wrong.to_str().unwrap()), "chmod 600");

    fs::write(vault.home.path("keys/master.key"), &right).unwrap();
    vault.done("check", "escrow.json", &[]);
    vault.tokens.pull().unwrap();
    vault.refused(
        "check",
        "escrow.json",
        &[],
        "the token \"ours\" is not there",
    );
    vault.tokens.put_back().unwrap();
    vault.done("check", "escrow.json", &[]);
}

#[test]
fn nothing_is_left_where_a_token_is_not_used() {
    let vault = Vault::new();
    let uri = vault.uri();
    let pin = format!(
        "pkcs11:token=ours;object=master?module-path=/m&pin-value={}",
        vault.tokens.pin()
    );
    vault.refused(
        "init",
        "e.json",
        &["--pkcs11", &pin],
        "consider this PIN known",
    );
    vault.tokens.import("ours", "taken").unwrap();
    let taken = vault.tokens.uri("ours", "taken");
    vault.refused(
        "init",
        "e.json",
        &["--pkcs11", &taken],
        "the token \"ours\"",
    );
    assert!(!vault.home.path("e.json").exists());
    // What can't be written takes the key in the token back.
    let nowhere = "no/such/folder/e.json";
    vault.refused("init", nowhere, &["--pkcs11", &uri], "can't be written");
    vault.done("init", "e.json", &["--pkcs11", &uri]);
    vault.tokens.make("theirs").unwrap();
    let other = vault.tokens.uri("theirs", "master");
    let moving = ["--pkcs11", other.as_str()];
    vault.refused("rotate-master", nowhere, &moving, "can't be written");
    vault.done("rotate-master", "e2.json", &moving);
    vault.refused(
        "rotate-master",
        "e3.json",
        &["--pkcs11", &uri, "--file"],
        "cannot be used with",
    );
}
