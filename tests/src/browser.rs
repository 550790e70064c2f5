//! A real Chromium, driven the way a person does: by the words on the page.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use chromiumoxide::browser::{Browser as Chromium, BrowserConfig};
use chromiumoxide::handler::viewport::Viewport;
use futures::StreamExt;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::tab::Tab;

/// The width and height of what a person holds, in CSS pixels.
#[derive(Clone, Copy)]
pub enum Screen {
    /// A desk's monitor.
    Desktop,
    /// A phone held upright.
    Phone,
}

impl Screen {
    fn viewport(self) -> Viewport {
        let (width, height, mobile) = match self {
            Self::Desktop => (1280, 900, false),
            Self::Phone => (390, 844, true),
        };
        Viewport {
            width,
            height,
            device_scale_factor: Some(1.0),
            emulating_mobile: mobile,
            is_landscape: !mobile,
            has_touch: mobile,
        }
    }
}

/// One browser process with a profile of its own; it ends with this value.
pub struct Browser {
    chromium: Chromium,
    events: JoinHandle<()>,
    _profile: TempDir,
}

impl Browser {
    /// Starts Chromium without a window.
    ///
    /// # Errors
    /// When no Chromium is installed or it does not come up.
    pub async fn launch(screen: Screen) -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let config = BrowserConfig::builder()
            .chrome_executable(executable()?)
            .user_data_dir(profile.path())
            .no_sandbox()
            .viewport(screen.viewport())
            .launch_timeout(Duration::from_secs(60))
            .request_timeout(Duration::from_secs(30))
            .args([
                "disable-gpu",
                "disable-quic",
                "no-first-run",
                "disable-background-networking",
                "disable-component-update",
                "disable-sync",
                "disable-dev-shm-usage",
            ])
            .build()
            .map_err(|problem| anyhow!(problem))?;
        let (chromium, mut handler) = Chromium::launch(config)
            .await
            .context("Chromium did not start")?;
        let events = tokio::spawn(async move { while handler.next().await.is_some() {} });
        Ok(Self {
            chromium,
            events,
            _profile: profile,
        })
    }

    /// A new tab, empty.
    ///
    /// # Errors
    /// When the browser has died.
    pub async fn tab(&self) -> Result<Tab> {
        Tab::new(self.chromium.new_page("about:blank").await?).await
    }

    /// Ends the browser and waits for it.
    ///
    /// # Errors
    /// When the browser has died already.
    pub async fn close(mut self) -> Result<()> {
        self.chromium.close().await?;
        self.chromium.wait().await?;
        self.events.abort();
        Ok(())
    }
}

/// Debian calls it chromium; others ship it as google-chrome or chromium-browser.
fn executable() -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("CHROMIUM") {
        return Ok(given.into());
    }
    ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .map(|name| PathBuf::from("/usr/bin").join(name))
        .find(|path| path.exists())
        .context("no Chromium found: install Debian's package chromium, or name one in the variable CHROMIUM")
}
