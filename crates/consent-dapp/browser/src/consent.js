// The entry of every page: each part binds itself to what it finds.
import { bindCopyLink, bindPrint } from "./small-buttons.js";
import { bindIdentify } from "./identify.js";
import { bindSign } from "./sign.js";
import { discoverWallets } from "./wallets.js";

const page = document.querySelector("main[data-page]");
const wallets = discoverWallets(window);

bindCopyLink(document);
bindPrint(document);
if (page?.dataset.page === "identify") bindIdentify(page, wallets);
if (page?.dataset.page === "review") bindSign(page, wallets);
