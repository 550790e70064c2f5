// The entry of every page: each part binds itself to what it finds.
import { bindErase } from "./erase.js";
import { bindIdentify } from "./identify.js";
import { bindPrint } from "./print.js";
import { bindSign } from "./sign.js";
import { discoverWallets } from "./wallets.js";

const page = document.querySelector("main[data-page]");
const wallets = discoverWallets(window);

bindPrint(document);
if (page?.dataset.page === "identify") bindIdentify(page, wallets);
if (page?.dataset.page === "review") bindSign(page, wallets);
if (page?.dataset.page === "erase") bindErase(page, wallets);
