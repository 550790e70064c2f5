// The owner wants everything erased: the statement is checked against the page, signed, and handed in.
import { connect, pickRegistered, refuseContract } from "./accounts.js";
import { post } from "./doors.js";
import { checkErasure } from "./erasure-data.js";
import { isOn, networkOf } from "./network.js";
import { WalletPanel } from "./wallet-panel.js";

export function bindErase(page, wallets) {
  const panel = new WalletPanel(page.querySelector("[data-wallet-panel]"));
  const network = networkOf(page);

  const sign = async (wallet) => {
    const account = pickRegistered(await connect(wallet.provider), page.dataset.wallet);
    if (!(await isOn(wallet.provider, network))) return panel.offerSwitch(wallet, network, sign);
    await refuseContract(wallet.provider, account);

    const message = await post(page.dataset.link, "erase/message", {});
    checkErasure(message, shownErasure(page));
    panel.say(`Look at ${wallet.name}: it asks you to sign that your record is to be erased.`);
    const signature = await wallet.provider.request({
      method: "eth_signTypedData_v4",
      params: [account, JSON.stringify(message.typedData)],
    });

    panel.say("Signed. Handing it in …");
    const { next } = await post(page.dataset.link, "erase/sign", { account, signature });
    window.location.assign(next);
  };
  panel.bind(wallets, sign);
}

function shownErasure(page) {
  const { chainId, relay, uid, proof } = page.dataset;
  const controller = page.querySelector("[data-controller]").textContent;
  return { chainId, relay, uid, proof, controller };
}
