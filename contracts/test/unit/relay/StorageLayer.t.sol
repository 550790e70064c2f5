// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Deployed} from "../../Deployed.sol";

contract RelayStorageLayerTest is Deployed {
    function test_relayAndStorageNameEachOther() public view {
        vm.assertEq(relay.storageLayer(), address(store));
        vm.assertEq(store.relay(), address(relay));
    }
}
