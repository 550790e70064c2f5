//! What one verification computes without any I/O: leaves and proof, the message's digest, the signer.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use record::consent::{ConsentMessage, Purpose, signed_fields};
use record::ids::{Uid, Version};
use record::proof::{FieldName, Fields, RecordProofInput, Salt, consent_hash};
use record::signature::{ConsentSignature, EcdsaSignature};
use record::{Address, B256};
use secp256k1::{Message, SecretKey};

const CHAIN_ID: u64 = 31_337;
const RELAY: Address = Address::repeat_byte(0x11);

fn fields() -> Fields {
    let values = [
        "12 Long Acre, London WC2E 9LH",
        "42",
        "ada@example.org",
        "Ada Lovelace",
        "+442071838750",
    ];
    let mut fields = Fields::new();
    for (name, value) in FieldName::v1().into_iter().zip(values) {
        let inserted = fields.insert(name, Salt::from_bytes([7; 32]), value.to_owned());
        inserted.expect("the names of v1 are unique");
    }
    fields
}

fn message(fields: &Fields, wallet: Address) -> ConsentMessage {
    let purpose = |name: &str, granted| Purpose {
        name: name.to_owned(),
        lawful_basis: "GDPR Art. 6(1)(a)".to_owned(),
        granted,
    };
    ConsentMessage {
        controller: "Nordhaven Clinic".to_owned(),
        notice: B256::repeat_byte(2),
        purposes: vec![purpose("Appointments", true), purpose("Research", false)],
        fields: signed_fields(fields),
        wallet,
        uid: 0,
        version: 1,
        previous_proof: B256::ZERO,
        issued_at: 1_700_000_000,
        expires_at: 1_800_000_000,
        nonce: B256::repeat_byte(3),
    }
}

fn sign(digest: &B256) -> EcdsaSignature {
    let key = SecretKey::from_secret_bytes([9; 32]).expect("a scalar below the curve's order");
    let signature = secp256k1::ecdsa::RecoverableSignature::sign_ecdsa_recoverable(
        Message::from_digest(digest.0),
        &key,
    );
    let (recovery, bytes) = signature.serialize_compact();
    let v = recovery.to_u8();
    EcdsaSignature::normalise(&[bytes.as_slice(), &[v]].concat()).expect("a fresh signature")
}

fn record_proof(criterion: &mut Criterion) {
    let fields = fields();
    let digest = message(&fields, Address::ZERO).digest(CHAIN_ID, RELAY);
    let signature = sign(&digest);
    let wallet = signature.recover(&digest).expect("a fresh signature");
    let message = message(&fields, wallet);
    let digest = message.digest(CHAIN_ID, RELAY);
    let signature = sign(&digest);
    let kept = ConsentSignature::Ecdsa(signature);
    let mut group = criterion.benchmark_group("one record");
    group.bench_function("leaves and proof", |bencher| {
        bencher.iter(|| {
            RecordProofInput {
                chain_id: CHAIN_ID,
                relay: RELAY,
                wallet,
                uid: Uid::new(1).expect("not zero"),
                version: Version::FIRST,
                timestamp: 1_700_000_001,
                consent_hash: consent_hash(&digest, &kept),
                leaves: black_box(&fields).leaves(),
            }
            .record_proof()
        });
    });
    group.bench_function("digest rebuilt", |bencher| {
        bencher.iter(|| {
            black_box(&message)
                .rebuilt(&fields, wallet)
                .digest(CHAIN_ID, RELAY)
        });
    });
    group.bench_function("signer recovered", |bencher| {
        bencher.iter(|| black_box(&signature).recover(&digest));
    });
    group.finish();
}

criterion_group!(benches, record_proof);
criterion_main!(benches);
