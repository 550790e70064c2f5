//! Records that the chain does not hold, or not yet: each is called what it is.

use alloy::signers::local::PrivateKeySigner;
use demo::doors::{Owner, PEOPLE, consent_link};

use crate::harness::{Answer, Browser, Stage, sign_up};

const UNKNOWN: &str = "Row that the chain does not know";

#[tokio::test(flavor = "multi_thread")]
async fn each_record_on_its_way_is_called_what_it_is() {
    let stage = Stage::with(1).await;
    let officer = stage.officer().await;
    stage.until_all_valid(&officer).await;
    let waiting = enter(&stage, 1, &PrivateKeySigner::random()).await;
    let key = PrivateKeySigner::random();
    let declined = enter(&stage, 2, &key).await;
    let link = consent_link(&stage.site, PEOPLE[2].email).await.unwrap();
    Owner::new(key).decline(&link).await.unwrap();
    let signed = sign_up(&stage.site, &stage.clerk, &PEOPLE[3..4]).await;
    let signed = signed[0].record.clone();

    let told = [
        (
            &waiting,
            "awaiting the owner&#39;s consent",
            "Record that is not anchored yet",
            "has not signed",
        ),
        (
            &signed,
            "consented, awaiting approval",
            "Record that is not anchored yet",
            "Its owner has signed. Once staff approve it",
        ),
        (
            &declined,
            "declined by the owner",
            "Record that its owner declined",
            "Its owner declined before anything was anchored.",
        ),
    ];
    for (record, state, title, meaning) in told {
        let is_told = |grid: &Answer| {
            let line = grid.line(record);
            line.contains(state) && line.contains("Pending")
        };
        stage.until(&officer, "/records", is_told).await;
        let page = officer.get(&format!("/records/{record}")).await;
        assert!(page.says(&format!("<h1>{title}</h1>")), "{}", page.body);
        assert!(page.section("verdict").contains(meaning), "{}", page.body);
        assert!(!page.says(UNKNOWN));
        assert_eq!(officer.verify(record).await, "Pending");
    }
    nothing_is_left_of_who_declined(&officer, &declined).await;
    a_draft_that_somebody_altered_is_one_on_its_way(&stage, &officer, &signed).await;
    assert_eq!(officer.verify(1).await, "Valid", "a neighbour");
    stage.site.stop().await.unwrap();
}

async fn enter(stage: &Stage, person: usize, key: &PrivateKeySigner) -> String {
    let wallet = key.address().to_string();
    stage.clerk.enter(&PEOPLE[person], &wallet).await.unwrap()
}

async fn nothing_is_left_of_who_declined(officer: &Browser, declined: &str) {
    let line = officer.get("/records").await.line(declined);
    assert!(line.contains("nothing to anchor"), "{line}");
    assert!(
        line.contains("destroyed") && !line.contains("does not open"),
        "{line}"
    );
    let page = officer.get(&format!("/records/{declined}")).await;
    let verdict = page.section("verdict");
    assert!(
        verdict.contains("ended before it was anchored"),
        "{verdict}"
    );
    let details = page.section("details");
    assert!(details.contains("Nothing personal is left."), "{details}");
    assert!(!details.contains("Reveal"), "{details}");
}

/// It is found, and is no row of somebody else for that.
async fn a_draft_that_somebody_altered_is_one_on_its_way(
    stage: &Stage,
    officer: &Browser,
    signed: &str,
) {
    stage
        .sql(&format!(
            "UPDATE record_versions SET email = REVERSE(email) WHERE record_id = X'{signed}'"
        ))
        .await;
    assert_eq!(officer.verify(signed).await, "Altered");
    let page = officer.get(&format!("/records/{signed}")).await;
    assert!(
        page.says("<h1>Record that is not anchored yet</h1>"),
        "{}",
        page.body
    );
    assert!(!page.says("id=\"removal\""), "it is not forged");
    let incident = officer.get("/incidents/1").await;
    let findings = incident.section("findings");
    assert!(findings.contains("not anchored yet</a>"), "{findings}");
    assert!(!findings.contains("unknown to the chain"), "{findings}");
}
