#![allow(missing_docs, clippy::all, clippy::print_stdout, clippy::unwrap_used)]
use anyhow::Result;
use journeys::steps::{enrol, options};
#[tokio::main]
async fn main() -> Result<()> {
    let t = std::time::Instant::now();
    let mut o = options();
    o.proxies = true;
    let site = devstack::Site::start(&o).await?;
    println!("site up after {:?}", t.elapsed());
    let officer = devstack::Staff {
        role: "data_protection_officer".into(),
        login: "oskar".into(),
        display_name: "Oskar Lind".into(),
        password: "amber-cove-heron-42-x".into(),
    };
    site.add_staff(&officer).await?;
    let n = std::env::args().nth(1).map_or(12, |n| n.parse().unwrap());
    let people = enrol(&site, n).await?;
    println!("enrolled after {:?}", t.elapsed());
    for p in &people {
        println!("{} {} {}", p.uid, p.record, p.person.name);
    }
    println!(
        "viewer {} entry {} inbox {} db {} main {} backup {} dir {}",
        site.viewer.url(),
        site.entry.url(),
        site.inbox.web_url(),
        site.database().url(),
        site.names().main,
        site.names().backup,
        site.dir().display()
    );
    std::fs::write(
        "/tmp/look.env",
        format!(
            "VIEWER={}\nENTRY={}\nINBOX={}\nDB={}\nMAIN={}\nBACKUP={}\nDIR={}\nLOGIN={}\nPASSWORD='{}'\n",
            site.viewer.url(),
            site.entry.url(),
            site.inbox.web_url(),
            site.database().url(),
            site.names().main,
            site.names().backup,
            site.dir().display(),
            officer.login,
            officer.password
        ),
    )?;
    tokio::signal::ctrl_c().await?;
    site.stop().await
}
