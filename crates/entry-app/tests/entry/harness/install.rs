use database::grants::{Account, Names, create_user, grants};
use database::key_checks;
use database::{Kind, MySqlPool, PoolSettings};
use devstack::Databases;
use keyring::ApplicationKeys;
use record::time::UnixMillis;
use sqlx::AssertSqlSafe;

const DATABASE_PASSWORD: &str = "of-the-test";

/// Schema and key check of all three databases; the main one as administrator.
pub async fn install(databases: &Databases, keys: &ApplicationKeys, now: UnixMillis) -> MySqlPool {
    let urls = [databases.main(), databases.backup(), databases.keys()];
    let mut pools = Vec::new();
    for (kind, url) in Kind::ALL.into_iter().zip(urls) {
        let pool = database::connect(&url, &PoolSettings::default())
            .await
            .unwrap();
        database::migrate(kind, &pool).await.unwrap();
        pools.push(pool);
    }
    let main = pools.swap_remove(0);
    let mut connection = main.acquire().await.unwrap();
    let stored = key_checks::store(&mut connection, keys, now, &mut rand::rng()).await;
    stored.unwrap();
    drop(connection);
    main
}

/// The accounts of least right, by the grants of the release.
pub async fn create_accounts(
    admin: &MySqlPool,
    databases: &Databases,
) -> [(&'static str, String); 3] {
    let names = Names {
        main: databases.main_name().to_owned(),
        backup: databases.backup_name().to_owned(),
        keys: databases.keys_name().to_owned(),
        // What holds the suffix is dropped together with the databases.
        users: format!("e_{}", databases.suffix()),
    };
    let accounts = [
        ("DATABASE_URL", Account::Entry, databases.main()),
        (
            "BACKUP_DATABASE_URL",
            Account::EntryBackup,
            databases.backup(),
        ),
        (
            "KEY_BACKUP_DATABASE_URL",
            Account::EntryKeys,
            databases.keys(),
        ),
    ];
    for (_, account, _) in &accounts {
        let made = create_user(*account, &names, "%", DATABASE_PASSWORD);
        for statement in made.into_iter().chain(grants(*account, &names, "%")) {
            let done = sqlx::query(AssertSqlSafe(statement)).execute(admin).await;
            done.unwrap();
        }
    }
    accounts.map(|(setting, account, mut url)| {
        url.set_username(&names.user(account)).unwrap();
        url.set_password(Some(DATABASE_PASSWORD)).unwrap();
        (setting, url.to_string())
    })
}
