import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "ethers/crypto";
import { toUtf8Bytes } from "ethers/utils";
import { Wallet, verifyTypedData } from "ethers";
import { check, digestOf } from "../src/typed-data.js";

const NOTICE = "We keep your details to send you what you ordered.\n\nYou may object at any time.";
const owner = Wallet.createRandom();

function consent() {
  const typedData = {
    types: {
      EIP712Domain: [
        { name: "name", type: "string" },
        { name: "version", type: "string" },
        { name: "chainId", type: "uint256" },
        { name: "verifyingContract", type: "address" },
      ],
      Field: [{ name: "name", type: "string" }, { name: "value", type: "string" }],
      Purpose: [{ name: "name", type: "string" }, { name: "lawfulBasis", type: "string" }, { name: "granted", type: "bool" }],
      Consent: [
        { name: "controller", type: "string" },
        { name: "notice", type: "bytes32" },
        { name: "purposes", type: "Purpose[]" },
        { name: "fields", type: "Field[]" },
        { name: "wallet", type: "address" },
        { name: "uid", type: "uint64" },
        { name: "version", type: "uint32" },
        { name: "previousProof", type: "bytes32" },
        { name: "issuedAt", type: "uint64" },
        { name: "expiresAt", type: "uint64" },
        { name: "nonce", type: "bytes32" },
      ],
    },
    primaryType: "Consent",
    domain: { name: "Sealwatch", version: "1", chainId: 31337, verifyingContract: "0x5FbDB2315678afecb367f032d93F642f64180aa3" },
    message: {
      controller: "Musterhilfe e. V.",
      notice: sha256(toUtf8Bytes(NOTICE)),
      purposes: [
        { name: "Delivery", lawfulBasis: "contract", granted: true },
        { name: "Newsletter", lawfulBasis: "consent", granted: false },
      ],
      fields: [{ name: "email", value: "zoe@example.org" }, { name: "name", value: "Zoë Ågren" }],
      wallet: owner.address,
      uid: 0,
      version: 1,
      previousProof: "0x" + "00".repeat(32),
      issuedAt: 1780000000,
      expiresAt: 1782592000,
      nonce: "0x" + "5a".repeat(32),
    },
  };
  return { typedData, digest: digestOf(typedData) };
}

function shown() {
  return {
    controller: "Musterhilfe e. V.",
    notice: NOTICE,
    wallet: owner.address.toLowerCase(),
    chainId: "31337",
    relay: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
    fields: [{ name: "name", value: "Zoë Ågren" }, { name: "email", value: "zoe@example.org" }],
    purposes: [
      { name: "Delivery", lawfulBasis: "contract", granted: true },
      { name: "Newsletter", lawfulBasis: "consent", granted: false },
    ],
  };
}

const refused = (message, page, what) =>
  assert.throws(() => check(message, page), (error) => error.name === "changed_meanwhile" && error.message.includes(what));

test("a message that says what the page shows passes, and its digest is what a wallet signs", async () => {
  const message = consent();
  check(message, shown());
  const { EIP712Domain: _, ...types } = message.typedData.types;
  const signature = await owner.signTypedData(message.typedData.domain, types, message.typedData.message);
  assert.equal(verifyTypedData(message.typedData.domain, types, message.typedData.message, signature), owner.address);
});

test("every part that the page shows is compared", () => {
  const changes = {
    controller: (page) => (page.controller = "Someone else"),
    notice: (page) => (page.notice += " "),
    wallet: (page) => (page.wallet = Wallet.createRandom().address),
    chain: (page) => (page.chainId = "1"),
    relay: (page) => (page.relay = Wallet.createRandom().address),
    purposes: (page) => (page.purposes[1].granted = true),
  };
  for (const [what, change] of Object.entries(changes)) {
    const page = shown();
    change(page);
    refused(consent(), page, what);
  }
});

test("a detail altered, left out, added or doubled stops it", () => {
  for (const change of [
    (fields) => (fields[0].value = "zoe@example.com"),
    (fields) => fields.pop(),
    (fields) => fields.push({ name: "phone", value: "+491701234567" }),
    (fields) => (fields[1] = fields[0]),
  ]) {
    const message = consent();
    change(message.typedData.message.fields);
    message.digest = digestOf(message.typedData);
    refused(message, shown(), "details");
  }
});

test("a purpose slipped in, and a lawful basis reworded, stop it", () => {
  for (const change of [
    (purposes) => purposes.push({ name: "Resale", lawfulBasis: "consent", granted: true }),
    (purposes) => (purposes[1].lawfulBasis = "legitimate interests"),
  ]) {
    const message = consent();
    change(message.typedData.message.purposes);
    message.digest = digestOf(message.typedData);
    refused(message, shown(), "purposes");
  }
});

test("another type, another domain and another digest stop it", () => {
  const type = consent();
  type.typedData.types.Consent.push({ name: "extra", type: "string" });
  refused(type, shown(), "type");

  const domain = consent();
  domain.typedData.domain.name = "Sealwatcher";
  refused(domain, shown(), "domain");

  const digest = consent();
  digest.digest = "0x" + "11".repeat(32);
  refused(digest, shown(), "digest");
});
