// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {StreamKind} from "../../src/StreamKind.sol";
import {IMasterData} from "../../src/interfaces/IMasterData.sol";
import {IStorageLayer} from "../../src/interfaces/IStorageLayer.sol";
import {Deployed} from "../Deployed.sol";
import {MasterDataV2} from "./MasterDataV2.sol";

/// @notice Records 1 and 2 are anchored through V1; then V2 takes over and anchors 3 to 6 in one batch.
contract SecondMasterDataTest is Deployed {
    MasterDataV2 private second;
    IMasterData.RecordProof[] private before;
    bytes32 private root;

    function setUp() public override {
        super.setUp();
        _anchorNew(3);
        _anchorNew();
        _void(1, 2);
        _retire(2, ERASED);
        for (uint256 version = 1; version <= 3; version++) {
            before.push(masterData.getRecordProofAt(1, version));
        }
        before.push(masterData.getRecordProof(2));

        second = new MasterDataV2(store);
        vm.prank(AUTHORITY);
        relay.register(address(second));
        bytes32 left = second.hashNodes(_proof(3, 1), _proof(4, 1));
        root = second.hashNodes(left, second.hashNodes(_proof(5, 1), _proof(6, 1)));
    }

    function test_onlyAControllerAddsABatch() public {
        vm.expectRevert(_roleMissing(STRANGER, CONTROLLER_ROLE));
        vm.prank(STRANGER);
        second.addRecordProofBatch(3, 4, _now(), root);
    }

    function test_theStorageLayerCarriesABatch() public {
        vm.expectEmit(address(store));
        emit IStorageLayer.RecordProofBatchAdded(3, 4, root, _now(), CONTROLLER);
        _addBatch();
        vm.assertEq(second.nextUid(), 7);
        vm.assertEq(store.word(StreamKind.BATCH, 0, 3), root);

        bytes32[] memory path = new bytes32[](2);
        path[0] = _proof(6, 1);
        path[1] = second.hashNodes(_proof(3, 1), _proof(4, 1));
        vm.assertTrue(second.isBatched(5, _proof(5, 1), path));
        vm.assertFalse(second.isBatched(4, _proof(5, 1), path));
        vm.assertFalse(second.isBatched(5, _proof(4, 1), path));
    }

    function test_theBatchOfAUidIsFoundFromStateAlone() public {
        _addBatch();
        vm.prank(CONTROLLER);
        second.addRecordProof(7, _now(), _proof(7, 1));
        for (uint256 uid = 1; uid <= 8; uid++) {
            (uint64 firstUid,) = second.batchOf(uid);
            vm.assertEq(firstUid, uid >= 3 && uid <= 6 ? 3 : 0);
        }
    }

    function test_oldProofsStayReadableThroughBoth() public {
        _addBatch();
        IMasterData[2] memory both = [IMasterData(masterData), IMasterData(second)];
        for (uint256 i = 0; i < both.length; i++) {
            for (uint256 version = 1; version <= 3; version++) {
                _assertSame(both[i].getRecordProofAt(1, version), before[version - 1]);
            }
            _assertSame(both[i].getRecordProof(1), before[2]);
            _assertSame(both[i].getRecordProof(2), before[3]);
        }
    }

    function test_theFirstOneTellsThatItCannotReadABatchedProof() public {
        _addBatch();
        IMasterData.RecordProof memory record = masterData.getRecordProofs(4, 1)[0];
        vm.assertEq(record.uid, 4);
        vm.assertEq(record.version, 0);
        vm.assertEq(record.proof, bytes32(0));
    }

    function test_theFirstOneNoLongerWrites() public {
        bytes memory refusal = abi.encodeWithSelector(IStorageLayer.WriterOnly.selector, masterData, second);
        vm.expectRevert(refusal);
        vm.prank(CONTROLLER);
        masterData.addRecordProof(3, _now(), _proof(3, 1));
        vm.expectRevert(refusal);
        vm.prank(CONTROLLER);
        masterData.retireRecord(1, ERASED, _evidence(1));
    }

    function test_oldAndBatchedRecordsGetFurtherVersions() public {
        _addBatch();
        _pass(10);
        vm.startPrank(CONTROLLER);
        second.addRecordProof(1, _now(), _proof(1, 4));
        second.addRecordProof(5, _now(), _proof(5, 2));
        vm.assertEq(second.getRecordProof(1).version, 4);
        vm.assertEq(second.getRecordProof(5).version, 2);
        vm.assertEq(masterData.getRecordProof(5).proof, _proof(5, 2));
        (uint64 firstUid,) = second.batchOf(5);
        vm.assertEq(firstUid, 3);
    }

    function test_whatWasFinalStaysFinal() public {
        vm.expectRevert(abi.encodeWithSelector(IStorageLayer.RecordIsRetired.selector, 2, ERASED));
        vm.prank(CONTROLLER);
        second.addRecordProof(2, _now(), _proof(2, 2));
        vm.expectRevert(abi.encodeWithSelector(IMasterData.AlreadyVoided.selector, 1, 2));
        vm.prank(AUTHORITY);
        second.voidRecordProof(1, 2);
    }

    function test_rolesAndPauseSurvive() public {
        _pause();
        vm.expectRevert(abi.encodeWithSelector(Pausable.EnforcedPause.selector));
        vm.prank(CONTROLLER);
        second.addRecordProofBatch(3, 4, _now(), root);
        vm.prank(AUTHORITY);
        store.unpause();
        _addBatch();
        vm.prank(WITNESS);
        second.addRegisterHead(root);
    }

    function _addBatch() private {
        vm.prank(CONTROLLER);
        second.addRecordProofBatch(3, 4, _now(), root);
    }

    function _now() private view returns (uint64) {
        return uint64(block.timestamp);
    }
}
