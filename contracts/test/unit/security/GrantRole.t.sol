// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {SecurityLayer} from "../../../src/SecurityLayer.sol";
import {Deployed} from "../../Deployed.sol";

contract GrantRoleTest is Deployed {
    function test_onlyTheAuthority() public {
        address[3] memory others = [STRANGER, CONTROLLER, WITNESS];
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(_roleMissing(others[i], ADMIN_ROLE));
            vm.prank(others[i]);
            store.grantRole(CONTROLLER_ROLE, others[i]);
        }
    }

    function test_grantsControllersAndWitnesses() public {
        bytes32[2] memory roles = [CONTROLLER_ROLE, WITNESS_ROLE];
        for (uint256 i = 0; i < roles.length; i++) {
            vm.expectEmit(address(store));
            emit IAccessControl.RoleGranted(roles[i], STRANGER, AUTHORITY);
            vm.prank(AUTHORITY);
            store.grantRole(roles[i], STRANGER);
            vm.assertTrue(store.hasRole(roles[i], STRANGER));
        }
        vm.assertTrue(store.hasRole(CONTROLLER_ROLE, CONTROLLER));
    }

    function test_theAdminRoleIsNotGranted() public {
        _expectUnknown(ADMIN_ROLE);
    }

    function test_anotherRoleIsNotGranted() public {
        _expectUnknown(keccak256("OTHER_ROLE"));
    }

    function test_theRolesAreNamedByTheirHashes() public view {
        vm.assertEq(store.CONTROLLER_ROLE(), CONTROLLER_ROLE);
        vm.assertEq(store.WITNESS_ROLE(), WITNESS_ROLE);
    }

    function _expectUnknown(bytes32 role) private {
        vm.expectRevert(abi.encodeWithSelector(SecurityLayer.RoleUnknown.selector, role));
        vm.prank(AUTHORITY);
        store.grantRole(role, STRANGER);
    }
}
