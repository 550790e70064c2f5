// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {IStorageLayer} from "../../../src/interfaces/IStorageLayer.sol";
import {Deployed} from "../../Deployed.sol";

/// @notice The storage layer seen from master-data: its rules hold whatever master-data lets through.
abstract contract Writer is Deployed {
    bytes32 internal constant WORD = keccak256("word");

    /// @dev Expects a call by the current writer to be refused.
    function _expectRefusal(bytes memory call, bytes memory refusal) internal {
        _expectRefusalOf(store.writer(), call, refusal);
    }

    /// @dev What every write refuses: callers other than the writer, the pause, actors without the role.
    function _expectGuarded(function(address) pure returns (bytes memory) callOf, address holder, bytes32 role)
        internal
    {
        bytes memory call = callOf(holder);
        address[4] memory callers = [holder, AUTHORITY, address(relay), STRANGER];
        for (uint256 i = 0; i < callers.length; i++) {
            bytes memory refusal =
                abi.encodeWithSelector(IStorageLayer.WriterOnly.selector, callers[i], address(masterData));
            _expectRefusalOf(callers[i], call, refusal);
        }
        _expectRefusal(callOf(STRANGER), _roleMissing(STRANGER, role));
        _expectRefusal(callOf(address(masterData)), _roleMissing(address(masterData), role));
        _pause();
        _expectRefusal(call, abi.encodeWithSelector(Pausable.EnforcedPause.selector));
    }

    function _expectRefusalOf(address caller, bytes memory call, bytes memory refusal) private {
        vm.prank(caller);
        (bool accepted, bytes memory answer) = address(store).call(call);
        vm.assertFalse(accepted);
        vm.assertEq(keccak256(answer), keccak256(refusal));
    }
}
