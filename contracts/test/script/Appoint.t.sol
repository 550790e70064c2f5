// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Appoint} from "../../script/Appoint.s.sol";
import {Deployed} from "../Deployed.sol";

contract AppointTest is Deployed {
    Appoint private script;

    function setUp() public override {
        super.setUp();
        script = new Appoint();
        vm.deal(AUTHORITY, 100 ether);
    }

    function test_onlyTheAuthority() public {
        vm.expectRevert(_roleMissing(STRANGER, ADMIN_ROLE));
        script.appoint(store, STRANGER, CONTROLLER_ROLE, STRANGER, 0);
    }

    function test_grantsAndFunds() public {
        script.appoint(store, AUTHORITY, CONTROLLER_ROLE, STRANGER, 5 ether);
        vm.assertTrue(store.hasRole(CONTROLLER_ROLE, STRANGER));
        vm.assertEq(STRANGER.balance, 5 ether);
    }

    function test_againItOnlyFillsUp() public {
        script.appoint(store, AUTHORITY, CONTROLLER_ROLE, STRANGER, 5 ether);
        script.appoint(store, AUTHORITY, CONTROLLER_ROLE, STRANGER, 5 ether);
        vm.assertEq(STRANGER.balance, 5 ether);
        vm.assertEq(AUTHORITY.balance, 95 ether);
        vm.deal(STRANGER, 2 ether);
        script.appoint(store, AUTHORITY, CONTROLLER_ROLE, STRANGER, 5 ether);
        vm.assertEq(STRANGER.balance, 5 ether);
        script.appoint(store, AUTHORITY, CONTROLLER_ROLE, STRANGER, 1 ether);
        vm.assertEq(STRANGER.balance, 5 ether);
    }

    function test_nobodyIsAppointedWithoutAnAddress() public {
        script.appoint(store, AUTHORITY, WITNESS_ROLE, address(0), 5 ether);
        vm.assertFalse(store.hasRole(WITNESS_ROLE, address(0)));
        vm.assertEq(AUTHORITY.balance, 100 ether);
    }

    function test_fundsThatAreNotTakenAreTold() public {
        address unwilling = address(store);
        vm.expectRevert(abi.encodeWithSelector(Appoint.FundsRefused.selector, unwilling, 1 ether));
        script.appoint(store, AUTHORITY, WITNESS_ROLE, unwilling, 1 ether);
    }
}
