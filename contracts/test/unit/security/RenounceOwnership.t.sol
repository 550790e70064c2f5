// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {SecurityLayer} from "../../../src/SecurityLayer.sol";
import {Deployed} from "../../Deployed.sol";

contract RenounceOwnershipTest is Deployed {
    function test_strangersAreToldSo() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, STRANGER));
        vm.prank(STRANGER);
        store.renounceOwnership();
    }

    function test_theAuthorityStays() public {
        vm.expectRevert(abi.encodeWithSelector(SecurityLayer.AuthorityRequired.selector));
        vm.prank(AUTHORITY);
        store.renounceOwnership();
        vm.assertEq(store.owner(), AUTHORITY);
    }
}
