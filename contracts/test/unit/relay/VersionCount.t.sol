// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StorageLayer} from "../../../src/StorageLayer.sol";
import {IRecordRelay} from "../../../src/interfaces/IRecordRelay.sol";
import {Deployed} from "../../Deployed.sol";

contract VersionCountTest is Deployed {
    function test_countsFromZero() public {
        vm.assertEq(IRecordRelay(new StorageLayer(AUTHORITY).relay()).versionCount(), 0);
        vm.assertEq(relay.versionCount(), 1);
        _supersede();
        vm.assertEq(relay.versionCount(), 2);
    }
}
