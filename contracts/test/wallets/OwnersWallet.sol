// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice A wallet of one or several owners: it accepts what all of them signed, in their order. They may be replaced.
contract OwnersWallet is IERC1271 {
    uint256 private constant LENGTH = 65;

    address[] private _owners;

    error NotAnOwner(address account);

    constructor(address[] memory owners) {
        _owners = owners;
    }

    function replaceOwners(address[] calldata owners) external {
        require(_isOwner(msg.sender), NotAnOwner(msg.sender));
        _owners = owners;
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        bool isWhole = _owners.length > 0 && signature.length == _owners.length * LENGTH;
        for (uint256 i = 0; isWhole && i < _owners.length; ++i) {
            bytes calldata one = signature[i * LENGTH:(i + 1) * LENGTH];
            (address signer, ECDSA.RecoverError problem,) = ECDSA.tryRecoverCalldata(hash, one);
            isWhole = problem == ECDSA.RecoverError.NoError && signer == _owners[i];
        }
        return isWhole ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    function _isOwner(address account) private view returns (bool) {
        for (uint256 i = 0; i < _owners.length; ++i) {
            if (_owners[i] == account) return true;
        }
        return false;
    }
}
