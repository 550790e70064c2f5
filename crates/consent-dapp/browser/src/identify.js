// Who are you? The wallet answers a challenge instead of the desk code.
import { hexlify, toUtf8Bytes } from "ethers/utils";
import { connect } from "./accounts.js";
import { post } from "./doors.js";
import { WalletPanel } from "./wallet-panel.js";

export function bindIdentify(page, wallets) {
  const panel = new WalletPanel(page.querySelector("[data-wallet-panel]"));
  panel.bind(wallets, async ({ name, provider }) => {
    const [account] = await connect(provider);
    const { message } = await post(page.dataset.link, "challenge", { account });
    panel.say(`Look at ${name}: it asks you to sign in to this page.`);
    const signature = await provider.request({ method: "personal_sign", params: [hexlify(toUtf8Bytes(message)), account] });
    const { next } = await post(page.dataset.link, "wallet", { account, signature });
    window.location.assign(next);
  });
}
