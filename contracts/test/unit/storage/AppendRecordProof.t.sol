// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StreamKind} from "../../../src/StreamKind.sol";
import {IStorageLayer} from "../../../src/interfaces/IStorageLayer.sol";
import {Writer} from "./Writer.sol";

contract AppendRecordProofTest is Writer {
    function test_onlyTheWriterForAControllerWhileNotPaused() public {
        _expectGuarded(_callBy, CONTROLLER, CONTROLLER_ROLE);
    }

    function test_answersTheVersionAndTheTimestampBefore() public {
        vm.startPrank(address(masterData));
        (uint64 version, uint64 previous) = store.appendRecordProof(CONTROLLER, 1, 77, WORD);
        vm.assertEq(version, 1);
        vm.assertEq(previous, 0);
        (version, previous) = store.appendRecordProof(CONTROLLER, 1, 99, WORD);
        vm.assertEq(version, 2);
        vm.assertEq(previous, 77);
        vm.assertEq(store.lastUid(), 1);
    }

    function test_aBatchedRecordGoesOnAtVersionTwo() public {
        vm.startPrank(address(masterData));
        store.appendBatch(CONTROLLER, 1, 3, NOW, WORD);
        vm.expectEmit(address(store));
        emit IStorageLayer.RecordProofAdded(2, 2, WORD, NOW, CONTROLLER);
        (uint64 version, uint64 previous) = store.appendRecordProof(CONTROLLER, 2, NOW, WORD);
        vm.assertEq(version, 2);
        vm.assertEq(previous, 0);
        vm.assertEq(store.word(StreamKind.RECORD, 2, 1), bytes32(0));
        vm.assertEq(store.lastUid(), 3);
    }

    function test_uidsHaveNoGap() public {
        _expectRefusal(_call(CONTROLLER, 0, WORD), abi.encodeWithSelector(IStorageLayer.UidOutOfOrder.selector, 0, 1));
        _expectRefusal(_call(CONTROLLER, 2, WORD), abi.encodeWithSelector(IStorageLayer.UidOutOfOrder.selector, 2, 1));
        uint64 last = type(uint64).max;
        _expectRefusal(
            _call(CONTROLLER, last, WORD), abi.encodeWithSelector(IStorageLayer.UidOutOfOrder.selector, last, 1)
        );
    }

    function test_aZeroWordIsRefused() public {
        _expectRefusal(
            _call(CONTROLLER, 1, 0), abi.encodeWithSelector(IStorageLayer.WordZero.selector, StreamKind.RECORD, 1, 1)
        );
    }

    function test_aClosedStreamStaysClosed() public {
        _anchorNew();
        _retire(1, ERASED);
        _expectRefusal(
            _call(CONTROLLER, 1, WORD), abi.encodeWithSelector(IStorageLayer.RecordIsRetired.selector, 1, ERASED)
        );
    }

    function _callBy(address actor) private pure returns (bytes memory) {
        return _call(actor, 1, WORD);
    }

    function _call(address actor, uint64 uid, bytes32 word) private pure returns (bytes memory) {
        return abi.encodeCall(IStorageLayer.appendRecordProof, (actor, uid, NOW, word));
    }
}
