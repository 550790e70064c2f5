// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StreamKind} from "../../../src/StreamKind.sol";
import {IStorageLayer} from "../../../src/interfaces/IStorageLayer.sol";
import {Writer} from "./Writer.sol";

contract AppendRegisterHeadTest is Writer {
    function test_onlyTheWriterForAWitnessWhileNotPaused() public {
        _expectGuarded(_callBy, WITNESS, WITNESS_ROLE);
    }

    function test_eachRegisterCountsItsOwnHeads() public {
        vm.startPrank(address(masterData));
        vm.assertEq(store.appendRegisterHead(WITNESS, 0, NOW, WORD), 1);
        vm.assertEq(store.appendRegisterHead(WITNESS, 0, NOW, WORD), 2);
        vm.expectEmit(address(store));
        emit IStorageLayer.RegisterHeadAdded(9, 1, WORD, NOW, WITNESS);
        vm.assertEq(store.appendRegisterHead(WITNESS, 9, NOW, WORD), 1);
        vm.assertEq(store.tip(StreamKind.REGISTER_HEAD, 0).lastIndex, 2);
    }

    function test_aZeroHeadIsRefused() public {
        _expectRefusal(
            abi.encodeCall(IStorageLayer.appendRegisterHead, (WITNESS, 9, NOW, 0)),
            abi.encodeWithSelector(IStorageLayer.WordZero.selector, StreamKind.REGISTER_HEAD, 9, 1)
        );
    }

    function _callBy(address actor) private pure returns (bytes memory) {
        return abi.encodeCall(IStorageLayer.appendRegisterHead, (actor, 0, NOW, WORD));
    }
}
