// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {RecordRelay} from "../../../src/RecordRelay.sol";
import {StorageLayer} from "../../../src/StorageLayer.sol";
import {Deployed} from "../../Deployed.sol";

contract ConstructorTest is Deployed {
    function test_needsAnAuthority() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        new StorageLayer(address(0));
    }

    function test_startsEmptyWithItsOwnRelay() public {
        vm.roll(4242);
        StorageLayer fresh = new StorageLayer(AUTHORITY);
        vm.assertEq(fresh.owner(), AUTHORITY);
        vm.assertEq(fresh.deploymentBlock(), 4242);
        vm.assertEq(fresh.lastUid(), 0);
        vm.assertFalse(fresh.paused());
        vm.assertEq(RecordRelay(fresh.relay()).storageLayer(), address(fresh));
        vm.assertEq(RecordRelay(fresh.relay()).versionCount(), 0);
    }
}
