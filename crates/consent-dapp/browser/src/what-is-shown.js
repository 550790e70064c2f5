// What this page shows, read from the page itself: the other side of the check before signing.

export function shownConsent(page) {
  const text = (selector) => page.querySelector(selector).textContent;
  return {
    controller: text("[data-controller]"),
    notice: text("[data-notice]"),
    wallet: page.dataset.wallet,
    chainId: page.dataset.chainId,
    relay: page.dataset.relay,
    fields: [...page.querySelectorAll("[data-field]")].map((cell) => ({ name: cell.dataset.field, value: cell.textContent })),
    purposes: [...page.querySelectorAll("[data-purpose]")].map((row) => ({
      name: row.dataset.purpose,
      lawfulBasis: row.dataset.basis,
      choice: row.querySelector("input[type=checkbox]") !== null,
      // What does not rest on consent goes ahead without asking.
      granted: row.querySelector("input[type=checkbox]")?.checked ?? true,
    })),
  };
}

/** The names of the ticked choices. */
export function granted(shown) {
  return shown.purposes.filter((purpose) => purpose.choice && purpose.granted).map((purpose) => purpose.name);
}
