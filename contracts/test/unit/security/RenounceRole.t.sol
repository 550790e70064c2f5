// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {SecurityLayer} from "../../../src/SecurityLayer.sol";
import {Deployed} from "../../Deployed.sol";

contract RenounceRoleTest is Deployed {
    function test_onlyTheHolder() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessControl.AccessControlBadConfirmation.selector));
        vm.prank(STRANGER);
        store.renounceRole(CONTROLLER_ROLE, CONTROLLER);
    }

    function test_aKeyGivesItsOwnRoleUp() public {
        vm.prank(CONTROLLER);
        store.renounceRole(CONTROLLER_ROLE, CONTROLLER);
        vm.assertFalse(store.hasRole(CONTROLLER_ROLE, CONTROLLER));
    }

    function test_theAuthorityDoesNotGiveUpTheAdminRole() public {
        vm.expectRevert(abi.encodeWithSelector(SecurityLayer.RoleUnknown.selector, ADMIN_ROLE));
        vm.prank(AUTHORITY);
        store.renounceRole(ADMIN_ROLE, AUTHORITY);
    }
}
