// The part of a page that talks with a wallet: a button, a choice of wallets, what happens, what went wrong.
import { chooseOther } from "./accounts.js";
import { switchTo } from "./network.js";
import { fromWallet } from "./problems.js";

// What the server says when this page is not the newest any more.
const STALE = new Set(["identify_again", "changed_meanwhile", "link_closed", "link_unknown"]);

export class WalletPanel {
  #root;
  #start;

  constructor(root) {
    this.#root = root;
    this.#start = root.querySelector("[data-start]");
  }

  /** Runs `action(wallet)` when the button is pressed, again with each further press. */
  bind(wallets, action) {
    this.#start.hidden = false;
    this.#start.addEventListener("click", () => this.#run(async () => this.#choose(await wallets.all(), action)));
  }

  say(text) {
    this.#part("status").textContent = text;
  }

  /** Offers to switch the network, then goes on by itself. */
  offerSwitch(wallet, network, action) {
    this.#fail("wrong_chain", `Your wallet is on another network. This record belongs to “${network.name}” (chain id ${network.id}).`);
    this.#offer(`Switch to ${network.name}`, "switch-chain", async () => {
      await switchTo(wallet.provider, network);
      await action(wallet);
    });
  }

  async #choose(wallets, action) {
    if (wallets.length === 0) {
      const ways = this.#part("no-wallet");
      // Who has a mouse is not on a phone: what helps comes first.
      if (window.matchMedia("(hover: hover) and (pointer: fine)").matches) ways.prepend(this.#part("on-computer"));
      ways.hidden = false;
      this.#fail("no_wallet", "This browser has no wallet.");
      return;
    }
    if (wallets.length === 1) return this.#act(wallets[0], action);
    const choices = this.#part("choices");
    choices.replaceChildren(
      ...wallets.map((wallet) => choiceButton(wallet, () => this.#run(() => this.#act(wallet, action)))),
    );
    choices.hidden = false;
    this.say("Several wallets are here. Which one is yours?");
  }

  async #act(wallet, action) {
    this.say(`Look at ${wallet.name}: it has a question for you.`);
    try {
      await action(wallet);
    } catch (error) {
      const problem = fromWallet(error);
      if (problem.name !== "wrong_wallet" && problem.name !== "not_registered") throw problem;
      this.#fail(problem.name, problem.message);
      this.#offer("Choose another account", "choose-account", async () => {
        await chooseOther(wallet.provider);
        await this.#act(wallet, action);
      });
    }
  }

  #offer(label, testid, action) {
    const further = this.#part("further");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "secondary";
    button.dataset.testid = testid;
    button.textContent = label;
    button.addEventListener("click", () => this.#run(action));
    further.replaceChildren(button);
  }

  async #run(action) {
    this.#clear();
    this.#busy(true);
    try {
      await action();
    } catch (error) {
      const problem = fromWallet(error);
      this.#fail(problem.name, problem.message);
      if (STALE.has(problem.name)) this.#offer("Reload this page", "reload", () => window.location.reload());
    } finally {
      this.#busy(false);
    }
  }

  #busy(busy) {
    for (const button of this.#root.querySelectorAll("button")) button.disabled = busy;
    this.#root.setAttribute("aria-busy", String(busy));
  }

  #clear() {
    this.say("");
    this.#part("choices").hidden = true;
    this.#part("no-wallet").hidden = true;
    this.#part("further").replaceChildren();
    this.#part("problem").hidden = true;
  }

  #fail(name, message) {
    this.say("");
    const problem = this.#part("problem");
    problem.dataset.problem = name;
    problem.textContent = message;
    problem.hidden = false;
  }

  #part(name) {
    return this.#root.querySelector(`[data-part="${name}"]`);
  }
}

function choiceButton(wallet, choose) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "wallet-choice";
  button.dataset.testid = "wallet-choice";
  button.dataset.rdns = wallet.rdns;
  button.append(mark(wallet), wallet.name);
  button.addEventListener("click", choose);
  return button;
}

/** The wallet's icon; its first letter where it has none, or one that does not load. */
function mark(wallet) {
  const letter = document.createElement("span");
  letter.className = "wallet-mark";
  letter.dataset.letter = [...wallet.name.trim()][0] ?? "?";
  if (!wallet.icon) return letter;
  const icon = document.createElement("img");
  icon.alt = "";
  icon.width = 32;
  icon.height = 32;
  icon.addEventListener("error", () => icon.replaceWith(letter));
  icon.src = wallet.icon;
  return icon;
}
