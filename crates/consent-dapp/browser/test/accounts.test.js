import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, pickRegistered, refuseContract } from "../src/accounts.js";
import { fromWallet } from "../src/problems.js";

const ANN = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const BOB = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

const answering = (answer) => ({ request: async () => answer });
const failing = (error) => ({ request: async () => Promise.reject(error) });

test("accounts come back with checksums", async () => {
  assert.deepEqual(await connect(answering([ANN.toLowerCase()])), [ANN]);
});

test("no account is a problem", async () => {
  await assert.rejects(connect(answering([])), { name: "not_allowed" });
});

test("the registered account is taken wherever it stands", () => {
  assert.equal(pickRegistered([BOB, ANN], ANN.toLowerCase()), ANN);
});

test("another account is told by both addresses", () => {
  assert.throws(() => pickRegistered([BOB], ANN), (error) => error.name === "wrong_wallet" && error.message.includes(ANN) && error.message.includes(BOB));
});

test("contracts are refused, delegated plain accounts and silent wallets are not", async () => {
  await assert.rejects(refuseContract(answering("0x6080"), ANN), { name: "contract_wallet" });
  await refuseContract(answering("0x"), ANN);
  await refuseContract(answering("0xef0100" + "11".repeat(20)), ANN);
  await refuseContract(failing(new Error("unsupported")), ANN);
});

test("what wallets say becomes plain words", () => {
  const name = (error) => fromWallet(error).name;
  assert.equal(name({ code: 4001 }), "refused");
  assert.equal(name({ code: -32603, data: { originalError: { code: 4001 } } }), "refused");
  assert.equal(name({ code: -32002 }), "wallet_busy");
  assert.equal(name({ code: 4200 }), "not_supported");
  assert.equal(name({ code: 4900 }), "disconnected");
  assert.equal(name(new TypeError("oops")), "wallet_failed");
});
