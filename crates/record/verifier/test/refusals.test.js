// What the format refuses, and the forms of a signature.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SigningKey, concat, id, toBeHex } from "ethers";
import { consentHash, leaf, leaves, normaliseSignature, recordProof, termsProblem } from "../record-proof.js";

const WORD = "0x" + "11".repeat(32);
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

test("field names are short and plain", () => {
  for (const bad of ["", "A", "a b", "é", "x".repeat(65)]) assert.throws(() => leaf(bad, WORD, ""), RangeError);
});

test("salts have 32 bytes, one for each field", () => {
  assert.throws(() => leaf("a", "0x11", ""), RangeError);
  assert.throws(() => leaves({ a: "" }, {}), RangeError);
});

test("text that is no Unicode is refused, not mended", () => {
  assert.throws(() => leaf("a", WORD, "\ud800"));
});

test("numbers that do not fit are refused", () => {
  const input = {
    chainId: 1, relay: "0x" + "22".repeat(20), wallet: "0x" + "33".repeat(20), uid: 1, version: 1, timestamp: 1,
    consentHash: WORD, leaves: [],
  };
  assert.equal(recordProof(input).length, 66);
  for (const bad of [
    { uid: 0 }, { version: 0 }, { version: 2 ** 32 }, { uid: 2n ** 64n }, { timestamp: -1 }, { relay: WORD }, { leaves: ["0x"] },
  ]) assert.throws(() => recordProof({ ...input, ...bad }));
});

test("there is no unsigned kind, and a key's signature has no block", () => {
  const hashed = (kind, checkBlock) => consentHash({ kind, digest: WORD, checkBlock, signature: "0x" });
  assert.throws(() => hashed(0, 0), RangeError);
  assert.throws(() => hashed(3, 0), RangeError);
  assert.throws(() => hashed(1, 5), RangeError);
});

test("every form of a signature comes to one", () => {
  const key = new SigningKey(id("a key of the tests"));
  for (let n = 0; n < 50; n++) {
    const { r, s, v, serialized, compactSerialized } = key.sign(id(`digest ${n}`));
    const highS = toBeHex(ORDER - BigInt(s), 32);
    for (const form of [
      serialized, compactSerialized, concat([r, s, toBeHex(v - 27, 1)]), concat([r, highS, toBeHex(55 - v, 1)]),
    ]) assert.equal(normaliseSignature(form), serialized);
  }
});

test("what is no signature is refused", () => {
  const { r, s } = new SigningKey(id("a key of the tests")).sign(id("digest"));
  const zero = "0x" + "00".repeat(32);
  for (const bad of [
    "0x", r, concat([r, s, "0x1d"]), concat([zero, s, "0x1b"]), concat([r, zero, "0x1b"]),
    concat([toBeHex(ORDER, 32), s, "0x1b"]), concat([r, toBeHex(ORDER, 32), "0x1b"]),
  ]) assert.throws(() => normaliseSignature(bad), RangeError);
});

test("the terms name what does not fit", () => {
  const zero = "0x" + "00".repeat(32);
  const first = { version: 1, uid: 0, previousProof: zero, issuedAt: 10, expiresAt: 20 };
  const second = { version: 2, uid: 7, previousProof: WORD, issuedAt: 10, expiresAt: 20 };
  const standing = { uid: 7, version: 1, previousProofs: [WORD], timestamp: 15 };
  assert.equal(termsProblem(first, standing), null);
  assert.equal(termsProblem(second, { ...standing, version: 2 }), null);
  assert.equal(termsProblem(second, standing), "version");
  assert.equal(termsProblem({ ...first, uid: 7 }, standing), "uid");
  assert.equal(termsProblem({ ...second, previousProof: zero }, { ...standing, version: 2 }), "previous proof");
  assert.equal(termsProblem(first, { ...standing, timestamp: 21 }), "time");
});
