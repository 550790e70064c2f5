// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMasterData} from "../../../src/interfaces/IMasterData.sol";
import {Deployed} from "../../Deployed.sol";

contract GetRecordProofAtTest is Deployed {
    function test_anUnknownUidIsRefused() public {
        _anchorNew();
        vm.expectRevert(abi.encodeWithSelector(IMasterData.UidUnknown.selector, 0, 2));
        masterData.getRecordProofAt(0, 1);
        vm.expectRevert(abi.encodeWithSelector(IMasterData.UidUnknown.selector, 2, 2));
        masterData.getRecordProofAt(2, 1);
    }

    function test_anUnknownVersionIsRefused() public {
        uint256 uid = _anchorNew(2);
        uint256[3] memory unknown = [0, 3, type(uint256).max];
        for (uint256 i = 0; i < unknown.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(IMasterData.VersionUnknown.selector, uid, unknown[i], 2));
            masterData.getRecordProofAt(uid, unknown[i]);
        }
    }

    function test_theNewestIsAnsweredInFull() public {
        uint256 uid = _anchorNew(2);
        _assertSame(masterData.getRecordProofAt(uid, 2), masterData.getRecordProof(uid));
    }

    function test_anOlderOneIsAnsweredWithoutTimeAndBlock() public {
        uint256 uid = _anchorNew(3);
        IMasterData.RecordProof memory record = masterData.getRecordProofAt(uid, 2);
        vm.assertEq(record.uid, uid);
        vm.assertEq(record.version, 2);
        vm.assertEq(record.proof, _proof(uid, 2));
        vm.assertEq(record.timestamp, 0);
        vm.assertEq(record.blockNumber, 0);
        vm.assertFalse(record.voided);
    }

    function test_anOlderOneTellsTheRetirementToo() public {
        uint256 uid = _anchorNew(2);
        _retire(uid, ERASED);
        IMasterData.RecordProof memory record = masterData.getRecordProofAt(uid, 1);
        vm.assertTrue(record.retired);
        vm.assertEq(record.retirementReason, ERASED);
        vm.assertEq(record.retirementEvidence, _evidence(uid));
    }
}
