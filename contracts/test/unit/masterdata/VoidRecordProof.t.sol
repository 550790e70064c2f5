// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {StreamKind} from "../../../src/StreamKind.sol";
import {IMasterData} from "../../../src/interfaces/IMasterData.sol";
import {IStorageLayer} from "../../../src/interfaces/IStorageLayer.sol";
import {Deployed} from "../../Deployed.sol";

contract VoidRecordProofTest is Deployed {
    function test_onlyTheAuthority() public {
        _anchorNew();
        address[3] memory others = [STRANGER, CONTROLLER, WITNESS];
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(_roleMissing(others[i], ADMIN_ROLE));
            vm.prank(others[i]);
            masterData.voidRecordProof(1, 1);
        }
    }

    function test_onlyTheNewAuthorityAfterAHandOver() public {
        _anchorNew();
        vm.prank(AUTHORITY);
        store.transferOwnership(STRANGER);
        vm.prank(STRANGER);
        store.acceptOwnership();
        _expectRevert(1, 1, _roleMissing(AUTHORITY, ADMIN_ROLE));
        vm.prank(STRANGER);
        masterData.voidRecordProof(1, 1);
        vm.assertTrue(masterData.getRecordProof(1).voided);
    }

    function test_notWhilePaused() public {
        _anchorNew();
        _pause();
        _expectRevert(1, 1, abi.encodeWithSelector(Pausable.EnforcedPause.selector));
    }

    function test_notThroughASupersededMasterData() public {
        _anchorNew();
        address newer = address(_supersede());
        _expectRevert(1, 1, abi.encodeWithSelector(IStorageLayer.WriterOnly.selector, masterData, newer));
    }

    function test_theNewestVersionIsToldAsVoided() public {
        uint256 uid = _anchorNew(2);
        vm.expectEmit(address(store));
        emit IStorageLayer.RecordProofVoided(1, 2, _proof(uid, 2), uint64(block.timestamp), AUTHORITY);
        _void(uid, 2);

        IMasterData.RecordProof memory record = masterData.getRecordProof(uid);
        vm.assertTrue(record.voided);
        vm.assertEq(record.voidCount, 1);
        vm.assertEq(record.version, 2);
        vm.assertEq(record.proof, _proof(uid, 2), "the word stays readable");
        vm.assertFalse(masterData.getRecordProofAt(uid, 1).voided);
        vm.assertEq(masterData.getRecordProofAt(uid, 1).voidCount, 1);
    }

    function test_versionsAreVoidedInAnyOrder() public {
        uint256 uid = _anchorNew(3);
        _void(uid, 3);
        _void(uid, 1);
        vm.assertTrue(masterData.getRecordProofAt(uid, 1).voided);
        vm.assertFalse(masterData.getRecordProofAt(uid, 2).voided);
        vm.assertTrue(masterData.getRecordProofAt(uid, 3).voided);
        vm.assertEq(masterData.getRecordProof(uid).voidCount, 2);
        vm.assertEq(uint256(store.word(StreamKind.VOID, 1, 1)), 3);
        vm.assertEq(uint256(store.word(StreamKind.VOID, 1, 2)), 1);
    }

    function test_aVoidedRecordGetsAFurtherVersion() public {
        uint256 uid = _anchorNew();
        _void(uid, 1);
        _pass(1);
        _anchor(uid, 2);
        IMasterData.RecordProof memory record = masterData.getRecordProof(uid);
        vm.assertFalse(record.voided);
        vm.assertEq(record.voidCount, 1);
    }

    function test_alsoAfterRetirement() public {
        uint256 uid = _anchorNew();
        _retire(uid, ERASED);
        _void(uid, 1);
        vm.assertTrue(masterData.getRecordProof(uid).voided);
    }

    function test_twiceIsRefused() public {
        _anchorNew(2);
        _void(1, 1);
        _expectRevert(1, 1, abi.encodeWithSelector(IMasterData.AlreadyVoided.selector, 1, 1));
    }

    function test_anUnknownUidIsRefused() public {
        _anchorNew();
        _expectRevert(0, 1, abi.encodeWithSelector(IMasterData.UidUnknown.selector, 0, 2));
        _expectRevert(2, 1, abi.encodeWithSelector(IMasterData.UidUnknown.selector, 2, 2));
    }

    function test_anUnknownVersionIsRefused() public {
        _anchorNew(2);
        _expectRevert(1, 0, abi.encodeWithSelector(IMasterData.VersionUnknown.selector, 1, 0, 2));
        _expectRevert(1, 3, abi.encodeWithSelector(IMasterData.VersionUnknown.selector, 1, 3, 2));
        uint256 huge = uint256(type(uint64).max) + 2;
        _expectRevert(1, huge, abi.encodeWithSelector(IMasterData.VersionUnknown.selector, 1, huge, 2));
    }

    function _expectRevert(uint256 uid, uint256 version, bytes memory refusal) private {
        vm.expectRevert(refusal);
        vm.prank(AUTHORITY);
        masterData.voidRecordProof(uid, version);
    }
}
