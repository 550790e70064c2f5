// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {StorageLayer} from "../../../src/StorageLayer.sol";
import {IRecordRelay} from "../../../src/interfaces/IRecordRelay.sol";
import {Deployed} from "../../Deployed.sol";

contract LatestTest is Deployed {
    function test_isTheOneRegisteredLast() public {
        vm.assertEq(relay.latest(), address(masterData));
        _supersede();
        address third = address(_supersede());
        vm.assertEq(relay.latest(), third);
    }

    function test_revertsBeforeTheFirst() public {
        IRecordRelay fresh = IRecordRelay(new StorageLayer(AUTHORITY).relay());
        vm.expectRevert(abi.encodeWithSelector(IRecordRelay.NothingRegistered.selector));
        fresh.latest();
    }
}
