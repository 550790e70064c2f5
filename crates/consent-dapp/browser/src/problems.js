// Everything that can go wrong, by name, in plain words.

/** A problem that the owner reads. */
export class Problem extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

/** What a wallet's refusal means (EIP-1193 and EIP-1474 codes). */
export function fromWallet(error) {
  if (error instanceof Problem) return error;
  switch (walletCode(error)) {
    case 4001:
    case "ACTION_REJECTED":
      return new Problem("refused", "You refused in your wallet. Nothing was sent. You can try again whenever you like.");
    case -32002:
      return new Problem("wallet_busy", "Your wallet already has a question open. Open the wallet, answer it, and try again.");
    case 4100:
      return new Problem("not_allowed", "Your wallet did not let this page use its account. Open the wallet, connect it to this page, and try again.");
    case 4200:
    case -32601:
      return new Problem("not_supported", "This wallet can't sign this kind of message (EIP-712). Please use another wallet.");
    case 4900:
    case 4901:
      return new Problem("disconnected", "Your wallet is not connected to the network. Check it, and try again.");
    default:
      return new Problem("wallet_failed", "Your wallet could not do it. Nothing was sent. Open the wallet, see what it says, and try again.");
  }
}

/** Wallets nest the cause; the innermost known code tells most. */
export function walletCode(error) {
  return error?.data?.originalError?.code ?? error?.info?.error?.code ?? error?.code;
}
