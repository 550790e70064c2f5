// Finds things by the words that a person reads. Pasted before each expression that a journey runs in the page.
const plain = (text) => (text ?? "").replace(/\s+/g, " ").trim();
const shown = (element) => !!element && element.getClientRects().length > 0;
const seen = (text) => plain(document.body?.innerText).includes(plain(text));

const wordsOf = (element) =>
  [element.innerText, element.getAttribute("aria-label"), element.value, element.title].map(plain);

const fieldOf = (words) => {
  const labels = [...document.querySelectorAll("label")];
  const label =
    labels.find((l) => plain(l.innerText) === words) ?? labels.find((l) => plain(l.innerText).startsWith(words));
  return label?.control ?? document.querySelector(`[aria-label="${CSS.escape(words)}"]`);
};

const pressableOf = (words) => {
  const all = [...document.querySelectorAll("button, a, summary, input[type=submit], [role=button]")].filter(shown);
  return (
    all.find((e) => wordsOf(e).includes(words)) ??
    all.find((e) => wordsOf(e).some((w) => w.startsWith(words))) ??
    fieldOf(words)
  );
};

const marked = (words, kind) => {
  document.querySelectorAll("[data-journey]").forEach((e) => e.removeAttribute("data-journey"));
  const found = kind === "field" ? fieldOf(plain(words)) : pressableOf(plain(words));
  if (!shown(found) || found.disabled) return false;
  found.setAttribute("data-journey", "");
  return true;
};

const cleared = () => {
  document.querySelector("[data-journey]").value = "";
  return true;
};

const chosen = (option) => {
  const list = document.querySelector("[data-journey]");
  const found = [...list.options].find((o) => plain(o.text) === plain(option));
  if (!found) return false;
  list.value = found.value;
  list.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
};

// What no reader should meet: a page wider than the screen, words squeezed into a column of letters.
const unsightly = () => {
  const found = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth - clientWidth} pixels wider than the screen`);
  for (const element of document.querySelectorAll("main *, header *, footer *")) {
    const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
    const text = plain(own.map((node) => node.textContent).join(" "));
    const visible = shown(element) && !element.closest(".hidden-visually, .skip, .skip-map:not(:focus-within), svg, details:not([open])");
    const width = element.getBoundingClientRect().width;
    if (visible && text.length > 6 && width < 30) found.push(`"${text.slice(0, 40)}" is ${Math.round(width)} pixels wide`);
  }
  return found;
};
