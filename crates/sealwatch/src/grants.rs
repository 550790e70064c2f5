//! `sealwatch grants`

use std::io::Write;

use anyhow::Result;
use clap::Args;
use database::grants::grants;

use crate::apps::App;
use crate::names::Names;

#[derive(Args)]
pub(crate) struct Grants {
    /// The app whose accounts are meant; all when missing
    #[arg(long)]
    app: Option<App>,
    #[command(flatten)]
    names: Names,
}

pub(crate) fn run(args: &Grants, out: &mut impl Write) -> Result<()> {
    let names = args.names.on_server();
    for app in App::ALL {
        if args.app.is_some_and(|wanted| wanted != app) {
            continue;
        }
        for account in app.accounts() {
            writeln!(out, "-- {}: {}", app.name(), names.user(account))?;
            for statement in grants(account, &names, &args.names.host) {
                writeln!(out, "{statement};")?;
            }
        }
    }
    Ok(())
}
