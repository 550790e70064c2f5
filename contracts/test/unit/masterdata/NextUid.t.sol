// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Deployed} from "../../Deployed.sol";

contract NextUidTest is Deployed {
    function test_startsAtOne() public view {
        vm.assertEq(masterData.nextUid(), 1);
    }

    function test_risesWithNewRecordsOnly() public {
        uint256 uid = _anchorNew(2);
        vm.assertEq(masterData.nextUid(), 2);
        _void(uid, 1);
        _retire(uid, ERASED);
        vm.assertEq(masterData.nextUid(), 2);
        _anchorNew();
        vm.assertEq(masterData.nextUid(), 3);
    }

    function test_isTheSameForASupersedingMasterData() public {
        _anchorNew();
        vm.assertEq(_supersede().nextUid(), 2);
    }
}
