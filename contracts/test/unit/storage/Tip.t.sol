// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StreamKind} from "../../../src/StreamKind.sol";
import {IStorageLayer} from "../../../src/interfaces/IStorageLayer.sol";
import {Deployed} from "../../Deployed.sol";

contract TipTest is Deployed {
    function test_followsTheNewestWord() public {
        _anchorNew();
        _pass(10);
        _anchor(1, 2);
        IStorageLayer.Tip memory tip = store.tip(StreamKind.RECORD, 1);
        vm.assertEq(tip.lastIndex, 2);
        vm.assertEq(tip.timestamp, NOW + 10);
        vm.assertEq(tip.blockNumber, BLOCK + 1);
        vm.assertEq(tip.closure, 0);
        vm.assertEq(tip.closedAtBlock, 0);
    }

    function test_isZeroForAStreamNeverWritten() public {
        _anchorNew();
        IStorageLayer.Tip memory none;
        vm.assertEq(keccak256(abi.encode(store.tip(StreamKind.RECORD, 2))), keccak256(abi.encode(none)));
        vm.assertEq(keccak256(abi.encode(store.tip(StreamKind.VOID, 1))), keccak256(abi.encode(none)));
        vm.assertEq(keccak256(abi.encode(store.tip(99, 1))), keccak256(abi.encode(none)));
    }
}
