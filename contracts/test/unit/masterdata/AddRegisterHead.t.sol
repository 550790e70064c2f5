// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {StreamKind} from "../../../src/StreamKind.sol";
import {IStorageLayer} from "../../../src/interfaces/IStorageLayer.sol";
import {Deployed} from "../../Deployed.sol";

contract AddRegisterHeadTest is Deployed {
    bytes32 private constant HEAD = keccak256("head");

    function test_onlyAWitness() public {
        address[3] memory others = [STRANGER, AUTHORITY, CONTROLLER];
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(_roleMissing(others[i], WITNESS_ROLE));
            vm.prank(others[i]);
            masterData.addRegisterHead(HEAD);
        }
    }

    function test_notWhilePaused() public {
        _pause();
        _expectRevert(HEAD, abi.encodeWithSelector(Pausable.EnforcedPause.selector));
    }

    function test_notThroughASupersededMasterData() public {
        address newer = address(_supersede());
        _expectRevert(HEAD, abi.encodeWithSelector(IStorageLayer.WriterOnly.selector, masterData, newer));
    }

    function test_aZeroHeadIsRefused() public {
        bytes memory refusal = abi.encodeWithSelector(IStorageLayer.WordZero.selector, StreamKind.REGISTER_HEAD, 0, 1);
        _expectRevert(0, refusal);
    }

    function test_headsAreCountedAlsoWithinOneBlock() public {
        for (uint64 number = 1; number <= 3; number++) {
            bytes32 head = keccak256(abi.encode(number));
            vm.expectEmit(address(store));
            emit IStorageLayer.WordAppended(0, number, head, StreamKind.REGISTER_HEAD, NOW, WITNESS);
            vm.prank(WITNESS);
            masterData.addRegisterHead(head);
            vm.assertEq(store.word(StreamKind.REGISTER_HEAD, 0, number), head);
        }
        IStorageLayer.Tip memory tip = store.tip(StreamKind.REGISTER_HEAD, 0);
        vm.assertEq(tip.lastIndex, 3);
        vm.assertEq(tip.timestamp, NOW);
        vm.assertEq(tip.blockNumber, BLOCK);
    }

    function test_itTakesNoUid() public {
        vm.prank(WITNESS);
        masterData.addRegisterHead(HEAD);
        vm.assertEq(masterData.nextUid(), 1);
    }

    function _expectRevert(bytes32 head, bytes memory refusal) private {
        vm.expectRevert(refusal);
        vm.prank(WITNESS);
        masterData.addRegisterHead(head);
    }
}
