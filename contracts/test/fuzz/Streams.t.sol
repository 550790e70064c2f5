// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StreamKind} from "../../src/StreamKind.sol";
import {IStorageLayer} from "../../src/interfaces/IStorageLayer.sol";
import {Deployed} from "../Deployed.sol";

/// @notice The storage layer with everything a master-data could pass: nothing is cut when it is packed.
contract StreamsFuzzTest is Deployed {
    function testFuzz_theTipKeepsWhatItIsGiven(uint64 timestamp, uint64 blockNumber, bytes32 word) public {
        vm.assume(word != 0);
        vm.roll(blockNumber);
        vm.prank(address(masterData));
        store.appendRecordProof(CONTROLLER, 1, timestamp, word);
        IStorageLayer.Tip memory tip = store.tip(StreamKind.RECORD, 1);
        vm.assertEq(tip.lastIndex, 1);
        vm.assertEq(tip.timestamp, timestamp);
        vm.assertEq(tip.blockNumber, blockNumber);
        vm.assertEq(store.word(StreamKind.RECORD, 1, 1), word);
    }

    function testFuzz_closingKeepsTheTip(uint64 timestamp, uint56 closedAtBlock, uint8 reason, bytes32 evidence)
        public
    {
        vm.assume(reason != 0 && evidence != 0);
        vm.startPrank(address(masterData));
        store.appendRecordProof(CONTROLLER, 1, timestamp, _proof(1, 1));
        vm.roll(closedAtBlock);
        store.closeRecord(CONTROLLER, 1, reason, evidence);
        IStorageLayer.Stream memory stream = store.streams(StreamKind.RECORD, 1, 1)[0];
        vm.assertEq(stream.tip.lastIndex, 1);
        vm.assertEq(stream.tip.timestamp, timestamp);
        vm.assertEq(stream.tip.blockNumber, BLOCK);
        vm.assertEq(stream.tip.closure, reason);
        vm.assertEq(stream.tip.closedAtBlock, closedAtBlock);
        vm.assertEq(stream.closingWord, evidence);
        vm.assertEq(stream.newestWord, _proof(1, 1));
    }

    function testFuzz_batchesTakeUidsWithoutAGap(uint64 first, uint64 second) public {
        first = uint64(_within(first, 1, type(uint64).max / 2));
        second = uint64(_within(second, 1, type(uint64).max / 2 - 1));
        vm.startPrank(address(masterData));
        store.appendBatch(CONTROLLER, 1, first, NOW, _proof(1, 1));
        store.appendBatch(CONTROLLER, first + 1, second, NOW, _proof(2, 1));
        store.appendRecordProof(CONTROLLER, first + second + 1, NOW, _proof(3, 1));
        vm.assertEq(store.lastUid(), uint256(first) + second + 1);
    }

    function testFuzz_registersAreApart(uint64 register, uint64 other, bytes32 head) public {
        vm.assume(register != other && head != 0);
        vm.startPrank(address(masterData));
        store.append(WITNESS, StreamKind.REGISTER_HEAD, register, NOW, head);
        vm.assertEq(store.word(StreamKind.REGISTER_HEAD, register, 1), head);
        vm.assertEq(store.tip(StreamKind.REGISTER_HEAD, other).lastIndex, 0);
        vm.assertEq(store.tip(StreamKind.VOID, register).lastIndex, 0);
    }

    function testFuzz_nobodyButTheWriter(address caller, address actor) public {
        vm.assume(caller != address(masterData));
        vm.expectRevert(abi.encodeWithSelector(IStorageLayer.WriterOnly.selector, caller, masterData));
        vm.prank(caller);
        store.appendRecordProof(actor, 1, NOW, _proof(1, 1));
    }
}
