// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Deployed} from "../Deployed.sol";

contract MinedGasTest is Deployed {
    bytes32 private constant PROOF = keccak256("a record proof with all of its 32 bytes in use");

    function test_firstVersion() public {
        vm.prank(CONTROLLER);
        masterData.addRecordProof(1, NOW, PROOF);
        vm.prank(CONTROLLER);
        masterData.addRecordProof(2, NOW, PROOF);
        vm.assertLe(vm.snapshotGasLastCall("mined", "first version of a record"), 85_000, "first version");
    }

    function test_furtherVersion() public {
        vm.prank(CONTROLLER);
        masterData.addRecordProof(1, NOW, PROOF);
        vm.warp(NOW + 10);
        vm.prank(CONTROLLER);
        masterData.addRecordProof(1, NOW + 10, PROOF);
        vm.assertLe(vm.snapshotGasLastCall("mined", "further version of a record"), 65_000, "further version");
    }
}
