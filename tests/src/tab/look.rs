//! Looking at a page as people do who see it, and as programs do that read it to those who don't.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use chromiumoxide::cdp::browser_protocol::page::{CaptureScreenshotFormat, Viewport};
use chromiumoxide::page::ScreenshotParams;

use super::Tab;

/// Deque's rules for WCAG 2.2 AA and good practice, of those that break one what keeps people from using the page. Where a
/// page moves by itself, each look is of one moment.
const BARRIERS: &str = "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 5).map(({ html }) => html.slice(0, 200)).join(' | ')}`))";

impl Tab {
    /// Looks at the page: saves a picture of it, and fails when it does not fit the screen, or keeps people out who use it by
    /// a screen reader, by keyboard, or see little.
    ///
    /// # Errors
    /// Names what is too wide or squeezed, and which barriers there are.
    pub async fn look(&self, name: &str) -> Result<()> {
        self.picture(name).await?;
        let mut wrong: Vec<String> = self.run("unsightly()").await?;
        wrong.extend(self.barriers().await?);
        if !wrong.is_empty() {
            return self.fail(&format!("{name} looks wrong: {wrong:#?}")).await;
        }
        Ok(())
    }

    async fn barriers(&self) -> Result<Vec<String>> {
        if !self.run::<bool>("typeof axe === 'object'").await? {
            self.page.evaluate(format!("void 0;{}", axe()?)).await?;
        }
        self.run(BARRIERS).await
    }

    /// Saves a picture of the whole page under `target/journeys/`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn picture(&self, name: &str) -> Result<PathBuf> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/journeys");
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{name}.png"));
        let (width, height) = self
            .run("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
            .await?;
        // Not by the whole-page option, which leaves the tab with another size.
        let picture = ScreenshotParams::builder()
            .format(CaptureScreenshotFormat::Png)
            .capture_beyond_viewport(true)
            .clip(Viewport {
                x: 0.0,
                y: 0.0,
                width,
                height,
                scale: 1.0,
            });
        self.page.save_screenshot(picture.build(), &path).await?;
        Ok(path)
    }
}

fn axe() -> Result<String> {
    let script = "accessibility/node_modules/axe-core/axe.min.js";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    std::fs::read_to_string(&path)
        .with_context(|| format!("{} (scripts/install test brings it)", path.display()))
}
