// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {SecurityLayer} from "../../../src/SecurityLayer.sol";
import {Deployed} from "../../Deployed.sol";

contract RevokeRoleTest is Deployed {
    function test_onlyTheAuthority() public {
        address[3] memory others = [STRANGER, CONTROLLER, WITNESS];
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(_roleMissing(others[i], ADMIN_ROLE));
            vm.prank(others[i]);
            store.revokeRole(CONTROLLER_ROLE, CONTROLLER);
        }
    }

    function test_revokes() public {
        vm.expectEmit(address(store));
        emit IAccessControl.RoleRevoked(CONTROLLER_ROLE, CONTROLLER, AUTHORITY);
        vm.prank(AUTHORITY);
        store.revokeRole(CONTROLLER_ROLE, CONTROLLER);
        vm.assertFalse(store.hasRole(CONTROLLER_ROLE, CONTROLLER));
        vm.assertTrue(store.hasRole(WITNESS_ROLE, WITNESS));
    }

    function test_theAdminRoleIsNotRevoked() public {
        vm.expectRevert(abi.encodeWithSelector(SecurityLayer.RoleUnknown.selector, ADMIN_ROLE));
        vm.prank(AUTHORITY);
        store.revokeRole(ADMIN_ROLE, AUTHORITY);
    }
}
