//! `/records/{id}/access`: a copy of everything, handed over at the desk; and that it proves the record to who has nothing else.

use chain::{ChainReader, Deployment};
use database::incident_findings::{self, NewFinding};
use database::incidents;
use database::verifications::{Source, Subject, VerdictKind};
use notification::EventKey;
use record::consent::ConsentMessage;
use record::ids::{Uid, Version};
use record::proof::{FieldName, Fields, RecordProofInput, Salt, consent_hash};
use record::signature::{ConsentSignature, EcdsaSignature};
use record::{Address, B256};
use serde_json::Value;

use crate::harness::{Answer, Browser, Owner, Server, Typed};
use crate::rectify::{anchor, anchored};

const MAILS: &str = "SELECT COUNT(*) FROM outbox WHERE kind = 'copy_ready'";
const LOOKS: &str = "SELECT COUNT(*) FROM access_log WHERE action = 'copied'";
const LEFT: &str = "SELECT COUNT(*) FROM access_copies WHERE content <> '' OR wrapped_key <> ''";

async fn ask(clerk: &Browser, page: &str, identity: &str) -> Answer {
    let typed = [("way", "in_person"), ("identity", identity)];
    clerk.post(&format!("{page}/access"), &typed).await
}

async fn file(clerk: &Browser, page: &str) -> Value {
    let file = clerk.post(&format!("{page}/access/copy.json"), &[]).await;
    assert_eq!(file.status, 200, "{}", file.body);
    let name = file.headers["content-disposition"].to_str().unwrap();
    assert_eq!(name, "attachment; filename=\"sealwatch-copy.json\"");
    serde_json::from_str(&file.body).unwrap()
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

/// What docs/RECORD_PROOF.md makes of a version in the file, and of nothing else.
fn word_of(copy: &Value, version: &Value) -> B256 {
    let (chain_id, relay) = (
        copy["chain"]["chainId"].as_u64().unwrap(),
        read::<Address>(&copy["chain"]["relay"]),
    );
    let wallet: Address = read(&version["wallet"]);
    let mut fields = Fields::new();
    for field in version["fields"].as_array().unwrap() {
        let name = FieldName::new(field["name"].as_str().unwrap()).unwrap();
        let salt = Salt::from_bytes(read::<B256>(&field["salt"]).0);
        let value = field["value"].as_str().unwrap().to_owned();
        fields.insert(name, salt, value).unwrap();
    }
    let consent = &version["consent"];
    let message: ConsentMessage = read(&consent["message"]);
    let digest = message.rebuilt(&fields, wallet).digest(chain_id, relay);
    let hexadecimal = consent["signature"]["bytes"].as_str().unwrap();
    let bytes: alloy::primitives::Bytes = hexadecimal.parse().unwrap();
    let input = RecordProofInput {
        chain_id,
        relay,
        wallet,
        uid: Uid::new(version["anchor"]["uid"].as_u64().unwrap()).unwrap(),
        version: Version::new(read(&version["version"])).unwrap(),
        timestamp: version["anchor"]["timestamp"].as_u64().unwrap(),
        consent_hash: consent_hash(&digest, &ConsentSignature::ecdsa(&bytes).unwrap()),
        leaves: fields.leaves(),
    };
    // The owner's own signature, over these very values.
    if digest == read::<B256>(&consent["digest"]) {
        let signer = EcdsaSignature::normalise(&bytes).unwrap().recover(&digest);
        assert_eq!(signer.unwrap(), wallet);
    }
    input.record_proof()
}

/// The word that stands on the chain.
async fn on_chain(server: &Server, uid: u64) -> B256 {
    let path = &server.settings["CHAIN_DEPLOYMENT_FILE"];
    let deployment = Deployment::load(std::path::Path::new(path)).unwrap();
    let url = server.settings["CHAIN_RPC_URL"].parse().unwrap();
    let reader = ChainReader::new(&url, deployment, 1).unwrap();
    let block = reader.final_block(None).await.unwrap();
    let known = reader.record(Uid::new(uid).unwrap(), &block).await;
    known.unwrap().unwrap().newest().word
}

#[tokio::test]
async fn the_record_is_verified_from_the_file_alone() {
    let (server, clerk, page, _, owner) = anchored().await;
    clerk.get(&page).await;
    ask(&clerk, &page, "document").await;
    let copy = file(&clerk, &page).await;
    assert_eq!(copy["format"], "sealwatch/v1/access");
    let version = &copy["versions"][0];
    assert_eq!(read::<Address>(&version["wallet"]), owner.wallet.address());
    let word = word_of(&copy, version);
    assert_eq!(word, read::<B256>(&version["anchor"]["recordProof"]));
    assert_eq!(word, on_chain(&server, 1).await);
    let fields = version["fields"].as_array().unwrap();
    let email = fields
        .iter()
        .find(|field| field["name"] == "email")
        .unwrap();
    assert_eq!(email["value"], "zoe@home.example");
    // One letter makes another word.
    let mut altered = copy.clone();
    altered["versions"][0]["fields"][2]["value"] = Value::from("eve@home.example");
    assert_ne!(word_of(&altered, &altered["versions"][0]), word);

    assert_eq!(copy["leftOut"], 0);
    assert_eq!(copy["controller"]["officer"], "privacy@riverside.example");
    let notice = &copy["notices"][0]["text"];
    assert_eq!(notice, "What we do with your details, and your rights.");
    assert_eq!(copy["purposes"][0]["name"], "Research");
    assert_eq!(copy["purposes"][0]["granted"], true);
    let readers = copy["readers"].as_array().unwrap();
    assert!(!readers.is_empty() && readers.iter().all(|look| look["role"] == "clerk"));
    let text = copy.to_string();
    assert!(!text.contains("Person clerk"), "names of staff are theirs");
    let steps = copy["history"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["what"] == "anchored"));
}

#[tokio::test]
async fn staff_hand_it_over_once_it_is_written_down_how_they_know_the_owner() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let owner = Owner::new();
    let typed = Typed::default().with("wallet", &owner.address());
    let page = clerk.entered(&typed).await;
    owner.sign(&server, &page, true).await;
    let neighbour = clerk
        .entered(&Typed::default().with("email", "other@home.example"))
        .await;
    let door = format!("{page}/access");
    let shown = clerk.get(&page).await;
    assert!(
        shown
            .section("access")
            .contains("The owner asks for a copy…")
    );
    let empty = clerk.post(&door, &[]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.problem_of("way").contains("Say how"));
    assert!(empty.problem_of("identity").contains("Say whether"));
    assert_eq!(server.count(LEFT).await, 0);

    let done = ask(&clerk, &page, "none").await;
    assert_eq!((done.status.as_u16(), done.location()), (303, &*door));
    assert_eq!(server.count(MAILS).await, 1);
    let ready = clerk.get(&door).await;
    assert!(ready.says("not known yet") && !ready.says("desk-code"));
    let copy = format!("{door}/copy");
    for early in [&copy, &format!("{copy}.json")] {
        let refused = clerk.post(early, &[]).await;
        assert_eq!(refused.status, 409);
        assert!(!refused.says("zoe@home.example"));
    }
    assert_eq!(server.count(LOOKS).await, 0);
    let id = ready.hidden("copy");
    let identity = format!("{door}/identity");
    let unsaid = clerk.post(&identity, &[("copy", &id)]).await;
    assert_eq!(unsaid.status, 422);
    assert!(unsaid.problem_of("seen").contains("Say first"));
    let known = [("copy", id.as_str()), ("seen", "document")];
    assert_eq!(clerk.post(&identity, &known).await.location(), door);
    let ready = clerk.get(&door).await;
    assert!(ready.says("staff saw a document"));
    let code = ready.between("id=\"desk-code\">", "<");
    assert_eq!(code.len(), 6);

    let shown = clerk.post(&copy, &[]).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    for word in ["zoe@home.example", "Research", "Riverside Health Centre"] {
        assert!(shown.says(word), "{word}");
    }
    assert_eq!(
        file(&clerk, &page).await["copies"],
        Value::from(Vec::<Value>::new())
    );
    assert_eq!(server.count(LOOKS).await, 2);
    let history = clerk.get(&page).await.section("history");
    for word in [
        "Copy of everything asked for, and made by Person clerk",
        "Written down how the owner is known by Person clerk",
        "Copy of everything handed over by Person clerk",
    ] {
        assert!(history.contains(word), "{word}: {history}");
    }
    let event = EventKey::of_access_copy(id.parse().unwrap());
    server.give_up_mail(event).await;
    assert!(clerk.get(&door).await.says("could not be delivered"));
    let aside = clerk.get(&page).await.section("access");
    assert!(aside.contains("could not be delivered"), "{aside}");
    // The next one tells of it.
    ask(&clerk, &page, "known").await;
    let next = file(&clerk, &page).await;
    assert_eq!(next["copies"][0]["identity"], "document");
    let looks = next["readers"].as_array().unwrap();
    assert!(looks.iter().any(|look| look["what"] == "copied"));
    assert_eq!(clerk.post(&identity, &known).await.status, 409, "replaced");

    let back = clerk.post(&format!("{door}/revoke"), &[]).await;
    assert_eq!(back.location(), page);
    assert_eq!(server.count(LEFT).await, 0);
    assert_eq!(clerk.post(&copy, &[]).await.status, 409);
    // Their mails are not sent any more, and the neighbour's record is as before.
    let waiting = "SELECT COUNT(*) FROM outbox WHERE kind = 'copy_ready' AND state = 'waiting'";
    assert_eq!(server.count(waiting).await, 0);
    let other = clerk.get(&neighbour).await;
    assert!(!other.section("history").contains("Copy of everything"));
}

/// Before the signature nobody has confirmed the address: nothing is mailed to it.
#[tokio::test]
async fn a_copy_of_what_nobody_signed_is_handed_over_at_the_desk_alone() {
    let server = Server::start().await;
    let clerk = server.clerk().await;
    let owner = Owner::new();
    let page = clerk
        .entered(&Typed::default().with("wallet", &owner.address()))
        .await;
    ask(&clerk, &page, "known").await;
    assert_eq!(server.count(MAILS).await, 0);
    let copy = file(&clerk, &page).await;
    let version = &copy["versions"][0];
    assert_eq!(version["isAnchored"], false);
    assert!(version["consent"].is_null() && version["anchor"].is_null());
    // It goes with what it holds.
    owner.sign(&server, &page, true).await;
    assert_eq!(
        file(&clerk, &page).await["versions"][0]["consent"],
        Value::Null
    );
}

#[tokio::test]
async fn incidents_of_this_record_stand_in_it_and_planted_ones_do_not() {
    let (server, clerk, page, _, _) = anchored().await;
    let mut connection = server.admin.acquire().await.unwrap();
    let now = server.clock.now();
    let incident = incidents::open(&mut connection, &server.keys, Source::Watch, now).await;
    let incident_id = incident.unwrap().id;
    for uid in [1, 2] {
        let uid = Uid::new(uid).unwrap();
        let found = NewFinding {
            incident_id,
            subject: Subject::uid(uid),
            uid: Some(uid),
            record_id: None,
            verdict: VerdictKind::Altered,
            fields: vec!["email".to_owned()],
            proof_expected: None,
            proof_found: None,
            found_row: Some(b"as it was found".to_vec()),
        };
        incident_findings::insert(&mut connection, &server.keys, found, now)
            .await
            .unwrap();
    }
    drop(connection);
    server
        .run(
            "INSERT INTO incident_findings (incident_id, subject, uid, record_id, verdict, fields, found_at, mac)
             SELECT incident_id, subject, uid, record_id, 'forged', '', found_at, mac FROM incident_findings WHERE uid = 1",
        )
        .await;
    ask(&clerk, &page, "known").await;
    let copy = file(&clerk, &page).await;
    let told = copy["incidents"].as_array().unwrap();
    assert_eq!((told.len(), &copy["leftOut"]), (1, &Value::from(1)));
    assert_eq!(told[0]["findings"].as_array().unwrap().len(), 1);
    assert_eq!(told[0]["findings"][0]["verdict"], "altered");
    assert_eq!(told[0]["findings"][0]["fields"][0], "email");
}

#[tokio::test]
async fn a_copy_that_somebody_changed_is_told_and_opens_nothing() {
    let (server, clerk, page, typed, _) = anchored().await;
    let owner = Owner::new();
    let neighbour = typed
        .with("wallet", &owner.address())
        .with("email", "other@home.example");
    let neighbour = clerk.entered(&neighbour).await;
    owner.sign(&server, &neighbour, true).await;
    anchor(&server, &clerk, &neighbour).await;
    ask(&clerk, &page, "none").await;
    server
        .run("UPDATE access_copies SET identity = 'document'")
        .await;
    ask(&clerk, &neighbour, "known").await;
    let shown = clerk.get(&page).await;
    assert!(
        shown
            .section("access")
            .contains("changed or planted a copy")
    );
    let door = format!("{page}/access");
    assert!(clerk.get(&door).await.says("It opens for nobody"));
    assert_eq!(clerk.post(&format!("{door}/copy"), &[]).await.status, 409);
    let copy = file(&clerk, &neighbour).await;
    assert_eq!(copy["leftOut"], 0);
    // What does not open is given to nobody, and no longer said to be everything.
    server
        .run("UPDATE record_versions SET phone = REVERSE(phone)")
        .await;
    let refused = ask(&clerk, &neighbour, "known").await;
    assert_eq!(refused.status, 500);
    assert!(refused.says("was not written by Sealwatch"));
}
