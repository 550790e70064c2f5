// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StorageLayer} from "../../../src/StorageLayer.sol";
import {IStorageLayer} from "../../../src/interfaces/IStorageLayer.sol";
import {Writer} from "./Writer.sol";

contract SetWriterTest is Writer {
    function test_onlyTheRelay() public {
        address[4] memory others = [AUTHORITY, CONTROLLER, STRANGER, address(masterData)];
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(IStorageLayer.RelayOnly.selector, others[i]));
            vm.prank(others[i]);
            store.setWriter(others[i]);
        }
    }

    function test_theRelayNamesTheWriter() public {
        vm.prank(address(relay));
        store.setWriter(STRANGER);
        vm.assertEq(store.writer(), STRANGER);
    }

    function test_nobodyWritesBeforeTheFirstRegistration() public {
        StorageLayer fresh = new StorageLayer(AUTHORITY);
        vm.assertEq(fresh.writer(), address(0));
        vm.expectRevert(abi.encodeWithSelector(IStorageLayer.WriterOnly.selector, CONTROLLER, address(0)));
        vm.prank(CONTROLLER);
        fresh.appendRecordProof(CONTROLLER, 1, NOW, WORD);
    }
}
