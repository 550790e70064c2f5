//! The units of systemd in `deploy/systemd`: each sets all that its app requires, and nothing that the app does not know.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use devstack::{binary, workspace_root};

const APPS: [&str; 3] = ["entry-app", "consent-dapp", "breach-viewer"];

#[test]
fn each_unit_sets_what_its_app_requires_and_knows() {
    for app in APPS {
        let given = given(app);
        let (known, required) = settings(app);
        let unknown: Vec<_> = given.difference(&known).collect();
        assert!(unknown.is_empty(), "{app} knows nothing of {unknown:?}");
        let missing: Vec<_> = required.difference(&given).collect();
        assert!(missing.is_empty(), "the unit of {app} lacks {missing:?}");
        assert!(required.len() > 4, "{app} requires {required:?}");
    }
}

/// Secrets come as credentials, by the name that the unit gives them.
#[test]
fn each_credential_that_is_loaded_is_used_and_the_other_way_round() {
    for app in APPS {
        let unit = text(app, "service");
        let loaded: BTreeSet<&str> = lines_of(&unit, "LoadCredential=")
            .filter_map(|line| line.split(':').next())
            .collect();
        let used: BTreeSet<&str> = lines_of(&unit, "Environment=")
            .filter_map(|line| line.split("=%d/").nth(1))
            .collect();
        assert_eq!(loaded, used, "{app}");
        assert!(!loaded.is_empty(), "{app}");
    }
}

/// The settings that a unit and its file of settings give; a secret that comes from a file counts by its own name.
fn given(app: &str) -> BTreeSet<String> {
    let (unit, file) = (text(app, "service"), text(app, "env"));
    let of_unit = lines_of(&unit, "Environment=").flat_map(|line| line.split(' '));
    let of_file = file.lines().filter(|line| !line.starts_with('#'));
    let names = of_unit
        .chain(of_file)
        .filter_map(|setting| setting.split('=').next());
    names
        .filter(|name| !name.is_empty())
        .map(|name| match name.strip_suffix("_URL_FILE") {
            Some(secret) => format!("{secret}_URL"),
            None => name.to_owned(),
        })
        .collect()
}

/// Those that `--help` names, and those of them that it calls required.
fn settings(app: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let help = Command::new(binary(app).unwrap())
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let named: Vec<(&str, &str)> = help
        .lines()
        .filter_map(|line| line.trim().split_once("  ("))
        .collect();
    let name = |(name, _): &(&str, &str)| (*name).to_owned();
    let required = named.iter().filter(|(_, how)| how.starts_with("required"));
    (
        named.iter().map(name).collect(),
        required.map(name).collect(),
    )
}

fn text(app: &str, kind: &str) -> String {
    let path = workspace_root().join(format!("deploy/systemd/{app}.{kind}"));
    fs::read_to_string(path).unwrap()
}

fn lines_of<'t>(unit: &'t str, key: &'t str) -> impl Iterator<Item = &'t str> {
    unit.lines().filter_map(move |line| line.strip_prefix(key))
}
