// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Deployed} from "../../Deployed.sol";

contract VersionOfTest is Deployed {
    function test_isTheNumberOrZero() public {
        address second = address(_supersede());
        vm.assertEq(relay.versionOf(address(masterData)), 1);
        vm.assertEq(relay.versionOf(second), 2);
        vm.assertEq(relay.versionOf(STRANGER), 0);
    }
}
