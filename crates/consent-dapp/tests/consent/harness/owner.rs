use alloy::dyn_abi::TypedData;
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use record::{Address, B256};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, header};
use serde_json::{Value, json};

use super::desk::Link;
use super::server::Server;

/// Somebody with a browser and a wallet.
pub struct Owner {
    pub signer: PrivateKeySigner,
    browser: Client,
    base: String,
}

impl Owner {
    pub fn new(server: &Server) -> Self {
        Self::at(&server.url)
    }

    /// Of an app at another address.
    pub fn at(url: &Url) -> Self {
        Self::with(url, PrivateKeySigner::random())
    }

    fn with(url: &Url, signer: PrivateKeySigner) -> Self {
        let base = url.as_str().trim_end_matches('/').to_owned();
        Self {
            signer,
            browser: browser(),
            base,
        }
    }

    /// The same wallet in another browser.
    pub fn elsewhere(&self, server: &Server) -> Self {
        Self::with(&server.url, self.signer.clone())
    }

    pub fn wallet(&self) -> Address {
        self.signer.address()
    }

    pub async fn get(&self, path: &str) -> Page {
        Page::of(self.browser.get(format!("{}{path}", self.base))).await
    }

    pub async fn submit(&self, path: &str, form: &[(&str, &str)]) -> Page {
        let request = self.browser.post(format!("{}{path}", self.base));
        Page::of(request.header(header::ORIGIN, &self.base).form(form)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Page {
        let request = self.browser.post(format!("{}{path}", self.base));
        Page::of(request.header(header::ORIGIN, &self.base).json(body)).await
    }

    /// By the desk code.
    pub async fn identify(&self, link: &Link) {
        let page = self
            .submit(&link.door("code"), &[("code", &link.code)])
            .await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
    }

    /// The message for these ticks.
    pub async fn message(&self, link: &Link, granted: &[&str]) -> Value {
        let page = self
            .post(&link.door("message"), &json!({ "granted": granted }))
            .await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        page.json()
    }

    /// Signs as a wallet does: from the typed data alone.
    pub fn sign(&self, message: &Value) -> String {
        let signature = self
            .signer
            .sign_hash_sync(&typed_data_digest(message))
            .unwrap();
        signature.to_string()
    }

    /// Hands in a signature.
    pub async fn hand_in(&self, link: &Link, granted: &[&str], signature: &str) -> Page {
        let body = json!({ "granted": granted, "account": self.wallet(), "signature": signature });
        self.post(&link.door("sign"), &body).await
    }

    /// All of it.
    pub async fn consent(&self, link: &Link, granted: &[&str]) -> Page {
        self.identify(link).await;
        let signature = self.sign(&self.message(link, granted).await);
        self.hand_in(link, granted, &signature).await
    }
}

/// A browser without cookies yet. It follows no redirect by itself.
pub fn browser() -> Client {
    Client::builder()
        .cookie_store(true)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// The digest that a wallet computes, by alloy's own reading of the JSON.
pub fn typed_data_digest(message: &Value) -> B256 {
    let typed_data: TypedData = serde_json::from_value(message["typedData"].clone()).unwrap();
    typed_data.eip712_signing_hash().unwrap()
}

/// An answer, read to its end.
pub struct Page {
    pub status: StatusCode,
    pub headers: header::HeaderMap,
    pub text: String,
}

impl Page {
    async fn of(request: RequestBuilder) -> Self {
        let response: Response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Self {
            status,
            headers,
            text: response.text().await.unwrap(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} {}", self.status, self.text))
    }

    pub fn problem(&self) -> String {
        self.json()["problem"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// `data-state` of the page.
    pub fn state(&self) -> &str {
        let after = self.text.split("data-state=\"").nth(1).unwrap_or_default();
        after.split('"').next().unwrap_or_default()
    }

    /// It tells that somebody changed rows behind the link, and what to do.
    pub fn assert_altered(&self) {
        let seen = (self.status, self.state());
        assert_eq!(seen, (StatusCode::GONE, "altered"), "{}", self.text);
        let told = [
            "This link can’t be used",
            "ask for a new link",
            "records@riverside.example",
        ];
        for text in told {
            assert!(self.text.contains(text), "{text} is not shown");
        }
    }

    /// The same at a JSON door.
    pub fn assert_door_closed(&self) {
        assert_eq!(self.status, StatusCode::GONE, "{}", self.text);
        assert_eq!(self.problem(), "link_closed");
    }

    pub fn location(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}
