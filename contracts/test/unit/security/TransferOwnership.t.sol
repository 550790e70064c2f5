// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {Deployed} from "../../Deployed.sol";

contract TransferOwnershipTest is Deployed {
    function test_onlyTheAuthority() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, STRANGER));
        vm.prank(STRANGER);
        store.transferOwnership(STRANGER);
    }

    function test_nothingMovesBeforeItIsAccepted() public {
        vm.prank(AUTHORITY);
        store.transferOwnership(STRANGER);
        vm.assertEq(store.owner(), AUTHORITY);
        vm.assertEq(store.pendingOwner(), STRANGER);
        vm.assertFalse(store.hasRole(ADMIN_ROLE, STRANGER));
    }

    function test_onlyTheNamedOneAccepts() public {
        vm.prank(AUTHORITY);
        store.transferOwnership(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, CONTROLLER));
        vm.prank(CONTROLLER);
        store.acceptOwnership();
    }

    function test_allRightsMoveTogether() public {
        vm.prank(AUTHORITY);
        store.transferOwnership(STRANGER);
        vm.prank(STRANGER);
        store.acceptOwnership();

        vm.assertFalse(store.hasRole(ADMIN_ROLE, AUTHORITY));
        vm.expectRevert(_roleMissing(AUTHORITY, ADMIN_ROLE));
        vm.prank(AUTHORITY);
        store.grantRole(CONTROLLER_ROLE, AUTHORITY);

        vm.startPrank(STRANGER);
        store.grantRole(WITNESS_ROLE, AUTHORITY);
        store.pause();
        vm.stopPrank();
        vm.assertTrue(store.hasRole(CONTROLLER_ROLE, CONTROLLER));
    }
}
