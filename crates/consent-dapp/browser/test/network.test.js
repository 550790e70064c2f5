import assert from "node:assert/strict";
import { test } from "node:test";
import { isOn, switchTo } from "../src/network.js";

const LOCAL = { id: 31337n, name: "Local chain", currency: "ETH", rpc: "http://127.0.0.1:8545" };

/** A wallet that knows some chains, as EIP-3326 and EIP-3085 say. */
function wallet({ known, on, refuses = false, addSwitches = true }) {
  const calls = [];
  const fail = (code) => Promise.reject(Object.assign(new Error("no"), { code }));
  return {
    calls,
    request({ method, params }) {
      calls.push(method);
      const chain = params?.[0]?.chainId;
      if (method === "eth_chainId") return Promise.resolve(on);
      if (refuses) return fail(4001);
      if (method === "wallet_switchEthereumChain") {
        if (!known.includes(chain)) return fail(4902);
        on = chain;
        return Promise.resolve(null);
      }
      known.push(chain);
      if (addSwitches) on = chain;
      return Promise.resolve(null);
    },
  };
}

test("tells the right chain from the wrong one", async () => {
  assert.equal(await isOn(wallet({ known: [], on: "0x7a69" }), LOCAL), true);
  assert.equal(await isOn(wallet({ known: [], on: "0x1" }), LOCAL), false);
});

test("switches to a chain that the wallet knows", async () => {
  const provider = wallet({ known: ["0x7a69"], on: "0x1" });
  await switchTo(provider, LOCAL);
  assert.equal(provider.calls.includes("wallet_addEthereumChain"), false);
});

test("adds a chain that the wallet does not know, and switches where adding does not", async () => {
  await switchTo(wallet({ known: [], on: "0x1" }), LOCAL);
  const provider = wallet({ known: [], on: "0x1", addSwitches: false });
  await switchTo(provider, LOCAL);
  assert.equal(provider.calls.filter((call) => call === "wallet_switchEthereumChain").length, 2);
});

test("says so where no address of the chain is set", async () => {
  await assert.rejects(switchTo(wallet({ known: [], on: "0x1" }), { ...LOCAL, rpc: "" }), { name: "unknown_chain" });
});

test("a refusal stays a refusal", async () => {
  await assert.rejects(switchTo(wallet({ known: ["0x7a69"], on: "0x1", refuses: true }), LOCAL), { name: "refused" });
});
