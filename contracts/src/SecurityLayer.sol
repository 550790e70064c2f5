// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

/// @title Who may do what
/// @notice The data-protection authority owns the deployment. It alone appoints and removes controllers and witnesses,
/// and it alone stops and resumes all writing.
/// @dev The base of the storage layer, not of master-data, so that roles and pause survive a new master-data. The owner
/// is the admin of every role: there is no second list of admins that could come apart from the ownership.
abstract contract SecurityLayer is Ownable2Step, AccessControl, Pausable {
    /// @notice Keys of the controller, the organisation that holds the data: anchor and retire records.
    bytes32 public constant CONTROLLER_ROLE = keccak256("CONTROLLER_ROLE");

    /// @notice Keys that anchor register heads.
    bytes32 public constant WITNESS_ROLE = keccak256("WITNESS_ROLE");

    /// @notice Only the two roles above are granted and revoked. The admin role follows the ownership.
    error RoleUnknown(bytes32 role);

    /// @notice A deployment without an authority could neither be paused nor mended: ownership is handed on, not dropped.
    error AuthorityRequired();

    constructor(address authority) Ownable(authority) {}

    /// @notice Stops all writing of words. The registration of a master-data stays possible: it may be the remedy.
    function pause() external onlyOwner {
        _pause();
    }

    /// @notice Resumes writing.
    function unpause() external onlyOwner {
        _unpause();
    }

    /// @notice Refused: see `AuthorityRequired`.
    function renounceOwnership() public view override onlyOwner {
        revert AuthorityRequired();
    }

    /// @notice Whether `account` holds `role`; the admin role is held by the owner and nobody else.
    function hasRole(bytes32 role, address account) public view override returns (bool) {
        if (role == DEFAULT_ADMIN_ROLE) return account == owner();
        return super.hasRole(role, account);
    }

    /// @dev Every granting passes here.
    function _grantRole(bytes32 role, address account) internal override returns (bool) {
        _requireKnown(role);
        return super._grantRole(role, account);
    }

    /// @dev Every revoking passes here, also a key's own renouncing: whoever notices that their key was stolen can take
    /// its rights away at once, without waiting for the authority.
    function _revokeRole(bytes32 role, address account) internal override returns (bool) {
        _requireKnown(role);
        return super._revokeRole(role, account);
    }

    function _requireKnown(bytes32 role) internal pure {
        if (role != CONTROLLER_ROLE && role != WITNESS_ROLE) revert RoleUnknown(role);
    }
}
