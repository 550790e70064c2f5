// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {StreamKind} from "../../../src/StreamKind.sol";
import {IStorageLayer} from "../../../src/interfaces/IStorageLayer.sol";
import {Deployed} from "../../Deployed.sol";

contract StreamsTest is Deployed {
    function test_aPageOfRecords() public {
        _anchorNew(3);
        _anchorNew();
        _retire(2, ERASED);
        IStorageLayer.Stream[] memory page = store.streams(StreamKind.RECORD, 1, 3);
        vm.assertEq(page.length, 3);
        for (uint64 i = 0; i < 3; i++) {
            vm.assertEq(page[i].key, i + 1);
            bytes32 tip = keccak256(abi.encode(store.tip(StreamKind.RECORD, i + 1)));
            vm.assertEq(keccak256(abi.encode(page[i].tip)), tip);
        }
        vm.assertEq(page[0].newestWord, _proof(1, 3));
        vm.assertEq(page[0].closingWord, bytes32(0));
        vm.assertEq(page[1].newestWord, _proof(2, 1));
        vm.assertEq(page[1].closingWord, _evidence(2));
        vm.assertEq(page[2].newestWord, bytes32(0));
    }

    function test_keysEndWithU64() public {
        uint64 last = type(uint64).max;
        vm.assertEq(store.streams(StreamKind.RECORD, last, 1)[0].key, last);
        uint256 beyond = uint256(last) + 1;
        vm.expectRevert(abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 64, beyond));
        store.streams(StreamKind.RECORD, last, 2);
    }
}
