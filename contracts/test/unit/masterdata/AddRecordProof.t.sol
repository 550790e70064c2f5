// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {StreamKind} from "../../../src/StreamKind.sol";
import {IMasterData} from "../../../src/interfaces/IMasterData.sol";
import {IStorageLayer} from "../../../src/interfaces/IStorageLayer.sol";
import {Deployed} from "../../Deployed.sol";

contract AddRecordProofTest is Deployed {
    bytes32 private constant PROOF = keccak256("proof");

    function test_onlyAController() public {
        address[3] memory others = [STRANGER, AUTHORITY, WITNESS];
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(_roleMissing(others[i], CONTROLLER_ROLE));
            vm.prank(others[i]);
            masterData.addRecordProof(1, NOW, PROOF);
        }
    }

    function test_notByARevokedController() public {
        _anchorNew();
        vm.prank(AUTHORITY);
        store.revokeRole(CONTROLLER_ROLE, CONTROLLER);
        _expectRevert(2, NOW, PROOF, _roleMissing(CONTROLLER, CONTROLLER_ROLE));
    }

    function test_notWhilePaused() public {
        _pause();
        _expectRevert(1, NOW, PROOF, abi.encodeWithSelector(Pausable.EnforcedPause.selector));
    }

    function test_notThroughASupersededMasterData() public {
        address newer = address(_supersede());
        bytes memory refusal = abi.encodeWithSelector(IStorageLayer.WriterOnly.selector, masterData, newer);
        _expectRevert(1, NOW, PROOF, refusal);
    }

    function test_firstVersionTakesTheNextUid() public {
        vm.expectEmit(address(store));
        emit IStorageLayer.RecordProofAdded(1, 1, PROOF, NOW, CONTROLLER);
        vm.prank(CONTROLLER);
        masterData.addRecordProof(1, NOW, PROOF);

        vm.assertEq(masterData.nextUid(), 2);
        IMasterData.RecordProof memory record = masterData.getRecordProof(1);
        vm.assertEq(record.uid, 1);
        vm.assertEq(record.version, 1);
        vm.assertEq(record.proof, PROOF);
        vm.assertEq(record.timestamp, NOW);
        vm.assertEq(record.blockNumber, BLOCK);
    }

    function test_aKnownUidGetsAFurtherVersion() public {
        uint256 uid = _anchorNew();
        _anchorNew();
        vm.expectEmit(address(store));
        emit IStorageLayer.RecordProofAdded(1, 2, PROOF, NOW + 1, CONTROLLER);
        vm.prank(CONTROLLER);
        masterData.addRecordProof(uid, NOW + 1, PROOF);

        vm.assertEq(masterData.nextUid(), 3);
        vm.assertEq(masterData.getRecordProof(uid).version, 2);
        vm.assertEq(store.word(StreamKind.RECORD, 1, 1), _proof(uid, 1));
        vm.assertEq(store.word(StreamKind.RECORD, 1, 2), PROOF);
    }

    function test_emitsOneEventAndNothingElse() public {
        vm.recordLogs();
        _anchorNew();
        vm.assertEq(vm.getRecordedLogs().length, 1);
    }

    function test_uidZeroIsRefused() public {
        _expectRevert(0, NOW, PROOF, abi.encodeWithSelector(IStorageLayer.UidOutOfOrder.selector, 0, 1));
    }

    function test_aUidThatLeavesAGapIsRefused() public {
        _anchorNew();
        _expectRevert(3, NOW, PROOF, abi.encodeWithSelector(IStorageLayer.UidOutOfOrder.selector, 3, 2));
    }

    function test_aUidAboveU64IsRefused() public {
        uint256 uid = uint256(type(uint64).max) + 2;
        bytes memory refusal = abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 64, uid);
        _expectRevert(uid, NOW, PROOF, refusal);
    }

    function test_theOldestTimestampPasses() public {
        vm.prank(CONTROLLER);
        masterData.addRecordProof(1, NOW - 1 days, PROOF);
        vm.assertEq(masterData.getRecordProof(1).timestamp, NOW - 1 days);
    }

    function test_anOlderTimestampIsRefused() public {
        uint64 timestamp = NOW - 1 days - 1;
        _expectRevert(
            1, timestamp, PROOF, abi.encodeWithSelector(IMasterData.TimestampOutOfWindow.selector, timestamp, NOW)
        );
    }

    function test_theNewestTimestampPasses() public {
        vm.prank(CONTROLLER);
        masterData.addRecordProof(1, NOW + 60, PROOF);
        vm.assertEq(masterData.getRecordProof(1).timestamp, NOW + 60);
    }

    function test_aTimestampFurtherAheadIsRefused() public {
        uint64 timestamp = NOW + 61;
        _expectRevert(
            1, timestamp, PROOF, abi.encodeWithSelector(IMasterData.TimestampOutOfWindow.selector, timestamp, NOW)
        );
    }

    function test_theTimestampRisesPerRecord() public {
        uint256 uid = _anchorNew();
        _expectRevert(uid, NOW, PROOF, abi.encodeWithSelector(IMasterData.TimestampNotRising.selector, uid, NOW, NOW));
        _expectRevert(
            uid, NOW - 1, PROOF, abi.encodeWithSelector(IMasterData.TimestampNotRising.selector, uid, NOW - 1, NOW)
        );
        vm.assertEq(store.tip(StreamKind.RECORD, 1).lastIndex, 1);
    }

    function test_theTimestampsOfTwoRecordsAreFree() public {
        _anchorNew();
        vm.prank(CONTROLLER);
        masterData.addRecordProof(2, NOW - 100, PROOF);
        vm.assertEq(masterData.getRecordProof(2).timestamp, NOW - 100);
    }

    function test_aZeroProofIsRefused() public {
        _expectRevert(1, NOW, 0, abi.encodeWithSelector(IStorageLayer.WordZero.selector, StreamKind.RECORD, 1, 1));
    }

    function test_notAfterRetirement() public {
        uint256 uid = _anchorNew();
        _retire(uid, WITHDRAWN);
        bytes memory refusal = abi.encodeWithSelector(IStorageLayer.RecordIsRetired.selector, uid, WITHDRAWN);
        _expectRevert(uid, NOW + 1, PROOF, refusal);
    }

    function _expectRevert(uint256 uid, uint64 timestamp, bytes32 proof, bytes memory refusal) private {
        vm.expectRevert(refusal);
        vm.prank(CONTROLLER);
        masterData.addRecordProof(uid, timestamp, proof);
    }
}
