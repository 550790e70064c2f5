//! Who else may read a file, where its mode alone does not tell: systemd gives a credential to the account of a service by an
//! access control list, and the mode then shows as the group's what is only the most that the list grants.

use std::fs::File;

use rustix::fs::fgetxattr;
use rustix::process::geteuid;

const LIST: &str = "system.posix_acl_access";
const VERSION: u32 = 2;
const OWNER: u16 = 0x01;
const NAMED_USER: u16 = 0x02;
const MASK: u16 = 0x10;
/// A list that names more than a handful is none of a credential.
const MAX_LEN: usize = 4 + 8 * 16;

/// Whether the list of this file lets nobody read or write it but its owner and the account that this process runs as.
pub(crate) fn is_ours_alone(file: &File) -> bool {
    let mut list = [0; MAX_LEN];
    // Without a list, or one that does not fit, the mode means what it says.
    let Ok(length) = fgetxattr(file, LIST, &mut list[..]) else {
        return false;
    };
    grants_nobody_but(geteuid().as_raw(), &list[..length])
}

fn grants_nobody_but(account: u32, list: &[u8]) -> bool {
    let Some((version, entries)) = list.split_first_chunk() else {
        return false;
    };
    let (entries, rest) = entries.as_chunks::<8>();
    u32::from_le_bytes(*version) == VERSION
        && rest.is_empty()
        && entries.iter().all(|entry| is_harmless(account, entry))
}

/// `tag (2) ‖ rights (2) ‖ id (4)`, each with the low byte first.
fn is_harmless(account: u32, entry: &[u8; 8]) -> bool {
    let [tag_low, tag_high, right_low, right_high, id @ ..] = *entry;
    let rights = u16::from_le_bytes([right_low, right_high]);
    match u16::from_le_bytes([tag_low, tag_high]) {
        OWNER | MASK => true,
        NAMED_USER if u32::from_le_bytes(id) == account => true,
        _ => rights == 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(u16, u16, u32)]) -> Vec<u8> {
        let mut bytes = VERSION.to_le_bytes().to_vec();
        for (tag, rights, id) in entries {
            bytes.extend_from_slice(&tag.to_le_bytes());
            bytes.extend_from_slice(&rights.to_le_bytes());
            bytes.extend_from_slice(&id.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn a_credential_of_systemd_is_ours_alone_and_nothing_wider_is() {
        const NOBODY: u32 = u32::MAX;
        let credential = |group: u16, user: u32, other: u16| {
            list(&[
                (OWNER, 4, NOBODY),
                (NAMED_USER, 4, user),
                (0x04, group, NOBODY),
                (MASK, 4, NOBODY),
                (0x20, other, NOBODY),
            ])
        };
        assert!(grants_nobody_but(990, &credential(0, 990, 0)));
        assert!(
            !grants_nobody_but(991, &credential(0, 990, 0)),
            "another account"
        );
        assert!(!grants_nobody_but(990, &credential(4, 990, 0)), "a group");
        assert!(!grants_nobody_but(990, &credential(0, 990, 4)), "everybody");
        let mut named_group = credential(0, 990, 0);
        named_group.extend_from_slice(&list(&[(0x08, 4, 100)])[4..]);
        assert!(!grants_nobody_but(990, &named_group));
        assert!(
            !grants_nobody_but(990, &credential(0, 990, 0)[..11]),
            "cut off"
        );
        assert!(!grants_nobody_but(990, &[]));
    }
}
