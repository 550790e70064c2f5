// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Deployed} from "../../Deployed.sol";

contract MasterDataStorageLayerTest is Deployed {
    function test_isTheOneOfTheRelay() public view {
        vm.assertEq(masterData.storageLayer(), address(store));
        vm.assertEq(masterData.storageLayer(), relay.storageLayer());
    }
}
