/// Somebody who hands in their details.
#[derive(Clone, Copy)]
pub struct Person {
    /// The full name.
    pub name: &'static str,
    /// Where the consent link goes.
    pub email: &'static str,
    /// With country code.
    pub phone: &'static str,
    /// In years.
    pub age: u8,
    /// The postal address.
    pub address: &'static str,
    /// The ids of the purposes that they grant.
    pub grants: &'static [&'static str],
}

const NOTHING: &[&str] = &[];
const REMINDERS: &[&str] = &["reminders"];
const RESEARCH: &[&str] = &["research"];
const BOTH: &[&str] = &["reminders", "research"];

const fn person(
    name: &'static str,
    email: &'static str,
    phone: &'static str,
    age: u8,
    address: &'static str,
    grants: &'static [&'static str],
) -> Person {
    Person {
        name,
        email,
        phone,
        age,
        address,
        grants,
    }
}

/// Two dozen invented people. The telephone numbers are kept free for fiction, the domain is
/// kept free for examples.
#[rustfmt::skip]
pub const PEOPLE: [Person; 24] = [
    person("Ada Thornbury", "ada.thornbury@example.org", "+44 20 7946 0101", 34, "3 Mill Lane, 1180 Nordhaven", BOTH),
    person("Bram de Wit", "bram.dewit@example.org", "+44 20 7946 0102", 51, "Quay Road 18, 1182 Nordhaven", REMINDERS),
    person("Chiara Bellandi", "chiara.bellandi@example.org", "+44 20 7946 0103", 29, "Harbour Street 7, 1180 Nordhaven", NOTHING),
    person("Dagný Einarsdóttir", "dagny.einarsdottir@example.org", "+44 20 7946 0104", 62, "Lighthouse Row 2, 1191 Eastholm", BOTH),
    person("Émile Vasseur", "emile.vasseur@example.org", "+44 20 7946 0105", 45, "Station Square 11, 1184 Nordhaven", RESEARCH),
    person("Fatima Zarrouk", "fatima.zarrouk@example.org", "+44 20 7946 0106", 38, "Linden Avenue 40, 1185 Nordhaven", REMINDERS),
    person("Grzegorz Wójcik", "grzegorz.wojcik@example.org", "+44 20 7946 0107", 57, "Rope Walk 5, 1181 Nordhaven", NOTHING),
    person("Hana Kovářová", "hana.kovarova@example.org", "+44 20 7946 0108", 24, "Chapel Hill 9, 1192 Eastholm", BOTH),
    person("Ingrid Solvang", "ingrid.solvang@example.org", "+44 20 7946 0109", 71, "Orchard Close 1, 1186 Nordhaven", REMINDERS),
    person("João Falcão", "joao.falcao@example.org", "+44 20 7946 0110", 33, "Fishmarket 22, 1180 Nordhaven", RESEARCH),
    person("Katarina Ljungberg", "katarina.ljungberg@example.org", "+44 20 7946 0111", 47, "Bridge Street 14, 1183 Nordhaven", BOTH),
    person("Lucas O’Rourke", "lucas.orourke@example.org", "+44 20 7946 0112", 19, "Garden Terrace 6, 1187 Nordhaven", NOTHING),
    person("Maja Petrović", "maja.petrovic@example.org", "+44 20 7946 0113", 42, "Tanner Street 31, 1181 Nordhaven", REMINDERS),
    person("Nikos Argyros", "nikos.argyros@example.org", "+44 20 7946 0114", 66, "North Parade 8, 1193 Eastholm", BOTH),
    person("Orla Finnegan", "orla.finnegan@example.org", "+44 20 7946 0115", 28, "Weaver's Yard 4, 1182 Nordhaven", RESEARCH),
    person("Pavel Hruška", "pavel.hruska@example.org", "+44 20 7946 0116", 53, "Castle Road 27, 1188 Nordhaven", NOTHING),
    person("Quentin Marlowe", "quentin.marlowe@example.org", "+44 20 7946 0117", 36, "Baker's Alley 2, 1180 Nordhaven", REMINDERS),
    person("Rosalind Achterberg", "rosalind.achterberg@example.org", "+44 20 7946 0118", 59, "Sea View 19, 1194 Eastholm", BOTH),
    person("Søren Kjeldsen", "soren.kjeldsen@example.org", "+44 20 7946 0119", 41, "Elm Court 10, 1185 Nordhaven", RESEARCH),
    person("Tamsin Hollis", "tamsin.hollis@example.org", "+44 20 7946 0120", 31, "Old Dock 3, 1181 Nordhaven", REMINDERS),
    person("Uwe Brandstätter", "uwe.brandstaetter@example.org", "+44 20 7946 0121", 68, "Market Place 16, 1180 Nordhaven", NOTHING),
    person("Violeta Ionescu", "violeta.ionescu@example.org", "+44 20 7946 0122", 26, "Poplar Way 12, 1189 Nordhaven", BOTH),
    person("Wanjiru Kamau", "wanjiru.kamau@example.org", "+44 20 7946 0123", 49, "Kiln Lane 21, 1187 Nordhaven", RESEARCH),
    person("Yusuf Demirel", "yusuf.demirel@example.org", "+44 20 7946 0124", 55, "Ferry Steps 1, 1195 Eastholm", REMINDERS),
];
