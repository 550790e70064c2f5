//! A master key that lives in a PKCS#11 token: it wraps and unwraps there, and never leaves. docs/KEY_ROTATION.md, "A master key
//! in a token".

mod module;
mod uri;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::{AuthPin, Ulong};
use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::key_file::{KeyFileError, read_secret_file_or_pipe};
use module::Module;
pub(crate) use uri::SCHEME;
use uri::TokenName;
pub use uri::{NotATokenUri, TokenUri};

const NONCE_LEN: usize = 12;
const TAG_BITS: u64 = 128;
const KEY_LEN: u64 = 32;

/// Why a key in a token can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenProblem {
    /// The library is not there, or is no PKCS#11 module.
    #[error("the PKCS#11 module {} can't be loaded: {}", .0.display(), .1)]
    Module(PathBuf, String),
    /// No slot of the module holds such a token.
    #[error("the token {0} is not there")]
    NoToken(String),
    /// More than one token is called so.
    #[error("there are several tokens {0}: name the serial as well")]
    SeveralTokens(String),
    /// The file of the PIN can't be used.
    #[error("the PIN: {0}")]
    Pin(#[source] Box<KeyFileError>),
    /// The token refuses the PIN.
    #[error("the token {0} refuses the PIN; some lock themselves after a few tries")]
    WrongPin(String),
    /// One more wrong PIN locks the token.
    #[error(
        "the token {0} has one try left for its PIN, which was not used up: log in once by the token's own tool"
    )]
    LastTry(String),
    /// It takes no PIN any more.
    #[error("the PIN of the token {0} is locked")]
    Locked(String),
    /// The token holds no such key.
    #[error("the token {0} holds no AES key of this name")]
    NoKey(String),
    /// The token holds one already.
    #[error("the token {0} holds a key of this name already; nothing was changed")]
    KeyExists(String),
    /// A key that could be read out of the token.
    #[error(
        "a key of this name in the token {0} can be read out of it (it is extractable, or not sensitive): make one by `sealwatch keys`"
    )]
    Extractable(String),
    /// Whatever else the module says.
    #[error("the token: {0}")]
    Failed(#[from] Error),
}

impl TokenProblem {
    /// Whether it may go away without anybody changing a file, and asking again uses no try of the PIN up.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::NoToken(_) | Self::Failed(_))
    }
}

/// An open token, and in it the keys that its address names: as a rule one, after a rotation the older ones as well.
pub(crate) struct TokenKey {
    /// Closed before the module is done with.
    session: Mutex<Session>,
    _module: Module,
    uri: TokenUri,
    keys: Vec<ObjectHandle>,
    /// The one of them that the key file was made with.
    chosen: OnceLock<ObjectHandle>,
}

impl TokenKey {
    /// Opens the token and finds its keys.
    pub(crate) fn open(uri: TokenUri) -> Result<Self, TokenProblem> {
        let found = Self::log_in(uri, false)?;
        if found.keys.is_empty() {
            return Err(TokenProblem::NoKey(found.uri.token.to_string()));
        }
        Ok(found)
    }

    /// Makes a further key, that can't leave the token. Where `is_first`, only if there is none of this name.
    pub(crate) fn generate(uri: TokenUri, is_first: bool) -> Result<Self, TokenProblem> {
        let mut made = Self::log_in(uri, true)?;
        if is_first && !made.keys.is_empty() {
            return Err(TokenProblem::KeyExists(made.uri.token.to_string()));
        }
        let mut template = named(&made.uri);
        template.extend([
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
            Attribute::ValueLen(Ulong::from(KEY_LEN)),
        ]);
        let key = made
            .session()
            .generate_key(&Mechanism::AesKeyGen, &template)?;
        made.keys.push(key);
        made.chosen = OnceLock::from(key);
        Ok(made)
    }

    fn log_in(uri: TokenUri, to_write: bool) -> Result<Self, TokenProblem> {
        let pin = pin_of(&uri)?;
        let module = Module::open(&uri.module)?;
        let (slot, name) = (module.slot_of(&uri.token)?, uri.token.to_string());
        let info = module.context.get_token_info(slot)?;
        if info.user_pin_locked() {
            return Err(TokenProblem::Locked(name));
        }
        if info.user_pin_final_try() {
            return Err(TokenProblem::LastTry(name));
        }
        let session = match to_write {
            true => module.context.open_rw_session(slot)?,
            false => module.context.open_ro_session(slot)?,
        };
        match session.login(UserType::User, Some(&pin)) {
            // Another session of this process did.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(Error::Pkcs11(
                RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange,
                _,
            )) => return Err(TokenProblem::WrongPin(name)),
            Err(Error::Pkcs11(RvError::PinLocked, _)) => return Err(TokenProblem::Locked(name)),
            Err(error) => return Err(error.into()),
        }
        let keys = session.find_objects(&named(&uri))?;
        if keys.iter().any(|key| may_leave(&session, *key)) {
            return Err(TokenProblem::Extractable(name));
        }
        Ok(Self {
            session: Mutex::new(session),
            _module: module,
            uri,
            keys,
            chosen: OnceLock::new(),
        })
    }

    pub(crate) const fn uri(&self) -> &TokenUri {
        &self.uri
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Settles on the key that opens this, if one does. What it opens to is what `is_right` says.
    pub(crate) fn choose(
        &self,
        aad: &[u8],
        sealed: &[u8],
        is_right: impl Fn(&[u8]) -> bool,
    ) -> Result<bool, TokenProblem> {
        for key in &self.keys {
            let plain = self.open_by(*key, aad, sealed)?;
            if plain.is_some_and(|plain| is_right(&plain)) {
                return Ok(self.chosen.get_or_init(|| *key) == key);
            }
        }
        Ok(false)
    }

    fn key(&self) -> ObjectHandle {
        *self.chosen.get().unwrap_or(&self.keys[0])
    }

    /// `nonce (12) ‖ ciphertext ‖ tag (16)`, as everywhere.
    pub(crate) fn seal(
        &self,
        aad: &[u8],
        plain: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Vec<u8>, TokenProblem> {
        let mut nonce = [0; NONCE_LEN];
        rng.fill_bytes(&mut nonce);
        let gcm = Mechanism::AesGcm(GcmParams::new(&mut nonce, aad, Ulong::from(TAG_BITS))?);
        let sealed = self.session().encrypt(&gcm, self.key(), plain)?;
        // A token that draws its own nonces has written its one over ours.
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// None when the bytes were not sealed by this key with this `aad`.
    pub(crate) fn open_sealed(
        &self,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, TokenProblem> {
        self.open_by(self.key(), aad, sealed)
    }

    fn open_by(
        &self,
        key: ObjectHandle,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, TokenProblem> {
        let Some((nonce, sealed)) = sealed.split_first_chunk::<NONCE_LEN>() else {
            return Ok(None);
        };
        let mut nonce = *nonce;
        let gcm = Mechanism::AesGcm(GcmParams::new(&mut nonce, aad, Ulong::from(TAG_BITS))?);
        let session = self.session();
        match session.decrypt(&gcm, key, sealed) {
            Ok(plain) => Ok(Some(Zeroizing::new(plain))),
            // Modules tell of a tag that does not fit in many ways, of which some may mean something else. The token that
            // still answers has looked at it.
            Err(Error::Pkcs11(problem, _)) if may_mean_a_wrong_tag(problem) => {
                session.get_session_info()?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Destroys the key that is in use, for nothing was wrapped by it.
    pub(crate) fn destroy(self) -> Result<(), TokenProblem> {
        Ok(self.session().destroy_object(self.key())?)
    }

    /// How many keys of this name there are beside the one in use.
    pub(crate) fn others(&self) -> usize {
        self.keys.len() - 1
    }

    /// Destroys those; gives how many.
    pub(crate) fn destroy_others(&self) -> Result<usize, TokenProblem> {
        let writing = Self::log_in(self.uri.clone(), true)?;
        let others: Vec<_> = self.keys.iter().filter(|key| **key != self.key()).collect();
        for key in &others {
            writing.session().destroy_object(**key)?;
        }
        Ok(others.len())
    }
}

fn pin_of(uri: &TokenUri) -> Result<AuthPin, TokenProblem> {
    let pin = read_secret_file_or_pipe(&uri.pin);
    let pin = pin.map_err(|error| TokenProblem::Pin(Box::new(error)))?;
    Ok(pin.trim_end_matches(['\r', '\n']).into())
}

/// What our keys of this name have in common.
fn named(uri: &TokenUri) -> Vec<Attribute> {
    let mut template = vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::Token(true),
    ];
    let label = uri.object.as_ref();
    template.extend(label.map(|label| Attribute::Label(label.as_bytes().to_vec())));
    template.extend(uri.id.clone().map(Attribute::Id));
    template
}

/// Whether the token says that it would give this key away.
fn may_leave(session: &Session, key: ObjectHandle) -> bool {
    let asked = [AttributeType::Extractable, AttributeType::Sensitive];
    let said = session.get_attributes(key, &asked).unwrap_or_default();
    said.contains(&Attribute::Extractable(true)) || said.contains(&Attribute::Sensitive(false))
}

const fn may_mean_a_wrong_tag(problem: RvError) -> bool {
    matches!(
        problem,
        RvError::EncryptedDataInvalid
            | RvError::EncryptedDataLenRange
            | RvError::DataInvalid
            | RvError::SignatureInvalid
            | RvError::FunctionFailed
            | RvError::GeneralError
    )
}

impl std::fmt::Display for TokenName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let said = [&self.label, &self.serial, &self.manufacturer, &self.model];
        let said: Vec<_> = said.into_iter().flatten().map(String::as_str).collect();
        write!(f, "\"{}\"", said.join(", "))
    }
}
