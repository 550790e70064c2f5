// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Deployed} from "../../Deployed.sol";

contract HasRoleTest is Deployed {
    function test_theOwnerAloneHoldsTheAdminRole() public view {
        vm.assertTrue(store.hasRole(ADMIN_ROLE, AUTHORITY));
        vm.assertFalse(store.hasRole(ADMIN_ROLE, CONTROLLER));
        vm.assertFalse(store.hasRole(ADMIN_ROLE, address(store)));
        vm.assertFalse(store.hasRole(ADMIN_ROLE, address(0)));
    }

    function test_theAuthorityHoldsNoOtherRole() public view {
        vm.assertFalse(store.hasRole(CONTROLLER_ROLE, AUTHORITY));
        vm.assertFalse(store.hasRole(WITNESS_ROLE, AUTHORITY));
    }

    function test_noRoleImpliesAnother() public view {
        vm.assertFalse(store.hasRole(WITNESS_ROLE, CONTROLLER));
        vm.assertFalse(store.hasRole(CONTROLLER_ROLE, WITNESS));
    }
}
