// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {StreamKind} from "../../../src/StreamKind.sol";
import {IStorageLayer} from "../../../src/interfaces/IStorageLayer.sol";
import {Writer} from "./Writer.sol";

contract AppendBatchTest is Writer {
    function test_onlyTheWriterForAControllerWhileNotPaused() public {
        _expectGuarded(_callBy, CONTROLLER, CONTROLLER_ROLE);
    }

    function test_takesItsUidsAndStoresTheRoot() public {
        _anchorNew();
        vm.expectEmit(address(store));
        emit IStorageLayer.RecordProofBatchAdded(2, 10, WORD, NOW, CONTROLLER);
        vm.prank(address(masterData));
        store.appendBatch(CONTROLLER, 2, 10, NOW, WORD);

        vm.assertEq(store.lastUid(), 11);
        vm.assertEq(store.word(StreamKind.BATCH, 0, 2), WORD);
        vm.assertEq(store.tip(StreamKind.BATCH, 0).lastIndex, 2);
        vm.assertEq(_anchorNew(), 12);
    }

    function test_batchesFollowEachOther() public {
        vm.startPrank(address(masterData));
        store.appendBatch(CONTROLLER, 1, 1, NOW, WORD);
        store.appendBatch(CONTROLLER, 2, 5, NOW, WORD);
        store.appendBatch(CONTROLLER, 7, 2, NOW, WORD);
        vm.assertEq(store.lastUid(), 8);
        vm.assertEq(store.tip(StreamKind.BATCH, 0).lastIndex, 7);
    }

    function test_uidsHaveNoGap() public {
        _anchorNew();
        uint64[3] memory wrong = [uint64(0), 1, 3];
        for (uint256 i = 0; i < wrong.length; i++) {
            _expectRefusal(
                _call(CONTROLLER, wrong[i], 5, WORD),
                abi.encodeWithSelector(IStorageLayer.UidOutOfOrder.selector, wrong[i], 2)
            );
        }
    }

    function test_anEmptyBatchIsRefused() public {
        _expectRefusal(_call(CONTROLLER, 1, 0, WORD), abi.encodeWithSelector(IStorageLayer.BatchEmpty.selector, 1));
    }

    function test_aZeroRootIsRefused() public {
        _expectRefusal(
            _call(CONTROLLER, 1, 5, 0), abi.encodeWithSelector(IStorageLayer.WordZero.selector, StreamKind.BATCH, 0, 1)
        );
    }

    function test_uidsEndWithU64() public {
        vm.prank(address(masterData));
        store.appendBatch(CONTROLLER, 1, type(uint64).max - 2, NOW, WORD);
        uint64 next = type(uint64).max - 1;
        uint256 beyond = uint256(type(uint64).max) + 1;
        _expectRefusal(
            _call(CONTROLLER, next, 3, WORD),
            abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 64, beyond)
        );
        vm.prank(address(masterData));
        store.appendBatch(CONTROLLER, next, 2, NOW, WORD);
        vm.assertEq(masterData.nextUid(), beyond);
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 64, beyond));
        vm.prank(CONTROLLER);
        masterData.addRecordProof(beyond, NOW, WORD);
    }

    function _callBy(address actor) private pure returns (bytes memory) {
        return _call(actor, 1, 5, WORD);
    }

    function _call(address actor, uint64 firstUid, uint64 count, bytes32 root) private pure returns (bytes memory) {
        return abi.encodeCall(IStorageLayer.appendBatch, (actor, firstUid, count, NOW, root));
    }
}
