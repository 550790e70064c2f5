// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Deployed} from "../Deployed.sol";
import {MasterDataV2} from "../upgrade/MasterDataV2.sol";

/// @notice What the writes cost in gas as mined transactions: run with `--isolate`, which makes each call a transaction
/// of its own (cold storage, the 21,000, calldata). The figures are in `snapshots/mined.json`.
contract MinedGasTest is Deployed {
    bytes32 private constant WORD = keccak256("all 32 bytes in use");

    uint256 private constant FIRST_VERSION_LIMIT = 85_000;
    uint256 private constant FURTHER_VERSION_LIMIT = 65_000;

    function setUp() public override {
        super.setUp();
        _anchorNew();
        _pass(10);
    }

    function test_firstVersion() public {
        vm.prank(CONTROLLER);
        masterData.addRecordProof(2, NOW + 10, WORD);
        vm.assertLe(_snapshot("addRecordProof, first version"), FIRST_VERSION_LIMIT, "first version");
    }

    function test_furtherVersion() public {
        vm.prank(CONTROLLER);
        masterData.addRecordProof(1, NOW + 10, WORD);
        vm.assertLe(_snapshot("addRecordProof, further version"), FURTHER_VERSION_LIMIT, "further version");
    }

    function test_retirement() public {
        vm.prank(CONTROLLER);
        masterData.retireRecord(1, ERASED, WORD);
        _snapshot("retireRecord");
    }

    function test_void() public {
        vm.prank(AUTHORITY);
        masterData.voidRecordProof(1, 1);
        _snapshot("voidRecordProof");
    }

    function test_registerHead() public {
        vm.prank(WITNESS);
        masterData.addRegisterHead(WORD);
        vm.prank(WITNESS);
        masterData.addRegisterHead(WORD);
        _snapshot("addRegisterHead, further one");
    }

    function test_batchOfASecondMasterData() public {
        MasterDataV2 second = new MasterDataV2(store);
        vm.prank(AUTHORITY);
        relay.register(address(second));
        _snapshot("register");
        vm.prank(CONTROLLER);
        second.addRecordProofBatch(2, 1000, NOW + 10, WORD);
        vm.prank(CONTROLLER);
        second.addRecordProofBatch(1002, 1000, NOW + 10, WORD);
        _snapshot("addRecordProofBatch of a test-only V2, further one");
    }

    function _snapshot(string memory name) private returns (uint256) {
        return vm.snapshotGasLastCall("mined", name);
    }
}
