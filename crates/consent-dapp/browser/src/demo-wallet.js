// A wallet for the demo: it signs through anvil, by way of the server. Real deployments never load it.
const link = document.querySelector("main[data-link]")?.dataset.link;

class DemoWallet {
  async request({ method, params = [] }) {
    const response = await fetch(`${link}/demo-wallet`, {
      method: "POST",
      credentials: "same-origin",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ method, params }),
    });
    const answer = await response.json().catch(() => ({}));
    if (answer.error || !response.ok) {
      throw Object.assign(new Error(answer.error?.message ?? "The demo wallet did not answer"), { code: answer.error?.code ?? -32603 });
    }
    return answer.result;
  }

  // Accounts and chain of the demo wallet never change.
  on() {}
  removeListener() {}
}

const info = Object.freeze({
  uuid: "18cd70e6-4b5c-46e0-b5bd-5ccb7f4406c5",
  name: "Demo wallet",
  rdns: "local.sealwatch.demo",
  icon: "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' fill='%23475569'/%3E%3Cpath d='M7 11h18v12H7zM7 11l3-4h12l3 4M20 17h5' fill='none' stroke='%23fff' stroke-width='2'/%3E%3C/svg%3E",
});
const detail = Object.freeze({ info, provider: new DemoWallet() });
const announce = () => window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));

if (link) {
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
}
