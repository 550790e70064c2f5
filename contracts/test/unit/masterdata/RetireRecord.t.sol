// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {StreamKind} from "../../../src/StreamKind.sol";
import {IMasterData} from "../../../src/interfaces/IMasterData.sol";
import {IStorageLayer} from "../../../src/interfaces/IStorageLayer.sol";
import {Deployed} from "../../Deployed.sol";

contract RetireRecordTest is Deployed {
    bytes32 private constant EVIDENCE = keccak256("evidence");

    function test_onlyAController() public {
        _anchorNew();
        address[3] memory others = [STRANGER, AUTHORITY, WITNESS];
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(_roleMissing(others[i], CONTROLLER_ROLE));
            vm.prank(others[i]);
            masterData.retireRecord(1, ERASED, EVIDENCE);
        }
    }

    function test_notWhilePaused() public {
        _anchorNew();
        _pause();
        _expectRevert(1, ERASED, EVIDENCE, abi.encodeWithSelector(Pausable.EnforcedPause.selector));
    }

    function test_notThroughASupersededMasterData() public {
        _anchorNew();
        address newer = address(_supersede());
        bytes memory refusal = abi.encodeWithSelector(IStorageLayer.WriterOnly.selector, masterData, newer);
        _expectRevert(1, ERASED, EVIDENCE, refusal);
    }

    function test_bothReasonsRetireAndKeepTheNewestVersion() public {
        uint8[2] memory reasons = [ERASED, WITHDRAWN];
        for (uint256 i = 0; i < reasons.length; i++) {
            uint256 uid = _anchorNew(2);
            IMasterData.RecordProof memory expected = masterData.getRecordProof(uid);
            _pass(10);
            vm.expectEmit(address(store));
            emit IStorageLayer.RecordRetired(expected.uid, 2, _proof(uid, 2), reasons[i], EVIDENCE, CONTROLLER);
            vm.prank(CONTROLLER);
            masterData.retireRecord(uid, reasons[i], EVIDENCE);

            expected.retired = true;
            expected.retirementReason = reasons[i];
            expected.retiredAtBlock = uint64(block.number);
            expected.retirementEvidence = EVIDENCE;
            _assertSame(masterData.getRecordProof(uid), expected);
            vm.assertEq(store.word(StreamKind.RECORD, expected.uid, 0), EVIDENCE);
        }
    }

    function test_anUnknownReasonIsRefused() public {
        _anchorNew();
        uint8[3] memory unknown = [0, 3, type(uint8).max];
        for (uint256 i = 0; i < unknown.length; i++) {
            _expectRevert(
                1,
                unknown[i],
                EVIDENCE,
                abi.encodeWithSelector(IMasterData.RetirementReasonUnknown.selector, unknown[i])
            );
        }
    }

    function test_zeroEvidenceIsRefused() public {
        _anchorNew();
        bytes memory refusal = abi.encodeWithSelector(IStorageLayer.WordZero.selector, StreamKind.RECORD, 1, 0);
        _expectRevert(1, ERASED, 0, refusal);
    }

    function test_anUnknownUidIsRefused() public {
        _anchorNew();
        _expectRevert(0, ERASED, EVIDENCE, abi.encodeWithSelector(IStorageLayer.UidOutOfOrder.selector, 0, 2));
        _expectRevert(2, ERASED, EVIDENCE, abi.encodeWithSelector(IStorageLayer.UidOutOfOrder.selector, 2, 2));
    }

    function test_aUidAboveU64IsRefused() public {
        uint256 uid = uint256(type(uint64).max) + 2;
        bytes memory refusal = abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 64, uid);
        _expectRevert(uid, ERASED, EVIDENCE, refusal);
    }

    function test_itIsFinal() public {
        _anchorNew();
        _retire(1, WITHDRAWN);
        bytes memory refusal = abi.encodeWithSelector(IStorageLayer.RecordIsRetired.selector, 1, WITHDRAWN);
        _expectRevert(1, ERASED, EVIDENCE, refusal);
    }

    function test_theNeighboursStay() public {
        _anchorNew();
        _anchorNew();
        _retire(1, ERASED);
        vm.assertFalse(masterData.getRecordProof(2).retired);
        _pass(1);
        _anchor(2, 2);
        vm.assertEq(masterData.getRecordProof(2).version, 2);
    }

    function _expectRevert(uint256 uid, uint8 reason, bytes32 evidence, bytes memory refusal) private {
        vm.expectRevert(refusal);
        vm.prank(CONTROLLER);
        masterData.retireRecord(uid, reason, evidence);
    }
}
