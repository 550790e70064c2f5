// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {Deployed} from "../../Deployed.sol";

contract UnpauseTest is Deployed {
    function test_onlyTheAuthority() public {
        _pause();
        address[3] memory others = [STRANGER, CONTROLLER, WITNESS];
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, others[i]));
            vm.prank(others[i]);
            store.unpause();
        }
    }

    function test_writingResumes() public {
        _pause();
        vm.expectEmit(address(store));
        emit Pausable.Unpaused(AUTHORITY);
        vm.prank(AUTHORITY);
        store.unpause();
        vm.assertFalse(store.paused());
        vm.assertEq(_anchorNew(), 1);
    }

    function test_onlyAfterAPause() public {
        vm.expectRevert(abi.encodeWithSelector(Pausable.ExpectedPause.selector));
        vm.prank(AUTHORITY);
        store.unpause();
    }
}
