// The receipt's print button; without JavaScript it stays hidden, and the browser's own menu prints.

export function bindPrint(root) {
  for (const button of root.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}
