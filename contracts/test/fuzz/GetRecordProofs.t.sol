// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMasterData} from "../../src/interfaces/IMasterData.sol";
import {Deployed} from "../Deployed.sol";

contract GetRecordProofsFuzzTest is Deployed {
    uint256 private constant RECORDS = 7;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < RECORDS; i++) {
            _anchorNew(1 + i % 3);
        }
        _void(3, 1);
        _void(6, 3);
        _retire(5, WITHDRAWN);
    }

    function testFuzz_aPageIsAWindowOnTheRecords(uint256 firstUid, uint256 count) public view {
        firstUid = _within(firstUid, 1, RECORDS + 5);
        count = _within(count, 0, RECORDS + 5);
        IMasterData.RecordProof[] memory page = masterData.getRecordProofs(firstUid, count);
        uint256 left = firstUid > RECORDS ? 0 : RECORDS + 1 - firstUid;
        vm.assertEq(page.length, count < left ? count : left);
        for (uint256 i = 0; i < page.length; i++) {
            _assertSame(page[i], masterData.getRecordProof(firstUid + i));
        }
    }
}
