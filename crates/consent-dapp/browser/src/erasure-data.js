// Checks that the statement about to be signed says what the page shows, and computes its digest anew (docs/ERASURE.md).
import { getAddress } from "ethers/address";
import { TypedDataEncoder } from "ethers/hash";
import { Problem } from "./problems.js";

// They stand here, not in what the server sends: a statement of another shape is another statement.
const TYPES = {
  Erasure: [
    { name: "controller", type: "string" },
    { name: "uid", type: "uint64" },
    { name: "recordProof", type: "bytes32" },
    { name: "requestedAt", type: "uint64" },
  ],
};

/** The digest a wallet signs for `typedData`, by our own types. */
export function erasureDigest({ domain, message }) {
  const { chainId, verifyingContract } = domain;
  return TypedDataEncoder.hash({ name: "Sealwatch", version: "1", chainId, verifyingContract }, TYPES, message);
}

/** Throws unless `typedData` says exactly what `shown` says and hashes to `digest`. */
export function checkErasure({ typedData, digest }, shown) {
  const { domain, types, primaryType, message } = typedData;
  const { EIP712Domain: _, ...rest } = types;
  const differences = [
    ["type", primaryType !== "Erasure" || !sameTypes(rest)],
    ["chain", BigInt(domain.chainId) !== BigInt(shown.chainId)],
    ["relay", getAddress(domain.verifyingContract) !== getAddress(shown.relay)],
    ["controller", message.controller !== shown.controller],
    ["record", BigInt(message.uid) !== BigInt(shown.uid)],
    ["proof", message.recordProof.toLowerCase() !== shown.proof.toLowerCase()],
    ["digest", erasureDigest(typedData) !== digest.toLowerCase()],
  ]
    .filter(([, differs]) => differs)
    .map(([name]) => name);
  if (differences.length > 0) {
    throw new Problem("changed_meanwhile", `What you would sign is not what this page shows (${differences.join(", ")}). Nothing was signed. Reload the page and read it again.`);
  }
}

function sameTypes(types) {
  return TypedDataEncoder.from(TYPES).encodeType("Erasure") === TypedDataEncoder.from(types).encodeType("Erasure");
}
