//! Whose signature it is: that of a key, or of a contract wallet, which the chain is asked about (docs/CONTRACT_WALLETS.md).

use chain::{ChainError, ChainReader, WalletAnswer, WalletQuestion};
use record::consent::CHECK_SLACK;
use record::signature::{ConsentSignature, EcdsaSignature, MAX_CONTRACT_SIGNATURE};
use record::{Address, B256};

use crate::app::App;
use crate::refusal::Refusal;

/// A signature in any form that wallets give.
pub struct Given(Vec<u8>);

/// Why it is not this wallet's.
pub enum NotSigned {
    /// A plain account made it, over this or other words; the wallet has no contract.
    ByAnother(Option<Address>),
    /// The wallet's contract does not accept it; a plain account may have made it.
    NotAccepted(Option<Address>),
    /// No plain account made it, and the wallet has no contract yet; some say so in the signature (ERC-6492).
    NoContract,
    /// No plain account made it, and contract wallets can't be asked here.
    NotAsked,
}

impl Given {
    /// Reads it from hexadecimal digits.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        let bytes = text
            .strip_prefix("0x")
            .and_then(|digits| hex::decode(digits).ok());
        let bytes = bytes.ok_or(Refusal::Malformed("the signature is not hexadecimal"))?;
        match bytes.len() <= MAX_CONTRACT_SIGNATURE {
            true => Ok(Self(bytes)),
            false => Err(Refusal::Malformed("the signature is too long")),
        }
    }

    /// Whether this wallet signed these words: by its own key, which is looked at first, or by its contract.
    pub async fn by(
        &self,
        app: &App,
        wallet: Address,
        digest: B256,
    ) -> Result<Result<ConsentSignature, NotSigned>, Refusal> {
        let ecdsa = EcdsaSignature::normalise(&self.0).ok();
        let signer = ecdsa.and_then(|ecdsa| ecdsa.recover(&digest).ok());
        if let Some(ecdsa) = ecdsa.filter(|_| signer == Some(wallet)) {
            return Ok(Ok(ConsentSignature::Ecdsa(ecdsa)));
        }
        match &app.chain {
            Some(chain) => self.ask(app, chain, wallet, (digest, signer)).await,
            None => Ok(Err(match ecdsa {
                Some(_) => NotSigned::ByAnother(signer),
                None => NotSigned::NotAsked,
            })),
        }
    }

    /// Asks at the newest block. Whether that stays is looked at again before anything is anchored.
    async fn ask(
        &self,
        app: &App,
        chain: &ChainReader,
        wallet: Address,
        (digest, signer): (B256, Option<Address>),
    ) -> Result<Result<ConsentSignature, NotSigned>, Refusal> {
        let head = chain.head().await.map_err(out_of_reach)?;
        if head.timestamp + CHECK_SLACK < app.clock.now().as_seconds() {
            // It would be an answer from before what was signed.
            tracing::warn!("the chain has had no new block for long");
            return Err(Refusal::TryAgain);
        }
        let at = head.number;
        let question = WalletQuestion {
            wallet,
            digest,
            signature: self.0.clone(),
            at,
        };
        let answers = chain.ask_wallets(&[question]).await;
        match answers.map_err(out_of_reach)?.first() {
            Some(WalletAnswer::Accepts { .. }) => {
                return Ok(Ok(ConsentSignature::Contract {
                    bytes: self.0.clone(),
                    check_block: at,
                }));
            }
            Some(WalletAnswer::Refuses) => {}
            Some(WalletAnswer::NotTold) | None => return Err(Refusal::TryAgain),
        }
        if chain.has_code(wallet, at).await.map_err(out_of_reach)? {
            return Ok(Err(NotSigned::NotAccepted(signer)));
        }
        let is_plain = EcdsaSignature::normalise(&self.0).is_ok();
        Ok(Err(match is_plain {
            true => NotSigned::ByAnother(signer),
            false => NotSigned::NoContract,
        }))
    }
}

impl NotSigned {
    /// What the owner reads. `claimed` only chooses the words: a signature over other words recovers to an account that nobody has.
    pub fn refusal(self, registered: Address, claimed: Address) -> Refusal {
        match self {
            Self::ByAnother(Some(signer)) | Self::NotAccepted(Some(signer))
                if signer == claimed =>
            {
                Refusal::WrongWallet { signer, registered }
            }
            Self::ByAnother(_) => Refusal::ChangedMeanwhile,
            Self::NotAccepted(_) => Refusal::NotAccepted { wallet: registered },
            Self::NoContract => Refusal::NoContract { wallet: registered },
            Self::NotAsked => Refusal::ContractWallet,
        }
    }
}

fn out_of_reach(error: ChainError) -> Refusal {
    tracing::warn!(%error, "a contract wallet could not be asked");
    Refusal::TryAgain
}
