//! Names of staff for histories.

use std::collections::BTreeMap;

use database::staff;
use record::ids::StaffId;
use sqlx::MySqlConnection;
use web_kit::error::Result;

use crate::state::Desk;

/// Display names by account.
pub struct StaffNames(BTreeMap<StaffId, String>);

impl StaffNames {
    /// Of all accounts.
    pub async fn load(desk: &Desk, connection: &mut MySqlConnection) -> Result<Self> {
        let accounts = staff::all(connection, &desk.keys).await?;
        let names = accounts.rows.iter().filter_map(|account| {
            let name = account.open_display_name(&desk.keys).ok()?;
            Some((account.id, name.as_str().to_owned()))
        });
        Ok(Self(names.collect()))
    }

    /// A name, or that the account is gone.
    pub fn of(&self, id: StaffId) -> &str {
        self.0
            .get(&id)
            .map_or("an account that is gone", String::as_str)
    }
}
