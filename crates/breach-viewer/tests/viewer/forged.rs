//! A row that the chain does not know: its page says how it is removed, and that works.

use crate::harness::{Answer, Browser, Stage};

const ID: &str = "00112233445566778899aabbccddeeff";
/// A copy of record 1 that claims a UID which nobody has.
const FORGE: [&str; 2] = [
    "INSERT INTO record_versions SELECT X'ID', version, draft, name, email, phone, age, address, wallet, relation, anchor, wallet_order \
     FROM record_versions WHERE record_id = (SELECT id FROM records WHERE uid = 1)",
    "INSERT INTO records SELECT X'ID', 900, state, version, draft, wallet_index, email_index, RANDOM_BYTES(16), created_by, \
     created_at, updated_at, mac FROM records WHERE uid = 1",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_row_goes_as_its_page_says() {
    let stage = Stage::with(2).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    assert!(!officer.get("/records/1").await.says("id=\"removal\""));
    for statement in FORGE {
        stage.sql(&statement.replace("ID", ID)).await;
    }
    let is_found = |grid: &Answer| grid.line(ID).contains("Forged");
    stage.until(&officer, "/records", is_found).await;
    stage.breach_mails_once_there().await;

    let incident = officer.get("/incidents/1").await;
    let findings = incident.section("findings");
    let leads_there = format!("href=\"/records/{ID}#removal\"");
    assert!(findings.contains(&leads_there), "{findings}");
    let statements = removal(&officer).await;
    stage.sql_script(&statements).await;

    let is_over = |page: &Answer| page.says("1 found, 0 not resolved.");
    let incident = stage.until(&officer, "/incidents/1", is_over).await;
    let findings = incident.section("findings");
    assert!(findings.contains("Resolved") && !findings.contains("#removal"));
    let grid = officer.get("/records").await;
    assert_eq!(grid.badges(), ["Valid", "Valid"]);
    assert!(grid.banner().is_empty(), "{}", grid.banner());
    let left = format!(
        "SELECT COUNT(*) FROM incident_findings WHERE found_row IS NOT NULL AND subject = X'{ID}'"
    );
    assert_eq!(stage.number(&left).await, 1, "the row as found is kept");
    for uid in [1, 2] {
        assert_eq!(officer.verify(uid).await, "Valid", "a neighbour");
    }
    assert_eq!(stage.number("SELECT COUNT(*) FROM incidents").await, 1);
    stage.site.stop().await.unwrap();
}

/// What the page hands to the administrator of the database.
async fn removal(officer: &Browser) -> String {
    let page = officer.get(&format!("/records/{ID}")).await;
    assert!(page.says("<h1>Row that the chain does not know</h1>"));
    let removal = page.section("removal");
    for told in ["does not delete it by itself", "Ask the entry desk", ID] {
        assert!(removal.contains(told), "{told}: {removal}");
    }
    let (_, statements) = removal
        .split_once("id=\"statements\" tabindex=\"0\">")
        .unwrap();
    let statements = statements.split("</pre>").next().unwrap();
    statements.replace("&#39;", "'")
}
