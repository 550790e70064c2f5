use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::{Home, Outcome, PASSPHRASE, run, run_at_terminal, sealwatch, set_mode};

#[test]
fn init_makes_private_files_and_says_what_losing_them_means() {
    let home = Home::new();
    let passphrase = home.secret_file("passphrase", PASSPHRASE);
    let made = home.keys("init", &["--passphrase-file", passphrase.to_str().unwrap()]);
    assert!(made.succeeded, "{}", made.err);
    assert!(
        made.out.contains("LOSING THE MASTER KEY DESTROYS ALL DATA"),
        "{}",
        made.out
    );
    for name in [
        "keys/master.key",
        "keys/application-keys.json",
        "keys/front.json",
        "escrow.json",
    ] {
        let mode = fs::metadata(home.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
        assert!(made.out.contains(name), "{name} is not told: {}", made.out);
    }
    assert!(!made.out.contains(PASSPHRASE));
}

#[test]
fn init_never_overwrites() {
    let home = Home::with_keys();
    let master = fs::read(home.path("keys/master.key")).unwrap();
    let passphrase = home.path("passphrase");
    let again = home.keys("init", &["--passphrase-file", passphrase.to_str().unwrap()]);
    assert!(!again.succeeded);
    assert!(again.err.contains("exists already"), "{}", again.err);
    assert_eq!(fs::read(home.path("keys/master.key")).unwrap(), master);

    // An old escrow copy alone is not lost either.
    fs::remove_dir_all(home.path("keys")).unwrap();
    let escrow = fs::read(home.path("escrow.json")).unwrap();
    let again = home.keys("init", &["--passphrase-file", passphrase.to_str().unwrap()]);
    assert!(
        again.err.contains("escrow.json exists already"),
        "{}",
        again.err
    );
    assert_eq!(fs::read(home.path("escrow.json")).unwrap(), escrow);
}

#[test]
fn init_refuses_weak_passphrases_and_files_open_to_others() {
    let home = Home::new();
    for (contents, reason) in [
        ("short words", "at least 16 characters"),
        ("aaaaaaaaaaaaaaaaaaaa", "different characters"),
        ("", "is empty"),
    ] {
        let file = home.secret_file("passphrase", contents);
        let made = home.keys("init", &["--passphrase-file", file.to_str().unwrap()]);
        assert!(!made.succeeded);
        assert!(made.err.contains(reason), "{}", made.err);
    }
    let file = home.secret_file("passphrase", PASSPHRASE);
    set_mode(&file, 0o644);
    let made = home.keys("init", &["--passphrase-file", file.to_str().unwrap()]);
    assert!(made.err.contains("chmod 600"), "{}", made.err);
    assert!(!home.path("keys").exists());
    assert!(!home.path("escrow.json").exists());
}

#[test]
fn init_asks_twice_at_a_terminal() {
    let home = Home::new();
    let mut command = sealwatch();
    command
        .args(["keys", "init", "--dir"])
        .arg(home.path("keys"))
        .arg("--escrow")
        .arg(home.path("escrow.json"));
    let differing = [
        PASSPHRASE,
        "something else entirely",
        PASSPHRASE,
        PASSPHRASE,
    ];
    let made = run_at_terminal(&command, &differing);
    assert!(made.succeeded, "{} {}", made.out, made.err);
    assert!(made.out.contains("The two differ."), "{}", made.out);
    let file = home.secret_file("passphrase", PASSPHRASE);
    let checked = home.keys("check", &["--passphrase-file", file.to_str().unwrap()]);
    assert!(checked.succeeded, "{}", checked.err);
}

#[test]
fn without_terminal_and_file_nothing_is_made() {
    let home = Home::new();
    let mut command = std::process::Command::new("setsid");
    command
        .arg("--wait")
        .arg(env!("CARGO_BIN_EXE_sealwatch"))
        .args(["keys", "init", "--dir"])
        .arg(home.path("keys"))
        .arg("--escrow")
        .arg(home.path("escrow.json"))
        .stdin(std::process::Stdio::null());
    let made = crate::run(&mut command);
    assert!(!made.succeeded);
    assert!(made.err.contains("no terminal to ask at"), "{}", made.err);
    assert!(!home.path("keys").exists());
}

#[test]
fn recover_brings_the_same_keys_back() {
    let home = Home::with_keys();
    let front = fs::read(home.path("keys/front.json")).unwrap();
    let master = fs::read(home.path("keys/master.key")).unwrap();
    fs::remove_dir_all(home.path("keys")).unwrap();

    let wrong = home.secret_file("wrong", "some other words entirely");
    let refused = home.keys("recover", &["--passphrase-file", wrong.to_str().unwrap()]);
    assert!(
        refused.err.contains("does not open with this passphrase"),
        "{}",
        refused.err
    );
    assert!(!home.path("keys").exists());

    let passphrase = home.path("passphrase");
    let back = home.keys(
        "recover",
        &["--passphrase-file", passphrase.to_str().unwrap()],
    );
    assert!(back.succeeded, "{}", back.err);
    assert_eq!(fs::read(home.path("keys/front.json")).unwrap(), front);
    assert_eq!(fs::read(home.path("keys/master.key")).unwrap(), master);
    let checked = home.keys(
        "check",
        &["--passphrase-file", passphrase.to_str().unwrap()],
    );
    assert!(checked.succeeded, "{}", checked.err);
    assert!(
        checked.out.contains("holds the same keys"),
        "{}",
        checked.out
    );
}

#[test]
fn check_tells_what_is_wrong() {
    let (home, other) = (Home::with_keys(), Home::with_keys());
    let passphrase = home.path("passphrase");
    let passphrase = passphrase.to_str().unwrap();

    fs::copy(other.path("escrow.json"), home.path("escrow.json")).unwrap();
    let checked = home.keys("check", &["--passphrase-file", passphrase]);
    assert!(checked.err.contains("holds other keys"), "{}", checked.err);

    fs::copy(other.path("keys/front.json"), home.path("keys/front.json")).unwrap();
    let checked = home.keys("check", &["--passphrase-file", passphrase]);
    assert!(
        checked.err.contains("front.json: holds other keys than"),
        "{}",
        checked.err
    );

    fs::copy(other.path("keys/master.key"), home.path("keys/master.key")).unwrap();
    let checked = home.keys("check", &["--passphrase-file", passphrase]);
    assert!(
        checked.err.contains("was made with another master key"),
        "{}",
        checked.err
    );
}

#[tokio::test]
async fn keys_change_in_steps_and_each_refusal_says_what_to_do() {
    let (home, databases) = (Home::with_keys(), crate::databases().await);
    assert!(run(home.command(&databases).arg("migrate")).succeeded);
    let passphrase = home.path("passphrase");
    let change = |what: &str, escrow: &str, more: &[&str]| {
        let mut command = home.command(&databases);
        command.args(["keys", what, "--dir"]).arg(home.path("keys"));
        command.arg("--escrow").arg(home.path(escrow));
        command.arg("--passphrase-file").arg(&passphrase);
        run(command.args(more))
    };
    let refused = |outcome: Outcome, why: &str| {
        assert!(!outcome.succeeded);
        assert!(outcome.err.contains(why), "{}", outcome.err);
    };
    let before = fs::read(home.path("keys/application-keys.json")).unwrap();
    refused(change("add", "escrow.json", &[]), "Name a new file");
    refused(change("use", "e1.json", &["--now"]), "add one first");
    refused(
        change("destroy", "e1.json", &["--version", "1", "--yes"]),
        "version 1 is in use",
    );
    let after = fs::read(home.path("keys/application-keys.json")).unwrap();
    assert_eq!(after, before);

    let added = change("add", "e1.json", &[]);
    assert!(added.succeeded, "{}", added.err);
    assert!(added.out.contains("Nothing uses it yet"), "{}", added.out);
    refused(
        change("add", "e2.json", &[]),
        "version 2 is there and not in use yet",
    );
    refused(
        change("use", "e2.json", &[]),
        "wait until it is a minute old",
    );
    assert!(change("use", "e2.json", &["--now"]).succeeded);
    let mut rewrap = home.command(&databases);
    let rewrapped = run(rewrap
        .args(["keys", "rewrap", "--dir"])
        .arg(home.path("keys")));
    assert!(
        rewrapped
            .out
            .contains("Older versions wrap nothing any more"),
        "{}",
        rewrapped.err
    );
    // Without a terminal nobody can confirm it.
    refused(
        change("destroy", "e3.json", &["--version", "1"]),
        "no terminal to ask at",
    );
    assert!(change("destroy", "e3.json", &["--version", "1", "--yes"]).succeeded);
    let checked = home.keys_with(
        "check",
        "e3.json",
        &["--passphrase-file", passphrase.to_str().unwrap()],
    );
    for told in [
        "version 2 is in use",
        "version 1: destroyed",
        "holds the same keys",
    ] {
        assert!(
            checked.out.contains(told),
            "{} {}",
            checked.out,
            checked.err
        );
    }
    for name in ["keys/master.key", "keys/application-keys.json", "e3.json"] {
        let mode = fs::metadata(home.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
