// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StreamKind} from "../../../src/StreamKind.sol";
import {Deployed} from "../../Deployed.sol";

/// @notice The slots as docs/CONTRACTS.md publishes them: readers with `eth_getProof` depend on them.
contract LayoutTest is Deployed {
    function test_ownerAndPendingOwner() public {
        vm.prank(AUTHORITY);
        store.transferOwnership(STRANGER);
        vm.assertEq(_slot(0), bytes32(uint256(uint160(AUTHORITY))));
        vm.assertEq(_slot(1), bytes32(uint256(uint160(STRANGER))));
    }

    function test_roles() public view {
        bytes32 role = keccak256(abi.encode(CONTROLLER_ROLE, 2));
        vm.assertEq(vm.load(address(store), keccak256(abi.encode(CONTROLLER, role))), bytes32(uint256(1)));
    }

    function test_pauseWriterAndLastUidShareASlot() public {
        _anchorNew();
        _pause();
        uint256 writer = uint160(address(masterData));
        vm.assertEq(_slot(3), bytes32(uint256(1) | writer << 8 | uint256(1) << 168));
    }

    function test_tipAndWords() public {
        _anchorNew(2);
        _pass(10);
        _retire(1, WITHDRAWN);
        bytes32 kind = keccak256(abi.encode(StreamKind.RECORD, 4));
        bytes32 stream = keccak256(abi.encode(1, kind));
        uint256 tip = 2 | uint256(NOW + 10) << 64 | uint256(BLOCK + 1) << 128 | uint256(WITHDRAWN) << 192
            | uint256(BLOCK + 2) << 200;
        vm.assertEq(vm.load(address(store), stream), bytes32(tip));

        bytes32 words = bytes32(uint256(stream) + 1);
        vm.assertEq(vm.load(address(store), keccak256(abi.encode(2, words))), _proof(1, 2));
        vm.assertEq(vm.load(address(store), keccak256(abi.encode(0, words))), _evidence(1));
    }

    function test_roleOfAKind() public view {
        vm.assertEq(vm.load(address(store), keccak256(abi.encode(StreamKind.REGISTER_HEAD, 5))), WITNESS_ROLE);
    }

    function _slot(uint256 slot) private view returns (bytes32) {
        return vm.load(address(store), bytes32(slot));
    }
}
