// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MasterDataV1} from "../../../src/MasterDataV1.sol";
import {StorageLayer} from "../../../src/StorageLayer.sol";
import {IRecordRelay} from "../../../src/interfaces/IRecordRelay.sol";
import {IStorageLayer} from "../../../src/interfaces/IStorageLayer.sol";
import {Deployed} from "../../Deployed.sol";

contract AnswersNothing {
    fallback() external {}
}

contract AnswersTooMuch {
    function storageLayer() external pure returns (uint256) {
        return type(uint256).max;
    }
}

contract RegisterTest is Deployed {
    function test_onlyTheAuthority() public {
        address candidate = address(new MasterDataV1(store));
        address[3] memory others = [STRANGER, CONTROLLER, WITNESS];
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(IRecordRelay.AuthorityOnly.selector, others[i], AUTHORITY));
            vm.prank(others[i]);
            relay.register(candidate);
        }
    }

    function test_onlyTheNewAuthorityAfterAHandOver() public {
        address candidate = address(new MasterDataV1(store));
        vm.prank(AUTHORITY);
        store.transferOwnership(STRANGER);
        vm.prank(STRANGER);
        store.acceptOwnership();
        _expectRevert(candidate, abi.encodeWithSelector(IRecordRelay.AuthorityOnly.selector, AUTHORITY, STRANGER));
        vm.prank(STRANGER);
        vm.assertEq(relay.register(candidate), 2);
    }

    function test_theNewestIsLatestAndSoleWriter() public {
        address candidate = address(new MasterDataV1(store));
        vm.expectEmit(address(relay));
        emit IRecordRelay.MasterDataRegistered(2, candidate, candidate.codehash);
        vm.expectEmit(address(store));
        emit IStorageLayer.WriterChanged(address(masterData), candidate);
        vm.prank(AUTHORITY);
        vm.assertEq(relay.register(candidate), 2);

        vm.assertEq(relay.latest(), candidate);
        vm.assertEq(store.writer(), candidate);
        vm.assertEq(relay.versionAt(1), address(masterData));
    }

    function test_alsoWhilePaused() public {
        _pause();
        address newer = address(_supersede());
        vm.assertEq(relay.latest(), newer);
    }

    function test_aCandidateWithoutCodeIsRefused() public {
        _expectRevert(STRANGER, abi.encodeWithSelector(IRecordRelay.CandidateWithoutCode.selector, STRANGER));
    }

    function test_aCandidateOfAnotherStorageIsRefused() public {
        address candidate = address(new MasterDataV1(new StorageLayer(AUTHORITY)));
        _expectRevert(candidate, _otherStorage(candidate));
    }

    function test_whatIsNoMasterDataIsRefused() public {
        address[3] memory candidates = [address(store), address(new AnswersNothing()), address(new AnswersTooMuch())];
        for (uint256 i = 0; i < candidates.length; i++) {
            _expectRevert(candidates[i], _otherStorage(candidates[i]));
        }
    }

    function test_aSupersededOneDoesNotComeBack() public {
        _supersede();
        _expectRevert(
            address(masterData), abi.encodeWithSelector(IRecordRelay.CandidateRegistered.selector, masterData, 1)
        );
    }

    function _otherStorage(address candidate) private view returns (bytes memory) {
        return abi.encodeWithSelector(IRecordRelay.CandidateOfOtherStorage.selector, candidate, store);
    }

    function _expectRevert(address candidate, bytes memory refusal) private {
        vm.expectRevert(refusal);
        vm.prank(AUTHORITY);
        relay.register(candidate);
    }
}
