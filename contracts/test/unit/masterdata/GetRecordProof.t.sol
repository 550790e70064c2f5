// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMasterData} from "../../../src/interfaces/IMasterData.sol";
import {Deployed} from "../../Deployed.sol";

contract GetRecordProofTest is Deployed {
    function test_anUnknownUidIsRefused() public {
        _anchorNew();
        uint256[3] memory unknown = [0, 2, type(uint256).max];
        for (uint256 i = 0; i < unknown.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(IMasterData.UidUnknown.selector, unknown[i], 2));
            masterData.getRecordProof(unknown[i]);
        }
    }

    function test_theNewestVersionWithItsTimeAndBlock() public {
        uint256 uid = _anchorNew(3);
        IMasterData.RecordProof memory record = masterData.getRecordProof(uid);
        vm.assertEq(record.uid, uid);
        vm.assertEq(record.version, 3);
        vm.assertEq(record.proof, _proof(uid, 3));
        vm.assertEq(record.timestamp, NOW + 20);
        vm.assertEq(record.blockNumber, BLOCK + 2);
        vm.assertFalse(record.voided);
        vm.assertEq(record.voidCount, 0);
        vm.assertFalse(record.retired);
        vm.assertEq(record.retirementReason, 0);
        vm.assertEq(record.retiredAtBlock, 0);
        vm.assertEq(record.retirementEvidence, bytes32(0));
    }

    function test_readsGoOnWhilePausedAndWhenSuperseded() public {
        uint256 uid = _anchorNew(2);
        IMasterData.RecordProof memory before = masterData.getRecordProof(uid);
        _pause();
        IMasterData newer = _supersede();
        _assertSame(masterData.getRecordProof(uid), before);
        _assertSame(newer.getRecordProof(uid), before);
    }
}
