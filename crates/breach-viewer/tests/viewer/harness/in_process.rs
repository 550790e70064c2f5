use std::collections::BTreeMap;
use std::path::Path;

use breach_viewer::{Settings, assemble};
use devstack::TcpProxy;
use record::time::Clock;
use reqwest::Url;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use web_kit::lifetime::{EndError, Lifetime};
use web_kit::server;
use web_kit::settings::Reader;

use super::browser::Browser;
use super::stage::Stage;

/// breach-viewer within the test instead of a process of its own, so that the test holds its clock. Its databases are
/// reached through a proxy.
pub struct InProcess {
    pub clock: Clock,
    pub database: TcpProxy,
    url: Url,
    lifetime: Lifetime,
    server: JoinHandle<Result<(), EndError>>,
}

impl InProcess {
    /// In place of the stage's viewer, with its settings and these.
    pub async fn start(stage: &mut Stage, clock: Clock, changed: &[(&str, String)]) -> Self {
        stage.site.viewer.stop().await.unwrap();
        let port = stage.site.database().url().port().unwrap();
        let database = TcpProxy::start(port).await.unwrap();
        let mut settings = settings_of(stage, database.port());
        for (name, value) in changed {
            settings.insert((*name).to_owned(), value.clone());
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        settings.insert("PUBLIC_URL".to_owned(), url.clone());
        let settings = Reader::from_map(settings).finish(Settings::read).unwrap();
        let lifetime = Lifetime::new();
        let router = assemble(settings, clock.clone(), &lifetime).await.unwrap();
        let server = tokio::spawn(server::serve(listener, router, lifetime.clone()));
        Self {
            clock,
            database,
            url: url.parse().unwrap(),
            lifetime,
            server,
        }
    }

    /// A browser in which nobody is signed in.
    pub fn browser(&self) -> Browser {
        Browser::at(&self.url)
    }

    pub async fn stop(self) {
        self.lifetime.end();
        self.server.await.unwrap().unwrap();
    }
}

/// Those of the viewer's process; what stands in files is read, and the databases are reached through the proxy.
fn settings_of(stage: &Stage, database_port: u16) -> BTreeMap<String, String> {
    let env = stage.site.viewer.env().iter();
    env.map(|(name, value)| {
        let value = value.to_str().unwrap();
        match name.strip_suffix("DATABASE_URL_FILE") {
            None => (name.clone(), value.to_owned()),
            Some(prefix) => {
                let mut url: Url = read(value).parse().unwrap();
                url.set_port(Some(database_port)).unwrap();
                (format!("{prefix}DATABASE_URL"), url.to_string())
            }
        }
    })
    .collect()
}

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(file))
        .unwrap()
        .trim()
        .to_owned()
}
