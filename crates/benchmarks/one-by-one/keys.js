// Opens key files, owner keys and cells, written from docs/SEALING.md.

import { createDecipheriv, hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";

const CELL_HEADER = 1 + 4 + 16 + 16 + 4 + 4 + 1;
const WRAP_HEADER = 1 + 4 + 16 + 16;
const NONCE = 12;
const TAG = 16;
const SALT = 32;

/** The keys that wrap owner keys, by their versions, from the files that `sealwatch keys init` writes. */
export function wrapKeys(folder) {
  const master = Buffer.from(readFileSync(`${folder}/master.key`, "utf8").trim(), "hex");
  const file = JSON.parse(readFileSync(`${folder}/application-keys.json`, "utf8"));
  const purpose = Buffer.from("application");
  const keys = file.application.keys.map(({ version, wrapped }) => {
    const aad = Buffer.concat([Buffer.from("sealwatch/v1/master"), uint32(purpose.length), purpose, uint32(version)]);
    const key = opened(derive(master, "master/wrap"), aad, Buffer.from(wrapped, "hex"));
    return [version, derive(key, "wrap")];
  });
  return new Map(keys);
}

/** The owner key of a row of `owner_keys`. */
export function ownerKey(wrapped, keys) {
  const header = wrapped.subarray(0, WRAP_HEADER);
  const key = keys.get(header.readUInt32BE(1));
  return opened(key, Buffer.concat([Buffer.from("sealwatch/v1/owner-key"), header]), wrapped.subarray(WRAP_HEADER));
}

/** Salt and value of a cell that stands at this place; throws when it is not of there, or was altered. */
export function openCell(key, cell, { recordId, version, draft, kind, name = "" }) {
  const length = CELL_HEADER + 2 + cell.readUInt16BE(CELL_HEADER);
  const header = cell.subarray(0, length);
  const place = Buffer.concat([recordId, uint32(version), uint32(draft), Buffer.from([kind, 0, name.length]), Buffer.from(name)]);
  if (!header.subarray(1 + 4 + 16).equals(place)) throw new Error("the cell belongs elsewhere");
  const plain = opened(key, header, cell.subarray(length));
  return { salt: plain.subarray(0, SALT), value: plain.subarray(SALT) };
}

function derive(secret, info) {
  return Buffer.from(hkdfSync("sha256", secret, "sealwatch/v1", info, 32));
}

function opened(key, aad, sealed) {
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE));
  decipher.setAAD(aad).setAuthTag(sealed.subarray(-TAG));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()]);
}

function uint32(number) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}
