use devstack::Databases;
use sqlx::{Connection, MySqlConnection};

use crate::{Home, Outcome, databases, run, run_at_terminal};

const PASSWORD: &str = "quiet river stone";

async fn deployment() -> (Home, Databases) {
    let (home, databases) = (Home::with_keys(), databases().await);
    let migrated = run(home.command(&databases).arg("migrate"));
    assert!(migrated.succeeded, "{}", migrated.err);
    (home, databases)
}

fn add(home: &Home, databases: &Databases, login: &str, password: &str) -> Outcome {
    let file = home.secret_file("password", password);
    run(home
        .command(databases)
        .args([
            "staff",
            "add",
            "--role",
            "clerk",
            "--display-name",
            "Anna Kovács",
        ])
        .args(["--login", login, "--password-file"])
        .arg(file))
}

fn staff(home: &Home, databases: &Databases, args: &[&str]) -> Outcome {
    run(home.command(databases).arg("staff").args(args))
}

async fn sql(databases: &Databases, statement: &'static str) -> Vec<String> {
    let mut connection = MySqlConnection::connect(databases.main().as_str())
        .await
        .unwrap();
    let rows = sqlx::query_scalar(statement)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    rows
}

#[tokio::test]
async fn an_account_is_made_listed_disabled_and_enabled() {
    let (home, databases) = deployment().await;
    let added = add(&home, &databases, "anna.k", PASSWORD);
    assert!(added.succeeded, "{}", added.err);
    assert!(
        added.out.contains("anna.k can sign in as clerk"),
        "{}",
        added.out
    );

    let listed = staff(&home, &databases, &["list"]).out;
    assert!(
        listed.contains("anna.k") && listed.contains("Anna Kovács"),
        "{listed}"
    );
    let hashes = sql(&databases, "SELECT password_hash FROM staff").await;
    assert!(hashes[0].starts_with("$argon2id$"), "{hashes:?}");

    let taken = add(&home, &databases, "Anna.K", PASSWORD);
    assert!(taken.err.contains("is taken"), "{}", taken.err);

    let disabled = staff(&home, &databases, &["disable", "--login", "anna.k"]);
    assert!(disabled.succeeded, "{}", disabled.err);
    assert!(
        staff(&home, &databases, &["list"])
            .out
            .contains("disabled 20")
    );
    let enabled = staff(&home, &databases, &["enable", "--login", "anna.k"]);
    assert!(enabled.succeeded, "{}", enabled.err);
    assert!(!staff(&home, &databases, &["list"]).out.contains("disabled"));

    let unknown = staff(&home, &databases, &["disable", "--login", "nobody"]);
    assert!(
        unknown.err.contains("nobody has this login"),
        "{}",
        unknown.err
    );
}

#[tokio::test]
async fn weak_passwords_and_odd_logins_make_no_account() {
    let (home, databases) = deployment().await;
    for (login, password, reason) in [
        ("anna.k", "short", "at least 12 characters"),
        ("anna.k", "my anna.k password", "must not contain the login"),
        ("an", PASSWORD, "A login has 3 to 64"),
        ("anna k", PASSWORD, "A login has 3 to 64"),
    ] {
        let refused = add(&home, &databases, login, password);
        assert!(!refused.succeeded);
        assert!(refused.err.contains(reason), "{}", refused.err);
    }
    assert_eq!(staff(&home, &databases, &["list"]).out, "");
    let refused = staff(&home, &databases, &["add", "--role", "king"]);
    assert!(
        refused.err.contains("data_protection_officer"),
        "{}",
        refused.err
    );
}

#[tokio::test]
async fn everything_is_asked_at_a_terminal() {
    let (home, databases) = deployment().await;
    let mut command = home.command(&databases);
    command.args(["staff", "add", "--role", "data_protection_officer"]);
    let typed = ["dora", "Dora Lind", "short", PASSWORD, PASSWORD];
    let added = run_at_terminal(&command, &typed);
    assert!(added.succeeded, "{} {}", added.out, added.err);
    assert!(
        added.out.contains("at least 12 characters"),
        "{}",
        added.out
    );
    assert!(
        staff(&home, &databases, &["list"])
            .out
            .contains("Dora Lind")
    );
}

#[tokio::test]
async fn a_new_password_replaces_the_old_hash() {
    let (home, databases) = deployment().await;
    assert!(add(&home, &databases, "anna.k", PASSWORD).succeeded);
    let before = sql(&databases, "SELECT password_hash FROM staff").await;
    let file = home.secret_file("password", "another river stone");
    let changed = run(home
        .command(&databases)
        .args([
            "staff",
            "set-password",
            "--login",
            "anna.k",
            "--password-file",
        ])
        .arg(file));
    assert!(changed.succeeded, "{}", changed.err);
    assert_ne!(
        sql(&databases, "SELECT password_hash FROM staff").await,
        before
    );
}

#[tokio::test]
async fn an_account_changed_by_sql_is_told_and_the_others_still_listed() {
    let (home, databases) = deployment().await;
    assert!(add(&home, &databases, "anna.k", PASSWORD).succeeded);
    assert!(add(&home, &databases, "ben.k", PASSWORD).succeeded);
    sql(
        &databases,
        "UPDATE staff SET role = 'controller_manager' ORDER BY created_at LIMIT 1",
    )
    .await;
    let listed = staff(&home, &databases, &["list"]);
    assert!(!listed.succeeded);
    assert!(
        listed.out.contains("ben.k") && !listed.out.contains("anna.k"),
        "{}",
        listed.out
    );
    assert!(listed.err.contains("1 of table staff"), "{}", listed.err);
    let disabled = staff(&home, &databases, &["disable", "--login", "anna.k"]);
    assert!(
        disabled.err.contains("does not carry our MAC"),
        "{}",
        disabled.err
    );
}
