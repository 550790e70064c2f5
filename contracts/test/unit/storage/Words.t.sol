// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StreamKind} from "../../../src/StreamKind.sol";
import {Deployed} from "../../Deployed.sol";

contract WordsTest is Deployed {
    function test_aPageOfAStream() public {
        _anchorNew(5);
        bytes32[] memory page = store.words(StreamKind.RECORD, 1, 2, 3);
        vm.assertEq(page.length, 3);
        for (uint256 i = 0; i < page.length; i++) {
            vm.assertEq(page[i], _proof(1, i + 2));
        }
    }

    function test_aPageEndsWithTheStream() public {
        _anchorNew(2);
        vm.assertEq(store.words(StreamKind.RECORD, 1, 2, 100).length, 1);
        vm.assertEq(store.words(StreamKind.RECORD, 1, 1, type(uint256).max).length, 2);
        vm.assertEq(store.words(StreamKind.RECORD, 1, 3, 100).length, 0);
        vm.assertEq(store.words(StreamKind.RECORD, 1, type(uint64).max, 100).length, 0);
        vm.assertEq(store.words(StreamKind.RECORD, 2, 1, 100).length, 0);
        vm.assertEq(store.words(99, 1, 1, 100).length, 0);
    }

    function test_indexZeroIsTheClosingWord() public {
        _anchorNew();
        vm.assertEq(store.words(StreamKind.RECORD, 1, 0, 2)[0], bytes32(0));
        _retire(1, ERASED);
        bytes32[] memory page = store.words(StreamKind.RECORD, 1, 0, 2);
        vm.assertEq(page[0], _evidence(1));
        vm.assertEq(page[1], _proof(1, 1));
    }
}
