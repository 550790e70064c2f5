// A plain verifier: for each record one query and one eth_call, one after the other, the owner's signature included.
// Settings come as JSON on standard input; tells on standard output how many records held, and the CPU time that took.
//
//   { database, rpc, keys, relay, chainId, first, last }

import { readFileSync } from "node:fs";
import { Contract, JsonRpcProvider, Network } from "ethers";
import mysql from "mysql2/promise";
import { consentDigest, consentHash, leaves, recordProof, signer, termsProblem } from "../../record/verifier/record-proof.js";
import { openCell, ownerKey, wrapKeys } from "./keys.js";

const FIELDS = ["address", "age", "email", "name", "phone"];
const KIND = { field: 1, message: 3, signature: 4, wallet: 5 };
const QUERY = `SELECT r.id, v.version, v.draft, v.name, v.email, v.phone, v.age, v.address, v.wallet,
                      c.message, c.signature, k.wrapped
               FROM records r
               JOIN record_versions v ON v.record_id = r.id AND v.version = ?
               JOIN consents c ON c.record_id = v.record_id AND c.version = v.version
               JOIN owner_keys k ON k.record_id = r.id
               WHERE r.uid = ?`;
const RELAY = ["function latest() view returns (address)"];
const MASTER_DATA = [`function getRecordProof(uint256 uid) view returns (tuple(uint64 uid, uint64 version, uint64 timestamp,
  uint64 blockNumber, bytes32 proof, bool voided, uint64 voidCount, bool retired, uint8 retirementReason, uint64 retiredAtBlock,
  bytes32 retirementEvidence))`];
/** Records that are verified before the clock runs, so that nothing of the start is counted. */
const WARM = 200;

const settings = JSON.parse(readFileSync(0, "utf8"));
const keys = wrapKeys(settings.keys);
const database = await mysql.createConnection(settings.database);
const network = Network.from(settings.chainId);
// Each call goes out by itself, at once.
const provider = new JsonRpcProvider(settings.rpc, network, { staticNetwork: network, batchMaxCount: 1, cacheTimeout: -1 });
const masterData = new Contract(await new Contract(settings.relay, RELAY, provider).latest(), MASTER_DATA, provider);

await verifyAll(settings.first, Math.min(settings.first + WARM - 1, settings.last));
const begun = process.cpuUsage();
const verified = await verifyAll(settings.first, settings.last);
const spent = process.cpuUsage(begun);
console.log(JSON.stringify({ verified, cpuMicros: spent.user + spent.system }));
await database.end();
provider.destroy();

async function verifyAll(first, last) {
  let verified = 0;
  for (let uid = first; uid <= last; uid++) {
    if (!(await isValid(uid))) throw new Error(`record ${uid} does not hold`);
    verified++;
  }
  return verified;
}

async function isValid(uid) {
  const anchored = await masterData.getRecordProof(uid);
  const version = Number(anchored.version);
  const [[row]] = await database.execute(QUERY, [version, uid]);
  if (!row || anchored.retired || anchored.voided) return false;
  const { fields, salts, wallet, message, signature } = opened(row);
  const { chainId, relay } = settings;
  const timestamp = anchored.timestamp;
  const rebuilt = { ...message, fields: FIELDS.map((name) => ({ name, value: fields[name] })), wallet };
  const digest = consentDigest(rebuilt, chainId, relay);
  const proof = recordProof({
    chainId, relay, wallet, uid, version, timestamp,
    consentHash: consentHash({ kind: 1, digest, checkBlock: 0, signature }),
    leaves: leaves(fields, salts),
  });
  return proof === anchored.proof
    && signer(digest, signature).toLowerCase() === wallet
    && termsProblem(message, { uid, version, previousProofs: [], timestamp }) === null;
}

// Every cell of a row, opened at its place.
function opened(row) {
  const key = ownerKey(row.wrapped, keys);
  const cell = (bytes, kind, name) => openCell(key, bytes, { recordId: row.id, version: row.version, draft: row.draft, kind, name });
  const fields = {};
  const salts = {};
  for (const name of FIELDS) {
    const { salt, value } = cell(row[name], KIND.field, name);
    fields[name] = value.toString("utf8");
    salts[name] = hex(salt);
  }
  const signature = cell(row.signature, KIND.signature).value;
  if (signature[0] !== 1) throw new Error("only keys' signatures are measured");
  return {
    fields,
    salts,
    wallet: hex(cell(row.wallet, KIND.wallet).value),
    message: JSON.parse(cell(row.message, KIND.message).value.toString("utf8")),
    signature: hex(signature.subarray(1 + 8)),
  };
}

function hex(bytes) {
  return "0x" + bytes.toString("hex");
}
