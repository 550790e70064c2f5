// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMasterData} from "../../../src/interfaces/IMasterData.sol";
import {Deployed} from "../../Deployed.sol";

contract GetRecordProofsTest is Deployed {
    function setUp() public override {
        super.setUp();
        _anchorNew();
        _anchorNew(3);
        _anchorNew();
        _anchorNew(2);
        _anchorNew();
        _void(2, 3);
        _void(4, 1);
        _retire(3, ERASED);
    }

    function test_uidZeroIsRefused() public {
        vm.expectRevert(abi.encodeWithSelector(IMasterData.UidUnknown.selector, 0, 6));
        masterData.getRecordProofs(0, 1);
    }

    function test_eachIsWhatGetRecordProofAnswers() public view {
        IMasterData.RecordProof[] memory page = masterData.getRecordProofs(1, 5);
        vm.assertEq(page.length, 5);
        for (uint256 i = 0; i < page.length; i++) {
            _assertSame(page[i], masterData.getRecordProof(i + 1));
        }
        vm.assertTrue(page[1].voided);
        vm.assertFalse(page[3].voided);
        vm.assertEq(page[3].voidCount, 1);
        vm.assertTrue(page[2].retired);
    }

    function test_aPageStartsAnywhere() public view {
        IMasterData.RecordProof[] memory page = masterData.getRecordProofs(3, 2);
        vm.assertEq(page.length, 2);
        vm.assertEq(page[0].uid, 3);
        vm.assertEq(page[1].uid, 4);
    }

    function test_aPageEndsWhereTheUidsEnd() public view {
        vm.assertEq(masterData.getRecordProofs(4, 100).length, 2);
        vm.assertEq(masterData.getRecordProofs(4, type(uint256).max).length, 2);
        vm.assertEq(masterData.getRecordProofs(6, 1).length, 0);
        vm.assertEq(masterData.getRecordProofs(type(uint256).max, 1).length, 0);
        vm.assertEq(masterData.getRecordProofs(1, 0).length, 0);
    }
}
