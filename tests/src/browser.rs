//! A real Chromium, driven the way a person does: by the words on the page.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use chromiumoxide::browser::{Browser as Chromium, BrowserConfig};
use chromiumoxide::cdp::browser_protocol::browser::{
    PermissionDescriptor, PermissionSetting, SetDownloadBehaviorBehavior,
    SetDownloadBehaviorParams, SetPermissionParams,
};
use chromiumoxide::handler::viewport::Viewport;
use devstack::{StackDir, wait_until};
use futures::StreamExt;
use tokio::task::JoinHandle;

use crate::tab::Tab;

/// Finds the browser that is to be started.
const EXECUTABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/chromium");
/// The browser's own folder.
const PROFILE: &str = "profile";
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(20);

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
    downloads: PathBuf,
    // Chromium's helpers may write for a moment after it has ended: what is left goes with a later run.
    dir: StackDir,
}

impl Browser {
    /// Starts Chromium without a window.
    ///
    /// # Errors
    /// When Chromium is not installed or does not come up.
    pub async fn launch(screen: Screen) -> Result<Self> {
        let dir = StackDir::throw_away("browser")?;
        let config = BrowserConfig::builder()
            .chrome_executable(EXECUTABLE)
            .user_data_dir(dir.path().join(PROFILE))
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
        let downloads = dir.path().join("downloads");
        let browser = Self {
            chromium,
            events,
            downloads,
            dir,
        };
        browser.permit().await?;
        Ok(browser)
    }

    /// Downloads go into a folder of ours; pages may use the clipboard.
    async fn permit(&self) -> Result<()> {
        let downloads = SetDownloadBehaviorParams::builder()
            .behavior(SetDownloadBehaviorBehavior::Allow)
            .download_path(self.downloads.display().to_string())
            .build()
            .map_err(|problem| anyhow!(problem))?;
        self.chromium.execute(downloads).await?;
        for clipboard in ["clipboard-read", "clipboard-write"] {
            let permission = PermissionDescriptor::new(clipboard);
            let granted = SetPermissionParams::new(permission, PermissionSetting::Granted);
            self.chromium.execute(granted).await?;
        }
        Ok(())
    }

    /// The name and content of the one file that was downloaded, waited for.
    ///
    /// # Errors
    /// When none comes.
    pub async fn downloaded(&self) -> Result<(String, Vec<u8>)> {
        let done = wait_until("a download", DOWNLOAD_LIMIT, || async {
            let files = std::fs::read_dir(&self.downloads)?;
            let paths = files.map(|file| Ok(file?.path()));
            let paths = paths.collect::<Result<Vec<_>>>()?;
            Ok(paths
                .into_iter()
                .find(|path| path.extension() != Some("crdownload".as_ref())))
        });
        let path = done.await?;
        let name = path.file_name().unwrap_or_default();
        Ok((name.to_string_lossy().into_owned(), std::fs::read(&path)?))
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

impl Drop for Browser {
    fn drop(&mut self) {
        // The folder of a failed test stays to be read; of this nobody reads anything.
        std::fs::remove_dir_all(self.dir.path().join(PROFILE)).ok();
    }
}
