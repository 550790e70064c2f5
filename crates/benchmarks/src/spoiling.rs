//! What an insider does to many records at once, and how the data set becomes what it was.

use sqlx::AssertSqlSafe;

use crate::DataSet;

/// Where what was spoilt is noted, until it is mended.
const NOTES: &str = "bench_spoilt";
/// What the viewer has written of it.
const TOLD: [&str; 9] = [
    "verifications",
    "sweep_rounds",
    "sweep_parts",
    "incidents",
    "incident_findings",
    "incident_events",
    "outbox",
    "operations_alarms",
    "row_counts",
];

impl DataSet {
    /// Alters one record of so many, and tears the row of one of ten times as many from its UID: it is missing, and a row
    /// that the chain does not know.
    pub async fn spoil(&self, every: u64) {
        let torn = every * 10;
        self.run(&format!(
            "CREATE TABLE {NOTES} AS SELECT id, uid FROM records WHERE uid % {every} = 1"
        ))
        .await;
        self.run(&format!(
            "UPDATE record_versions SET email = REVERSE(email) WHERE record_id IN (SELECT id FROM {NOTES})"
        ))
        .await;
        self.run(&format!(
            "UPDATE records SET uid = NULL WHERE id IN (SELECT id FROM {NOTES} WHERE uid % {torn} = 1)"
        ))
        .await;
    }

    /// Undoes [`Self::spoil`], also of a run that was stopped, and forgets what was found.
    pub async fn mend(&self) {
        let spoilt = sqlx::query("SHOW TABLES LIKE 'bench_spoilt'");
        if spoilt.fetch_optional(&self.pool).await.unwrap().is_none() {
            return;
        }
        self.run(&format!(
            "UPDATE record_versions SET email = REVERSE(email) WHERE record_id IN (SELECT id FROM {NOTES})"
        ))
        .await;
        self.run(&format!(
            "UPDATE records JOIN {NOTES} ON records.id = {NOTES}.id SET records.uid = {NOTES}.uid"
        ))
        .await;
        for table in TOLD {
            self.run(&format!("DELETE FROM {table}")).await;
        }
        self.run(&format!("DROP TABLE {NOTES}")).await;
    }

    async fn run(&self, statement: &str) {
        let statement = sqlx::query(AssertSqlSafe(statement.to_owned()));
        statement.execute(&self.pool).await.unwrap();
    }
}
