//! The verdict of one record: by itself, and with row and chain read anew, as the button does it.

#![expect(clippy::unwrap_used, reason = "a benchmark that can't go on may panic")]

use benchmarks::{DataSet, verdict};
use criterion::{Criterion, criterion_group, criterion_main};
use database::evidence;
use database::verifications::Subject;
use detection::verdict::Verdict;
use record::ids::Uid;
use tokio::runtime::Runtime;

const RECORDS: u64 = 1_000;

fn of_one_record(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let data = runtime.block_on(DataSet::open(RECORDS));
    let registrar = data.registrar();
    let examiner = registrar.examiner();
    let (row, words) = runtime.block_on(async {
        let mut connection = data.pool.acquire().await.unwrap();
        let rows = evidence::range(&mut connection, Uid::FIRST, Uid::FIRST).await;
        let sight = examiner.sight().await.unwrap();
        let reader = data.reader();
        let words = reader.stored(Uid::FIRST, Uid::FIRST, &sight.block).await;
        (rows.unwrap().remove(0), words.unwrap().remove(0))
    });
    criterion.bench_function("open one record's row and judge it", |bencher| {
        bencher.iter(|| assert_eq!(verdict(&data, &row, &words), Verdict::Valid));
    });
    criterion.bench_function("read, open and judge one record", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            let subject = Subject::uid(Uid::FIRST);
            let examined = examiner.subject(subject).await.unwrap().unwrap();
            assert_eq!(examined.finding.verdict, Verdict::Valid);
        });
    });
    runtime.block_on(data.close());
}

criterion_group!(benches, of_one_record);
criterion_main!(benches);
