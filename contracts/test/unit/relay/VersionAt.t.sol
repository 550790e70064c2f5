// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRecordRelay} from "../../../src/interfaces/IRecordRelay.sol";
import {Deployed} from "../../Deployed.sol";

contract VersionAtTest is Deployed {
    function test_keepsEveryVersion() public {
        address second = address(_supersede());
        address third = address(_supersede());
        vm.assertEq(relay.versionAt(1), address(masterData));
        vm.assertEq(relay.versionAt(2), second);
        vm.assertEq(relay.versionAt(3), third);
    }

    function test_anUnknownVersionIsRefused() public {
        uint256[3] memory unknown = [0, 2, type(uint256).max];
        for (uint256 i = 0; i < unknown.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(IRecordRelay.VersionNotRegistered.selector, unknown[i], 1));
            relay.versionAt(unknown[i]);
        }
    }
}
