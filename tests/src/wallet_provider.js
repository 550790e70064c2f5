// An EIP-1193 provider, announced as EIP-6963 asks. Every request goes out to the test, which holds the key.
(() => {
  const waiting = new Map();
  let next = 1;
  window.__BINDING___settle = (id, outcome) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (outcome.error) reject(Object.assign(new Error(outcome.error.message), outcome.error));
    else resolve(outcome.result);
  };
  const provider = {
    request: ({ method, params }) =>
      new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        window.__BINDING__(JSON.stringify({ id, method, params: params ?? [] }));
      }),
    on: () => {},
    removeListener: () => {},
  };
  const info = Object.freeze({
    uuid: crypto.randomUUID ? crypto.randomUUID() : "350670db-19fa-4704-a166-e52e178b59d2",
    name: "__NAME__",
    // The stranger's is one that does not load.
    icon:
      "__NAME__" === "Stranger"
        ? "data:image/png;base64,AA=="
        : "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'><circle cx='4' cy='4' r='4' fill='orange'/></svg>",
    rdns: "example.__BINDING__",
  });
  const announce = () =>
    window.dispatchEvent(
      new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }),
    );
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
})();
