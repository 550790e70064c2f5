use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::header::{LOCATION, ORIGIN};
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};
use serde::Serialize;
use serde_json::Value;
use url::Url;

/// So often a door that says "slow down" is tried again, a second apart.
const PATIENCE: u32 = 90;

/// What a browser does, without a window: cookies, forms, and the headers that tell where a
/// request comes from.
pub struct Browser {
    http: Client,
    origin: Url,
}

impl Browser {
    /// A browser without cookies yet, for the pages of one site.
    pub fn new(site: &Url) -> Result<Self> {
        let http = Client::builder()
            .no_proxy()
            .cookie_store(true)
            .redirect(redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self {
            http,
            origin: site.join("/")?,
        })
    }

    /// Signs in as staff do.
    pub async fn sign_in(&self, login: &str, password: &str) -> Result<()> {
        let form = [("login", login), ("password", password)];
        self.submit("/sign-in", &form).await.map(drop)
    }

    /// A page's text.
    pub async fn page(&self, address: &str) -> Result<String> {
        let answer = self.send(self.http.get(self.address(address)?)).await?;
        if answer.status() != StatusCode::OK {
            bail!("{}: {}", shown(address), answer.status());
        }
        Ok(answer.text().await?)
    }

    /// Sends a form and returns where the answer leads.
    pub async fn submit(&self, address: &str, form: &[(&str, &str)]) -> Result<String> {
        let answer = self
            .send(self.http.post(self.address(address)?).form(form))
            .await?;
        let status = answer.status();
        let next = answer
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        next.with_context(|| format!("{}: {status} instead of the next page", shown(address)))
    }

    /// What a page's script posts.
    pub async fn post(&self, address: &str, body: &impl Serialize) -> Result<Value> {
        let answer = self
            .send(self.http.post(self.address(address)?).json(body))
            .await?;
        let status = answer.status();
        let value: Value = answer
            .json()
            .await
            .with_context(|| format!("{}: {status}", shown(address)))?;
        if !status.is_success() {
            bail!("{}: {status}: {}", shown(address), value["message"]);
        }
        Ok(value)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response> {
        let origin = self.origin.origin().ascii_serialization();
        let request = request
            .header(ORIGIN, origin)
            .header("sec-fetch-site", "same-origin");
        for _ in 0..PATIENCE {
            let attempt = request.try_clone().context("a request")?.send().await?;
            if attempt.status() != StatusCode::TOO_MANY_REQUESTS {
                return Ok(attempt);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        bail!("{} goes on saying that we ask too often", self.origin)
    }

    fn address(&self, address: &str) -> Result<Url> {
        Ok(self.origin.join(address)?)
    }
}

/// Consent links are secrets: only the last part is told.
fn shown(address: &str) -> &str {
    address.rsplit_once("/c/").map_or(address, |(_, rest)| {
        rest.split_once('/').map_or("the link", |(_, door)| door)
    })
}
