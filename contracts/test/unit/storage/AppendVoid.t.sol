// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StreamKind} from "../../../src/StreamKind.sol";
import {IStorageLayer} from "../../../src/interfaces/IStorageLayer.sol";
import {Writer} from "./Writer.sol";

contract AppendVoidTest is Writer {
    function test_onlyTheWriterForTheAuthorityWhileNotPaused() public {
        _anchorNew();
        _expectGuarded(_callBy, AUTHORITY, ADMIN_ROLE);
    }

    function test_storesTheVersionAndTellsTheProof() public {
        _anchorNew(2);
        vm.expectEmit(address(store));
        emit IStorageLayer.RecordProofVoided(1, 2, _proof(1, 2), 55, AUTHORITY);
        vm.prank(address(masterData));
        store.appendVoid(AUTHORITY, 1, 2, 55);
        vm.assertEq(uint256(store.word(StreamKind.VOID, 1, 1)), 2);
        vm.assertEq(store.tip(StreamKind.VOID, 1).timestamp, 55);
    }

    function test_versionOneOfABatchHasNoProofOfItsOwn() public {
        vm.startPrank(address(masterData));
        store.appendBatch(CONTROLLER, 1, 3, NOW, WORD);
        vm.expectEmit(address(store));
        emit IStorageLayer.RecordProofVoided(2, 1, 0, NOW, AUTHORITY);
        store.appendVoid(AUTHORITY, 2, 1, NOW);
    }

    function test_anUnknownUidIsRefused() public {
        _anchorNew();
        _expectRefusal(_call(AUTHORITY, 0, 1), abi.encodeWithSelector(IStorageLayer.UidOutOfOrder.selector, 0, 2));
        _expectRefusal(_call(AUTHORITY, 2, 1), abi.encodeWithSelector(IStorageLayer.UidOutOfOrder.selector, 2, 2));
    }

    function test_versionZeroIsRefused() public {
        _anchorNew();
        _expectRefusal(
            _call(AUTHORITY, 1, 0), abi.encodeWithSelector(IStorageLayer.WordZero.selector, StreamKind.VOID, 1, 1)
        );
    }

    function _callBy(address actor) private pure returns (bytes memory) {
        return _call(actor, 1, 1);
    }

    function _call(address actor, uint64 uid, uint64 version) private pure returns (bytes memory) {
        return abi.encodeCall(IStorageLayer.appendVoid, (actor, uid, version, NOW));
    }
}
