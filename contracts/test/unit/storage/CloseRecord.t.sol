// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StreamKind} from "../../../src/StreamKind.sol";
import {IStorageLayer} from "../../../src/interfaces/IStorageLayer.sol";
import {Writer} from "./Writer.sol";

contract CloseRecordTest is Writer {
    function test_onlyTheWriterForAControllerWhileNotPaused() public {
        _anchorNew();
        _expectGuarded(_callBy, CONTROLLER, CONTROLLER_ROLE);
    }

    function test_theTipKeepsTheNewestVersion() public {
        _anchorNew(2);
        _pass(10);
        vm.prank(address(masterData));
        store.closeRecord(CONTROLLER, 1, 7, WORD);
        IStorageLayer.Tip memory tip = store.tip(StreamKind.RECORD, 1);
        vm.assertEq(tip.lastIndex, 2);
        vm.assertEq(tip.timestamp, NOW + 10);
        vm.assertEq(tip.blockNumber, BLOCK + 1);
        vm.assertEq(tip.closure, 7);
        vm.assertEq(tip.closedAtBlock, BLOCK + 2);
        vm.assertEq(store.word(StreamKind.RECORD, 1, 0), WORD);
    }

    function test_aBatchedRecordIsClosedToo() public {
        vm.startPrank(address(masterData));
        store.appendBatch(CONTROLLER, 1, 3, NOW, WORD);
        vm.expectEmit(address(store));
        emit IStorageLayer.RecordRetired(2, 0, 0, ERASED, WORD, CONTROLLER);
        store.closeRecord(CONTROLLER, 2, ERASED, WORD);
        vm.stopPrank();
        _expectRefusal(
            abi.encodeCall(IStorageLayer.appendRecordProof, (CONTROLLER, 2, NOW, WORD)),
            abi.encodeWithSelector(IStorageLayer.RecordIsRetired.selector, 2, ERASED)
        );
    }

    function test_anUnknownUidIsRefused() public {
        _anchorNew();
        _expectRefusal(
            _call(CONTROLLER, 0, ERASED, WORD), abi.encodeWithSelector(IStorageLayer.UidOutOfOrder.selector, 0, 2)
        );
        _expectRefusal(
            _call(CONTROLLER, 2, ERASED, WORD), abi.encodeWithSelector(IStorageLayer.UidOutOfOrder.selector, 2, 2)
        );
    }

    function test_reasonZeroIsRefused() public {
        _anchorNew();
        _expectRefusal(_call(CONTROLLER, 1, 0, WORD), abi.encodeWithSelector(IStorageLayer.ReasonZero.selector, 1));
    }

    function test_aZeroWordIsRefused() public {
        _anchorNew();
        _expectRefusal(
            _call(CONTROLLER, 1, ERASED, 0),
            abi.encodeWithSelector(IStorageLayer.WordZero.selector, StreamKind.RECORD, 1, 0)
        );
    }

    function test_twiceIsRefused() public {
        _anchorNew();
        _retire(1, ERASED);
        _expectRefusal(
            _call(CONTROLLER, 1, WITHDRAWN, WORD),
            abi.encodeWithSelector(IStorageLayer.RecordIsRetired.selector, 1, ERASED)
        );
    }

    function _callBy(address actor) private pure returns (bytes memory) {
        return _call(actor, 1, ERASED, WORD);
    }

    function _call(address actor, uint64 uid, uint8 reason, bytes32 word) private pure returns (bytes memory) {
        return abi.encodeCall(IStorageLayer.closeRecord, (actor, uid, reason, word));
    }
}
