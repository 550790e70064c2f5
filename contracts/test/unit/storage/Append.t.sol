// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StreamKind} from "../../../src/StreamKind.sol";
import {IStorageLayer} from "../../../src/interfaces/IStorageLayer.sol";
import {Writer} from "./Writer.sol";

contract AppendTest is Writer {
    uint8 private constant LATER_KIND = 5;

    function test_onlyTheWriterForAWitnessWhileNotPaused() public {
        _expectGuarded(_headBy, WITNESS, WITNESS_ROLE);
    }

    function test_onlyTheWriterForTheRoleOfALaterKindWhileNotPaused() public {
        _open();
        _expectGuarded(_laterWordBy, CONTROLLER, CONTROLLER_ROLE);
    }

    function test_eachRegisterCountsItsOwnHeads() public {
        vm.startPrank(address(masterData));
        vm.assertEq(store.append(WITNESS, StreamKind.REGISTER_HEAD, 0, NOW, WORD), 1);
        vm.assertEq(store.append(WITNESS, StreamKind.REGISTER_HEAD, 0, NOW, WORD), 2);
        vm.expectEmit(address(store));
        emit IStorageLayer.WordAppended(9, 1, WORD, StreamKind.REGISTER_HEAD, NOW, WITNESS);
        vm.assertEq(store.append(WITNESS, StreamKind.REGISTER_HEAD, 9, NOW, WORD), 1);
        vm.assertEq(store.tip(StreamKind.REGISTER_HEAD, 0).lastIndex, 2);
    }

    function test_aLaterKindIsWrittenAndReadLikeTheOthers() public {
        _open();
        vm.startPrank(address(masterData));
        store.append(CONTROLLER, LATER_KIND, 7, NOW, _proof(7, 1));
        store.append(CONTROLLER, LATER_KIND, 7, NOW, _proof(7, 2));
        vm.assertEq(store.tip(LATER_KIND, 7).lastIndex, 2);
        vm.assertEq(store.words(LATER_KIND, 7, 1, 10).length, 2);
        vm.assertEq(store.streams(LATER_KIND, 7, 1)[0].newestWord, _proof(7, 2));
        vm.assertEq(store.lastUid(), 0);
    }

    function test_kindsNotOpenedAreRefused() public {
        uint8[5] memory kinds = [0, StreamKind.RECORD, StreamKind.BATCH, StreamKind.VOID, LATER_KIND];
        for (uint256 i = 0; i < kinds.length; i++) {
            _expectRefusal(
                abi.encodeCall(IStorageLayer.append, (CONTROLLER, kinds[i], 1, NOW, WORD)),
                abi.encodeWithSelector(IStorageLayer.KindNotOpen.selector, kinds[i])
            );
        }
    }

    function test_aZeroWordIsRefused() public {
        _expectRefusal(
            abi.encodeCall(IStorageLayer.append, (WITNESS, StreamKind.REGISTER_HEAD, 9, NOW, 0)),
            abi.encodeWithSelector(IStorageLayer.WordZero.selector, StreamKind.REGISTER_HEAD, 9, 1)
        );
    }

    function _open() private {
        vm.prank(AUTHORITY);
        store.openKind(LATER_KIND, CONTROLLER_ROLE);
    }

    function _headBy(address actor) private pure returns (bytes memory) {
        return abi.encodeCall(IStorageLayer.append, (actor, StreamKind.REGISTER_HEAD, 0, NOW, WORD));
    }

    function _laterWordBy(address actor) private pure returns (bytes memory) {
        return abi.encodeCall(IStorageLayer.append, (actor, LATER_KIND, 0, NOW, WORD));
    }
}
