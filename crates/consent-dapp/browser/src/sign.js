// Reading is over: check the message against the page, have it signed, hand it in.
import { connect, pickRegistered } from "./accounts.js";
import { post } from "./doors.js";
import { isOn, networkOf } from "./network.js";
import { check } from "./typed-data.js";
import { WalletPanel } from "./wallet-panel.js";
import { shownConsent, ticked } from "./what-is-shown.js";

export function bindSign(page, wallets) {
  const panel = new WalletPanel(page.querySelector("[data-wallet-panel]"));
  const network = networkOf(page);

  const sign = async (wallet) => {
    const account = pickRegistered(await connect(wallet.provider), page.dataset.wallet);
    if (!(await isOn(wallet.provider, network))) return panel.offerSwitch(wallet, network, sign);

    const granted = ticked(page);
    const message = await post(page.dataset.link, "message", { granted });
    check(message, shownConsent(page));
    panel.say(`Look at ${wallet.name}: it shows your details and asks you to sign them.`);
    const signature = await wallet.provider.request({
      method: "eth_signTypedData_v4",
      params: [account, JSON.stringify(message.typedData)],
    });

    panel.say("Signed. Handing it in …");
    const { next } = await post(page.dataset.link, "sign", { granted, account, signature });
    window.location.assign(next);
  };
  panel.bind(wallets, sign);
}
