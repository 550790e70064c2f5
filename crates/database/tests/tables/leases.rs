use database::leases;

use crate::stage::{MINUTE, NOW, Stage};

#[tokio::test]
async fn of_many_one_gets_the_lease() {
    let stage = Stage::new().await;
    for round in 0..5_u32 {
        // Each round begins with an expired lease, the first with none.
        let now = NOW.plus(2 * round * MINUTE);
        let askers = (0..10_u8).map(|asker| {
            let stage = &stage;
            async move {
                let mut connection = stage.connection().await;
                let holder = [asker; 16];
                leases::acquire(
                    &mut connection,
                    &stage.keys,
                    "anchoring",
                    &holder,
                    MINUTE,
                    now,
                )
                .await
                .unwrap()
            }
        });
        let held = futures::future::join_all(askers).await;
        assert_eq!(held.iter().flatten().count(), 1, "round {round}");
    }
}

#[tokio::test]
async fn a_lease_is_renewed_released_and_lost() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let (ours, theirs) = ([1; 16], [2; 16]);
    let keys = &stage.keys;
    let lease = leases::acquire(&mut connection, keys, "sweep", &ours, MINUTE, NOW)
        .await
        .unwrap()
        .unwrap();
    let again = leases::acquire(&mut connection, keys, "sweep", &ours, MINUTE, NOW)
        .await
        .unwrap();
    assert_eq!(again.as_ref(), Some(&lease));
    assert!(
        leases::acquire(&mut connection, keys, "sweep", &theirs, MINUTE, NOW)
            .await
            .unwrap()
            .is_none()
    );
    let other_work = leases::acquire(&mut connection, keys, "anchoring", &theirs, MINUTE, NOW)
        .await
        .unwrap();
    assert!(other_work.is_some());

    let renewed = leases::renew(&mut connection, keys, &lease, MINUTE, NOW.plus(MINUTE / 2))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(renewed.expires_at, NOW.plus(MINUTE * 3 / 2));
    let late = leases::renew(&mut connection, keys, &renewed, MINUTE, renewed.expires_at)
        .await
        .unwrap();
    assert_eq!(late, None, "an expired lease is not renewed");

    let taken = leases::acquire(
        &mut connection,
        keys,
        "sweep",
        &theirs,
        MINUTE,
        renewed.expires_at,
    )
    .await
    .unwrap();
    assert!(taken.is_some());
    leases::release(&mut connection, &renewed).await.unwrap();
    let still = leases::acquire(
        &mut connection,
        keys,
        "sweep",
        &ours,
        MINUTE,
        renewed.expires_at,
    )
    .await
    .unwrap();
    assert!(still.is_none(), "a lost lease releases nothing");
    leases::release(&mut connection, &taken.unwrap())
        .await
        .unwrap();
    let free = leases::acquire(&mut connection, keys, "sweep", &ours, MINUTE, NOW)
        .await
        .unwrap();
    assert!(free.is_some());
}

#[tokio::test]
async fn a_planted_lease_stops_nobody() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    stage
        .sql("INSERT INTO leases VALUES ('sweep', REPEAT('x', 16), 18446744073709551615, REPEAT('m', 36))")
        .await;
    let lease = leases::acquire(&mut connection, &stage.keys, "sweep", &[1; 16], MINUTE, NOW)
        .await
        .unwrap();
    assert!(lease.is_some());
}

#[tokio::test]
async fn one_taken_by_a_clock_far_ahead_keeps_nobody_waiting() {
    let stage = Stage::new().await;
    let mut connection = stage.connection().await;
    let (keys, ours, theirs) = (&stage.keys, [1; 16], [2; 16]);
    for (ahead, is_believed) in [(5 * MINUTE, true), (60 * MINUTE, false)] {
        let then = NOW.plus(ahead);
        let lease = leases::acquire(&mut connection, keys, "sweep", &theirs, MINUTE, then)
            .await
            .unwrap()
            .unwrap();
        let taken = leases::acquire(&mut connection, keys, "sweep", &ours, MINUTE, NOW).await;
        assert_eq!(taken.unwrap().is_none(), is_believed, "{ahead:?} ahead");
        leases::release(&mut connection, &lease).await.unwrap();
    }
}
