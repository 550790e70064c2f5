//! `sealwatch staff list`

use std::io::Write;

use anyhow::{Result, bail};
use database::staff::{self, Staff};
use record::time::UnixMillis;
use time::UtcDateTime;
use time::macros::format_description;

use crate::door::Door;

pub(crate) async fn run(door: &Door, out: &mut impl Write) -> Result<()> {
    let mut connection = door.pool.acquire().await?;
    let all = staff::all(&mut connection, &door.keys).await?;
    for account in &all.rows {
        writeln!(out, "{}", line(account, door)?)?;
    }
    if all.tampered.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = all.tampered.iter().map(|row| row.row.as_str()).collect();
    bail!(
        "{} of table staff were written or changed behind Sealwatch's back and can't sign in: {}",
        rows.len(),
        rows.join(", ")
    );
}

fn line(account: &Staff, door: &Door) -> Result<String> {
    let login = account.open_login(&door.keys)?;
    let name = account.open_display_name(&door.keys)?;
    let standing = match account.disabled_at {
        Some(at) => format!("disabled {}", day(at)),
        None if account.has_password() => format!("since {}", day(account.created_at)),
        None => "no password yet".to_owned(),
    };
    Ok(format!(
        "{:<24} {:<24} {standing:<20} {}",
        login.as_str(),
        account.role.as_str(),
        name.as_str()
    ))
}

fn day(at: UnixMillis) -> String {
    let seconds = i64::try_from(at.as_seconds()).unwrap_or(i64::MAX);
    UtcDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|at| at.format(format_description!("[year]-[month]-[day]")).ok())
        .unwrap_or_else(|| "?".to_owned())
}
