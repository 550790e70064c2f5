// Which account signs, and whether it is one that can.
import { getAddress } from "ethers/address";
import { Problem, fromWallet } from "./problems.js";

/** The accounts that the wallet shows to this page, with checksums. */
export async function connect(provider) {
  let accounts;
  try {
    accounts = await provider.request({ method: "eth_requestAccounts" });
  } catch (error) {
    throw fromWallet(error);
  }
  if (!Array.isArray(accounts) || accounts.length === 0) {
    throw new Problem("not_allowed", "Your wallet shows no account to this page. Open the wallet, connect an account, and try again.");
  }
  return accounts.map((account) => getAddress(account));
}

/** Opens the wallet's own choice of accounts, where it has one. */
export async function chooseOther(provider) {
  try {
    await provider.request({ method: "wallet_requestPermissions", params: [{ eth_accounts: {} }] });
  } catch (error) {
    throw fromWallet(error);
  }
}

/** The registered account among those offered; a problem that names both if it is not there. */
export function pickRegistered(accounts, registered) {
  const wanted = getAddress(registered);
  if (accounts.includes(wanted)) return wanted;
  throw new Problem(
    "wrong_wallet",
    `Your wallet offers ${accounts[0]}, but this record is registered for ${wanted}. Choose that account in your wallet and try again. Nothing was sent.`,
  );
}

/** No contract wallet can sign a request to be erased. A delegated plain account (EIP-7702) still signs as a plain one. */
export async function refuseContract(provider, account) {
  let code = "0x";
  try {
    code = await provider.request({ method: "eth_getCode", params: [account, "latest"] });
  } catch {
    // A wallet that can't tell is no reason to stop: the server looks at the signature.
  }
  if (typeof code === "string" && code !== "0x" && !code.toLowerCase().startsWith("0xef0100")) {
    throw new Problem("contract_wallet", "This account is a contract (a smart or multi-signature wallet). Such wallets can't sign this request: ask for it below, without the wallet.");
  }
}
