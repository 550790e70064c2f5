//! `tests/vectors/sealing.json`: an example of every format. It freezes them: code that writes other bytes fails here.

use std::convert::Infallible;
use std::fs;
use std::path::PathBuf;

use aws_lc_rs::digest::{SHA256, digest};
use keyring::{CellKind, KeySet, LinkSecret, OwnerKey, Place};
use rand::{Rng, TryCryptoRng, TryRng};
use record::ids::{LinkId, RecordId};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{draft, version};

pub(crate) const PASSPHRASE: &str = "correct horse battery staple";

pub(crate) fn committed() -> Value {
    let text = fs::read_to_string(path()).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/sealing.json")
}

#[test]
fn the_formats_are_the_published_ones() {
    let built = build();
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        let text = serde_json::to_string_pretty(&built).unwrap() + "\n";
        fs::write(path(), text).unwrap();
    }
    assert!(
        built == committed(),
        "the formats changed; a format that was released never may"
    );
}

fn build() -> Value {
    let mut rng = Counting(0);
    let set = KeySet::generate(&mut rng);
    let mut vectors = key_files(&set, &mut rng);
    let record = RecordId::random(&mut rng);
    let owner = set.application().generate_owner_key(record, &mut rng);
    let wrapped = set.application().wrap_owner_key(&owner, &mut rng);
    vectors["owner_key"] = json!({
        "key_id": owner.key_id().to_string(),
        "record_id": record.to_string(),
        "app_key_version": owner.app_key_version(),
        "wrapped": hex::encode(wrapped.bytes),
    });
    vectors["cells"] = cells(&owner, &mut rng);
    vectors["link"] = link(&set, &owner, &mut rng);
    vectors["sealed_values"] = sealed_values(&set, &mut rng);
    vectors["row_macs"] = row_macs(&set);
    vectors["hashes"] = hashes(&set);
    let (version, check) = set.application().check_cells(&mut rng).remove(0);
    vectors["key_check"] = json!({ "version": version, "cell": hex::encode(check) });
    vectors["passing_value"] = passing_value(&set, &mut rng);
    vectors
}

fn key_files(set: &KeySet, rng: &mut Counting) -> Value {
    let home = TempDir::new().unwrap();
    let escrow = home.path().join("escrow.json");
    let files = set
        .save_with_escrow(&home.path().join("keys"), &escrow, PASSPHRASE, rng)
        .unwrap();
    let read = |path| fs::read_to_string(path).unwrap();
    let parsed = |path| serde_json::from_str::<Value>(&read(path)).unwrap();
    json!({
        "passphrase": PASSPHRASE,
        "files": {
            "master.key": read(&files.master),
            "application-keys.json": parsed(&files.application),
            "front.json": parsed(&files.front),
            "escrow": parsed(&escrow),
        },
    })
}

fn cells(owner: &OwnerKey, rng: &mut Counting) -> Value {
    let (first, third) = (version(1), version(3));
    let places = [
        (
            Place::field(first, draft(0), "name"),
            "Zoë Ångström".as_bytes(),
        ),
        (Place::field(first, draft(2), "address"), b"".as_slice()),
        (Place::field(third, draft(0), "email"), b"ada@example.org"),
        (Place::of(first, draft(0), CellKind::Wallet), &[0x11; 20]),
        (Place::of(first, draft(0), CellKind::ConsentMessage), b"{}"),
    ];
    let cells = places.map(|(place, value)| {
        let mut salt = [0; 32];
        rng.fill_bytes(&mut salt);
        json!({
            "version": place.version.get(),
            "draft": place.draft.get(),
            "kind": place.kind as u8,
            "name": place.name,
            "salt": hex::encode(salt),
            "value": hex::encode(value),
            "cell": hex::encode(owner.seal(&place, &salt, value, rng)),
        })
    });
    cells.into()
}

fn link(set: &KeySet, owner: &OwnerKey, rng: &mut Counting) -> Value {
    let id = LinkId::random(rng);
    let secret = LinkSecret::generate(rng);
    json!({
        "id": id.to_string(),
        "secret": secret.to_url().as_str(),
        "secret_hash": hex::encode(set.application().front().hash_secret(&secret)),
        "wrapped_key": hex::encode(secret.wrap(owner, id, rng)),
    })
}

fn sealed_values(set: &KeySet, rng: &mut Counting) -> Value {
    let (context, aad, value) = ("staff.login", b"row 1", b"ada");
    let front = set.application().front();
    let case = |keys, sealed: Vec<u8>| {
        json!({
            "keys": keys,
            "context": context,
            "aad": hex::encode(aad),
            "value": hex::encode(value),
            "sealed": hex::encode(sealed),
        })
    };
    json!([
        case(
            "application",
            set.application().seal(context, aad, value, rng)
        ),
        case("front", front.seal(context, aad, value, rng)),
    ])
}

fn passing_value(set: &KeySet, rng: &mut Counting) -> Value {
    let (context, aad, value) = ("outbox.payload", b"row 1", b"a link");
    let sealed = set.application().seal_passing(context, aad, value, rng);
    json!({
        "context": context,
        "aad": hex::encode(aad),
        "value": hex::encode(value),
        "sealed": hex::encode(sealed),
    })
}

fn row_macs(set: &KeySet) -> Value {
    let front = set.application().front();
    let columns = json!([{ "bytes": "0102" }, { "number": 7 }, null, { "bytes": "" }]);
    let case = |keys, mac: keyring::MacBuilder| {
        let mac = mac.bytes(&[1, 2]).u64(7).opt_bytes(None).text("");
        json!({ "keys": keys, "table": "staff", "columns": columns, "mac": hex::encode(mac.finish()) })
    };
    json!([
        case("application", set.application().mac("staff")),
        case("front", front.mac("staff")),
    ])
}

fn hashes(set: &KeySet) -> Value {
    let (column, value) = ("records.email_index", b"ada@example.org");
    let case = |keys, hash: [u8; 32]| json!({ "key": keys, "column": column, "value": hex::encode(value), "hash": hex::encode(hash) });
    json!([
        case("index", set.application().index().blind(column, value)),
        case("front_hash", set.application().front().hash(column, value)),
    ])
}

/// Bytes that anyone can compute again: SHA-256 of a counter. For these examples only.
struct Counting(u64);

impl TryRng for Counting {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(32) {
            self.0 += 1;
            let block = digest(&SHA256, &self.0.to_be_bytes());
            chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Counting {}
