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
    purposes: [...page.querySelectorAll("[data-purpose]")].map((row) => {
      const choice = row.querySelector("input[type=checkbox]");
      // What does not rest on consent goes ahead without asking.
      return { name: row.dataset.purpose, lawfulBasis: row.dataset.basis, granted: choice?.checked ?? true };
    }),
  };
}

/** The ids of the ticked choices. */
export function ticked(page) {
  return [...page.querySelectorAll("[data-purpose] input[type=checkbox]:checked")].map((choice) => choice.value);
}
