/// A wallet address that carries its checksum.
pub const WALLET: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

/// What staff type into the form of a person's details.
#[derive(Clone)]
pub struct Typed(Vec<(String, String)>);

impl Default for Typed {
    fn default() -> Self {
        let fields = [
            ("name", "Zoë Ågren"),
            ("email", "zoe@home.example"),
            ("phone", "+49 1512 3456789"),
            ("age", "34"),
            ("address", "7 Lime Walk\r\n90210 Riverside"),
            ("wallet", WALLET),
            ("signer", "self"),
            ("relation", ""),
            ("send", "desk"),
        ];
        Self(
            fields
                .map(|(name, value)| (name.into(), value.into()))
                .into(),
        )
    }
}

impl Typed {
    /// The same, but for one field.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.retain(|(field, _)| field != name);
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn fields(&self) -> Vec<(&str, &str)> {
        let fields = self.0.iter();
        fields
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    /// Everything personal in it, as it was typed and as it is stored.
    pub fn personal(&self) -> Vec<String> {
        let value = |wanted| {
            let found = self.0.iter().find(|(name, _)| name == wanted);
            found.unwrap().1.to_lowercase()
        };
        let mut words = vec![
            value("name"),
            value("email"),
            value("wallet"),
            value("phone"),
        ];
        words.push(value("phone").replace(' ', ""));
        words.push(value("wallet").trim_start_matches("0x").to_owned());
        words.extend(value("address").lines().map(str::to_owned));
        words
    }
}
