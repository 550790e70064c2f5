import assert from "node:assert/strict";
import { test } from "node:test";
import { discoverWallets } from "../src/wallets.js";

const provider = () => ({ request: async () => null });
const info = (uuid, name, icon = "data:image/svg+xml,x") => ({ uuid, name, icon, rdns: `org.${name.toLowerCase()}` });

function announce(target, detail) {
  target.dispatchEvent(Object.assign(new Event("eip6963:announceProvider"), { detail }));
}

test("wallets that announce themselves are listed by name, once each", async () => {
  const target = new EventTarget();
  target.addEventListener("eip6963:requestProvider", () => {
    announce(target, { info: info("2", "Zebra"), provider: provider() });
    announce(target, { info: info("1", "Ant"), provider: provider() });
  });
  const found = await discoverWallets(target).all(1);
  assert.deepEqual(found.map((wallet) => wallet.name), ["Ant", "Zebra"]);
});

test("a wallet that wakes up late is still found", async () => {
  const target = new EventTarget();
  const wallets = discoverWallets(target);
  setTimeout(() => announce(target, { info: info("1", "Late"), provider: provider() }), 5);
  assert.deepEqual((await wallets.all(50)).map((wallet) => wallet.name), ["Late"]);
});

test("window.ethereum serves where none announces itself", async () => {
  const target = new EventTarget();
  target.ethereum = provider();
  const found = await discoverWallets(target).all(1);
  assert.equal(found.length, 1);
  assert.equal(found[0].provider, target.ethereum);
});

test("no wallet is an empty list, and half an announcement is none", async () => {
  const target = new EventTarget();
  const wallets = discoverWallets(target);
  announce(target, { info: info("1", "Half") });
  announce(target, null);
  assert.deepEqual(await wallets.all(1), []);
});

test("an icon from elsewhere is not fetched", async () => {
  const target = new EventTarget();
  const wallets = discoverWallets(target);
  announce(target, { info: info("1", "Tracker", "https://tracker.example/icon.png"), provider: provider() });
  assert.equal((await wallets.all(1))[0].icon, null);
});
