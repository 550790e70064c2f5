// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StreamKind} from "../../src/StreamKind.sol";
import {IMasterData} from "../../src/interfaces/IMasterData.sol";
import {IStorageLayer} from "../../src/interfaces/IStorageLayer.sol";
import {Deployed} from "../Deployed.sol";

contract AddRecordProofFuzzTest is Deployed {
    function testFuzz_nobodyButAController(address caller, bytes32 proof) public {
        vm.assume(caller != CONTROLLER);
        vm.expectRevert(_roleMissing(caller, CONTROLLER_ROLE));
        vm.prank(caller);
        masterData.addRecordProof(1, NOW, proof);
    }

    function testFuzz_whatIsWrittenIsRead(uint64 timestamp, bytes32 proof) public {
        vm.assume(proof != 0);
        timestamp = uint64(_within(timestamp, NOW - 1 days, NOW + 60));
        _anchorNew();
        vm.prank(CONTROLLER);
        masterData.addRecordProof(2, timestamp, proof);
        IMasterData.RecordProof memory record = masterData.getRecordProof(2);
        vm.assertEq(record.proof, proof);
        vm.assertEq(record.timestamp, timestamp);
        vm.assertEq(record.version, 1);
        vm.assertEq(store.word(StreamKind.RECORD, 2, 1), proof);
    }

    function testFuzz_aUidThatIsNeitherKnownNorNext(uint64 uid) public {
        _anchorNew();
        vm.assume(uid != 1 && uid != 2);
        vm.expectRevert(abi.encodeWithSelector(IStorageLayer.UidOutOfOrder.selector, uid, 2));
        vm.prank(CONTROLLER);
        masterData.addRecordProof(uid, NOW, bytes32(uint256(1)));
    }

    function testFuzz_aTimestampOutOfTheWindow(uint64 timestamp) public {
        vm.assume(timestamp < NOW - 1 days || timestamp > NOW + 60);
        vm.expectRevert(abi.encodeWithSelector(IMasterData.TimestampOutOfWindow.selector, timestamp, NOW));
        vm.prank(CONTROLLER);
        masterData.addRecordProof(1, timestamp, bytes32(uint256(1)));
    }

    function testFuzz_timestampsRise(uint64 first, uint64 second) public {
        first = uint64(_within(first, NOW - 1 days, NOW + 60));
        second = uint64(_within(second, NOW - 1 days, NOW + 60));
        vm.prank(CONTROLLER);
        masterData.addRecordProof(1, first, bytes32(uint256(1)));
        if (second <= first) {
            vm.expectRevert(abi.encodeWithSelector(IMasterData.TimestampNotRising.selector, 1, second, first));
        }
        vm.prank(CONTROLLER);
        masterData.addRecordProof(1, second, bytes32(uint256(2)));
        vm.assertEq(masterData.getRecordProof(1).timestamp, second > first ? second : first);
    }

    /// @dev The window must not underflow on a chain whose clock starts at zero.
    function testFuzz_youngChains(uint64 blockTimestamp) public {
        blockTimestamp = uint64(_within(blockTimestamp, 1, 2 days));
        vm.warp(blockTimestamp);
        _anchorNew();
        vm.assertEq(masterData.getRecordProof(1).timestamp, blockTimestamp);
    }
}
