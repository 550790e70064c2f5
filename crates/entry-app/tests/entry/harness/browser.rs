use reqwest::header::{HeaderMap, LOCATION, ORIGIN};
use reqwest::{Client, RequestBuilder, StatusCode};

use super::server::PASSWORD;
use super::typed::Typed;

/// Sends requests as a browser does: with its cookies, and saying where they come from. Follows no redirect by itself.
pub struct Browser {
    base: String,
    client: Client,
}

impl Browser {
    pub fn at(url: &reqwest::Url) -> Self {
        let client = Client::builder()
            .cookie_store(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        Self {
            base: url.as_str().trim_end_matches('/').to_owned(),
            client: client.build().unwrap(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.client.get(format!("{}{path}", self.base))).await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.client.post(format!("{}{path}", self.base));
        Answer::of(request.header(ORIGIN, &self.base).form(form)).await
    }

    /// As a form on another site's page sends it.
    pub async fn post_from_elsewhere(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.client.post(format!("{}{path}", self.base));
        Answer::of(request.header(ORIGIN, "https://evil.example").form(form)).await
    }

    pub async fn sign_in(&self, login: &str) -> Answer {
        self.post("/sign-in", &[("login", login), ("password", PASSWORD)])
            .await
    }

    /// Fills in the entry form and sends it.
    pub async fn enter(&self, typed: &Typed) -> Answer {
        let form = self.get("/records/new").await;
        assert_eq!(form.status, StatusCode::OK, "{}", form.body);
        let submission = form.hidden("submission");
        let typed = typed.clone().with("submission", &submission);
        self.post("/records/new", &typed.fields()).await
    }

    /// The path of the new record's page.
    pub async fn entered(&self, typed: &Typed) -> String {
        let answer = self.enter(typed).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        answer.location().to_owned()
    }
}

/// What came back, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    pub fn location(&self) -> &str {
        let location = self.headers.get(LOCATION);
        location.and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    pub fn says(&self, text: &str) -> bool {
        self.body.contains(text)
    }

    /// The value of a hidden field.
    pub fn hidden(&self, name: &str) -> String {
        self.between(&format!("name=\"{name}\" value=\""), "\"")
    }

    /// What is wrong with a field, or nothing.
    pub fn problem_of(&self, name: &str) -> String {
        let problem = self.between(&format!("id=\"field-{name}-problem\">"), "</p>");
        let text = problem.rsplit("</span>").nth(1).unwrap_or_default();
        text.to_owned()
    }

    /// The badges of the page, in order.
    pub fn badges(&self) -> Vec<&str> {
        let parts = self.body.split("<span class=\"badge ").skip(1);
        parts
            .filter_map(|part| part.split("<span>").nth(1)?.split('<').next())
            .collect()
    }

    /// What stands between two texts; empty when the first does not occur.
    pub fn between(&self, start: &str, end: &str) -> String {
        let after = self.body.split(start).nth(1).unwrap_or_default();
        after.split(end).next().unwrap_or_default().to_owned()
    }

    /// One element with an id, up to the next section.
    pub fn section(&self, id: &str) -> String {
        self.between(&format!("id=\"{id}\""), "</section>")
    }
}
