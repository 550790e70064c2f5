// Recomputes every key of every published case from the other keys.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { getAddress } from "ethers";
import {
  consentDigest, consentHash, leaf, leaves, noticeHash, normaliseSignature, recordProof, signer, termsProblem,
} from "../record-proof.js";

const file = new URL("../../../../tests/vectors/record_proof.json", import.meta.url);
const cases = JSON.parse(readFileSync(file, "utf8"));
const KEYS = [
  "name", "chain_id", "relay", "wallet", "uid", "version", "timestamp", "consent_kind", "consent_message",
  "consent_digest", "consent_check_block", "consent_signature", "consent_hash", "fields", "salts", "leaves", "record_proof",
];

test("there are at least 20 cases", () => assert.ok(cases.length >= 20));

for (const c of cases) {
  test(c.name, () => {
    assert.deepEqual(Object.keys(c).sort(), [...KEYS].sort());

    const names = Object.keys(c.fields).sort();
    assert.deepEqual(Object.keys(c.salts).sort(), names);
    assert.deepEqual(c.leaves, Object.fromEntries(names.map((name) => [name, leaf(name, c.salts[name], c.fields[name])])));

    // The message is rebuilt from the record: what it kept counts for nothing where the record tells it.
    const rebuilt = {
      ...c.consent_message,
      fields: names.map((name) => ({ name, value: c.fields[name] })),
      wallet: c.wallet,
    };
    assert.deepEqual(rebuilt, c.consent_message);
    const digest = consentDigest(rebuilt, c.chain_id, c.relay);
    assert.equal(digest, c.consent_digest);

    assert.ok([1, 2].includes(c.consent_kind));
    if (c.consent_kind === 1) {
      assert.equal(c.consent_check_block, 0);
      assert.equal(normaliseSignature(c.consent_signature), c.consent_signature);
      assert.equal(signer(digest, c.consent_signature), getAddress(c.wallet));
    }
    const hash = consentHash({
      kind: c.consent_kind, digest, checkBlock: c.consent_check_block, signature: c.consent_signature,
    });
    assert.equal(hash, c.consent_hash);

    const standing = {
      uid: c.uid, version: c.version, previousProofs: [c.consent_message.previousProof], timestamp: c.timestamp,
    };
    assert.equal(termsProblem(c.consent_message, standing), null);

    const proof = recordProof({
      chainId: c.chain_id, relay: c.relay, wallet: c.wallet, uid: c.uid, version: c.version, timestamp: c.timestamp,
      consentHash: hash, leaves: leaves(c.fields, c.salts),
    });
    assert.equal(proof, c.record_proof);
  });
}

test("the notice of the cases is the hash of its text", () => {
  const text = "Example Clinic keeps your details to treat you and to bill you.";
  assert.equal(noticeHash(text), cases[0].consent_message.notice);
});
