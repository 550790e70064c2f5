//! What a sweep can't be faster than, each by itself.

use std::hint::black_box;
use std::time::Duration;

use database::evidence::{self, Evidence};
use detection::verdict::{Row, Verdict};
use futures::TryStreamExt as _;
use record::ids::{Uid, Version};
use record::proof::{FieldName, Fields, RecordProofInput, Salt};
use record::signature::{ConsentSignature, EcdsaSignature};
use record::{Address, B256};
use zeroize::Zeroizing;

use benchmarks::{DataSet, Spent, verdict};

/// So many records are measured one by one.
const SAMPLE: u32 = 500;

/// The primitives of one record.
pub struct OfOne {
    /// Unwrapping the key, setting it up, opening every cell.
    pub open: Duration,
    /// Hashing leaves, consent and record proof.
    pub hash: Duration,
    /// Recovering who signed, from a digest that is there.
    pub signature: Duration,
    /// The whole verdict, the owner's signature included.
    verdict: Duration,
}

impl OfOne {
    pub fn tell(&self) {
        println!(
            "one record: unwrap and open {:.2?}, hash {:.2?}, who signed {:.2?}, the whole verdict with its signature {:.2?}",
            self.open, self.hash, self.signature, self.verdict
        );
    }
}

/// All rows, every column touched, nothing made of them.
pub async fn stream(data: &DataSet) -> Spent {
    let begun = Spent::now();
    let mut connection = data.pool.acquire().await.unwrap();
    let mut rows = evidence::raw(&mut connection, Uid::FIRST, Uid::LAST);
    let (mut count, mut bytes) = (0, 0);
    while let Some(one) = rows.try_next().await.unwrap() {
        bytes += one.bytes().unwrap();
        count += 1;
    }
    assert_eq!((count, bytes > 0), (data.count, true));
    begun.until_now()
}

/// Over a sample, one after the other.
pub async fn of_one(data: &DataSet) -> OfOne {
    let last = Uid::new(u64::from(SAMPLE).min(data.count)).unwrap();
    let mut connection = data.pool.acquire().await.unwrap();
    let rows = evidence::range(&mut connection, Uid::FIRST, last)
        .await
        .unwrap();
    let registrar = data.registrar();
    let sight = registrar.examiner().sight().await.unwrap();
    let words = data
        .reader()
        .stored(Uid::FIRST, last, &sight.block)
        .await
        .unwrap();
    let count = u32::try_from(rows.len()).unwrap();
    let each = |work: &dyn Fn(usize)| {
        let begun = Spent::now();
        (0..rows.len()).for_each(work);
        begun.until_now().cpu / count
    };
    let fields = fields();
    let signed = signed(data, &rows[0]);
    OfOne {
        open: each(&|at| {
            black_box(Row::open(&rows[at], &data.keys));
        }),
        hash: each(&|_| {
            black_box(proof(&fields));
        }),
        signature: each(&|_| {
            let (digest, signature) = black_box(&signed);
            black_box(signature.recover(digest).unwrap());
        }),
        verdict: each(&|at| {
            assert_eq!(verdict(data, &rows[at], &words[at]), Verdict::Valid);
        }),
    }
}

/// What an owner signed, and the signature.
fn signed(data: &DataSet, row: &Evidence) -> (B256, EcdsaSignature) {
    let (chain_id, relay) = (data.deployment.chain_id, data.deployment.relay);
    let opened = Row::open(row, &data.keys);
    let version = opened.versions[&Version::FIRST].opened.as_ref().unwrap();
    let digest = version.whole_message().unwrap().digest(chain_id, relay);
    match version.signature.as_ref().unwrap().as_ref().unwrap() {
        ConsentSignature::Ecdsa(signature) => (digest, *signature),
        ConsentSignature::Contract { .. } => panic!("the data has no contract wallets"),
    }
}

fn fields() -> Fields {
    let values = [
        "1 Long Acre, London",
        "42",
        "person@example.org",
        "Person",
        "+442071830000",
    ];
    let mut fields = Fields::new();
    for (name, value) in FieldName::v1().into_iter().zip(values) {
        let value = Zeroizing::new(value.to_owned());
        fields
            .insert(name, Salt::from_bytes([7; 32]), value)
            .unwrap();
    }
    fields
}

fn proof(fields: &Fields) -> B256 {
    RecordProofInput {
        chain_id: 31_337,
        relay: Address::repeat_byte(1),
        wallet: Address::repeat_byte(2),
        uid: Uid::FIRST,
        version: Version::FIRST,
        timestamp: 1,
        consent_hash: B256::repeat_byte(3),
        leaves: fields.leaves(),
    }
    .record_proof()
}
