//! An opener written from docs/SEALING.md alone: it uses nothing of this crate. It shows that the page suffices.

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::{aead, hkdf, hmac};
use serde_json::Value;

use crate::vectors::committed;

#[test]
fn the_escrow_copy_holds_the_key_files() {
    let vectors = committed();
    let escrow = &vectors["files"]["escrow"];
    let number = |name: &str| u32::try_from(escrow[name].as_u64().unwrap()).unwrap();
    let (memory, passes, lanes) = (number("memory_kib"), number("passes"), number("lanes"));
    let salt = unhex(&escrow["salt"]);
    let mut stretched = [0; 32];
    Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(memory, passes, lanes, Some(32)).unwrap(),
    )
    .hash_password_into(
        text(&vectors["passphrase"]).as_bytes(),
        &salt,
        &mut stretched,
    )
    .unwrap();
    assert_eq!(
        derive(&stretched, "escrow/check").as_slice(),
        unhex(&escrow["check"])
    );

    let mut aad = b"sealwatch/v1/escrow".to_vec();
    for number in [memory, passes, lanes] {
        aad.extend(number.to_be_bytes());
    }
    aad.extend(&salt);
    let contents = open(
        &derive(&stretched, "escrow/seal"),
        &aad,
        &unhex(&escrow["sealed"]),
    );
    let contents: Value = serde_json::from_slice(&contents).unwrap();
    assert_eq!(unhex(&contents["master"]), master(&vectors));
    // The wrapping is fresh, the keys are the same.
    let again = Keys::open(&unhex(&contents["master"]), &contents["application_keys"]);
    assert_eq!(again, Keys::of(&vectors));
}

#[test]
fn front_json_holds_the_front_keys_in_clear() {
    let vectors = committed();
    let (keys, front) = (Keys::of(&vectors), &vectors["files"]["front.json"]);
    assert_eq!(unhex(&front["keys"][0]["key"]), keys.front);
    assert_eq!(unhex(&front["hash"]), keys.front_hash);
}

#[test]
fn cells_open_with_the_owner_key_of_the_table_and_of_the_link() {
    let vectors = committed();
    let keys = Keys::of(&vectors);
    let wrapped = unhex(&vectors["owner_key"]["wrapped"]);
    let mut header = vec![1];
    header.extend(1_u32.to_be_bytes());
    header.extend(unhex(&vectors["owner_key"]["key_id"]));
    header.extend(unhex(&vectors["owner_key"]["record_id"]));
    assert_eq!(wrapped[..37], header);
    let aad = [b"sealwatch/v1/owner-key".as_slice(), &header].concat();
    let owner = open(&derive(&keys.application, "wrap"), &aad, &wrapped[37..]);

    let link = &vectors["link"];
    let secret = base64url(text(&link["secret"]));
    let wrapped = unhex(&link["wrapped_key"]);
    let aad = [
        b"sealwatch/v1/link".as_slice(),
        &wrapped[..37],
        &unhex(&link["id"]),
    ]
    .concat();
    assert_eq!(
        open(&derive(&secret, "link/wrap"), &aad, &wrapped[37..]),
        owner
    );
    assert_eq!(
        keyed_hash(&keys, "front_hash", "consent_links.secret_hash", &secret),
        unhex(&link["secret_hash"])
    );

    for case in vectors["cells"].as_array().unwrap() {
        let mut header = header.clone();
        for number in ["version", "draft"] {
            header.extend(
                u32::try_from(case[number].as_u64().unwrap())
                    .unwrap()
                    .to_be_bytes(),
            );
        }
        header.push(u8::try_from(case["kind"].as_u64().unwrap()).unwrap());
        let name = text(&case["name"]);
        header.extend(u16::try_from(name.len()).unwrap().to_be_bytes());
        header.extend(name.as_bytes());
        let cell = unhex(&case["cell"]);
        assert_eq!(cell[..header.len()], header);
        let plain = open(&owner, &header, &cell[header.len()..]);
        assert_eq!(
            plain,
            [unhex(&case["salt"]), unhex(&case["value"])].concat()
        );
    }
}

#[test]
fn sealed_values_and_the_key_check_open() {
    let vectors = committed();
    let keys = Keys::of(&vectors);
    for case in vectors["sealed_values"].as_array().unwrap() {
        let key = keys.named(text(&case["keys"]));
        let value = open_value(
            (key, "seal", "sealwatch/v1/sealed"),
            text(&case["context"]),
            &unhex(&case["aad"]),
            &unhex(&case["sealed"]),
        );
        assert_eq!(value, unhex(&case["value"]));
    }
    let cell = unhex(&vectors["key_check"]["cell"]);
    let value = open_value(
        (&keys.application, "seal", "sealwatch/v1/sealed"),
        "key_checks.cell",
        &[0, 0, 0, 1],
        &cell,
    );
    assert_eq!(value, b"sealwatch key check");
    let case = &vectors["passing_value"];
    let value = open_value(
        (&keys.application, "passing", "sealwatch/v1/passing"),
        text(&case["context"]),
        &unhex(&case["aad"]),
        &unhex(&case["sealed"]),
    );
    assert_eq!(value, unhex(&case["value"]));
}

#[test]
fn row_macs_and_hashes_are_computed_again() {
    let vectors = committed();
    let keys = Keys::of(&vectors);
    for case in vectors["row_macs"].as_array().unwrap() {
        let mut message = [
            bytes(b"sealwatch/v1/row"),
            bytes(text(&case["table"]).as_bytes()),
        ]
        .concat();
        for column in case["columns"].as_array().unwrap() {
            if column.is_null() {
                message.push(0);
            } else if let Some(number) = column["number"].as_u64() {
                message.push(2);
                message.extend(number.to_be_bytes());
            } else {
                message.push(1);
                message.extend(bytes(&unhex(&column["bytes"])));
            }
        }
        let key = derive(keys.named(text(&case["keys"])), "mac");
        let mac = [vec![0, 0, 0, 1], hmac_sha256(&key, &message)].concat();
        assert_eq!(mac, unhex(&case["mac"]));
    }
    for case in vectors["hashes"].as_array().unwrap() {
        let hash = keyed_hash(
            &keys,
            text(&case["key"]),
            text(&case["column"]),
            &unhex(&case["value"]),
        );
        assert_eq!(hash, unhex(&case["hash"]));
    }
}

#[derive(Debug, PartialEq)]
struct Keys {
    application: Vec<u8>,
    front: Vec<u8>,
    front_hash: Vec<u8>,
    index: Vec<u8>,
}

impl Keys {
    fn of(vectors: &Value) -> Self {
        Self::open(&master(vectors), &vectors["files"]["application-keys.json"])
    }

    fn open(master: &[u8], file: &Value) -> Self {
        assert_eq!(derive(master, "master/check"), unhex(&file["master_check"]));
        let wrap = derive(master, "master/wrap");
        let unwrap = |purpose: &str, version: u32, wrapped: &Value| {
            let purpose = bytes(purpose.as_bytes());
            let aad = [
                b"sealwatch/v1/master".as_slice(),
                &purpose,
                &version.to_be_bytes(),
            ]
            .concat();
            open(&wrap, &aad, &unhex(wrapped))
        };
        Self {
            application: unwrap("application", 1, &file["application"]["keys"][0]["wrapped"]),
            front: unwrap("front", 1, &file["front"]["keys"][0]["wrapped"]),
            front_hash: unwrap("front_hash", 0, &file["front_hash"]),
            index: unwrap("index", 0, &file["index"]),
        }
    }

    fn named(&self, name: &str) -> &[u8] {
        match name {
            "application" => &self.application,
            "front" => &self.front,
            other => panic!("no key {other}"),
        }
    }
}

fn open_value(
    (key, info, purpose): (&[u8], &str, &str),
    context: &str,
    aad: &[u8],
    sealed: &[u8],
) -> Vec<u8> {
    assert_eq!(sealed[..5], [1, 0, 0, 0, 1]);
    let aad = [
        bytes(purpose.as_bytes()),
        bytes(&sealed[..5]),
        bytes(context.as_bytes()),
        bytes(aad),
    ]
    .concat();
    open(&derive(key, info), &aad, &sealed[5..])
}

fn keyed_hash(keys: &Keys, name: &str, column: &str, value: &[u8]) -> Vec<u8> {
    let (key, purpose) = match name {
        "index" => (derive(&keys.index, "index/hash"), "sealwatch/v1/index"),
        "front_hash" => (derive(&keys.front_hash, "front/hash"), "sealwatch/v1/front"),
        other => panic!("no key {other}"),
    };
    let message = [
        bytes(purpose.as_bytes()),
        bytes(column.as_bytes()),
        bytes(value),
    ]
    .concat();
    hmac_sha256(&key, &message)
}

fn derive(secret: &[u8], info: &str) -> Vec<u8> {
    // HKDF written out: extract, then the one block that 32 bytes take.
    let extracted = hmac_sha256(b"sealwatch/v1", secret);
    let block = hmac_sha256(&extracted, &[info.as_bytes(), &[1]].concat());
    let mut library = [0; 32];
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"sealwatch/v1")
        .extract(secret)
        .expand(&[info.as_bytes()], hkdf::HKDF_SHA256)
        .unwrap()
        .fill(&mut library)
        .unwrap();
    assert_eq!(block, library);
    block
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message)
        .as_ref()
        .to_vec()
}

fn open(key: &[u8], aad: &[u8], sealed: &[u8]) -> Vec<u8> {
    let key = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_256_GCM, key).unwrap());
    let nonce = aead::Nonce::try_assume_unique_for_key(&sealed[..12]).unwrap();
    let mut rest = sealed[12..].to_vec();
    key.open_in_place(nonce, aead::Aad::from(aad), &mut rest)
        .unwrap()
        .to_vec()
}

fn bytes(value: &[u8]) -> Vec<u8> {
    [&u32::try_from(value.len()).unwrap().to_be_bytes(), value].concat()
}

fn master(vectors: &Value) -> Vec<u8> {
    hex::decode(text(&vectors["files"]["master.key"]).trim_end()).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn unhex(value: &Value) -> Vec<u8> {
    hex::decode(text(value)).unwrap()
}

fn base64url(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bits = text.bytes().flat_map(|character| {
        let value = ALPHABET.iter().position(|&c| c == character).unwrap();
        (0..6).rev().map(move |bit| value >> bit & 1 == 1)
    });
    let mut out = Vec::new();
    while let Ok(byte) = (0..8).try_fold(0_u8, |byte, _| {
        bits.next().map(|bit| byte << 1 | u8::from(bit)).ok_or(())
    }) {
        out.push(byte);
    }
    out
}
