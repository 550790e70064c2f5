use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

const PAUSE: Duration = Duration::from_millis(50);

/// Asks again and again until `check` gives a value. When `limit` has passed, the error says what
/// was waited for and what `check` said last.
pub async fn wait_until<T, F, Fut>(what: &str, limit: Duration, mut check: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Option<T>>>,
{
    let deadline = Instant::now() + limit;
    let mut last_problem = None;
    loop {
        match check().await {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => {}
            Err(problem) => last_problem = Some(problem),
        }
        if Instant::now() >= deadline {
            match last_problem {
                Some(problem) => bail!("waited {limit:?} for {what}; last problem: {problem:#}"),
                None => bail!("waited {limit:?} for {what}"),
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
