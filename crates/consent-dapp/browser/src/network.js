// The wallet must be on the chain that the message names: wallets refuse to sign for another one.
import { Problem, fromWallet, walletCode } from "./problems.js";

const UNKNOWN_CHAIN = 4902;

/** `{ id, name, currency, rpc }` as the page tells it; `rpc` is empty where the organisation names none. */
export function networkOf(page) {
  const { chainId, chainName, chainCurrency, chainRpc } = page.dataset;
  return { id: BigInt(chainId), name: chainName, currency: chainCurrency, rpc: chainRpc ?? "" };
}

export async function isOn(provider, network) {
  return BigInt(await provider.request({ method: "eth_chainId" })) === network.id;
}

/** Asks the wallet to switch, and to add the network first where it does not know it. */
export async function switchTo(provider, network) {
  const chainId = "0x" + network.id.toString(16);
  try {
    await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] });
  } catch (error) {
    if (walletCode(error) !== UNKNOWN_CHAIN) throw fromWallet(error);
    await add(provider, network, chainId);
  }
  if (!(await isOn(provider, network))) throw stillElsewhere(network);
}

async function add(provider, network, chainId) {
  if (!network.rpc) {
    throw new Problem("unknown_chain", `Your wallet does not know the network “${network.name}” (chain id ${network.id}). Ask the organisation how to add it.`);
  }
  const nativeCurrency = { name: network.currency, symbol: network.currency, decimals: 18 };
  try {
    await provider.request({
      method: "wallet_addEthereumChain",
      params: [{ chainId, chainName: network.name, nativeCurrency, rpcUrls: [network.rpc] }],
    });
    // Some wallets add without switching.
    if (!(await isOn(provider, network))) {
      await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] });
    }
  } catch (error) {
    throw fromWallet(error);
  }
}

function stillElsewhere(network) {
  return new Problem("wrong_chain", `Your wallet is still on another network. Choose “${network.name}” (chain id ${network.id}) in it, and try again.`);
}
