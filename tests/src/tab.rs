//! One tab: see, fill, press, read. Every step waits for the page, and a failed one tells what the page showed.

mod look;

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use chromiumoxide::cdp::browser_protocol::emulation::{
    MediaFeature, SetEmulatedMediaParams, SetFocusEmulationEnabledParams,
};
use chromiumoxide::cdp::browser_protocol::input::{
    DispatchKeyEventParams, DispatchKeyEventType, InsertTextParams,
};
use chromiumoxide::cdp::browser_protocol::log::EventEntryAdded;
use chromiumoxide::cdp::browser_protocol::network::{
    BlockPattern, ClearBrowserCookiesParams, EventRequestWillBeSent, SetBlockedUrLsParams,
    SetCacheDisabledParams,
};
use chromiumoxide::cdp::browser_protocol::page::{
    EventJavascriptDialogOpening, HandleJavaScriptDialogParams,
};
use chromiumoxide::cdp::js_protocol::runtime::EventExceptionThrown;
use chromiumoxide::{Element, Page};
use futures::StreamExt;
use serde::de::DeserializeOwned;

/// How long a step may take: generous, since two cores carry a database, a chain, three apps and a browser.
const PATIENCE: Duration = Duration::from_secs(30);
const SETTLING: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(60);

/// Finds controls by the words that a person reads. Runs inside the page.
const FINDERS: &str = include_str!("finders.js");

/// A key without which no page can be used by keyboard alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// To the next thing that can have the focus.
    Tab,
    /// Does what has the focus.
    Enter,
}

impl Key {
    const fn name(self) -> &'static str {
        match self {
            Self::Tab => "Tab",
            Self::Enter => "Enter",
        }
    }

    const fn code(self) -> i64 {
        match self {
            Self::Tab => 9,
            Self::Enter => 13,
        }
    }
}

/// A tab of a [`crate::Browser`].
pub struct Tab {
    page: Page,
    complaints: Arc<Mutex<Vec<String>>>,
    hosts: Arc<Mutex<Vec<String>>>,
}

impl Tab {
    pub(crate) async fn new(page: Page) -> Result<Self> {
        let tab = Self {
            page,
            complaints: Arc::default(),
            hosts: Arc::default(),
        };
        tab.page.enable_log().await?;
        tab.page.enable_runtime().await?;
        tab.listen::<EventEntryAdded>(&tab.complaints, |event| {
            (event.entry.source.as_ref() == "security").then(|| event.entry.text.clone())
        })
        .await?;
        tab.listen::<EventExceptionThrown>(&tab.complaints, |event| {
            Some(format!("{:?}", event.exception_details))
        })
        .await?;
        tab.listen::<EventRequestWillBeSent>(&tab.hosts, |event| {
            url::Url::parse(&event.request.url)
                .ok()?
                .host_str()
                .map(str::to_owned)
        })
        .await?;
        tab.agree_to_questions().await?;
        // Clipboard and timers work as in the one tab that a person looks at.
        let focus = SetFocusEmulationEnabledParams::new(true);
        tab.page.execute(focus).await?;
        Ok(tab)
    }

    /// "Are you sure?" is always answered with yes.
    async fn agree_to_questions(&self) -> Result<()> {
        let page = self.page.clone();
        let mut questions = page
            .event_listener::<EventJavascriptDialogOpening>()
            .await?;
        tokio::spawn(async move {
            while questions.next().await.is_some() {
                // A tab that has gone meanwhile needs no answer.
                let _gone = page.execute(HandleJavaScriptDialogParams::new(true)).await;
            }
        });
        Ok(())
    }

    async fn listen<E>(
        &self,
        into: &Arc<Mutex<Vec<String>>>,
        pick: fn(&E) -> Option<String>,
    ) -> Result<()>
    where
        E: chromiumoxide::cdp::IntoEventKind + Send + Sync + Unpin + 'static,
    {
        let mut events = self.page.event_listener::<E>().await?;
        let into = Arc::clone(into);
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                if let Some(text) = pick(&event) {
                    into.lock()
                        .expect("nobody panics while listening")
                        .push(text);
                }
            }
        });
        Ok(())
    }

    pub(crate) fn page(&self) -> &Page {
        &self.page
    }

    /// Opens an address.
    ///
    /// # Errors
    /// When nothing answers there.
    pub async fn open(&self, url: &str) -> Result<()> {
        self.page.goto(url).await?;
        Ok(())
    }

    /// The address now shown.
    ///
    /// # Errors
    /// When the tab is gone.
    pub async fn url(&self) -> Result<String> {
        Ok(self.page.url().await?.unwrap_or_default())
    }

    /// Waits until the page shows the text.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn see(&self, text: &str) -> Result<()> {
        self.until(&format!("to see \"{text}\""), || async {
            self.run::<bool>(&format!("seen({})", literal(text)))
                .await
                .unwrap_or(false)
        })
        .await
    }

    /// Fails when the page shows the text now.
    ///
    /// # Errors
    /// When it is there.
    pub async fn dont_see(&self, text: &str) -> Result<()> {
        if self
            .run::<bool>(&format!("seen({})", literal(text)))
            .await?
        {
            return self
                .fail(&format!("the page shows \"{text}\" and must not"))
                .await;
        }
        Ok(())
    }

    /// Types into the control with this label, replacing what stood there.
    ///
    /// # Errors
    /// When there is no such control.
    pub async fn fill(&self, label: &str, text: &str) -> Result<()> {
        self.act(label, "field").await?;
        self.element("[data-journey]").await?.focus().await?;
        self.run::<bool>("cleared()").await?;
        self.page.execute(InsertTextParams::new(text)).await?;
        Ok(())
    }

    /// Picks the option with this text in the list with this label.
    ///
    /// # Errors
    /// When there is no such list or option.
    pub async fn choose(&self, label: &str, option: &str) -> Result<()> {
        self.act(label, "field").await?;
        if !self
            .run::<bool>(&format!("chosen({})", literal(option)))
            .await?
        {
            return self
                .fail(&format!("no option \"{option}\" in \"{label}\""))
                .await;
        }
        Ok(())
    }

    /// Presses the button, link or box with this text or label.
    ///
    /// # Errors
    /// When there is none.
    pub async fn press(&self, text: &str) -> Result<()> {
        self.act(text, "pressable").await?;
        self.element("[data-journey]").await?.click().await?;
        Ok(())
    }

    /// Presses what leads to another page, or to the same one anew, and waits until that is there.
    ///
    /// # Errors
    /// When there is nothing to press, or it leads nowhere.
    pub async fn follow(&self, text: &str) -> Result<()> {
        self.run::<bool>("window.leftBehind = true").await?;
        self.press(text).await?;
        self.next_page().await
    }

    /// As [`Self::follow`], with what matches a CSS selector.
    ///
    /// # Errors
    /// When there is nothing to press, or it leads nowhere.
    pub async fn follow_on(&self, selector: &str) -> Result<()> {
        self.run::<bool>("window.leftBehind = true").await?;
        self.press_on(selector).await?;
        self.next_page().await
    }

    async fn next_page(&self) -> Result<()> {
        self.until("for the next page", || async {
            self.run::<bool>("!window.leftBehind && document.readyState === 'complete'")
                .await
                .unwrap_or(false)
        })
        .await
    }

    /// Presses the first element that matches a CSS selector, for what has no words of its own.
    ///
    /// # Errors
    /// When there is none.
    pub async fn press_on(&self, selector: &str) -> Result<()> {
        self.element(selector).await?.click().await?;
        Ok(())
    }

    /// Presses a key that types nothing, where the focus is.
    ///
    /// # Errors
    /// When the tab is gone.
    pub async fn press_key(&self, key: Key) -> Result<()> {
        for kind in [DispatchKeyEventType::KeyDown, DispatchKeyEventType::KeyUp] {
            let event = DispatchKeyEventParams::builder()
                .r#type(kind)
                .key(key.name())
                .code(key.name())
                .windows_virtual_key_code(key.code());
            // A browser follows a link by what the key types.
            let event = match key {
                Key::Enter => event.text("\r"),
                Key::Tab => event,
            };
            let event = event.build().map_err(|problem| anyhow!(problem))?;
            self.page.execute(event).await?;
        }
        Ok(())
    }

    /// Waits until something matches a CSS selector.
    ///
    /// # Errors
    /// When nothing does in time.
    pub async fn find(&self, selector: &str) -> Result<()> {
        let script = format!("!!document.querySelector({})", literal(selector));
        self.until(&format!("to find {selector}"), || async {
            self.run::<bool>(&script).await.unwrap_or(false)
        })
        .await
    }

    /// The visible text of the first element that matches a CSS selector.
    ///
    /// # Errors
    /// When there is none in time.
    pub async fn text(&self, selector: &str) -> Result<String> {
        let script = format!(
            "document.querySelector({})?.innerText ?? null",
            literal(selector)
        );
        let mut found = None;
        let deadline = Instant::now() + PATIENCE;
        while found.is_none() && Instant::now() < deadline {
            found = self.run::<Option<String>>(&script).await.unwrap_or(None);
            tokio::time::sleep(PAUSE).await;
        }
        match found {
            Some(text) => Ok(text.trim().to_owned()),
            None => self.fail(&format!("nothing matches {selector}")).await,
        }
    }

    /// The value of an attribute of the first element that matches.
    ///
    /// # Errors
    /// When there is no such element or attribute.
    pub async fn attribute(&self, selector: &str, name: &str) -> Result<String> {
        let script = format!(
            "document.querySelector({})?.getAttribute({}) ?? null",
            literal(selector),
            literal(name)
        );
        match self.run::<Option<String>>(&script).await? {
            Some(value) => Ok(value),
            None => self.fail(&format!("{selector} has no {name}")).await,
        }
    }

    /// How many elements match.
    ///
    /// # Errors
    /// When the tab is gone.
    pub async fn count(&self, selector: &str) -> Result<usize> {
        self.run(&format!(
            "document.querySelectorAll({}).length",
            literal(selector)
        ))
        .await
    }

    /// Everything that the page shows as text.
    ///
    /// # Errors
    /// When the tab is gone.
    pub async fn words(&self) -> Result<String> {
        self.run("document.body?.innerText ?? ''").await
    }

    /// Runs an expression in the page, with the finders at hand.
    ///
    /// # Errors
    /// When it throws or yields another type.
    pub async fn run<T: DeserializeOwned>(&self, expression: &str) -> Result<T> {
        let script = format!("(() => {{ {FINDERS}\n return ({expression}); }})()");
        let deadline = Instant::now() + SETTLING;
        loop {
            match self.page.evaluate(script.as_str()).await {
                // Between two pages there is nothing to run it in.
                Err(problem)
                    if problem.to_string().contains("context") && Instant::now() < deadline =>
                {
                    tokio::time::sleep(PAUSE).await;
                }
                outcome => return Ok(outcome?.into_value()?),
            }
        }
    }

    /// What stands in the field of this name.
    ///
    /// # Errors
    /// When there is no such field.
    pub async fn value_of(&self, name: &str) -> Result<String> {
        let script = format!(
            "document.querySelector('[name=' + {} + ']')?.value ?? null",
            literal(name)
        );
        match self.run::<Option<String>>(&script).await? {
            Some(value) => Ok(value),
            None => self.fail(&format!("no field is named {name}")).await,
        }
    }

    /// What a page has copied.
    ///
    /// # Errors
    /// When the clipboard can't be read.
    pub async fn clipboard(&self) -> Result<String> {
        let script = "navigator.clipboard.readText()";
        Ok(self.page.evaluate(script).await?.into_value()?)
    }

    /// Lets the next pages load their scripts, or not. (With scripts switched off altogether, the
    /// browser would not answer our own questions either.)
    ///
    /// # Errors
    /// When the tab is gone.
    pub async fn allow_scripts(&self, allowed: bool) -> Result<()> {
        self.page
            .execute(SetCacheDisabledParams::new(!allowed))
            .await?;
        let scripts = BlockPattern::new("*://*:*/*.js", !allowed);
        let blocked = SetBlockedUrLsParams::builder().url_pattern(scripts).build();
        self.page.execute(blocked).await?;
        Ok(())
    }

    /// Wishes for dark pages from now on, or for light ones.
    ///
    /// # Errors
    /// When the tab is gone.
    pub async fn prefer_dark(&self, dark: bool) -> Result<()> {
        let scheme = if dark { "dark" } else { "light" };
        let wish = MediaFeature::new("prefers-color-scheme", scheme);
        let wish = SetEmulatedMediaParams::builder().feature(wish).build();
        self.page.execute(wish).await?;
        Ok(())
    }

    /// Becomes another person's browser: forgets all cookies.
    ///
    /// # Errors
    /// When the tab is gone.
    pub async fn forget_cookies(&self) -> Result<()> {
        self.page
            .execute(ClearBrowserCookiesParams::default())
            .await?;
        Ok(())
    }

    /// Fails when a page threw, broke its content security policy, or asked anyone but this machine.
    ///
    /// # Errors
    /// Names what was wrong.
    pub fn behaved(&self) -> Result<()> {
        self.is_quiet()?;
        self.stayed_at_home()
    }

    /// Fails when a script threw, or the content security policy refused something.
    ///
    /// # Errors
    /// Names what the browser complained of.
    pub fn is_quiet(&self) -> Result<()> {
        let complaints = self
            .complaints
            .lock()
            .expect("nobody panics while listening");
        if !complaints.is_empty() {
            bail!("the browser complained: {complaints:?}");
        }
        Ok(())
    }

    /// Fails when the page asked any host but this machine.
    ///
    /// # Errors
    /// Names the hosts.
    pub fn stayed_at_home(&self) -> Result<()> {
        let hosts = self.hosts.lock().expect("nobody panics while listening");
        if hosts.is_empty() {
            bail!("no request was seen at all");
        }
        let strangers: Vec<_> = hosts
            .iter()
            .filter(|host| !["127.0.0.1", "localhost"].contains(&host.as_str()))
            .collect();
        if !strangers.is_empty() {
            bail!("the page asked third parties: {strangers:?}");
        }
        Ok(())
    }

    async fn act(&self, words: &str, kind: &str) -> Result<()> {
        let script = format!("marked({}, {})", literal(words), literal(kind));
        self.until(&format!("to find the {kind} \"{words}\""), || async {
            self.run::<bool>(&script).await.unwrap_or(false)
        })
        .await
    }

    /// The first element that matches, waited for: what the browser calls an element is void once the
    /// page has been read to its end, also between asking for the name and using it.
    async fn element(&self, selector: &str) -> Result<Element> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Ok(element) = self.page.find_element(selector).await {
                return Ok(element);
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.fail(&format!("waited {PATIENCE:?} to find {selector}"))
            .await
    }

    async fn until<F, Fut>(&self, what: &str, mut holds: F) -> Result<()>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = bool>,
    {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if holds().await {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.fail(&format!("waited {PATIENCE:?} {what}")).await
    }

    async fn fail<T>(&self, what: &str) -> Result<T> {
        let words = self.words().await.unwrap_or_default();
        let picture = self
            .picture(&format!("failed-{:?}", std::thread::current().id()))
            .await;
        bail!(
            "{what}\nat {}\npicture: {picture:?}\nthe page says:\n{words}",
            self.url().await.unwrap_or_default()
        );
    }
}

fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
