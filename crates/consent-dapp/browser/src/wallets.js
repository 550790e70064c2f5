// Finds the wallets of this browser: EIP-6963, and `window.ethereum` where none announces itself.

/** Starts listening at once, since wallets announce themselves while the page loads. */
export function discoverWallets(target) {
  const found = new Map();
  target.addEventListener("eip6963:announceProvider", ({ detail }) => {
    if (detail?.info?.uuid && detail.provider?.request) {
      found.set(detail.info.uuid, {
        name: String(detail.info.name),
        rdns: String(detail.info.rdns),
        icon: safeIcon(detail.info.icon),
        provider: detail.provider,
      });
    }
  });
  const ask = () => target.dispatchEvent(new Event("eip6963:requestProvider"));
  ask();

  return {
    /** All wallets known after a short wait: some answer only once they have woken up. */
    async all(wait = 300) {
      ask();
      if (found.size === 0) {
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
      if (found.size > 0) {
        return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
      }
      const injected = target.ethereum;
      return injected?.request ? [{ name: "Browser wallet", rdns: "window.ethereum", icon: null, provider: injected }] : [];
    },
  };
}

/** EIP-6963 icons are data URIs; anything else would be a request to a third party. */
function safeIcon(icon) {
  return typeof icon === "string" && /^data:image\/(png|webp|gif|jpeg|svg\+xml)[;,]/.test(icon) ? icon : null;
}
