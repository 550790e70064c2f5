// Checks that the message about to be signed says what the page shows, and computes its digest anew.
import { getAddress } from "ethers/address";
import { TypedDataEncoder } from "ethers/hash";
// The types stand there, not in what the server sends: a message of another shape is another message.
import { TYPES, consentDigest, noticeHash } from "sealwatch-record-proof";
import { Problem } from "./problems.js";

/** The digest a wallet signs for `typedData`, by the second implementation of the format. */
export function digestOf({ domain, message }) {
  return consentDigest(message, domain.chainId, domain.verifyingContract);
}

/** Throws unless `typedData` says exactly what `shown` says and hashes to `digest`. */
export function check({ typedData, digest }, shown) {
  const { domain, types, primaryType, message } = typedData;
  const { EIP712Domain: _, ...rest } = types;
  const differences = [
    ["type", primaryType !== "Consent" || !sameTypes(rest)],
    ["domain", domain.name !== "Sealwatch" || domain.version !== "1"],
    ["chain", BigInt(domain.chainId) !== BigInt(shown.chainId)],
    ["relay", getAddress(domain.verifyingContract) !== getAddress(shown.relay)],
    ["controller", message.controller !== shown.controller],
    ["notice", message.notice.toLowerCase() !== noticeHash(shown.notice)],
    ["wallet", getAddress(message.wallet) !== getAddress(shown.wallet)],
    ["details", !sameFields(message.fields, shown.fields)],
    ["purposes", !samePurposes(message.purposes, shown.purposes)],
    ["digest", digestOf(typedData) !== digest.toLowerCase()],
  ]
    .filter(([, differs]) => differs)
    .map(([name]) => name);
  if (differences.length > 0) {
    throw new Problem("changed_meanwhile", `What you would sign is not what this page shows (${differences.join(", ")}). Nothing was signed. Reload the page and read it again.`);
  }
}

function sameTypes(types) {
  return TypedDataEncoder.from(TYPES).encodeType("Consent") === TypedDataEncoder.from(types).encodeType("Consent");
}

// The message lists details in byte order of their names; the page in the order that people read.
function sameFields(message, shown) {
  return sameRows(message, shown, ({ name, value }) => [name, value]);
}

function samePurposes(message, shown) {
  return sameRows(message, shown, ({ name, lawfulBasis, granted }) => [name, lawfulBasis, granted]);
}

/** The same rows in any order, as often in one as in the other. */
function sameRows(a, b, key) {
  const sorted = (rows) => JSON.stringify(rows.map((row) => JSON.stringify(key(row))).sort());
  return sorted(a) === sorted(b);
}
