// What of a deployment file is the same on every local chain: all but its blocks.
const fs = require("node:fs");

const { deployment_block, deployment_block_hash, ...same } = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
console.log(JSON.stringify(same, null, 2));
