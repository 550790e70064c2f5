// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StreamKind} from "../../../src/StreamKind.sol";
import {Deployed} from "../../Deployed.sol";

contract WordTest is Deployed {
    function test_oneWordOrZero() public {
        _anchorNew(2);
        vm.assertEq(store.word(StreamKind.RECORD, 1, 1), _proof(1, 1));
        vm.assertEq(store.word(StreamKind.RECORD, 1, 2), _proof(1, 2));
        vm.assertEq(store.word(StreamKind.RECORD, 1, 0), bytes32(0));
        vm.assertEq(store.word(StreamKind.RECORD, 1, 3), bytes32(0));
        vm.assertEq(store.word(StreamKind.RECORD, 2, 1), bytes32(0));
        vm.assertEq(store.word(StreamKind.VOID, 1, 1), bytes32(0));
    }
}
