//! A PKCS#11 module: a library that is loaded into the process, and set up once however many use it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::slot::Slot;

use super::TokenProblem;
use super::uri::TokenName;

static LOADED: Mutex<BTreeMap<PathBuf, Loaded>> = Mutex::new(BTreeMap::new());

struct Loaded {
    context: Pkcs11,
    users: usize,
}

/// A use of a module. With the last one the module is told that we are done: whoever asks later meets the tokens as they are then.
pub(super) struct Module {
    path: PathBuf,
    pub(super) context: Pkcs11,
}

impl Module {
    pub(super) fn open(path: &Path) -> Result<Self, TokenProblem> {
        let cannot = |why: String| TokenProblem::Module(path.to_owned(), why);
        // Two names of one library would be told of each other's end.
        let path = path
            .canonicalize()
            .map_err(|error| cannot(error.to_string()))?;
        let mut loaded = loaded();
        if let Some(there) = loaded.get_mut(&path) {
            there.users += 1;
            let context = there.context.clone();
            return Ok(Self { path, context });
        }
        let context = Pkcs11::new(&path).map_err(|error| cannot(error.to_string()))?;
        let arguments = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
        match context.initialize(arguments) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(cannot(error.to_string())),
        }
        let there = Loaded {
            context: context.clone(),
            users: 1,
        };
        loaded.insert(path.clone(), there);
        Ok(Self { path, context })
    }

    /// The one token that is meant.
    pub(super) fn slot_of(&self, name: &TokenName) -> Result<Slot, TokenProblem> {
        let mut found = Vec::new();
        for slot in self.context.get_slots_with_initialized_token()? {
            let info = self.context.get_token_info(slot)?;
            let agrees = |wanted: &Option<String>, is: &str| {
                wanted
                    .as_deref()
                    .is_none_or(|wanted| wanted == is.trim_end())
            };
            let is_meant = agrees(&name.label, info.label())
                && agrees(&name.serial, info.serial_number())
                && agrees(&name.manufacturer, info.manufacturer_id())
                && agrees(&name.model, info.model());
            found.extend(is_meant.then_some(slot));
        }
        match found[..] {
            [] => Err(TokenProblem::NoToken(name.to_string())),
            [slot] => Ok(slot),
            _ => Err(TokenProblem::SeveralTokens(name.to_string())),
        }
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        let mut loaded = loaded();
        let Some(there) = loaded.get_mut(&self.path) else {
            return;
        };
        there.users -= 1;
        if there.users == 0
            && let Some(last) = loaded.remove(&self.path)
        {
            // Nobody could do anything about it.
            let _ = last.context.finalize();
        }
    }
}

/// Locked for as long as a module is set up or done with, so that neither meets the other half way.
fn loaded() -> MutexGuard<'static, BTreeMap<PathBuf, Loaded>> {
    LOADED.lock().unwrap_or_else(PoisonError::into_inner)
}
