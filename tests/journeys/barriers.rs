//! What the journeys' looks at pages are worth: one that keeps people out does not pass.

use anyhow::{Result, ensure};
use journeys::{Browser, Screen};

const FINE: &str =
    "<title>Fine</title><main><h1>Fine</h1><label>Name <input></label><p>Words to read</p></main>";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_keeps_people_out_does_not_pass() -> Result<()> {
    let browser = Browser::launch(Screen::Phone).await?;
    let tab = browser.tab().await?;
    for (change, barrier) in [
        ("", None),
        ("<input>", Some("label: ")),
        (
            "<p style='color:silver'>Hard to read",
            Some("color-contrast: "),
        ),
        ("<button></button>", Some("button-name: ")),
        ("<a href=/x><img src=/x.png></a>", Some("link-name: ")),
    ] {
        let page = format!("<!doctype html><html lang=en>{FINE}{change}");
        let page = url::Url::parse(&format!("data:text/html,{page}"))?;
        tab.open(page.as_str()).await?;
        let looked = tab.look("barriers").await;
        match (barrier, looked) {
            (None, looked) => looked?,
            (Some(barrier), Err(told)) => {
                ensure!(told.to_string().contains(barrier), "{told:#}");
            }
            (Some(barrier), Ok(())) => anyhow::bail!("{barrier} was not told"),
        }
    }
    Ok(())
}
