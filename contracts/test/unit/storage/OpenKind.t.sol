// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {SecurityLayer} from "../../../src/SecurityLayer.sol";
import {StreamKind} from "../../../src/StreamKind.sol";
import {IStorageLayer} from "../../../src/interfaces/IStorageLayer.sol";
import {Writer} from "./Writer.sol";

contract OpenKindTest is Writer {
    function test_onlyTheAuthority() public {
        address[4] memory others = [STRANGER, CONTROLLER, WITNESS, address(masterData)];
        for (uint256 i = 0; i < others.length; i++) {
            vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, others[i]));
            vm.prank(others[i]);
            store.openKind(5, CONTROLLER_ROLE);
        }
    }

    function test_opensForOneRole() public {
        vm.assertEq(store.roleOf(5), bytes32(0));
        vm.expectEmit(address(store));
        emit IStorageLayer.KindOpened(5, CONTROLLER_ROLE);
        vm.prank(AUTHORITY);
        store.openKind(5, CONTROLLER_ROLE);
        vm.assertEq(store.roleOf(5), CONTROLLER_ROLE);
    }

    function test_registerHeadsAreTheWitnesses() public view {
        vm.assertEq(store.roleOf(StreamKind.REGISTER_HEAD), WITNESS_ROLE);
    }

    function test_theFourKindsAreTaken() public {
        for (uint8 kind = StreamKind.RECORD; kind <= StreamKind.VOID; kind++) {
            _expectRevert(kind, CONTROLLER_ROLE, abi.encodeWithSelector(IStorageLayer.KindTaken.selector, kind));
        }
    }

    function test_theRoleOfAKindIsSettledForGood() public {
        vm.prank(AUTHORITY);
        store.openKind(5, CONTROLLER_ROLE);
        _expectRevert(5, WITNESS_ROLE, abi.encodeWithSelector(IStorageLayer.KindTaken.selector, 5));
    }

    function test_onlyForARoleThatIsGranted() public {
        _expectRevert(5, ADMIN_ROLE, abi.encodeWithSelector(SecurityLayer.RoleUnknown.selector, ADMIN_ROLE));
    }

    function _expectRevert(uint8 kind, bytes32 role, bytes memory refusal) private {
        vm.expectRevert(refusal);
        vm.prank(AUTHORITY);
        store.openKind(kind, role);
    }
}
