// Buttons that only make sense with JavaScript; without it they stay hidden.

export function bindCopyLink(root) {
  for (const button of root.querySelectorAll("[data-copy-link]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const link = new URL(button.dataset.copyLink, window.location.href).href;
      button.textContent = (await copy(link)) ? "Copied" : link;
    });
  }
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No permission, or no secure context: the button then shows the link itself.
    return false;
  }
}

export function bindPrint(root) {
  for (const button of root.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}
