// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {Deployed} from "../../Deployed.sol";

contract PauseTest is Deployed {
    function test_onlyTheAuthority() public {
        address[3] memory others = [STRANGER, CONTROLLER, WITNESS];
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, others[i]));
            vm.prank(others[i]);
            store.pause();
        }
    }

    function test_pauses() public {
        vm.expectEmit(address(store));
        emit Pausable.Paused(AUTHORITY);
        _pause();
        vm.assertTrue(store.paused());
    }

    function test_twiceIsRefused() public {
        _pause();
        vm.expectRevert(abi.encodeWithSelector(Pausable.EnforcedPause.selector));
        _pause();
    }

    function test_neitherWriterNorLastUidIsTouched() public {
        _anchorNew();
        _pause();
        vm.assertEq(store.writer(), address(masterData));
        vm.assertEq(store.lastUid(), 1);
    }
}
