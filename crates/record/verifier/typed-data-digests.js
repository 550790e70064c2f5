// Reads typed data (one JSON per line, as eth_signTypedData_v4 takes it), writes the EIP-712 digest that ethers computes,
// taking types and domain from the data itself. Used by tests/other_implementations.rs.

import { createInterface } from "node:readline";
import { TypedDataEncoder } from "ethers";

for await (const line of createInterface({ input: process.stdin })) {
  const { domain, types, message } = JSON.parse(line);
  delete types.EIP712Domain;
  process.stdout.write(TypedDataEncoder.hash(domain, types, message) + "\n");
}
