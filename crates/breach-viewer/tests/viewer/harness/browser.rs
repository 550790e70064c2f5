use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, ORIGIN};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};

/// Sends requests as a browser does: with its cookies, and saying where they come from. Follows no redirect by itself.
pub struct Browser {
    base: String,
    client: Client,
}

impl Browser {
    pub fn at(url: &Url) -> Self {
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

    /// Nothing when nobody listens.
    pub async fn try_get(&self, path: &str) -> Option<StatusCode> {
        let answer = self.client.get(format!("{}{path}", self.base)).send().await;
        answer.ok().map(|answer| answer.status())
    }

    /// What the server sends as things change.
    pub async fn events(&self, path: &str) -> Events {
        let request = self.client.get(format!("{}{path}", self.base));
        let response = request.header(ACCEPT, "text/event-stream").send().await;
        let response = response.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Events {
            response,
            read: Vec::new(),
        }
    }

    /// With a cookie of one's own making.
    pub async fn get_with_cookie(&self, path: &str, cookie: &str) -> Answer {
        let request = self.client.get(format!("{}{path}", self.base));
        Answer::of(request.header(COOKIE, cookie)).await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.post_from(&self.base, path, form).await
    }

    /// As a form on a page of another site sends it.
    pub async fn post_from(&self, origin: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.client.post(format!("{}{path}", self.base));
        Answer::of(request.header(ORIGIN, origin).form(form)).await
    }

    /// What a page's script sends.
    pub async fn post_json(&self, path: &str, json: &str) -> Answer {
        let request = self.client.post(format!("{}{path}", self.base));
        let request = request.header(ORIGIN, &self.base);
        Answer::of(
            request
                .header(CONTENT_TYPE, "application/json")
                .body(json.to_owned()),
        )
        .await
    }

    /// A form's answer, and the page that it leads to.
    pub async fn submit(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let answer = self.post(path, form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        self.get(answer.location()).await
    }

    /// The verdict of the button on a record.
    pub async fn verify(&self, subject: impl ToString) -> String {
        let path = format!("/records/{}/verify", subject.to_string());
        let answer = self.post(&path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.badges().first().unwrap().clone()
    }
}

/// A stream of events.
pub struct Events {
    response: Response,
    read: Vec<u8>,
}

impl Events {
    /// The data of the next event; none when the stream has ended, or none came in time.
    pub async fn next(&mut self, limit: Duration) -> Option<String> {
        loop {
            if let Some(end) = self.read.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = self.read.drain(..end + 2).collect();
                let event = String::from_utf8(event).unwrap();
                let lines = event.lines().filter_map(|line| line.strip_prefix("data: "));
                return Some(lines.collect::<Vec<_>>().join("\n"));
            }
            let chunk = tokio::time::timeout(limit, self.response.chunk()).await;
            self.read.extend_from_slice(&chunk.ok()?.ok()??);
        }
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

    /// What the banner says; nothing when there is none.
    pub fn banner(&self) -> String {
        self.between("<div id=\"banner\">", "</div>")
            .trim()
            .to_owned()
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

    /// The badges of the lines in the grid, or of the whole page where there is no grid.
    pub fn badges(&self) -> Vec<String> {
        let from = self.body.find("<tbody>").unwrap_or_default();
        badges(&self.body[from..])
    }

    /// The line of one record in the grid; empty when it is not there.
    pub fn line(&self, subject: impl ToString) -> String {
        let start = format!("<tr id=\"row-{}\"", subject.to_string());
        self.between(&start, "</tr>")
    }

    /// The subjects of the lines in the grid.
    pub fn rows(&self) -> Vec<&str> {
        let lines = self.body.split("<tr id=\"row-").skip(1);
        lines.filter_map(|line| line.split('"').next()).collect()
    }

    /// Where the pager leads.
    pub fn next(&self) -> Option<String> {
        let address = self.between("rel=\"next\" href=\"", "\"");
        let address = address.replace("&#38;", "&");
        (!address.is_empty()).then_some(address)
    }

    /// What stands between two texts; empty when the first does not occur.
    pub fn between(&self, start: &str, end: &str) -> String {
        let after = self.body.split(start).nth(1).unwrap_or_default();
        after.split(end).next().unwrap_or_default().to_owned()
    }

    /// One element with an id, up to the end of its section.
    pub fn section(&self, id: &str) -> String {
        self.between(&format!("id=\"{id}\""), "</section>")
    }
}

fn badges(html: &str) -> Vec<String> {
    let parts = html.split("<span class=\"badge ").skip(1);
    parts
        .filter_map(|part| part.split("<span>").nth(1)?.split('<').next())
        .map(str::to_owned)
        .collect()
}
