// The record proof and the consent message of docs/RECORD_PROOF.md, written from that page alone: a second
// implementation beside the Rust one, for browsers and Node. Pure functions; bytes go in and come out as 0x hex.

import { Signature, TypedDataEncoder, concat, dataLength, recoverAddress, sha256, toBeHex, toUtf8Bytes } from "ethers";

const FORMAT = toUtf8Bytes("sealwatch/v1/record");
const FIELD_NAME = /^[a-z0-9_]{1,64}$/;

/** The EIP-712 types of the message that the data owner signs. */
export const TYPES = {
  Field: [
    { name: "name", type: "string" },
    { name: "value", type: "string" },
  ],
  Purpose: [
    { name: "name", type: "string" },
    { name: "lawfulBasis", type: "string" },
    { name: "granted", type: "bool" },
  ],
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
};

/** The EIP-712 domain: one chain, one relay contract. */
export function domain(chainId, relay) {
  return { name: "Sealwatch", version: "1", chainId, verifyingContract: relay };
}

/** The digest that the owner's wallet signs. */
export function consentDigest(message, chainId, relay) {
  return TypedDataEncoder.hash(domain(chainId, relay), TYPES, message);
}

/** SHA-256 of a notice's text, as the message's `notice` holds it. */
export function noticeHash(text) {
  return sha256(toUtf8Bytes(text));
}

/** The leaf of one field. */
export function leaf(name, salt, value) {
  if (!FIELD_NAME.test(name)) throw new RangeError("a field name is 1 to 64 characters out of a-z, 0-9 and _");
  const value_ = toUtf8Bytes(value);
  return sha256(concat([
    "0x00", bytes(salt, 32), uint(name.length, 2), toUtf8Bytes(name), uint(value_.length, 4), value_,
  ]));
}

/** The leaves of a record's fields, in byte order of the names. `fields` and `salts` map a name to its value and salt. */
export function leaves(fields, salts) {
  const names = Object.keys(fields).sort();
  if (names.length !== Object.keys(salts).length) throw new RangeError("each field has one salt");
  return names.map((name) => leaf(name, salts[name], fields[name]));
}

/** What stands for the owner's signature in the record proof. `kind` 1: ECDSA; 2: ERC-1271, valid at `checkBlock`. */
export function consentHash({ kind, digest, checkBlock, signature }) {
  if (kind !== 1 && kind !== 2) throw new RangeError("the signature is of kind 1 or 2");
  if (kind === 1 && BigInt(checkBlock) !== 0n) throw new RangeError("an ECDSA signature has no check block");
  return sha256(concat([
    "0x02", uint(kind, 1), bytes(digest, 32), uint(checkBlock, 8), uint(dataLength(signature), 4), signature,
  ]));
}

/** The word that is anchored. `leaves` in byte order of the field names, as the function of that name gives them. */
export function recordProof({ chainId, relay, wallet, uid, version, timestamp, consentHash, leaves }) {
  if (BigInt(uid) === 0n || BigInt(version) === 0n) throw new RangeError("UIDs and versions count from one");
  return sha256(concat([
    "0x01", FORMAT, uint(chainId, 8), bytes(relay, 20), bytes(wallet, 20), uint(uid, 8), uint(version, 4),
    uint(timestamp, 8), bytes(consentHash, 32), uint(leaves.length, 2), ...leaves.map((word) => bytes(word, 32)),
  ]));
}

/** Brings a key's signature to its one form: 65 bytes r‖s‖v, low s, v 27 or 28. Takes v 0/1, EIP-2098 and high s. */
export function normaliseSignature(signature) {
  const length = dataLength(signature);
  if (length !== 64 && length !== 65) throw new RangeError("a signature is 65 bytes, or 64 in the compact form");
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const word = (at) => BigInt("0x" + signature.slice(2 + 64 * at, 66 + 64 * at));
  const r = word(0);
  let s = word(1);
  let odd;
  if (length === 64) {
    odd = Boolean(s >> 255n);
    s &= (1n << 255n) - 1n;
  } else {
    const v = Number("0x" + signature.slice(130));
    if (![0, 1, 27, 28].includes(v)) throw new RangeError("the last byte of a signature is 0, 1, 27 or 28");
    odd = v === 1 || v === 28;
  }
  if (r === 0n || s === 0n || r >= order || s >= order) throw new RangeError("the signature is out of range");
  if (s > order / 2n) {
    s = order - s;
    odd = !odd;
  }
  return concat([toBeHex(r, 32), toBeHex(s, 32), odd ? "0x1c" : "0x1b"]);
}

/** The wallet whose key made this (normalised) signature over the digest, with its EIP-55 checksum. */
export function signer(digest, signature) {
  return recoverAddress(digest, Signature.from(signature));
}

/**
 * The first reason why the message does not stand for this version of this record, or null: "version", "uid",
 * "previous proof" or "time". `previousProofs` are the proofs that the version may follow.
 */
export function termsProblem(message, { uid, version, previousProofs, timestamp }) {
  const first = BigInt(version) === 1n;
  const same = (a, b) => bytes(a, 32).toLowerCase() === bytes(b, 32).toLowerCase();
  const follows = first ? ["0x" + "00".repeat(32)] : previousProofs;
  if (BigInt(message.version) !== BigInt(version)) return "version";
  if (BigInt(message.uid) !== (first ? 0n : BigInt(uid))) return "uid";
  if (!follows.some((proof) => same(proof, message.previousProof))) return "previous proof";
  const now = BigInt(timestamp);
  return BigInt(message.issuedAt) <= now && now <= BigInt(message.expiresAt) ? null : "time";
}

// An unsigned big-endian number of so many bytes; throws when it does not fit.
function uint(number, width) {
  return toBeHex(BigInt(number), width);
}

// Hex of exactly so many bytes.
function bytes(hex, width) {
  if (dataLength(hex) !== width) throw new RangeError(`expected ${width} bytes`);
  return hex;
}
